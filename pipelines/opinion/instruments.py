"""Raters as instruments: what to calibrate, never whom to block.

Every reading is a number with the panel's beside it, how many ratings it rests on, and one
plain sentence.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from pipelines.opinion.estimate import plain_raters
from pipelines.opinion.order_effects import order_readings, retest_readings
from pipelines.opinion.ranks import pearson_within
from pipelines.opinion.reading import FEWEST, Reading
from pipelines.opinion.table import Floats, Ratings, RatingTable

__all__ = ["rater_readings"]


def rater_readings(table: RatingTable, groups: Mapping[str, str] | None = None) -> list[Reading]:
    """Return every reading that the table allows, rater by rater.

    Args:
        table: The ratings; order figures need `rated_at`, speed needs `duration_ms`,
            test-retest needs repeated cells.
        groups: Stimulus -> group, for bias by discipline.
    """
    found: list[Reading] = []
    for name in table.dimensions:
        ratings = table.ratings(name)
        if ratings.n:
            found += _bias(table, ratings)
            found += _grouped_bias(table, ratings, groups or {})
            found += _scale_use(table, ratings)
            found += order_readings(table, ratings)
            found += retest_readings(table, ratings)
    found += _halo(table)
    found += _speed(table)
    order = {rater: index for index, rater in enumerate(table.raters)}
    return sorted(found, key=lambda reading: order[reading.rater])


def _bias(table: RatingTable, ratings: Ratings) -> Iterator[Reading]:
    raters = plain_raters(ratings)
    typical = (
        float(np.nanmedian(np.append(raters.inconsistency, np.nan)))
        if _any(raters.inconsistency)
        else math.nan
    )
    for code in np.flatnonzero(raters.n):
        n, bias = int(raters.n[code]), float(raters.bias[code])
        error = float(raters.inconsistency[code]) / math.sqrt(n)
        side = "above" if bias > 0 else "below"
        sentence = f"Scores {abs(bias):.2f} {side} the panel on average"
        if abs(bias) < 0.005:
            sentence = "Scores as the panel does on average"
        if math.isfinite(error):
            sentence += f" (95 % interval {bias - 1.96 * error:.2f} to {bias + 1.96 * error:.2f})"
            certain = abs(bias) > 1.96 * error and abs(bias) >= 0.5
            sentence += "; calibrate with anchor images." if certain else "."
        else:
            sentence += "; one rating says little."
        yield Reading(table.raters[code], ratings.dimension, "bias", bias, 0.0, n, sentence)
        noise = float(raters.inconsistency[code])
        if math.isfinite(noise):
            loud = noise > 1.5 * typical
            yield Reading(
                table.raters[code],
                ratings.dimension,
                "inconsistency",
                noise,
                typical,
                n,
                f"Varies by {noise:.2f} around the panel after bias; the median rater by "
                f"{typical:.2f}" + ("; go through the rubric together." if loud else "."),
            )


def _any(values: Floats) -> bool:
    return bool(np.isfinite(values).any())


def _grouped_bias(
    table: RatingTable, ratings: Ratings, groups: Mapping[str, str]
) -> Iterator[Reading]:
    names = sorted(set(groups.values()))
    of_stimulus = np.array([groups.get(stimulus, "") for stimulus in table.stimuli])
    for name in names:
        part = ratings.where((of_stimulus == name)[ratings.stimulus])
        raters = plain_raters(part)
        for code in np.flatnonzero(raters.n > 1):
            bias = float(raters.bias[code])
            yield Reading(
                table.raters[code],
                ratings.dimension,
                "bias",
                bias,
                0.0,
                int(raters.n[code]),
                f"On {name}: {abs(bias):.2f} {'above' if bias > 0 else 'below'} the panel.",
                group=name,
            )


def _scale_use(table: RatingTable, ratings: Ratings) -> Iterator[Reading]:
    mean = np.bincount(ratings.stimulus, ratings.score, minlength=ratings.n_stimuli)
    mean = mean / np.maximum(ratings.count_by_stimulus, 1)
    own, panel = _sd(ratings, ratings.score), _sd(ratings, mean[ratings.stimulus])
    used = _levels_used(ratings)
    for code in np.flatnonzero(ratings.count_by_rater >= FEWEST):
        n, rater = int(ratings.count_by_rater[code]), table.raters[code]
        if used is not None:
            all_levels = len(ratings.levels)
            narrow = used[code] <= max(2, all_levels // 2)
            yield Reading(
                rater, ratings.dimension, "scale_use", float(used[code]), float(all_levels), n,
                f"Uses {used[code]} of {all_levels} levels in {n} ratings"
                + ("; show examples of the others." if narrow else "."),
            )  # fmt: skip
        flat = own[code] == 0
        yield Reading(
            rater, ratings.dimension, "spread", float(own[code]), float(panel[code]), n,
            "Gives one score throughout; ask whether the scale was understood." if flat else
            f"Scores spread by {own[code]:.2f}; the MOS of the same images by {panel[code]:.2f}.",
        )  # fmt: skip


def _sd(ratings: Ratings, value: Floats) -> Floats:
    n = np.maximum(ratings.count_by_rater, 1)
    mean = np.bincount(ratings.rater, value, minlength=ratings.n_raters) / n
    rest = (value - mean[ratings.rater]) ** 2
    sd: Floats = np.sqrt(np.bincount(ratings.rater, rest, minlength=ratings.n_raters) / n)
    return sd


def _levels_used(ratings: Ratings) -> npt.NDArray[np.int64] | None:
    if ratings.level is None:
        return None
    n_levels = len(ratings.levels)
    cells = np.bincount(
        ratings.rater * np.intp(n_levels) + ratings.level, minlength=ratings.n_raters * n_levels
    )
    used: npt.NDArray[np.int64] = np.count_nonzero(cells.reshape(-1, n_levels), axis=1)
    return used


def _halo(table: RatingTable) -> Iterator[Reading]:
    """Yield the mean correlation between dimensions of each rater, beside the MOS's."""
    per_pair: list[tuple[Floats, float, npt.NDArray[np.int64]]] = []
    for index, name in enumerate(table.dimensions):
        for other in table.dimensions[index + 1 :]:
            pair = _dimension_pair(table.ratings(name), table.ratings(other))
            if pair is not None:
                per_pair.append(pair)
    if not per_pair:
        return
    own = np.array([pair[0] for pair in per_pair])
    panel = (
        np.nanmean([pair[1] for pair in per_pair])
        if _any(np.array([pair[1] for pair in per_pair]))
        else math.nan
    )
    n = np.max([pair[2] for pair in per_pair], axis=0)
    for code in np.flatnonzero((n >= FEWEST) & np.isfinite(own).any(axis=0)):
        value = float(np.nanmean(own[:, code]))
        high = value > panel + 0.2 and value > 0.7
        yield Reading(
            table.raters[code], None, "halo", value, float(panel), int(n[code]),
            f"Scores on different dimensions correlate by {value:.2f}, the panel's MOS by "
            f"{panel:.2f}" + ("; judge each dimension by its own rubric." if high else "."),
        )  # fmt: skip


