"""Noise and shading that simulated pictures are made of, their size and their generator."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from pipelines.scoring.figures.sheet import Sheet

__all__ = [
    "Box", "Rng", "Size", "cloudy", "enlarged", "mixed", "noise", "own_rng", "picture_size", "soft",
]  # fmt: skip

Rng = np.random.Generator
Size = tuple[int, int]
Box = tuple[float, float, float, float]


def picture_size(sheet: Sheet, box: Box) -> Size:
    """Return height and width of the picture in a box of the figure, pixels, bounded."""
    height, width = sheet.style.height, sheet.style.width
    scale = min(sheet.style.dpi, 460 / max(height, width))
    return int(height * box[3] * scale), int(width * box[2] * scale)


def own_rng(sheet: Sheet) -> Rng:
    """Return a generator for the content, which copied regions do not draw from."""
    return sheet.rng.spawn(1)[0]


def enlarged(field: Any, size: Size) -> Any:
    """Return a smooth field at another size."""
    small = Image.fromarray(np.asarray(field, np.float32))
    return np.asarray(small.resize((size[1], size[0]), Image.Resampling.BICUBIC))


def noise(rng: Rng, size: Size, down: float, across: float = 0.0) -> Any:
    """Return smooth noise of unit spread whose lumps have a height and a width in pixels."""
    n_rows, n_columns = (int(n / s) + 3 for n, s in zip(size, (down, across or down), strict=True))
    field = enlarged(rng.standard_normal((n_rows, n_columns), np.float32), size)
    return (field - field.mean()) / field.std()


def cloudy(rng: Rng, size: Size, lump: float) -> Any:
    """Return noise of unit spread with lumps of all sizes below one."""
    lumps = [(lump / 2**k, 0.55**k) for k in range(5) if lump / 2**k > 1]
    field = sum(share * noise(rng, size, small) for small, share in lumps)
    return field / np.std(field)


def soft(values: Any) -> Any:
    """Return a smooth step from 0 to 1."""
    return 1 / (1 + np.exp(-np.clip(values, -30, 30)))


def mixed(share: Any, first: Any, second: Any) -> Any:
    """Return a picture that goes from one colour or picture to another."""
    return first + share[..., None] * (np.asarray(second) - first)
