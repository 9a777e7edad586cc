"""Regions that appear twice: copy-move forgery as image forensics looks for it.

Two ways that fail differently. The whitened autocorrelation of the whole picture has a peak at
the displacement of a copy, however faint the grain that was copied with it. Extrema of the
band-passed picture find their like, and matches of one displacement vote together: that sees
small copies in coarse texture. Both look at grey values over their local deviation, so that
contrast does not matter, and at oblique displacements alone: axes, lanes and panels repeat
upright and honestly. A match among many (ticks, lattices, letters) counts little.

Fridrich, Soukal, Lukáš (2003) for votes of displacement; Christlein et al. (2012) compare ways.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.scoring.views import Features, Levels, Values, at_least

__all__ = ["copy_features"]

_SIDE_PX, _LEAST = 448, 64
_MARGIN = 10
"""Displacements shorter than this along an axis, px, are neighbourhood or upright repetition."""
_APART = 20
_SIDE, _STEP = 7, 3
"""Points of a descriptor along one side, and the distance between them, px."""
_REACH = _STEP * (_SIDE - 1) // 2
_MOST_POINTS = 600
_ALIKE = 0.9
_MOST_ALIKE = 9
"""A point that looks like more others, itself among them, belongs to a pattern."""
_BIN = 4
_FAINT = np.float32(0.5 / 255)
"""Half a grey level: what rounding alone leaves."""

Indices = NDArray[np.signedinteger[Any]]


def copy_features(levels: Levels) -> Features:
    """Return how much speaks for a region that appears twice.

    Args:
        levels: The whole picture, grey, 0–255, `[h, w]`.
    """
    smooth = _smoothed(at_least(_shrunk(levels), _LEAST))
    near = _sums(smooth, 8)
    far = _wider(near, 8)
    peak, twelfth = _autocorrelation(_evened(smooth, near * np.float32(1 / 8**2), 3.0))
    votes, second, n_points = _votes(_evened(smooth, far * np.float32(1 / 16**2), 9.0))
    return {
        "copy_peak": np.log(max(peak, 0.0) + 1e-3),
        "copy_peak_twelfth": np.log(max(twelfth, 0.0) + 1e-3),
        "copy_votes": np.log(votes + 0.3),
        "copy_vote_rate": np.log((votes + 0.1) / np.sqrt(n_points + 1)),
        "copy_vote_lead": np.log((votes + 0.3) / (second + 0.3)),
    }


def _shrunk(levels: Levels) -> Values:
    height, width = levels.shape
    scale = min(1.0, _SIDE_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = Image.fromarray(levels).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(small, dtype=np.float32) * np.float32(1 / 255)


def _smoothed(grey: Values) -> Values:
    """Return the picture under binomial weights 1 2 1 along both axes."""
    for _ in range(2):
        grey = grey[:-1] + grey[1:]
        grey = grey[:, :-1] + grey[:, 1:]
    return grey * np.float32(1 / 16)


def _wider(sums: Values, reach: int) -> Values:
    """Return sums over twice the side, from those over squares of side `reach`."""
    tall = sums[:-reach] + sums[reach:]
    wide: Values = tall[:, :-reach] + tall[:, reach:]
    return wide


def _sums(values: Values, side: int) -> Values:
    """Return sums of side × side px; the side is a power of two."""
    reach = 1
    while reach < side:
        values = _wider(values, reach)
        reach *= 2
    return values


def _evened(smooth: Values, around: Values, most: float) -> Values:
    """Return what differs from the surroundings, in local standard deviations, within ±most.

    Args:
        smooth: The picture.
        around: Means of its surroundings.
        most: Where it is cut off.
    """
    fine = _inner(smooth, around) - around
    power = _sums(fine * fine, 16) * np.float32(1 / 16**2)
    even: Values = _inner(fine, power) / (np.sqrt(power) + _FAINT)
    np.clip(even, -most, most, out=even)
    return even


def _inner(whole: Values, part: Values) -> Values:
    """Return the middle of the whole, as large as the part."""
    y, x = ((a - b) // 2 for a, b in zip(whole.shape, part.shape, strict=True))
    return whole[y : y + part.shape[0], x : x + part.shape[1]]


def _autocorrelation(even: Values) -> tuple[float, float]:
    """Return the largest and the twelfth value at oblique displacements, in deviations."""
    from scipy.fft import irfft2, next_fast_len, rfft2

    shape = tuple(next_fast_len(n, real=True) for n in even.shape)
    waves = rfft2(even, shape)
    power = waves.real**2 + waves.imag**2
    plane = irfft2(power / (power + power.mean() + np.float32(1e-9)), shape)
    sides = plane[_MARGIN : shape[0] // 2 + 1, _MARGIN : shape[1] - _MARGIN]
    tops = np.partition(sides.ravel(), -12)[-12:] / (sides.std() + 1e-9)
    return float(tops.max()), float(tops.min())


def _votes(even: Values) -> tuple[float, float, int]:
    """Return the votes for the best displacement and the next elsewhere, and the points."""
    y, x, descriptors = _described(even, *_extrema(even))
    n_points = len(y)
    if n_points < 2:
        return 0.0, 0.0, n_points
    alike = descriptors @ descriptors.T > _ALIKE
    first, other = np.divmod(np.flatnonzero(alike), n_points)
    few = np.bincount(first, minlength=n_points) <= _MOST_ALIKE
    both = few[first] & few[other]
    first, other = first[both], other[both]
    dy, dx = y[other] - y[first], x[other] - x[first]
    far = (first < other) & (np.maximum(abs(dy), abs(dx)) > _APART)
    first, other, dy, dx = first[far], other[far], dy[far], dx[far]
    n_alike = np.bincount(first, minlength=n_points) + np.bincount(other, minlength=n_points)
    weight = 1 / (n_alike[first] * n_alike[other])
    oblique = np.minimum(abs(dy), abs(dx)) >= _MARGIN
    return *_best_two(dy[oblique], dx[oblique], weight[oblique], even.shape), n_points


def _extrema(even: Values) -> tuple[Indices, Indices]:
    """Return rows and columns of the strongest extrema within 7 × 7 px, away from the edges."""
    size = np.abs(even)
    top = size
    for reach in (1, 2, 3):
        top = np.maximum(top[:-reach], top[reach:])
        top = np.maximum(top[:, :-reach], top[:, reach:])
    cut = _REACH - 3
    middle = (slice(cut, top.shape[0] - cut), slice(cut, top.shape[1] - cut))
    there = _inner(size, top)[middle]
    y, x = np.nonzero((there >= top[middle]) & (there > 0.8))
    if len(y) > _MOST_POINTS:
        strongest = np.argpartition(-there[y, x], _MOST_POINTS)[:_MOST_POINTS]
        return y[strongest] + _REACH, x[strongest] + _REACH
    return y + _REACH, x + _REACH


def _described(even: Values, y: Indices, x: Indices) -> tuple[Indices, Indices, Values]:
    """Return the points that lie in texture, and their surroundings at unit length."""
    along = np.arange(_SIDE) * _STEP - _REACH
    places = (along[:, None] * even.shape[1] + along).ravel()
    found = even.ravel()[(y * even.shape[1] + x)[:, None] + places]
    size = np.abs(found)
    # Lines on paper leave most of the surroundings flat, and letters repeat honestly.
    textured = ((size > 0.15).mean(axis=1) > 0.6) & (
        size.mean(axis=1) > 0.6 * np.sqrt((size * size).mean(axis=1))
    )
    found = found[textured]
    found -= found.mean(axis=1, keepdims=True)
    found /= np.sqrt((found * found).sum(axis=1, keepdims=True)) + np.float32(1e-6)
    return y[textured], x[textured], found


def _best_two(
    dy: Indices, dx: Indices, weight: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[float, float]:
    """Return the largest weight within 8 × 8 px of displacement, and the largest elsewhere."""
    height, width = (2 * n // _BIN + 3 for n in shape)
    bins = (dy + shape[0]) // _BIN * width + (dx + shape[1]) // _BIN
    votes = np.bincount(bins, weight, height * width).reshape(height, width)
    tall = votes[:-1] + votes[1:]
    pooled = tall[:, :-1] + tall[:, 1:]
    y, x = np.unravel_index(int(pooled.argmax()), pooled.shape)
    best = float(pooled[y, x])
    pooled[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4] = 0
    return best, float(pooled.max())
