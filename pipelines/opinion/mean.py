"""Mean opinion score, standard deviation of opinion scores and 95 % interval."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.opinion.table import Floats, Ratings

__all__ = ["NORMAL_95", "MeanScores", "half_widths", "mean_scores", "spread", "t_quantiles"]

NORMAL_95 = 1.959963984540054
"""97.5 % quantile of the normal distribution."""


class MeanScores(NamedTuple):
    """One entry per stimulus code, NaN where not defined."""

    n: npt.NDArray[np.int64]
    """Ratings that count."""
    mos: Floats
    """Mean score; NaN without ratings."""
    sos: Floats
    """Standard deviation (ddof 1); NaN below two ratings."""
    ci95: Floats
    """Half-width of the 95 % interval of the mean; NaN below two ratings."""


def mean_scores(ratings: Ratings, interval: str = "t") -> MeanScores:
    """Return MOS, SOS and CI of every stimulus.

    MOS = sum u / n, SOS = sqrt(sum (u - MOS)^2 / (n - 1)), half-width
    q * SOS / sqrt(n) with q the 97.5 % quantile of Student's t with n - 1 degrees of freedom,
    or of the normal distribution (ITU-R BT.500-14 A1-2.2.1 uses the latter). Sums of scores
    on whole-numbered levels are exact.

    Args:
        ratings: One dimension.
        interval: `t` or `normal`.
    """
    n = ratings.count_by_stimulus
    mos, variance = spread(ratings, ddof=1)
    sos = np.sqrt(variance)
    return MeanScores(n, mos, sos, half_widths(sos, n, interval))


def spread(ratings: Ratings, ddof: int) -> tuple[Floats, Floats]:
    """Return mean and variance (divisor n - ddof) per stimulus, NaN where not defined."""
    n = ratings.count_by_stimulus
    grid = ratings.grid
    with np.errstate(divide="ignore", invalid="ignore"):
        if grid is None:
            return _float_spread(ratings, n, ddof)
        whole, times = grid
        counts = ratings.histogram
        total, squares = counts @ whole, counts @ (whole * whole)
        divisor = np.where(n > ddof, n * (n - ddof) * (times * times), 0)
        mean = total / (n * times)
        variance = np.where(divisor > 0, (n * squares - total * total) / divisor, np.nan)
    return mean, variance


def _float_spread(ratings: Ratings, n: npt.NDArray[np.int64], ddof: int) -> tuple[Floats, Floats]:
    total = np.bincount(ratings.stimulus, ratings.score, minlength=ratings.n_stimuli)
    mean = total / n
    deviation = ratings.score - mean[ratings.stimulus]
    squares = np.bincount(ratings.stimulus, deviation * deviation, minlength=ratings.n_stimuli)
    return mean, np.where(n > ddof, squares / (n - ddof), np.nan)


def half_widths(sd: Floats, n: npt.NDArray[np.int64], interval: str) -> Floats:
    """Return q * sd / sqrt(n), NaN where n < 2."""
    with np.errstate(divide="ignore", invalid="ignore"):
        standard_error = sd / np.sqrt(n)
        quantile = t_quantiles(n - 1) if interval == "t" else NORMAL_95
        return np.where(n > 1, quantile * standard_error, np.nan)


def t_quantiles(freedom: npt.NDArray[np.int64], probability: float = 0.975) -> Floats:
    """Return Student's t quantiles; NaN below one degree of freedom.

    >>> t_quantiles(np.array([0, 1, 9])).round(4).tolist()
    [nan, 12.7062, 2.2622]
    """
    from scipy.special import stdtrit

    most = int(freedom.max(initial=0))
    if most > 100_000:
        distinct, index = np.unique(freedom, return_inverse=True)
        by_one: Floats = _t_quantiles_of(distinct, probability)[index]
        return by_one
    table = np.full(most + 1, np.nan)
    used = np.flatnonzero(np.bincount(np.maximum(freedom, 0)))
    used = used[used > 0]
    table[used] = stdtrit(used, probability)
    quantiles: Floats = table[np.maximum(freedom, 0)]
    return quantiles


def _t_quantiles_of(freedom: npt.NDArray[np.int64], probability: float) -> Floats:
    """Return the quantile for each entry, computed one by one."""
    from scipy.special import stdtrit

    quantiles: Floats = np.where(freedom > 0, stdtrit(np.maximum(freedom, 1), probability), np.nan)
    return quantiles
