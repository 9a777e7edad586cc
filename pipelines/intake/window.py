"""Deep pixels (16-bit, 32-bit, float) to the 8 bits that screens show.

The window [lo, hi] maps lo to black and hi to white, linearly, and is recorded. Unsigned
integers take the smallest of the full ranges of 8, 10, 12, 14 and 16 bit that covers their
maximum, so that a camera's 12-bit picture keeps its exposure and two pictures of one camera stay
comparable; beyond 16 bit the maximum itself. Signed integers and floats have no natural range:
they take their own minimum and maximum.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["to_eight_bit", "window_of"]

_RANGES = tuple(2**bits - 1 for bits in (8, 10, 12, 14, 16))
_BAND = 1 << 22
"""Pixels converted at a time: bounds the memory beyond input and output."""


def window_of(values: NDArray[Any]) -> tuple[float, float]:
    """Return the window [lo, hi] of an array of pixels, in their own unit.

    Args:
        values: Any shape, integer or float. Infinite values and NaN are left out.

    Returns:
        lo and hi; (0, 0) if no value is finite.

    >>> window_of(np.array([7, 900], np.uint16)), window_of(np.array([-2.0, np.nan, 3.0]))
    ((0, 1023), (-2.0, 3.0))
    """
    if values.dtype.kind == "u":
        top = int(values.max(initial=0))
        return 0, next((full for full in _RANGES if top <= full), top)
    lows, highs = zip(*(_limits(band) for band in _bands(values)), strict=True)
    lo, hi = min(lows), max(highs)
    return (lo, hi) if lo <= hi else (0.0, 0.0)


def to_eight_bit(
    values: NDArray[Any], window: tuple[float, float], *, inverted: bool = False
) -> NDArray[np.uint8]:
    """Return `values` as 0..255, same shape: lo and less is 0, hi and more is 255.

    Args:
        values: Any shape, integer or float; NaN becomes 0.
        window: From `window_of`. Where lo equals hi everything is 0.
        inverted: The smallest value is white (TIFF's "white is zero").
    """
    lo, hi = window
    scale = 255.0 / (hi - lo) if hi > lo else 0.0
    shown = np.empty(values.shape, np.uint8)
    flat = shown.reshape(-1)
    start = 0
    for band in _bands(values):
        scaled = np.clip(np.nan_to_num((band.astype(np.float64) - lo) * scale, nan=0.0), 0, 255)
        flat[start : start + band.size] = np.rint(scaled)
        start += band.size
    if inverted:
        np.subtract(255, shown, out=shown)
    return shown


def _bands(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    flat = values.reshape(-1)
    for start in range(0, max(flat.size, 1), _BAND):
        yield flat[start : start + _BAND]


def _limits(band: NDArray[Any]) -> tuple[float, float]:
    finite = band[np.isfinite(band)] if band.dtype.kind == "f" else band
    if not finite.size:
        return float("inf"), float("-inf")
    return finite.min().item(), finite.max().item()
