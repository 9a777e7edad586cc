"""Each rating beside the mean of the other raters' ratings of the same stimulus."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.opinion.ranks import midranks_within, pearson_within
from pipelines.opinion.table import GRID_STEPS, Floats, Ratings

__all__ = ["OthersMean", "leave_one_out", "rater_correlations"]


class OthersMean(NamedTuple):
    """Ratings that have others beside them."""

    ratings: Ratings
    """Those ratings, M rows."""
    mean: Floats
    """Mean of the other raters' scores of the stimulus, shape (M,)."""
    code: npt.NDArray[np.intp] | None
    """Rank of each mean among the distinct ones, shape (M,), where that is cheap to know."""


def leave_one_out(ratings: Ratings) -> OthersMean:
    """Return every rating that has another rater's beside it, with the others' mean.

    All of a rater's own repetitions of the stimulus are left out of the mean.
    """
    n = ratings.count_by_stimulus
    score, times = _whole(ratings)
    total = _sums(ratings.stimulus, score, ratings.n_stimuli)
    if ratings.level is not None and not _has_repeats(ratings):
        return _by_level(ratings, n, total, times)
    own_n: npt.NDArray[np.int64] | int = 1
    own_sum: Floats = score
    if _has_repeats(ratings):
        cell = ratings.stimulus.astype(np.int64) * ratings.n_raters + ratings.rater
        _, index, counts = np.unique(cell, return_inverse=True, return_counts=True)
        own_n, own_sum = counts[index], _sums(index, score)[index]
    others = n[ratings.stimulus] - own_n
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (total[ratings.stimulus] - own_sum) / (others * times)
    beside = others > 0
    return OthersMean(ratings.where(beside), mean[beside] if not beside.all() else mean, None)


def _whole(ratings: Ratings) -> tuple[Floats, float]:
    """Return scores as whole numbers and what they were multiplied by; as they are, and 1.

    Sums of whole numbers are exact, so that equal means are equal and tie as they should.
    """
    if ratings.level is not None:
        if ratings.grid is None:
            return ratings.score, 1.0
        values, times = ratings.grid
        return values.astype(np.float64)[ratings.level], float(times)
    for times in GRID_STEPS:
        scaled = ratings.score * times
        whole = np.rint(scaled)
        if np.all(np.abs(scaled - whole) < 1e-9):
            return whole, float(times)
    return ratings.score, 1.0


def _by_level(
    ratings: Ratings, n: npt.NDArray[np.int64], total: Floats, times: float
) -> OthersMean:
    """Work the means out once for each stimulus and level instead of for each rating."""
    levels = ratings.levels if ratings.grid is None else ratings.grid[0]
    used = ratings.histogram > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        means = (total[:, None] - levels[None, :]) / ((n - 1) * times)[:, None]
    used &= (n > 1)[:, None]
    codes = np.zeros(means.shape, np.intp)
    codes[used] = np.unique(_without_specks(means[used], ratings), return_inverse=True)[1]
    beside = (n > 1)[ratings.stimulus]
    kept = ratings.where(beside)
    return OthersMean(kept, means.ravel()[kept.cells], codes.ravel()[kept.cells])


def _without_specks(mean: Floats, ratings: Ratings) -> Floats:
    """Return means in steps of 1e-8 of the scale where levels are not whole numbers of anything.

    Thirds, as composites have, add up to sums that differ by rounding and should tie.
    """
    if ratings.level is None or ratings.grid is not None:
        return mean
    steps: Floats = np.rint((mean - ratings.low) / (1e-8 * (ratings.high - ratings.low or 1.0)))
    return steps


def _sums(group: npt.NDArray[np.integer[Any]], value: Floats, size: int = 0) -> Floats:
    return np.bincount(group, value, minlength=size).astype(np.float64, copy=False)


def _has_repeats(ratings: Ratings) -> bool:
    if ratings.repetition is None and ratings.session is None:
        return False
    cell = ratings.stimulus.astype(np.int64) * ratings.n_raters + ratings.rater
    return len(np.unique(cell)) < len(cell)


def rater_correlations(
    ratings: Ratings,
    reference: Floats,
    coefficient: str,
    reference_code: npt.NDArray[np.intp] | None = None,
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return each rater's correlation with a reference and the number of pairs.

    Args:
        ratings: One dimension, N rows.
        reference: What each score is compared with, shape (N,).
        coefficient: `pearson`, `spearman` (ranks with ties) or `min` of both.
        reference_code: Rank of each reference among the distinct ones, where known.

    Returns:
        Coefficient per rater code, NaN where one side is constant or there are no pairs.
    """
    rater, size = ratings.rater, ratings.n_raters
    pairs = np.bincount(rater, minlength=size)
    found = []
    if coefficient in ("pearson", "min"):
        found.append(pearson_within(rater, ratings.score, reference, size))
    if coefficient in ("spearman", "min"):
        level = None if ratings.level is None else ratings.level.astype(np.intp)
        x = midranks_within(rater, ratings.score, size, level)
        y = midranks_within(rater, _without_specks(reference, ratings), size, reference_code)
        found.append(pearson_within(rater, x, y, size))
    return np.minimum.reduce(found), pairs
