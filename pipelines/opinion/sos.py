"""The SOS hypothesis: how the spread of opinion depends on the mean.

Source: Hossfeld, Schatz, Egger 2011, SOS: The MOS is not enough.
"""

from __future__ import annotations

import numpy as np

from pipelines.opinion.mean import spread
from pipelines.opinion.table import Floats, Ratings

__all__ = ["sos_a", "sos_variance"]


def sos_a(ratings: Ratings, ddof: int = 0) -> float:
    """Return a of SOS^2(x) = a (high - x)(x - low), by least squares through the origin.

    a = sum g v / sum g^2 over stimuli with at least two ratings, v the variance (divisor
    n - ddof; 0 as published) and g = (high - MOS)(MOS - low). 0 is perfect agreement, 1 is
    everyone at one end or the other.

    Returns:
        a; NaN where every such stimulus has its mean at an end of the scale.
    """
    mean, variance = spread(ratings, ddof)
    usable = ratings.count_by_stimulus > 1
    g = (ratings.high - mean[usable]) * (mean[usable] - ratings.low)
    total = float(g @ g)
    return float(g @ variance[usable]) / total if total > 0 else float("nan")


def sos_variance(a: float, mean: Floats, low: float, high: float) -> Floats:
    """Return the variance of one opinion that the SOS hypothesis gives at each mean."""
    inside = np.clip(mean, low, high)
    variance: Floats = a * (high - inside) * (inside - low)
    return variance
