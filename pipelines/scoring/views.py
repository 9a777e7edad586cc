"""The pictures of one image that features are taken from, each made once."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = [
    "Features",
    "Levels",
    "Values",
    "Views",
    "Whole",
    "at_least",
    "counted_quantiles",
    "sums_of_four",
    "views_of",
]

_WINDOW = 320
_LAYOUT_SIDE = 320
_TEXT_SIDE, _PAGE_SIDE = 640, 1400
_COLOUR_SIDE = 96
_BLOCK = 8
"""Side of a JPEG block; the window begins at a multiple of it, so that blocks stay in place."""

Values = NDArray[np.float32]
Levels = NDArray[np.uint8]
Whole = NDArray[Any]
"""Pixels, or sums of them, as whole numbers."""
Pixels = TypeVar("Pixels", Values, Levels)
Features = dict[str, float]


class Views(NamedTuple):
    """The pictures; `Levels` are 0–255, `Values` 0–1."""

    size: tuple[int, int]
    """Original width and height, px."""
    window_levels: Levels
    """Grey, original resolution, `[h, w]`, where there is most detail."""
    window: Values
    """The same, 0–1."""
    window_counts: NDArray[np.int64]
    """How often each of the 256 greys occurs in the window."""
    small_levels: Levels
    """`small`, 0–255."""
    small_counts: NDArray[np.int64]
    """How often each of the 256 greys occurs in `small`."""
    small: Values
    """Grey, longer side at most 320 px, `[h, w]`."""
    text: Levels
    """Grey, longer side at most 640 px, `[h, w]`."""
    page: Levels
    """Grey, a whole part of the original resolution, longer side at most 1400 px, `[h, w]`."""
    colour: Values
    """Red, green, blue, longer side at most 96 px, `[h, w, 3]`; pixels as they are, unmixed."""


def views_of(image: Image.Image) -> Views:
    """Return the pictures of an image of any mode, at least 1 × 1 px."""
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    grey = rgb.convert("L")
    text = _shrunk(grey, _TEXT_SIDE, Image.Resampling.BOX)
    window = at_least(_levels(_busiest_window(grey)), 24)
    small = at_least(_levels(_shrunk(text, _LAYOUT_SIDE, Image.Resampling.BILINEAR)), 24)
    return Views(
        size=rgb.size,
        window_levels=window,
        window=_unit(window),
        window_counts=np.bincount(window.ravel(), minlength=256),
        small_levels=small,
        small_counts=np.bincount(small.ravel(), minlength=256),
        small=_unit(small),
        text=at_least(_levels(text), 24),
        page=at_least(_levels(grey.reduce(-(-max(grey.size) // _PAGE_SIDE))), 24),
        colour=_unit(_levels(_shrunk(rgb, _COLOUR_SIDE, Image.Resampling.NEAREST))),
    )


def _shrunk(image: Image.Image, side: int, way: Image.Resampling) -> Image.Image:
    scale = side / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(n * scale)) for n in image.size)
    # Whole factors are taken by the quick way: 640 px become 320 px in a sixth of the time.
    return image.resize((width, height), way, reducing_gap=1.0)


def _levels(image: Image.Image) -> Levels:
    return np.asarray(image, dtype=np.uint8)


def _unit(levels: Levels) -> Values:
    return levels * np.float32(1 / 255)


def at_least(values: Pixels, side: int) -> Pixels:
    """Repeat the edges of very small pictures, so that filters have room."""
    missing = [(0, max(0, side - n)) for n in values.shape]
    return np.pad(values, missing, mode="edge") if any(m[1] for m in missing) else values


def _busiest_window(grey: Image.Image) -> Image.Image:
    """Return the window with the largest variance among nine places."""
    width, height = (min(n, _WINDOW) for n in grey.size)
    if (width, height) == grey.size:
        return grey
    coarse = np.asarray(grey.reduce(_BLOCK), dtype=np.float32)
    places = [
        tuple(
            int(share * (whole - part)) // _BLOCK
            for share, whole, part in (
                (fx, grey.width, width),
                (fy, grey.height, height),
            )
        )
        for fx in (0.0, 0.5, 1.0)
        for fy in (0.0, 0.5, 1.0)
    ]
    spread = [
        coarse[y : y + height // _BLOCK + 1, x : x + width // _BLOCK + 1].var() for x, y in places
    ]
    x, y = (n * _BLOCK for n in places[int(np.argmax(spread))])
    return grey.crop((x, y, x + width, y + height))


def sums_of_four(view: Whole) -> Whole:
    """Return sums of 2 × 2 px, of a picture of bytes or of such sums."""
    height, width = (n // 2 * 2 for n in view.shape)
    rows = view[:height:2, :width].astype(np.uint16)
    rows += view[1:height:2, :width]
    sums: Whole = rows[:, ::2] + rows[:, 1::2]
    return sums


def counted_quantiles(values: Values, shares: tuple[float, ...]) -> NDArray[np.float64]:
    """Return quantiles of values 0 to about 6 by counting, exact to 1/2048."""
    counts = np.bincount((values.ravel() * 2048).clip(0, 12288).astype(np.int32))
    found = np.searchsorted(np.cumsum(counts), np.array(shares) * values.size)
    return np.minimum(found, counts.size - 1) / 2048
