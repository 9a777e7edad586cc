"""ITU-R BT.500 screening of raters: reject who is erratic on both sides.

Source: Rec. ITU-R BT.500-14 A1-2.3.1. One pass; it is not to be repeated on what is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.opinion.design import design_warnings
from pipelines.opinion.estimate import Estimate, Raters, plain_raters
from pipelines.opinion.mean import mean_scores
from pipelines.opinion.options import MosOptions
from pipelines.opinion.table import Floats, Ratings
from schemas.text import counted

__all__ = ["Screening", "estimate_bt500", "screen_bt500", "screened", "smallest_panel"]

_Flags = npt.NDArray[np.uint8]
_ABOVE, _BELOW = 1, 2
_ON_CONSTANT = "applicable only through stimuli that everyone scored the same (constant = count)"


@dataclass(frozen=True)
class Screening:
    """Raters to reject and why, one entry per rater code where an array."""

    reasons: Mapping[int, str]
    """Code of a rejected rater -> rule, statistic and threshold."""
    statistics: Mapping[str, Floats]
    """`above`, `below`, `presentations`, `outlier_share`, `one_sidedness`."""
    applicable: bool
    """Whether any deviation can be large enough at this number of raters."""
    reason: str | None
    """Why not, or why only in part."""
    warnings: tuple[str, ...] = ()
    """What a reader has to know."""


def estimate_bt500(ratings: Ratings, options: MosOptions, screen: bool) -> Estimate:
    """Return MOS of the raters that BT.500 keeps."""
    strict = bool(options.strict)
    screening = screen_bt500(ratings, options, strict) if screen else no_screening()
    return screened(ratings, screening, options)


def screened(ratings: Ratings, screening: Screening, options: MosOptions) -> Estimate:
    """Return MOS of the raters that a screening keeps, with what it found."""
    kept = keep_raters(ratings, screening.reasons)
    used = ratings.where(kept)
    return Estimate(
        scores=mean_scores(used, options.interval or "t"),
        raters=replace_reasons(plain_raters(ratings), screening),
        n_given=ratings.count_by_stimulus,
        used=used,
        kept=kept,
        applicable=screening.applicable,
        reason=screening.reason,
        warnings=(*screening.warnings, *design_warnings(ratings)),
    )


def no_screening() -> Screening:
    """Return what leaves everyone in: composites are screened through their parts."""
    return Screening({}, {}, True, None)


def keep_raters(ratings: Ratings, reasons: Mapping[int, str]) -> npt.NDArray[np.bool_]:
    """Return which ratings are by raters who were not rejected, shape (N,)."""
    if not reasons:
        return np.ones(ratings.n, np.bool_)
    allowed = np.ones(ratings.n_raters, np.bool_)
    allowed[list(reasons)] = False
    return allowed[ratings.rater]


def replace_reasons(raters: Raters, screening: Screening) -> Raters:
    """Return the raters with the outcome of a screening."""
    return replace(raters, reasons=screening.reasons, statistics=screening.statistics)


def screen_bt500(ratings: Ratings, options: MosOptions, strict: bool = False) -> Screening:
    """Screen raters by the share and the one-sidedness of their outlying scores.

    Per presentation: kurtosis b2 = m4 / m2^2 of all scores; e = 2 where 2 <= b2 <= 4, else
    sqrt(20). A score u counts P (above) where u >= mean + e s, Q (below) where
    u <= mean - e s, s with divisor n - ddof. A rater is rejected where
    (P + Q) / presentations > 0.05 and |P - Q| / (P + Q) < 0.3. On whole-numbered levels all
    comparisons are made in integers.

    Args:
        ratings: One dimension.
        options: `ddof`, `denominator`, `constant`, `repetitions` and thresholds.
        strict: > and < in place of >= and <= for single scores.
    """
    shown = _presentations(ratings, options)
    most = int(shown.count_by_stimulus.max(initial=0))
    applicable, reason = _applicability(shown, options, strict, most)
    flags = _outliers(shown, options, strict)
    if not applicable and np.any(flags == _ABOVE | _BELOW):
        applicable, reason = True, f"{_ON_CONSTANT}: {reason}"
    above = _count(ratings, flags, _ABOVE)
    below = _count(ratings, flags, _BELOW)
    presentations = _denominator(ratings, options)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (above + below) / presentations
        one_sided = np.abs(above - below) / (above + below)
        rejected = (share > options.outlier_share) & (one_sided < options.one_sidedness)
    rated = ratings.count_by_rater > 0
    warnings: tuple[str, ...] = ()
    if not applicable:
        rejected[:] = False
    elif rejected.any() and rejected[rated].all():
        rejected[:] = False
        warnings = ("BT.500 would reject every rater, so none is rejected.",)
    reasons = {
        int(code): _reason(above[code], below[code], presentations[code], options)
        for code in np.flatnonzero(rejected)
    }
    statistics = {
        "above": above.astype(float),
        "below": below.astype(float),
        "presentations": presentations.astype(float),
        "outlier_share": share,
        "one_sidedness": one_sided,
    }
    return Screening(reasons, statistics, applicable, reason, warnings)


def _reason(above: int, below: int, presentations: int, options: MosOptions) -> str:
    share = (above + below) / presentations
    sided = abs(int(above) - int(below)) / (above + below)
    return (
        f"BT.500: {above} scores far above and {below} far below, {share:.3f} of "
        f"{presentations} presentations (> {options.outlier_share:g}), one-sidedness "
        f"{sided:.2f} (< {options.one_sidedness:g})"
    )


def _presentations(ratings: Ratings, options: MosOptions) -> Ratings:
    """Return ratings whose stimulus code tells what forms one distribution."""
    if options.repetitions == "pool" or ratings.repetition is None:
        return ratings
    size = int(ratings.repetition.max(initial=0)) + 1
    code = ratings.stimulus.astype(np.int64) * size + ratings.repetition
    distinct, index = np.unique(code, return_inverse=True)
    return replace(ratings, stimulus=index.astype(np.int32), n_stimuli=len(distinct))


def _denominator(ratings: Ratings, options: MosOptions) -> npt.NDArray[np.int64]:
    if options.denominator == "own":
        return ratings.count_by_rater
    repetitions = 1
    if ratings.repetition is not None and ratings.n:
        repetitions = len(np.unique(ratings.repetition))
    total = int(np.count_nonzero(ratings.count_by_stimulus)) * repetitions
    return np.full(ratings.n_raters, total)


def _count(ratings: Ratings, flags: _Flags, bit: int) -> npt.NDArray[np.int64]:
    return np.bincount(ratings.rater[(flags & bit) > 0], minlength=ratings.n_raters)


def _outliers(ratings: Ratings, options: MosOptions, strict: bool) -> _Flags:
    """Return per rating whether it lies far above (1), far below (2) or both (3)."""
    grid = ratings.grid
    if grid is None:
        return _float_outliers(ratings, options, strict)
    table = _exact_outliers(ratings.histogram, grid[0], options, strict)
    flags: _Flags = table.ravel()[ratings.cells]
    return flags


def _exact_outliers(
    votes: npt.NDArray[np.int64],
    grid: npt.NDArray[np.int64],
    options: MosOptions,
    strict: bool,
) -> _Flags:
    """Return flags per stimulus and level, decided in integers.

    With d = n x - sum: deviation = d / n, b2 = n D4 / D2^2 and
    s^2 = D2 / (n^2 (n - ddof)) for D2 = sum of d^2 and D4 = sum of d^4 over the votes.
    """
    counts = votes.sum(axis=1)
    most = int(counts.max(initial=0))
    span = int(np.ptp(grid)) if len(grid) else 0
    thresholds = [_ratio(options.kurtosis_low), _ratio(options.kurtosis_high)]
    widths = [_ratio(options.normal_sigmas**2), _ratio(options.other_sigmas**2)]
    factor = max(max(t.numerator, t.denominator) for t in (*thresholds, *widths))
    fits = float(most) ** 2 * float(most * span) ** 4 * factor < 2**62
    kind: Any = np.int64 if fits else object
    n = counts.astype(kind)[:, None]
    h, x = votes.astype(kind), grid.astype(kind)[None, :]
    d = n * x - (h * x).sum(axis=1, keepdims=True)
    d2 = d * d
    sum2 = (h * d2).sum(axis=1, keepdims=True)
    sum4 = (h * d2 * d2).sum(axis=1, keepdims=True)
    low, high = thresholds
    normal = (low.numerator * sum2 * sum2 <= low.denominator * n * sum4) & (
        high.denominator * n * sum4 <= high.numerator * sum2 * sum2
    )
    numerator = np.where(normal, widths[0].numerator, widths[1].numerator)
    denominator = np.where(normal, widths[0].denominator, widths[1].denominator)
    left, right = denominator * d2 * (n - options.ddof), numerator * sum2
    outside = np.asarray(left > right if strict else left >= right, bool)
    spread = np.asarray(sum2 > 0, bool)
    flags = np.where(outside & spread & np.asarray(d > 0, bool), _ABOVE, 0)
    flags += np.where(outside & spread & np.asarray(d < 0, bool), _BELOW, 0)
    if options.constant == "count" and not strict:
        flags += np.where(~spread & (counts > 0)[:, None], _ABOVE | _BELOW, 0)
    return flags.astype(np.uint8)


def _ratio(value: float) -> Fraction:
    """Return the simple fraction meant by a float: sqrt(20) squared is 20."""
    return Fraction(value).limit_denominator(10_000)


def _float_outliers(ratings: Ratings, options: MosOptions, strict: bool) -> _Flags:
    stimulus, size = ratings.stimulus, ratings.n_stimuli
    n = np.maximum(ratings.count_by_stimulus, 1)
    mean = np.bincount(stimulus, ratings.score, minlength=size) / n
    deviation = ratings.score - mean[stimulus]
    square = deviation * deviation
    m2 = np.bincount(stimulus, square, minlength=size) / n
    m4 = np.bincount(stimulus, square * square, minlength=size) / n
    # Rounding leaves specks of variance where all scores are equal.
    spread = m2 > (1e-12 * max(abs(ratings.low), abs(ratings.high), 1.0)) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        kurtosis = m4 / (m2 * m2)
        normal = kurtosis >= options.kurtosis_low - 1e-9
        normal &= kurtosis <= options.kurtosis_high + 1e-9
        sd = np.sqrt(m2 * n / (n - options.ddof))
    sigmas = np.where(normal, options.normal_sigmas, options.other_sigmas)
    limit = np.where(spread, sigmas * sd, np.inf)
    reach = limit[stimulus]
    # Rounding must not decide what lies exactly on the limit.
    speck = 1e-9 * (ratings.high - ratings.low or 1.0)
    reach = reach + speck if strict else reach - speck
    flags = (deviation >= reach) * _ABOVE + (deviation <= -reach) * _BELOW
    if options.constant == "count" and not strict:
        flags = np.where(spread[stimulus], flags, _ABOVE | _BELOW)
    return np.asarray(flags, np.uint8)


def smallest_panel(sigmas: float, ddof: int, strict: bool) -> int:
    """Return the smallest number of scores of which one can lie `sigmas` SD from the mean.

    By Samuelson's inequality the largest deviation among n scores is sqrt(n - 1) standard
    deviations with divisor n.

    >>> [smallest_panel(s, ddof, False) for s in (2, 20**0.5) for ddof in (0, 1)]
    [5, 6, 21, 22]
    """
    needed = _ratio(sigmas * sigmas)
    n = 2
    while True:
        reach = Fraction((n - 1) * (n - ddof), n)
        if reach > needed or (reach == needed and not strict):
            return n
        n += 1


def _applicability(
    ratings: Ratings, options: MosOptions, strict: bool, most: int
) -> tuple[bool, str | None]:
    normal = smallest_panel(options.normal_sigmas, options.ddof, strict)
    other = smallest_panel(options.other_sigmas, options.ddof, strict)
    fewest = min(normal, other)
    if most < fewest:
        return False, (
            f"at most {counted(most, 'rating')} per stimulus: a score cannot lie "
            f"{_sigmas(options, fewest == normal)} SD from the mean of fewer than {fewest} "
            f"(ddof {options.ddof}), so BT.500 can reject nobody"
        )
    parts = []
    counts = ratings.count_by_stimulus[ratings.count_by_stimulus > 0]
    short = int(np.count_nonzero(counts < fewest))
    if short:
        parts.append(
            f"{short} of {counted(len(counts), 'stimulus has', 'stimuli have')} fewer than "
            f"{fewest} ratings"
        )
    if most < max(normal, other):
        parts.append(
            f"at most {most} ratings per stimulus leave the criterion of "
            f"{_sigmas(options, normal > other)} SD unreachable (it needs {max(normal, other)})"
        )
    return True, "applicable in part: " + "; ".join(parts) if parts else None


def _sigmas(options: MosOptions, normal: bool) -> str:
    value = options.normal_sigmas if normal else options.other_sigmas
    return "√20" if abs(value * value - 20) < 1e-9 else f"{value:g}"
