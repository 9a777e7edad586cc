"""Whether the scorer's errors change with time: raters tire, images change, models age."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Era", "errors_by_era"]

_ERAS = 4
_FEWEST = 10
_Z975 = 1.959964


class Era(NamedTuple):
    """Stimuli first rated one after the other."""

    n: int
    mean: float
    """Mean of MOS less prediction; above 0 people rate higher than expected."""
    low: float
    """Of its 95 % interval."""
    high: float
    rmse: float


def errors_by_era(
    error: NDArray[np.float64], order: NDArray[np.intp], is_rated: NDArray[np.bool_]
) -> list[Era]:
    """Return the errors in four eras of equal size; empty where one would hold fewer than ten.

    Args:
        error: `[n]` MOS less what was predicted without the stimulus's own ratings.
        order: `[n]` when each was first rated.
        is_rated: `[n]` which count.

    >>> len(errors_by_era(np.zeros(40), np.arange(40), np.ones(40, bool)))
    4
    """
    places = np.flatnonzero(is_rated)
    if places.size < _ERAS * _FEWEST:
        return []
    parts = np.array_split(places[np.argsort(order[places], kind="stable")], _ERAS)
    return [_era(error[part]) for part in parts]


def _era(error: NDArray[np.float64]) -> Era:
    mean = float(error.mean())
    half = _Z975 * float(error.std(ddof=1)) / error.size**0.5
    return Era(error.size, mean, mean - half, mean + half, float(np.sqrt((error**2).mean())))
