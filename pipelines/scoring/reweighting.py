"""What holds for the whole pool, from ratings that a policy chose: weights 1/probability.

Every served image was logged with the probability of being served just then. Weighting each
rating by its inverse gives what an even draw from the pool would have given (Hájek's estimator;
Särndal, Swensson, Wretman, 1992, §5.7). With uneven weights fewer ratings speak than there are:
the effective sample size is (Σw)² / Σw² (Kish, 1965).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["PoolEstimate", "pool_mean", "pool_srcc", "stimulus_weights", "weighted_ranks"]

Array = NDArray[np.float64]

_Z975 = 1.959964
_FEWEST = 10
_RESAMPLES = 200


class PoolEstimate(NamedTuple):
    """A quantity of the whole pool."""

    estimate: float
    low: float
    """Of the 95 % interval."""
    high: float
    n: int
    """Stimuli rated."""
    n_effective: float
    """As many evenly drawn ones would say as much."""
    unweighted: float
    """The same from the rated stimuli as they are."""


def stimulus_weights(stimulus: NDArray[np.intp], probability: Array, n_stimuli: int) -> Array:
    """Return the weight of each stimulus, `[n_stimuli]`: the sum of 1/p over its ratings."""
    weights: Array = np.bincount(stimulus, 1 / probability, n_stimuli).astype(float)
    return weights


def pool_mean(mos: Array, weight: Array) -> PoolEstimate | None:
    """Return the mean MOS of the pool; None below ten stimuli.

    Args:
        mos: `[n]` of the stimuli that were rated.
        weight: `[n]` from `stimulus_weights`, above 0.
    """
    if mos.size < _FEWEST:
        return None
    share = weight / weight.sum()
    mean = float(share @ mos)
    deviation = float(np.sqrt((share**2) @ (mos - mean) ** 2))
    return PoolEstimate(
        mean, mean - _Z975 * deviation, mean + _Z975 * deviation, mos.size,
        float(1 / (share**2).sum()), float(mos.mean()),
    )  # fmt: skip


def pool_srcc(mos: Array, prediction: Array, weight: Array, seed: int) -> PoolEstimate | None:
    """Return the rank correlation of prediction and MOS over the pool; None below ten stimuli.

    Weighted mid-ranks, then a weighted correlation; the interval is that of 200 bootstraps over
    stimuli.

    Args:
        mos: `[n]` of the stimuli that were rated.
        prediction: `[n]` made without the stimulus's own ratings.
        weight: `[n]` from `stimulus_weights`, above 0.
        seed: Seeds the bootstrap.
    """
    if mos.size < _FEWEST or np.ptp(mos) == 0 or np.ptp(prediction) == 0:
        return None
    rng = np.random.default_rng(seed)
    draws = [rng.integers(0, mos.size, mos.size) for _ in range(_RESAMPLES)]
    found = [_srcc(mos[i], prediction[i], weight[i]) for i in draws]
    low, high = np.nanquantile(found, [0.025, 0.975])
    share = weight / weight.sum()
    return PoolEstimate(
        _srcc(mos, prediction, weight), float(low), float(high), mos.size,
        float(1 / (share**2).sum()), _srcc(mos, prediction, np.ones_like(weight)),
    )  # fmt: skip


def weighted_ranks(values: Array, weight: Array) -> Array:
    """Return for each value the weight below it plus half the weight at it.

    >>> weighted_ranks(np.array([3.0, 1.0, 3.0]), np.array([1.0, 2.0, 1.0])).tolist()
    [3.0, 1.0, 3.0]
    """
    _, code = np.unique(values, return_inverse=True)
    at = np.bincount(code, weight)
    ranks: Array = (np.cumsum(at) - at / 2)[code]
    return ranks


def _srcc(a: Array, b: Array, weight: Array) -> float:
    x, y = weighted_ranks(a, weight), weighted_ranks(b, weight)
    x, y = x - np.average(x, weights=weight), y - np.average(y, weights=weight)
    norm = float(np.sqrt((weight @ x**2) * (weight @ y**2)))
    return float(weight @ (x * y)) / norm if norm else float("nan")
