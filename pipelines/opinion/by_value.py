"""Gwet's AC2 and weighted kappa on a continuous scale: weights are distances of scores.

The formulas are those of `gwet` and `kappa`; sums over all pairs of scores are taken in
sorted order instead of over a table of levels.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pipelines.opinion.table import Floats, Ratings

__all__ = ["gwet_by_value", "kappa_by_value", "lists_every_level", "too_many_pairs"]

_MOST_PAIRS = 100_000
"""Pairs of raters that are compared one by one; beyond, kappa is not given."""


def gwet_by_value(ratings: Ratings, kind: str) -> float:
    """Return AC2 with weights by distance of scores; NaN without two ratings of a stimulus.

    The categories are every whole number of the scale where all scores are whole, else the
    scores that occur.
    """
    n = ratings.count_by_stimulus
    pairs = n > 1
    categories = _categories(ratings)
    q = len(categories)
    if q < 2 or not pairs.any():
        return float("nan")
    span = float(categories[-1] - categories[0])
    kept = ratings.where(pairs[ratings.stimulus])
    apart = _distances_within(kept.stimulus, kept.score, np.where(pairs, n, 0), kind)[pairs]
    apart /= span ** _power(kind)
    m = n[pairs].astype(np.float64)
    observed = float(np.mean(1 - apart / (m * (m - 1))))
    _, code = np.unique(ratings.score, return_inverse=True)
    share = np.bincount(code, 1 / n[ratings.stimulus]) / np.count_nonzero(n)
    everywhere = np.zeros(q, np.int64)
    all_apart = _distances_within(everywhere, categories, np.array([q]), kind)[0]
    weights = q * q - float(all_apart) / span ** _power(kind)
    expected = weights / (q * (q - 1)) * float((share * (1 - share)).sum())
    return (observed - expected) / (1 - expected) if expected < 1 else float("nan")


def lists_every_level(ratings: Ratings) -> bool:
    """Return whether `levels` holds all categories: not so on 0 to 100, of which 40 were used."""
    if ratings.level is None:
        return False
    levels = ratings.levels
    whole = float(ratings.low).is_integer() and np.array_equal(levels, np.rint(levels))
    return not whole or len(levels) > np.floor(ratings.high) - ratings.low


def _categories(ratings: Ratings) -> Floats:
    score = ratings.score
    if float(ratings.low).is_integer() and np.array_equal(score, np.rint(score)):
        return np.arange(ratings.low, np.floor(ratings.high) + 1)
    return np.unique(score)


def _power(kind: str) -> int:
    return 1 if kind == "linear" else 2


def _distances_within(
    group: npt.NDArray[np.integer], value: Floats, n: npt.NDArray[np.int64], kind: str
) -> Floats:
    """Return the sum of |a - b| or (a - b)^2 over all ordered pairs of each group."""
    size = len(n)
    if kind == "quadratic":
        centred = value - value.mean()
        total = np.bincount(group, centred, minlength=size)
        squares = np.bincount(group, centred * centred, minlength=size)
        return np.asarray(2 * (n * squares - total * total), np.float64)
    order = np.lexsort((value, group))
    starts = np.cumsum(n) - n
    rank = np.arange(len(value)) - starts[group[order]]
    # In rising order the k-th of m scores lies above k of them and below m - 1 - k.
    signs = 2.0 * rank - n[group[order]] + 1
    return 2 * np.bincount(group[order], signs * value[order], minlength=size).astype(np.float64)


def too_many_pairs(ratings: Ratings) -> bool:
    """Return whether there are more pairs of raters than kappa on values is computed for."""
    present = int(np.count_nonzero(ratings.count_by_rater))
    return present * (present - 1) // 2 > _MOST_PAIRS


def kappa_by_value(ratings: Ratings) -> tuple[float, float, int]:
    """Return the mean weighted kappa, linear and quadratic, and the pairs it is defined for."""
    if too_many_pairs(ratings):
        return float("nan"), float("nan"), 0
    found = [_kappa(x, y) for x, y in _pairs(ratings)]
    defined = [pair for pair in found if pair is not None]
    if not defined:
        return float("nan"), float("nan"), 0
    linear, quadratic = np.mean(defined, axis=0)
    return float(linear), float(quadratic), len(defined)


def _pairs(ratings: Ratings) -> Iterator[tuple[Floats, Floats]]:
    """Yield the scores of every two raters on the stimuli that both rated."""
    order = np.argsort(ratings.rater, kind="stable")
    ends = np.cumsum(ratings.count_by_rater)
    rows = [order[end - n : end] for end, n in zip(ends, ratings.count_by_rater, strict=True) if n]
    own = np.full(ratings.n_stimuli, np.nan)
    for index, first in enumerate(rows):
        own[ratings.stimulus[first]] = ratings.score[first]
        for second in rows[index + 1 :]:
            x = own[ratings.stimulus[second]]
            both = ~np.isnan(x)
            if both.any():
                yield x[both], ratings.score[second[both]]
        own[ratings.stimulus[first]] = np.nan


def _kappa(x: Floats, y: Floats) -> tuple[float, float] | None:
    """Return 1 - observed / expected distance of two raters; None where all is one score."""
    n = len(x)
    gap = x - y
    ordered = np.sort(y)
    below = np.append(0.0, np.cumsum(ordered))
    at = np.searchsorted(ordered, x)
    # Sum over y of |x - y|: what lies below counts x - y, the rest y - x.
    apart = x * at - below[at] + (below[-1] - below[at]) - x * (n - at)
    expected = float(apart.sum()) / n
    shift = float(x.mean() - y.mean())
    squared = n * (float(x.var()) + float(y.var()) + shift * shift)
    if expected <= 1e-12 * n * max(1.0, float(np.abs(x).max())):
        return None
    return 1 - float(np.abs(gap).sum()) / expected, 1 - float(gap @ gap) / squared
