"""Features of sharpness: how steep, how noisy, how directed the finest detail is."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.views import Features, Values, at_least, counted_quantiles, halve

__all__ = ["sharpness_features", "steepness_features"]


def sharpness_features(grey: Values) -> Features:
    """Edges at three scales, their direction, their overshoot, and the noise between them."""
    features: Features = {}
    view = grey
    finest = _laplacian(grey)
    for scale in (1, 2, 4):
        dx, dy = np.abs(np.diff(view, axis=1)), np.abs(np.diff(view, axis=0))
        laplacian = finest if scale == 1 else _laplacian(view)
        strong_x, strong_y = (counted_quantiles(d, (0.9, 0.99, 0.999)) for d in (dx, dy))
        square = laplacian * laplacian
        power = square.mean()
        energy_x, energy_y = np.vdot(dx, dx) / dx.size, np.vdot(dy, dy) / dy.size
        anisotropy = np.log((energy_x + 1e-6) / (energy_y + 1e-6))
        features |= {
            f"gradient_{scale}": np.log(energy_x + energy_y + 1e-7),
            f"anisotropy_{scale}": anisotropy, f"abs_anisotropy_{scale}": abs(anisotropy),
            f"laplacian_{scale}": np.log(power + 1e-7),
            f"kurtosis_{scale}": np.log(np.vdot(square, square) / square.size
                                        / (power**2 + 1e-9) + 1),
            f"overshoot_{scale}": np.vdot(square, laplacian) / square.size / (power**1.5 + 1e-6),
            **{f"edge_{q}_{scale}": max(a, b)
               for q, a, b in zip("abc", strong_x, strong_y, strict=True)},
            f"weak_edge_{scale}": min(strong_x[2], strong_y[2]),
        }  # fmt: skip
        if scale < 4:
            view = halve(view)
    flat = np.abs(finest)
    median = counted_quantiles(flat, (0.5,))[0]
    features |= {
        "noise": median, "noise_mean_low": flat[flat <= median + 1 / 1024].mean(),
        "quiet": (flat < 1 / 255).mean(),
        "loss_1_2": features["gradient_1"] - features["gradient_2"],
        "loss_2_4": features["gradient_2"] - features["gradient_4"],
        "edge_width": features["edge_c_1"] / (features["edge_c_4"] + 0.02),
    }  # fmt: skip
    return features | _bands(grey)


def _laplacian(grey: Values) -> Values:
    return (
        4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    )


@cache
def _rings() -> tuple[NDArray[np.int64], Values]:
    """Return the ring of frequency of each place of a spectrum, and a Hann window."""
    fy, fx = np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(256)[None]
    ring = np.digitize(np.hypot(fy, fx), (0.02, 0.06, 0.12, 0.2, 0.3, 0.4, 0.5))
    across = (np.abs(fx) > 0.25) & (np.abs(fy) < 0.1)
    along = (np.abs(fy) > 0.25) & (np.abs(fx) < 0.1)
    hann = np.hanning(256).astype(np.float32)
    return np.stack([ring, across, along]).astype(np.int64), hann[:, None] * hann


def _bands(grey: Values) -> Features:
    """Share of the spectrum's energy in six rings of frequency, and its direction."""
    from scipy.fft import rfft2

    (ring, across, along), window = _rings()
    y, x = (max(0, (n - 256) // 2) for n in grey.shape)
    part = at_least(grey[y : y + 256, x : x + 256], 256)
    power = np.abs(rfft2((part - part.mean()) * window)) ** 2
    total = power.sum() + 1e-6
    shares = np.bincount(ring.ravel(), weights=power.ravel(), minlength=8)[1:7] / total
    sides = [float(np.log((power * side).sum() / total + 1e-6)) for side in (across, along)]
    return {
        **{f"ring_{i}": np.log(share + 1e-6) for i, share in enumerate(shares)},
        "fine_across": sides[0], "fine_along": sides[1], "fine_balance": abs(sides[0] - sides[1]),
    }  # fmt: skip


def steepness_features(grey: Values) -> Features:
    """How much of an edge's height one pixel takes, in blocks of 8 px that hold an edge.

    A step takes all of it whatever its contrast; blur, smear and enlargement spread it out.
    """
    features: Features = {}
    view = grey
    for scale in (1, 2):
        height, width = (n // 8 * 8 for n in view.shape)
        part = view[:height, :width]
        span, steep_x, steep_y = _block_extremes(part)
        has_edge = span > max(0.06, 0.4 * float(np.quantile(span, 0.95)))
        ratio_x, ratio_y = (
            steep_x[has_edge] / span[has_edge],
            steep_y[has_edge] / span[has_edge],
        )
        steeper = np.maximum(ratio_x, ratio_y)
        middle_x, middle_y = _upper(ratio_x), _upper(ratio_y)
        low, middle, high = np.quantile(steeper, (0.15, 0.5, 0.85)) if steeper.size else (0, 0, 0)
        features |= {
            f"steep_low_{scale}": low, f"steep_{scale}": middle, f"steep_high_{scale}": high,
            f"steep_less_{scale}": min(middle_x, middle_y),
            f"steep_balance_{scale}": middle_x - middle_y,
            f"steep_abs_balance_{scale}": abs(middle_x - middle_y),
            f"edge_blocks_{scale}": has_edge.mean(),
        }  # fmt: skip
        view = halve(view)
    return features


def _upper(ratios: Values) -> float:
    return float(np.quantile(ratios, 0.8)) if ratios.size else 0.0


def _block_extremes(part: Values) -> tuple[Values, Values, Values]:
    """Return range and largest steps across and down of each block of 8 px."""

    def largest(values: Values) -> Values:
        height, width = values.shape
        rows = values.reshape(height // 8, 8, width).max(axis=1)
        whole: Values = rows.reshape(height // 8, width // 8, 8).max(axis=2)
        return whole

    dx, dy = np.zeros_like(part), np.zeros_like(part)
    np.abs(part[:, 1:] - part[:, :-1], out=dx[:, :-1])
    np.abs(part[1:] - part[:-1], out=dy[:-1])
    dx[:, 7::8], dy[7::8] = 0, 0
    span = largest(part) + largest(-part)
    return span.ravel(), largest(dx).ravel(), largest(dy).ravel()
