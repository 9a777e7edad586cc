"""Subject bias (ITU-T P.913 12.4): how far a rater lies from the others on average."""

from __future__ import annotations

import numpy as np

from pipelines.opinion.mean import spread
from pipelines.opinion.table import Floats, Ratings

__all__ = ["least_squares_bias", "rater_bias"]


def rater_bias(ratings: Ratings) -> tuple[Floats, Floats]:
    """Return bias and inconsistency per rater code, NaN without ratings.

    bias_i = mean over own ratings of (u - MOS of the stimulus); inconsistency_i = standard
    deviation (divisor n) of (u - MOS - bias_i), which needs two ratings. MOS includes the
    rater. In an incomplete design the bias depends on who else rated the same stimuli.

    Source: ITU-T P.913 12.4.
    """
    mean, _ = spread(ratings, ddof=0)
    return _offsets(ratings, ratings.score - mean[ratings.stimulus])


def _offsets(ratings: Ratings, residual: Floats) -> tuple[Floats, Floats]:
    n, size = ratings.count_by_rater, ratings.n_raters
    with np.errstate(divide="ignore", invalid="ignore"):
        bias = np.bincount(ratings.rater, residual, minlength=size) / n
        rest = residual - bias[ratings.rater]
        variance = np.bincount(ratings.rater, rest * rest, minlength=size) / n
        return bias, np.where(n > 1, np.sqrt(variance), np.nan)


def least_squares_bias(
    ratings: Ratings, tolerance: float, max_iterations: int
) -> tuple[Floats, bool]:
    """Return the bias of the additive model u = quality + bias + noise, and convergence.

    Alternates the two means until no bias moves by more than `tolerance`; then the biases
    are shifted so that all ratings' biases have mean zero. Unlike the one-shot estimate it
    does not depend on who else rated the same stimuli, as long as the design is connected.
    """
    bias = np.zeros(ratings.n_raters)
    stimulus, rater, score = ratings.stimulus, ratings.rater, ratings.score
    per_stimulus = np.maximum(ratings.count_by_stimulus, 1)
    per_rater = np.maximum(ratings.count_by_rater, 1)
    for _ in range(max_iterations):
        quality = (
            np.bincount(stimulus, score - bias[rater], minlength=ratings.n_stimuli) / per_stimulus
        )
        update = (
            np.bincount(rater, score - quality[stimulus], minlength=ratings.n_raters) / per_rater
        )
        moved = float(np.abs(update - bias).max(initial=0.0))
        bias = update
        if moved < tolerance:
            return bias - _mean_over_ratings(bias, ratings), True
    return bias - _mean_over_ratings(bias, ratings), False


def _mean_over_ratings(bias: Floats, ratings: Ratings) -> float:
    return float(bias @ ratings.count_by_rater) / max(ratings.n, 1)
