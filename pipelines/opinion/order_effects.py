"""Readings that depend on the order of ratings: runs, drift, the previous image, repeats."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pipelines.opinion.ranks import pearson_within
from pipelines.opinion.reading import FEWEST, Reading
from pipelines.opinion.table import Floats, Ratings, RatingTable

__all__ = ["order_readings", "retest_readings"]


def _in_order(table: RatingTable, ratings: Ratings) -> npt.NDArray[np.intp] | None:
    """Return ratings sorted by rater and time, or None where times are missing."""
    if table.rated_at is None:
        return None
    times = table.rated_at[ratings.rows]
    if np.isnat(times).any():
        return None
    order: npt.NDArray[np.intp] = np.lexsort((ratings.rows, times, ratings.rater))
    return order


def order_readings(table: RatingTable, ratings: Ratings) -> Iterator[Reading]:
    """Yield longest run, drift and dependence on the previous score of each rater.

    Nothing where a time is missing.
    """
    order = _in_order(table, ratings)
    if order is None:
        return
    rater, score = ratings.rater[order], ratings.score[order]
    starts = np.flatnonzero(np.append(True, np.diff(rater) != 0))
    position = np.arange(len(rater)) - np.repeat(starts, np.diff(np.append(starts, len(rater))))
    runs = _longest_runs(rater, score, ratings.n_raters)
    residual, valid = _residuals(ratings)
    residual, valid = residual[order], valid[order]
    slopes, errors, counts = _slopes(rater[valid], position[valid], residual[valid], ratings)
    follows = np.append(False, np.diff(rater) == 0)
    previous = np.append(0.0, score[:-1])
    use = valid & follows
    lag = pearson_within(rater[use], residual[use], previous[use], ratings.n_raters)
    n_lag = np.bincount(rater[use], minlength=ratings.n_raters)
    for code in np.flatnonzero(ratings.count_by_rater >= FEWEST):
        name, n = table.raters[code], int(ratings.count_by_rater[code])
        yield Reading(
            name, ratings.dimension, "longest_run", float(runs[code]), None, n,
            f"Longest run of one score: {runs[code]} of {n} ratings"
            + ("; ask whether each image was judged." if runs[code] > max(10, n // 3) else "."),
        )  # fmt: skip
        if counts[code] >= FEWEST and math.isfinite(slopes[code]):
            slope, error = 100 * slopes[code], 100 * errors[code]
            moved = abs(slope) > 1.96 * error and abs(slope) >= 0.2
            yield Reading(
                name, ratings.dimension, "drift", float(slope), 0.0, int(counts[code]),
                f"Moves by {slope:+.2f} against the panel per 100 images "
                f"(standard error {error:.2f})"
                + ("; repeat an anchor image now and then." if moved else "."),
            )  # fmt: skip
        if n_lag[code] >= FEWEST and math.isfinite(lag[code]):
            strong = abs(lag[code]) > 1.96 / math.sqrt(n_lag[code]) and abs(lag[code]) >= 0.2
            yield Reading(
                name, ratings.dimension, "previous_image", float(lag[code]), 0.0,
                int(n_lag[code]),
                f"Correlation of a score's offset with the score before it: {lag[code]:+.2f}"
                + ("; take short pauses between images." if strong else "."),
            )  # fmt: skip


def _longest_runs(
    rater: npt.NDArray[np.int32], score: Floats, n_raters: int
) -> npt.NDArray[np.int64]:
    new = np.append(True, (np.diff(rater) != 0) | (np.diff(score) != 0))
    first = np.flatnonzero(new)
    lengths = np.diff(np.append(first, len(rater)))
    longest = np.zeros(n_raters, np.int64)
    np.maximum.at(longest, rater[first], lengths)
    return longest


def _residuals(ratings: Ratings) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return each score less the mean of the others' and where there are others."""
    total = np.bincount(ratings.stimulus, ratings.score, minlength=ratings.n_stimuli)
    others = ratings.count_by_stimulus[ratings.stimulus] - 1
    valid = others > 0
    mean = (total[ratings.stimulus] - ratings.score) / np.maximum(others, 1)
    return np.where(valid, ratings.score - mean, 0.0), valid


def _slopes(
    rater: npt.NDArray[np.int32],
    position: npt.NDArray[np.int64],
    residual: Floats,
    ratings: Ratings,
) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Return slope of the residual on the position, its standard error, and n, per rater."""
    size = ratings.n_raters
    n = np.bincount(rater, minlength=size)
    with np.errstate(divide="ignore", invalid="ignore"):
        x = position - (np.bincount(rater, position, minlength=size) / n)[rater]
        y = residual - (np.bincount(rater, residual, minlength=size) / n)[rater]
        xx = np.bincount(rater, x * x, minlength=size)
        slope = np.bincount(rater, x * y, minlength=size) / xx
        rest = y - slope[rater] * x
        error = np.sqrt(np.bincount(rater, rest * rest, minlength=size) / (n - 2) / xx)
    return slope, error, n


def retest_readings(table: RatingTable, ratings: Ratings) -> Iterator[Reading]:
    """Yield how far each rater's repeated ratings of one stimulus differ."""
    cell = ratings.stimulus.astype(np.int64) * ratings.n_raters + ratings.rater
    order = np.argsort(cell, kind="stable")
    again = np.flatnonzero(np.diff(cell[order]) == 0)
    if not len(again):
        return
    first, second = order[again], order[again + 1]
    difference = np.abs(ratings.score[first] - ratings.score[second])
    rater = ratings.rater[first]
    n = np.bincount(rater, minlength=ratings.n_raters)
    total = np.bincount(rater, difference, minlength=ratings.n_raters)
    equal = np.bincount(rater, difference == 0, minlength=ratings.n_raters)
    panel = float(difference.mean())
    for code in np.flatnonzero(n):
        mean, share = total[code] / n[code], equal[code] / n[code]
        yield Reading(
            table.raters[code], ratings.dimension, "test_retest", float(mean), panel,
            int(n[code]),
            f"Shown again, scores differ by {mean:.2f} on average; {share:.0%} are the same.",
        )  # fmt: skip
