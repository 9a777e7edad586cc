"""Which stimuli the next ratings would teach most about, as an order within strata.

With n ratings of variance σ² in hand, a prediction of variance s² leaves the variance
v(n) = 1 / (1/s² + n/σ²) of a stimulus's true mean; one more rating takes v(n) − v(n+1) away.
What that is worth depends on the goal. Only targets that can be predicted take part.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.assignment import ModelOrder

__all__ = ["Goal", "Pool", "expected_gain", "model_order"]

Array = NDArray[np.float32]
Goal = Literal["mos", "rank", "disagreement", "coverage"]

N_STRATA = 5
_BINS = 64
_PRIOR_RATINGS = 8.0


class Pool(NamedTuple):
    """What is known of every stimulus; arrays in the same order."""

    mean: Array
    """`[n, t]` predicted, the targets that take part only."""
    sd: Array
    """`[n, t]` of the prediction."""
    n_ratings: NDArray[np.int32]
    """`[n]` submissions in hand."""
    rater_sd: Array
    """`[n]` spread of raters' scores of one stimulus."""
    novelty: Array
    """`[n]` distance to the rated stimuli, 0–1."""


def expected_gain(pool: Pool, goal: Goal) -> Array:
    """Return what one more rating of each stimulus is worth, `[n]`, in units of the goal.

    `mos`: variance of the mean taken away. `rank`: the same, times the squared density of
    predicted means, since ranks are crossed where many lie close. `disagreement`: how much
    better the raters' spread would be known. `coverage`: distance to what was rated, less with
    every rating.
    """
    n = pool.n_ratings.astype(np.float32)
    if goal == "coverage":
        return (pool.novelty / (1 + n) ** 2).astype(np.float32)
    noise = pool.rater_sd**2
    if goal == "disagreement":
        n = n + np.float32(_PRIOR_RATINGS)
        return (2 * noise**2 * (1 / n - 1 / (n + 1))).astype(np.float32)
    gain = np.zeros(len(n), np.float32)
    for t in range(pool.mean.shape[1]):
        left = 1 / (1 / pool.sd[:, t] ** 2 + n / noise)
        taken = left**2 / (left + noise)
        gain += taken * _density(pool.mean[:, t]) ** 2 if goal == "rank" else taken
    return (gain / max(pool.mean.shape[1], 1)).astype(np.float32)


def _density(values: Array) -> Array:
    """Return the density of each value among all, from a smoothed histogram; mean about 1."""
    if not values.size or float(np.ptp(values)) == 0:
        return np.ones_like(values)
    low, high = float(values.min()), float(values.max())
    place = ((values - low) * (np.float32(_BINS - 1) / np.float32(high - low))).astype(np.int32)
    counts = np.bincount(place, minlength=_BINS).astype(np.float64)
    smooth = np.convolve(np.pad(counts, 2, mode="edge"), np.array([1, 4, 6, 4, 1]) / 16, "valid")
    density: Array = (smooth * _BINS / values.size).astype(np.float32)[place]
    return density


def model_order(pool: Pool, takes_part: NDArray[np.bool_], goal: Goal) -> ModelOrder | None:
    """Return the stimuli by falling gain within five strata of predicted quality.

    Args:
        pool: What is known.
        takes_part: `[n]`; False for stimuli that only chance may serve.
        goal: What a rating should gain.

    Returns:
        The order; None where no target is predictable or nothing takes part.
    """
    places = np.flatnonzero(takes_part)
    if not places.size or not pool.mean.shape[1]:
        return None
    gain = expected_gain(pool, goal)[places]
    quality = pool.mean.mean(axis=1)[places]
    edges = np.quantile(quality, np.linspace(0, 1, N_STRATA + 1)[1:-1])
    own = np.searchsorted(edges, quality, side="right").astype(np.int8)
    stratum = np.full(len(takes_part), -1, np.int8)
    stratum[places] = own
    falling = np.argsort(-gain, kind="stable")
    ordered, owners = places[falling], own[falling]
    strata = tuple(ordered[owners == s] for s in range(N_STRATA) if (owners == s).any())
    return ModelOrder(strata, stratum)
