"""Gwet's AC2: chance-corrected agreement that does not collapse on skewed scores.

Source: Gwet 2014, Handbook of Inter-Rater Reliability, 4th ed., chapter 5.
"""

from __future__ import annotations

import numpy as np

from pipelines.opinion.by_value import gwet_by_value, lists_every_level
from pipelines.opinion.table import Floats, Ratings
from pipelines.opinion.votes import vote_patterns

__all__ = ["gwet_ac2", "level_weights"]


def level_weights(levels: Floats, kind: str) -> Floats:
    """Return agreement weights 1 - |a - b| / span (linear) or its square (quadratic)."""
    span = float(np.ptp(levels)) or 1.0
    distance = np.abs(levels[:, None] - levels[None, :]) / span
    weights: Floats = 1 - (distance if kind == "linear" else distance * distance)
    return weights


def gwet_ac2(ratings: Ratings, kind: str) -> float:
    """Return AC2 = (pa - pe) / (1 - pe) with linear or quadratic weights w.

    pa = mean over stimuli with two or more ratings of
    sum_k r_k (sum_l w_kl r_l - 1) / (r (r - 1));
    pe = sum(w) / (q (q - 1)) * sum_k p_k (1 - p_k), p_k the mean share of level k over all
    stimuli, q all levels of the scale, used or not.

    Args:
        ratings: One dimension, one rating per stimulus and rater.
        kind: `linear` or `quadratic`.

    Returns:
        The coefficient; NaN without two ratings of a stimulus. On a continuous scale, and on
        a whole-numbered one too long to list, see `by_value`.
    """
    q = len(ratings.levels)
    if not lists_every_level(ratings):
        return gwet_by_value(ratings, kind)
    if q < 2:
        return float("nan")
    patterns = vote_patterns(ratings)
    votes, times = patterns.votes, patterns.n_stimuli.astype(np.float64)
    n = votes.sum(axis=1)
    pairs = n > 1
    if not pairs.any():
        return float("nan")
    weights = level_weights(ratings.levels, kind)
    r, m = votes[pairs], n[pairs]
    agreeing = (r * (r @ weights - 1)).sum(axis=1) / (m * (m - 1))
    observed = float(times[pairs] @ agreeing / times[pairs].sum())
    share = times @ (votes / n[:, None]) / times.sum()
    expected = float(weights.sum() / (q * (q - 1)) * (share * (1 - share)).sum())
    return (observed - expected) / (1 - expected) if expected < 1 else float("nan")
