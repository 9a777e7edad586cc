"""Single ratings far from the others of the same stimulus: interquartile range and MAD.

Sources: Tukey 1977 with the floor of microsoft/P.910; Iglewicz & Hoaglin 1993 with their
fallback where the MAD is 0. One pass; the rules are not repeated on what is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.opinion.design import design_warnings
from pipelines.opinion.estimate import Estimate, plain_raters
from pipelines.opinion.mean import mean_scores
from pipelines.opinion.options import MosOptions
from pipelines.opinion.table import Floats, Ratings
from schemas.text import counted

__all__ = ["estimate_iqr", "estimate_mad", "iqr_outliers", "mad_outliers"]

_Flags = npt.NDArray[np.bool_]
_Ints = npt.NDArray[np.int64]

_MOST_REMOVED = 0.1
"""Share of all ratings above which the removal is remarked on."""


def estimate_iqr(ratings: Ratings, options: MosOptions, screen: bool) -> Estimate:
    """Return MOS without ratings outside the fences."""
    flags = iqr_outliers(ratings, options) if screen else np.zeros(ratings.n, np.bool_)
    return _estimate(ratings, options, flags, _iqr_reason)


def estimate_mad(ratings: Ratings, options: MosOptions, screen: bool) -> Estimate:
    """Return MOS without ratings whose modified z-score is too large."""
    flags = mad_outliers(ratings, options) if screen else np.zeros(ratings.n, np.bool_)
    return _estimate(ratings, options, flags, _mad_reason)


def _estimate(
    ratings: Ratings,
    options: MosOptions,
    flags: _Flags,
    why: Callable[[Floats, float, MosOptions], str],
) -> Estimate:
    counts = ratings.count_by_stimulus[ratings.count_by_stimulus > 0]
    enough = int(np.count_nonzero(counts >= options.min_ratings))
    reason = None
    if len(counts) and not enough:
        reason = (
            f"at most {counted(int(counts.max()), 'rating')} per stimulus; the rule needs "
            f"{options.min_ratings} to tell an outlier from noise"
        )
    elif enough < len(counts):
        reason = (
            f"applicable in part: {len(counts) - enough} of "
            f"{counted(len(counts), 'stimulus has', 'stimuli have')} fewer than "
            f"{options.min_ratings} ratings"
        )
    removed = np.flatnonzero(flags)
    warnings: tuple[str, ...] = ()
    if len(removed) > _MOST_REMOVED * ratings.n:
        warnings = (
            (
                f"the rule removes {len(removed) / ratings.n:.1%} of all ratings; that is "
                "more than outliers."
            ),
        )
    raters = plain_raters(ratings)
    taken = np.bincount(ratings.rater[removed], minlength=ratings.n_raters)
    used = ratings.where(~flags)
    return Estimate(
        scores=mean_scores(used, options.interval or "t"),
        raters=replace(raters, statistics={"removed": taken.astype(float)}),
        n_given=ratings.count_by_stimulus,
        used=used,
        kept=~flags,
        why_removed=_explain(ratings, options, why),
        applicable=bool(enough) or not len(counts),
        reason=reason,
        warnings=(*warnings, *design_warnings(ratings)),
    )


def _explain(
    ratings: Ratings, options: MosOptions, why: Callable[[Floats, float, MosOptions], str]
) -> Callable[[int], str]:
    """Return what says why the rating at an index was removed, each vote looked up once."""

    @cache
    def scores() -> _Sorted:
        return _Sorted.of(ratings)

    @cache
    def of(stimulus: int, score: float) -> str:
        start = scores().start[stimulus]
        return why(scores().score[start : start + scores().n[stimulus]], score, options)

    return lambda index: of(int(ratings.stimulus[index]), float(ratings.score[index]))


def _iqr_reason(scores: Floats, score: float, options: MosOptions) -> str:
    low, high = np.percentile(scores, [25, 75])
    width = options.iqr_factor * (float(high - low) or options.iqr_floor)
    return (
        f"IQR: {score:g} lies outside {low - width:g} to {high + width:g} "
        f"(quartiles {low:g} and {high:g}, factor {options.iqr_factor:g})"
    )


def _mad_reason(scores: Floats, score: float, options: MosOptions) -> str:
    median = float(np.median(scores))
    away = np.abs(scores - median)
    mad = float(np.median(away))
    unit, name = mad / 0.6745, f"MAD {mad:g}"
    if mad == 0:
        name = f"MAD 0, {options.mad_fallback}"
        if options.mad_fallback == "mean-deviation":
            unit = 1.253314 * float(away.mean())
        elif options.mad_fallback == "floor":
            unit = options.mad_floor / 0.6745
        else:
            return f"MAD: {score:g} is not the median {median:g} ({name})"
    return (
        f"MAD: modified z-score {abs(score - median) / unit:.2f} of {score:g} beyond "
        f"{options.mad_threshold:g} (median {median:g}, {name})"
    )


def iqr_outliers(ratings: Ratings, options: MosOptions) -> _Flags:
    """Return ratings below q25 - 1.5 IQR or above q75 + 1.5 IQR, shape (N,).

    Quartiles interpolate linearly between the two nearest scores (numpy's default). Where
    they coincide the IQR is `iqr_floor`. On whole-numbered levels decided in integers.
    """
    strict = True if options.strict is None else options.strict
    if ratings.grid is None:
        order = _Sorted.of(ratings)
        q1, q3 = order.at_quarter(1), order.at_quarter(3)
        width = np.where(q3 - q1 > 0, q3 - q1, options.iqr_floor) * options.iqr_factor
        low, high = (q1 - width)[ratings.stimulus], (q3 + width)[ratings.stimulus]
        x = ratings.score
        speck = _speck(ratings) if strict else -_speck(ratings)
        outside = (x < low - speck) | (x > high + speck)
        return outside & _enough(ratings, options)[ratings.stimulus]
    grid, times = ratings.grid
    votes = ratings.histogram
    first, third = _quarter(votes, grid, 1), _quarter(votes, grid, 3)
    factor = Fraction(options.iqr_factor).limit_denominator(10_000)
    floor = Fraction(options.iqr_floor * times).limit_denominator(10_000)
    width4 = np.where(third > first, (third - first) * floor.denominator, 4 * floor.numerator)
    scale = floor.denominator * factor.denominator
    bottom = first * scale - factor.numerator * width4
    top = third * scale + factor.numerator * width4
    x4 = 4 * scale * grid[None, :]
    below, above = x4 - bottom[:, None], top[:, None] - x4
    table = (below < 0) | (above < 0) if strict else (below <= 0) | (above <= 0)
    table &= _enough(ratings, options)[:, None]
    flags: _Flags = table.ravel()[ratings.cells]
    return flags


def mad_outliers(ratings: Ratings, options: MosOptions) -> _Flags:
    """Return ratings with 0.6745 |x - median| / MAD > 3.5, shape (N,).

    Where MAD is 0: |x - median| / (1.253314 mean|x - median|) > 3.5 (default), MAD taken as
    `mad_floor`, no removal, or removal of all that is not the median. On whole-numbered
    levels decided in integers.
    """
    strict = True if options.strict is None else options.strict
    enough = _enough(ratings, options)
    if ratings.grid is None:
        return _float_mad(ratings, options, strict) & enough[ratings.stimulus]
    grid, times = ratings.grid
    votes = ratings.histogram
    median2 = _median2(votes, np.broadcast_to(grid, votes.shape))
    away2 = np.abs(2 * grid[None, :] - median2[:, None])
    order = np.argsort(away2, axis=1, kind="stable")
    mad4 = _median2(np.take_along_axis(votes, order, 1), np.take_along_axis(away2, order, 1))
    limit = Fraction(options.mad_threshold).limit_denominator(10_000)
    # 0.6745 (away2 / 2) / (mad4 / 4) against the limit, cleared of fractions.
    left, right = 2 * 6745 * limit.denominator * away2, 10_000 * limit.numerator * mad4[:, None]
    table = _beyond(left, right, strict)
    zero = mad4 == 0
    if options.mad_fallback == "mean-deviation":
        total2, n = (votes * away2).sum(axis=1), votes.sum(axis=1)
        left = 1_000_000 * limit.denominator * away2 * n[:, None]
        right = 1_253_314 * limit.numerator * total2[:, None]
        table[zero] = _beyond(left[zero], right[zero], strict)
    elif options.mad_fallback == "floor":
        floor = Fraction(options.mad_floor * times).limit_denominator(10_000)
        left = 6745 * limit.denominator * floor.denominator * away2
        right = np.full_like(left, 2 * 10_000 * limit.numerator * floor.numerator)
        table[zero] = _beyond(left[zero], right[zero], strict)
    elif options.mad_fallback == "skip":
        table[zero] = False
    else:
        table[zero] = away2[zero] > 0
    table &= (away2 > 0) & enough[:, None]
    flags: _Flags = table.ravel()[ratings.cells]
    return flags


def _beyond(left: _Ints, right: _Ints, strict: bool) -> _Flags:
    return np.asarray(left > right if strict else left >= right, bool)


def _enough(ratings: Ratings, options: MosOptions) -> _Flags:
    return np.asarray(ratings.count_by_stimulus >= options.min_ratings, bool)


def _at(votes: _Ints, values: _Ints, position: _Ints) -> _Ints:
    """Return the value at a position (from 0) of the sorted votes of each stimulus.

    Args:
        votes: Count of each value, shape (J, L).
        values: Values rising along each row, shape (J, L).
        position: Shape (J,).
    """
    before = np.cumsum(votes, axis=1) <= position[:, None]
    index = np.minimum(before.sum(axis=1), votes.shape[1] - 1)
    found: _Ints = np.take_along_axis(values, index[:, None], 1)[:, 0]
    return found


def _median2(votes: _Ints, values: _Ints) -> _Ints:
    """Return twice the median of each stimulus."""
    n = np.maximum(votes.sum(axis=1), 1)
    return _at(votes, values, (n - 1) // 2) + _at(votes, values, n // 2)


def _quarter(votes: _Ints, grid: _Ints, quarter: int) -> _Ints:
    """Return four times the quartile of each stimulus, interpolated linearly."""
    values = np.broadcast_to(grid, votes.shape)
    position4 = quarter * (np.maximum(votes.sum(axis=1), 1) - 1)
    whole, rest = position4 // 4, position4 % 4
    low = _at(votes, values, whole)
    quartile: _Ints = 4 * low + rest * (_at(votes, values, whole + 1) - low) * (rest > 0)
    return quartile


class _Sorted(NamedTuple):
    """Scores sorted within their stimulus, for continuous scales."""

    score: Floats
    start: _Ints
    n: _Ints

    @classmethod
    def of(cls, ratings: Ratings, score: Floats | None = None) -> _Sorted:
        values = ratings.score if score is None else score
        n = ratings.count_by_stimulus
        order = np.lexsort((values, ratings.stimulus))
        padded = np.append(values[order], np.nan)
        return cls(padded, np.cumsum(n) - n, n)

    def at_quarter(self, quarter: int) -> Floats:
        """Return the quartile per stimulus; 2 is the median."""
        position4 = quarter * (np.maximum(self.n, 1) - 1)
        whole, rest = position4 // 4, (position4 % 4) / 4
        low = self.score[self.start + whole]
        step = self.score[np.minimum(self.start + whole + (rest > 0), len(self.score) - 1)] - low
        return np.where(self.n > 0, low + rest * step, np.nan)


def _float_mad(ratings: Ratings, options: MosOptions, strict: bool) -> _Flags:
    stimulus = ratings.stimulus
    away = np.abs(ratings.score - _Sorted.of(ratings).at_quarter(2)[stimulus])
    mad = _Sorted.of(ratings, away).at_quarter(2)
    zero = mad <= 1e-12 * max(1.0, abs(ratings.high), abs(ratings.low))
    n = np.maximum(ratings.count_by_stimulus, 1)
    mean_away = np.bincount(stimulus, away, minlength=ratings.n_stimuli) / n
    unit = mad / 0.6745
    if options.mad_fallback == "mean-deviation":
        unit = np.where(zero, 1.253314 * mean_away, unit)
    elif options.mad_fallback == "floor":
        unit = np.where(zero, options.mad_floor / 0.6745, unit)
    elif options.mad_fallback == "skip":
        unit = np.where(zero, np.inf, unit)
    limit = options.mad_threshold * unit[stimulus]
    speck = _speck(ratings)
    beyond = away > (limit + speck if strict else limit - speck)
    return np.asarray(beyond & (away > speck), bool)


def _speck(ratings: Ratings) -> float:
    """Return a difference that rounding can make, so that it does not decide on a limit."""
    return 1e-9 * (ratings.high - ratings.low or 1.0)
