"""Traces that files and careless editing leave: compression, enlargement, copied regions."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.views import Features, Levels, Values

_MOST_BLOCKS = 800
_FINE, _N_COARSE = 6, 20
"""Order from which on waves are fine, and how many are below that, the mean left out."""

__all__ = [
    "LineProfiles", "compression_features", "enlargement_features",
    "line_profiles",
]  # fmt: skip


class LineProfiles(NamedTuple):
    """What lies between neighbouring rows, or columns, of a picture; means of pixels 0–1."""

    same: float
    """Share of pixels that are as their neighbours."""
    steps: NDArray[np.float64]
    """Mean step to the next line, `[n - 1]`."""
    faint: NDArray[np.float64]
    """The same, steps counted as 10/255 at most."""
    bends: NDArray[np.float64]
    """Mean second difference, `[n - 2]`."""
    faint_bends: NDArray[np.float64]
    """The same, differences counted as 25/255 at most."""


def line_profiles(levels: Levels) -> tuple[LineProfiles, LineProfiles]:
    """Return what lies between columns and between rows of a picture of 0–255."""
    # Turned on its side, columns are rows, whose sums are fast.
    across, down = (_profiles(lines) for lines in (np.ascontiguousarray(levels.T), levels))
    return across, down


def _profiles(lines: Levels) -> LineProfiles:
    first = np.diff(lines.astype(np.int16), axis=0)
    second = np.abs(np.diff(first, axis=0))
    size = np.abs(first, out=first)
    # Limits as rows: the minimum with a number alone takes six times as long.
    faint, faint_bends = (np.full(lines.shape[1], most, np.int16) for most in (10, 25))
    return LineProfiles(
        1 - np.count_nonzero(size) / size.size,
        _line_means(size),
        _line_means(np.minimum(size, faint)),
        _line_means(second),
        _line_means(np.minimum(second, faint_bends)),
    )


def compression_features(levels: Levels, profiles: tuple[LineProfiles, LineProfiles]) -> Features:
    """Blocks of 8 px as JPEG leaves them.

    In blocks with detail few coefficients of the cosine transform are left where the grid is
    the file's own, many where it is moved by four pixels; blur leaves few in both.

    Args:
        levels: Picture at its original resolution, 0–255, `[h, w]`.
        profiles: `line_profiles` of it.
    """
    features: Features = {}
    for name, lines in zip("xy", profiles, strict=True):
        features[f"same_{name}"] = lines.same
        phases, steps = _phases(lines.bends), _phases(lines.faint)
        features[f"block_{name}"] = phases.max() / (np.median(phases) + 1e-4)
        features[f"soft_block_{name}"] = steps[-1] / (np.median(steps) + 1e-4)
    own, moved = (_left_over(levels[shift:, shift:]) for shift in (0, 4))
    return features | {
        "coefficients": own[0], "coefficients_fine": own[1],
        "coefficients_lost": np.log((moved[0] + 0.02) / (own[0] + 0.02)),
        "coefficients_fine_lost": np.log((moved[1] + 0.02) / (own[1] + 0.02)),
        "coefficient_step": own[2],
    }  # fmt: skip


def _line_means(values: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return the mean of each row, of values 0–255 for pixels 0–255, as 0–1."""
    ones = np.full(values.shape[1], 1 / (255 * values.shape[1]), np.float32)
    return (values.astype(np.float32) @ ones).astype(np.float64)


def _phases(profile: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of every eighth value from each of eight starts."""
    phase = np.arange(profile.size) % 8
    means: NDArray[np.float64] = np.bincount(phase, weights=profile) / np.bincount(phase)
    return means


@cache
def _cosines() -> Values:
    """Return the 63 × 64 matrix of the cosine transform of 8 × 8 px without the mean.

    The last 43 rows are the fine waves, those of order 6 and more.
    """
    place, wave = np.arange(8), np.arange(8)[:, None]
    rows = np.cos((2 * place + 1) * wave * np.pi / 16) * np.where(wave == 0, np.sqrt(0.125), 0.5)
    order = np.add.outer(np.arange(8), np.arange(8)).ravel()
    chosen = np.argsort(order >= _FINE, kind="stable")[1:]
    return np.kron(rows, rows)[chosen].astype(np.float32)


def _left_over(levels: Levels) -> tuple[float, float, float]:
    """Return shares of coefficients that are not zero, all and fine ones, and the usual step."""
    height, width = (n // 8 * 8 for n in levels.shape)
    if not height or not width:
        return 0.0, 0.0, 0.0
    blocks = levels[:height, :width].reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2)
    flat = blocks.reshape(-1, 64)[:: 1 + height * width // (64 * _MOST_BLOCKS)]
    sizes = np.abs(_cosines() @ flat.T.astype(np.float32))
    # Sums of bytes along the first axis are the fast ones; 63 fit into one.
    detailed = np.flatnonzero((sizes > 20).view(np.uint8).sum(axis=0, dtype=np.uint8) >= 3)
    if not detailed.size:
        return 0.0, 0.0, 0.0
    chosen = sizes[:, detailed]
    kept = chosen > 2.5
    there = chosen[kept][:: 1 + np.count_nonzero(kept) // 4000]
    place = there.size // 20
    return (
        np.count_nonzero(kept) / kept.size,
        np.count_nonzero(kept[_N_COARSE:]) / kept[_N_COARSE:].size,
        float(np.log(np.partition(there, place)[place])) if there.size else 0.0,
    )


def enlargement_features(profiles: tuple[LineProfiles, LineProfiles]) -> Features:
    """Steps and periods that enlarging a small picture leaves along rows and columns.

    Args:
        profiles: `line_profiles` of the picture at its original resolution.
    """
    features: Features = {}
    peaks = []
    for name, lines in zip("xy", profiles, strict=True):
        centred = lines.steps - lines.steps.mean()
        scale = centred @ centred + 1e-6
        for lag in (2, 3, 4, 5, 8):
            product = centred[:-lag] @ centred[lag:] if centred.size > lag else 0.0
            features[f"period_{name}_{lag}"] = product / scale
        peaks.append(_peaks(lines.faint_bends))
    for i, name in enumerate(("period_peak", "period_second")):
        features[name] = min(peak[i] for peak in peaks)
        features[f"{name}_any"] = max(peak[i] for peak in peaks)
    return features


def _peaks(second: NDArray[np.float64]) -> tuple[float, float]:
    """Return how far lines stand out of the spectrum of faint second differences.

    The second is without the lines of the 8 px grid of compression.
    """
    n = 240
    profile = np.resize(second, n) if second.size < n else second[: second.size // n * n][:n]
    profile = profile - np.convolve(profile, np.ones(9) / 9, mode="same")
    spectrum = np.abs(np.fft.rfft(profile * np.hanning(n)))[n // 8 :]
    middle = np.median(spectrum) + 1e-6
    others = spectrum.copy()
    for line in range(0, n // 2 + 1, n // 8):
        at = line - n // 8
        others[max(0, at - 2) : max(0, at + 3)] = 0
    return float(np.log(spectrum.max() / middle + 1)), float(np.log(others.max() / middle + 1))