def _dimension_pair(
    one: Ratings, two: Ratings
) -> tuple[Floats, float, npt.NDArray[np.int64]] | None:
    from pipelines.opinion.correlation import pearson

    if not one.n or not two.n:
        return None
    key_one = one.stimulus.astype(np.int64) * one.n_raters + one.rater
    key_two = two.stimulus.astype(np.int64) * two.n_raters + two.rater
    _, first, second = np.intersect1d(key_one, key_two, return_indices=True)
    rater = one.rater[first]
    own = pearson_within(rater, one.score[first], two.score[second], one.n_raters)
    mean_one, mean_two = _means(one), _means(two)
    both = np.isfinite(mean_one) & np.isfinite(mean_two)
    n = np.bincount(rater, minlength=one.n_raters)
    return own, pearson(mean_one[both], mean_two[both]), n


def _means(ratings: Ratings) -> Floats:
    total = np.bincount(ratings.stimulus, ratings.score, minlength=ratings.n_stimuli)
    with np.errstate(divide="ignore", invalid="ignore"):
        means: Floats = total / ratings.count_by_stimulus
    return means


def _speed(table: RatingTable) -> Iterator[Reading]:
    if table.duration_ms is None:
        return
    known = np.isfinite(table.duration_ms) & (table.duration_ms > 0)
    if not known.any():
        return
    seconds, rater = table.duration_ms[known] / 1000, table.rater[known]
    panel = float(np.median(seconds))
    for code in np.unique(rater):
        own = seconds[rater == code]
        median = float(np.median(own))
        hasty = median < panel / 3
        yield Reading(
            table.raters[code], None, "speed", median, panel, len(own),
            f"Takes {median:.1f} s for an image, the panel {panel:.1f} s"
            + ("; ask whether images were looked at in full." if hasty else "."),
        )  # fmt: skip
