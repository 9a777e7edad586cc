"""From a representation with many columns to the few standardised ones that the head takes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Projection", "fit_projection"]

Array = NDArray[np.float64]

_CLIP = 5.0
_MOST = 128


class Projection(NamedTuple):
    """Principal components with unit variance."""

    mean: Array
    """`[d]`."""
    basis: Array
    """`[d, k]`."""

    def __call__(self, inputs: Array) -> Array:
        """Return `[n, k]` for `[n, d]`, cut at five standard deviations."""
        projected: Array = ((inputs - self.mean) @ self.basis).clip(-_CLIP, _CLIP)
        return projected


def fit_projection(sample: Array) -> Projection:
    """Return the projection that keeps most of a sample's variance.

    Args:
        sample: `[n, d]` inputs of some images; a few thousand are enough.
    """
    mean = sample.mean(axis=0)
    _, values, rows = np.linalg.svd(sample - mean, full_matrices=False)
    kept = int(min(_MOST, (values > values[:1].sum() * 1e-6).sum()))
    scale = np.sqrt(max(len(sample) - 1, 1)) / values[:kept]
    return Projection(mean, (rows[:kept] * scale[:, None]).T)
