"""Features of sharpness: how steep, how noisy, how directed the finest detail is."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.views import Features, Levels, Values, Whole, at_least, sums_of_four

__all__ = ["sharpness_features", "steepness_features"]


def sharpness_features(levels: Levels) -> Features:
    """Edges at three scales, their direction, their overshoot, and the noise between them.

    All of it from how often each whole number occurs: sums of 1, 4, and 16 pixels are whole.
    """
    features: Features = {}
    view: Whole = levels
    for scale in (1, 2, 4):
        unit = 255.0 * scale * scale
        across, down = (_Counts(step, unit) for step in _steps(view))
        laplacian = _Counts(_laplacian(view), unit)
        second, third, fourth = laplacian.moments()
        strong_x, strong_y = (steps.quantiles((0.9, 0.99, 0.999)) for steps in (across, down))
        energy_x, energy_y = across.moments()[0], down.moments()[0]
        anisotropy = np.log((energy_x + 1e-6) / (energy_y + 1e-6))
        features |= {
            f"gradient_{scale}": np.log(energy_x + energy_y + 1e-7),
            f"anisotropy_{scale}": anisotropy, f"abs_anisotropy_{scale}": abs(anisotropy),
            f"laplacian_{scale}": np.log(second + 1e-7),
            f"kurtosis_{scale}": np.log(fourth / (second**2 + 1e-9) + 1),
            f"overshoot_{scale}": third / (second**1.5 + 1e-6),
            **{f"edge_{q}_{scale}": max(a, b)
               for q, a, b in zip("abc", strong_x, strong_y, strict=True)},
            f"weak_edge_{scale}": min(strong_x[2], strong_y[2]),
        }  # fmt: skip
        if scale == 1:
            features |= _noise(laplacian)
        if scale < 4:
            view = sums_of_four(view)
    features |= {
        "loss_1_2": features["gradient_1"] - features["gradient_2"],
        "loss_2_4": features["gradient_2"] - features["gradient_4"],
        "edge_width": features["edge_c_1"] / (features["edge_c_4"] + 0.02),
    }
    return features | _bands(levels * np.float32(1 / 255))


class _Counts:
    """How often each whole number occurs in a picture, and what follows from that."""

    def __init__(self, whole: Whole, unit: float) -> None:
        self.lowest = int(whole.min())
        shifted = np.subtract(whole, self.lowest, dtype=np.intp).ravel()
        self.counts = np.bincount(shifted)
        self.values = np.arange(self.lowest, self.lowest + self.counts.size) / unit
        self.size = whole.size

    def moments(self) -> tuple[float, float, float]:
        """Return the means of the second, third and fourth powers."""
        # Products: powers above two are slow.
        square = self.values * self.values
        weighted = self.counts * square
        second, third, fourth = (
            float(total) / self.size
            for total in (weighted.sum(), weighted @ self.values, weighted @ square)
        )
        return second, third, fourth

    def quantiles(self, shares: tuple[float, ...]) -> NDArray[np.float64]:
        found = np.searchsorted(np.cumsum(self.counts), np.array(shares) * self.size)
        values: NDArray[np.float64] = self.values[np.minimum(found, self.counts.size - 1)]
        return values


def _noise(laplacian: _Counts) -> Features:
    """Median of what is left of the finest detail, mean of what is less, share without any."""
    size = np.abs(laplacian.values)
    order = np.argsort(size, kind="stable")
    counts, size = laplacian.counts[order], size[order]
    median = size[min(int(np.searchsorted(np.cumsum(counts), laplacian.size / 2)), size.size - 1)]
    low = size <= median
    return {
        "noise": median, "noise_mean_low": counts[low] @ size[low] / counts[low].sum(),
        "quiet": counts[size == 0].sum() / laplacian.size,
    }  # fmt: skip


def _steps(view: Whole) -> tuple[Whole, Whole]:
    """Return absolute differences of neighbours across and down."""
    pairs = (view[:, 1:], view[:, :-1]), (view[1:], view[:-1])
    # Unsigned numbers must not go below nothing.
    across, down = (np.maximum(a, b) - np.minimum(a, b) for a, b in pairs)
    return across, down


def _laplacian(view: Whole) -> Whole:
    signed = view.astype(np.int16)
    found: Whole = signed[1:-1, 1:-1] * np.int16(4)
    for side in (signed[:-2, 1:-1], signed[2:, 1:-1], signed[1:-1, :-2], signed[1:-1, 2:]):
        found -= side
    return found


@cache
def _rings() -> tuple[NDArray[np.intp], Values]:
    """Return the ring of frequency of each place of a spectrum, and a Hann window.

    Places that count as fine across or along are 8 and 16 more than their ring.
    """
    fy, fx = np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(256)[None]
    ring = np.digitize(np.hypot(fy, fx), (0.02, 0.06, 0.12, 0.2, 0.3, 0.4, 0.5))
    across = (np.abs(fx) > 0.25) & (np.abs(fy) < 0.1)
    along = (np.abs(fy) > 0.25) & (np.abs(fx) < 0.1)
    hann = np.hanning(256).astype(np.float32)
    return (ring + 8 * across + 16 * along).ravel().astype(np.intp), hann[:, None] * hann


def _bands(grey: Values) -> Features:
    """Share of the spectrum's energy in six rings of frequency, and its direction."""
    from scipy.fft import rfft2

    place, window = _rings()
    y, x = (max(0, (n - 256) // 2) for n in grey.shape)
    part = at_least(grey[y : y + 256, x : x + 256], 256)
    spectrum = rfft2((part - part.mean()) * window)
    power = spectrum.real**2 + spectrum.imag**2
    energy = np.bincount(place, weights=power.ravel(), minlength=24).reshape(3, 8)
    total = energy.sum() + 1e-6
    shares = energy.sum(axis=0)[1:7] / total
    sides = np.log(energy[1:].sum(axis=1) / total + 1e-6)
    return {
        **{f"ring_{i}": value for i, value in enumerate(np.log(shares + 1e-6))},
        "fine_across": sides[0], "fine_along": sides[1], "fine_balance": abs(sides[0] - sides[1]),
    }  # fmt: skip


def steepness_features(levels: Levels) -> Features:
    """How much of an edge's height one pixel takes, in blocks of 8 px that hold an edge.

    A step takes all of it whatever its contrast; blur, smear and enlargement spread it out.
    """
    features: Features = {}
    view: Whole = levels
    for scale in (1, 2):
        height, width = (n // 8 * 8 for n in view.shape)
        unit = np.float32(1 / (255 * scale * scale))
        span, steep_x, steep_y = (n * unit for n in _block_extremes(view[:height, :width]))
        least = max(0.06, 0.4 * float(_quantiles(span, (0.95,))[0]))
        edges = np.flatnonzero(span > least)
        ratio_x, ratio_y = steep_x[edges] / span[edges], steep_y[edges] / span[edges]
        low, middle, high = _quantiles(np.maximum(ratio_x, ratio_y), (0.15, 0.5, 0.85))
        (middle_x,), (middle_y,) = (_quantiles(ratio, (0.8,)) for ratio in (ratio_x, ratio_y))
        features |= {
            f"steep_low_{scale}": low, f"steep_{scale}": middle, f"steep_high_{scale}": high,
            f"steep_less_{scale}": min(middle_x, middle_y),
            f"steep_balance_{scale}": middle_x - middle_y,
            f"steep_abs_balance_{scale}": abs(middle_x - middle_y),
            f"edge_blocks_{scale}": edges.size / span.size,
        }  # fmt: skip
        if scale == 1:
            view = sums_of_four(view)
    return features


def _quantiles(values: Values, shares: tuple[float, ...]) -> Values:
    """Return the nearest values at these shares; zeros where there are none."""
    if not values.size:
        return np.zeros(len(shares), np.float32)
    places = [round(share * (values.size - 1)) for share in shares]
    chosen: Values = np.partition(values, places)[places]
    return chosen


def _block_extremes(part: Whole) -> list[NDArray[np.float32]]:
    """Return range and largest steps across and down of each block of 8 px."""
    height, width = part.shape
    across, down = np.zeros_like(part), np.zeros_like(part)
    across[:, :-1], down[:-1] = _steps(part)
    across[:, 7::8], down[7::8] = 0, 0

    def of_blocks(values: Whole, extreme: np.ufunc) -> NDArray[np.float32]:
        rows = extreme.reduce(values.reshape(height // 8, 8, width), axis=1)
        # Columns are brought first: reductions over a last axis of eight are slow.
        columns = np.ascontiguousarray(rows.T).reshape(width // 8, 8, height // 8)
        return np.ravel(extreme.reduce(columns, axis=1).T).astype(np.float32)

    span = of_blocks(part, np.maximum) - of_blocks(part, np.minimum)
    return [span, of_blocks(across, np.maximum), of_blocks(down, np.maximum)]
