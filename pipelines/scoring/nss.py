"""Natural-scene statistics: how locally normalised grey values are distributed.

The 36 features of BRISQUE (Mittal, Moorthy, Bovik, IEEE TIP 21(12), 2012): a generalised
Gaussian for the normalised values and asymmetric ones for products of neighbours, at two scales.
Only the features: the published quality score is worthless on scientific figures.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["NSS_NAMES", "scene_statistics"]

_MOST = 192
_SHIFTS = {"right": (0, 1), "down": (1, 0), "diagonal": (1, 1), "antidiagonal": (1, -1)}

NSS_NAMES: tuple[str, ...] = tuple(
    f"nss_{scale}_{name}"
    for scale in (1, 2)
    for name in (
        "shape", "variance",
        *(f"{shift}_{what}" for shift in _SHIFTS for what in ("shape", "mean", "left", "right")),
    )
)  # fmt: skip
"""Names of the 36 features."""


def scene_statistics(grey: NDArray[np.float32]) -> list[float]:
    """Return the 36 statistics of a grey picture.

    Args:
        grey: `[height, width]`, 0–1, each side at least 24 px; the middle 192 × 192 px are used.
    """
    values: list[float] = []
    top, left = (max(0, (n - _MOST) // 2) for n in grey.shape)
    grey = grey[top : top + _MOST, left : left + _MOST]
    for scale in (1, 2):
        normal = _normalised(grey * 255)
        values += _symmetric(normal)
        for dy, dx in _SHIFTS.values():
            values += _asymmetric(_beside(normal, dy, dx))
        if scale == 1:
            height, width = (n // 2 * 2 for n in grey.shape)
            grey = grey[:height, :width].reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return values


def _beside(normal: NDArray[np.float32], dy: int, dx: int) -> NDArray[np.float32]:
    """Return products of each value with its neighbour."""
    height, width = normal.shape
    start, stop = max(0, -dx), width - max(0, dx)
    return normal[: height - dy, start:stop] * normal[dy:, start + dx : stop + dx]


def _normalised(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (I − µ) / (σ + 1) with µ and σ in a Gaussian window of 7/6 px."""
    from scipy.ndimage import gaussian_filter

    mean = gaussian_filter(grey, 7 / 6, truncate=3.0)
    square = gaussian_filter(grey * grey, 7 / 6, truncate=3.0)
    square -= mean * mean
    deviation = np.sqrt(np.abs(square, out=square), out=square)
    deviation += 1
    normal: NDArray[np.float32] = np.subtract(grey, mean, out=mean)
    normal /= deviation
    return normal


@cache
def _table() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return shapes 0.2–10 and Γ(2/a)² / (Γ(1/a) Γ(3/a)) of each."""
    from scipy.special import gamma

    shapes = np.arange(0.2, 10.001, 0.001)
    ratios = gamma(2 / shapes) ** 2 / (gamma(1 / shapes) * gamma(3 / shapes))
    return shapes.astype(np.float64), np.asarray(ratios, dtype=np.float64)


def _shape_for(ratio: float) -> float:
    shapes, ratios = _table()
    return float(shapes[min(int(np.searchsorted(ratios, ratio)), shapes.size - 1)])


def _symmetric(x: NDArray[np.float32]) -> list[float]:
    variance = float(np.vdot(x, x)) / x.size
    return [_shape_for(float(np.abs(x).mean()) ** 2 / (variance + 1e-9)), variance]


def _asymmetric(x: NDArray[np.float32]) -> list[float]:
    from scipy.special import gamma

    magnitude = np.abs(x)
    total, signed = float(np.vdot(x, x)), float(np.vdot(x, magnitude))
    n_below = int(np.count_nonzero(x < 0))
    left = (max(total - signed, 0.0) / (2 * n_below)) ** 0.5 if n_below else 0.0
    n_above = x.size - n_below
    right = (max(total + signed, 0.0) / (2 * n_above)) ** 0.5 if n_above else 0.0
    balance = (left + 1e-6) / (right + 1e-6)
    r = float(magnitude.mean()) ** 2 / (total / x.size + 1e-9)
    r *= (balance**3 + 1) * (balance + 1) / (balance**2 + 1) ** 2
    shape = _shape_for(r)
    mean = (right - left) * float(gamma(2 / shape) / np.sqrt(gamma(1 / shape) * gamma(3 / shape)))
    return [shape, mean, left**2, right**2]
