"""A hash that near duplicates share."""

from __future__ import annotations

import numpy as np
from PIL import Image

__all__ = ["perceptual_hash"]

_SIDE, _KEPT = 32, 8
_STEPS = np.arange(_SIDE)
_COSINES = np.cos(np.pi * np.arange(_KEPT)[:, None] * (2 * _STEPS + 1) / (2 * _SIDE))
"""First rows of the type-II discrete cosine transform, shape (8, 32)."""


def perceptual_hash(image: Image.Image) -> str:
    """Return the 64-bit pHash of a picture, 16 hex digits.

    The picture, in grey, is averaged to 32 × 32; of its cosine transform the 8 × 8 lowest
    frequencies are compared with their median, row by row, the first bit highest. Pictures that
    were scaled, re-compressed or slightly brightened differ in few bits; unlike a hash of
    neighbour differences it tells apart plots on a white ground, where most neighbours are equal.
    Source: Zauner, "Implementation and benchmarking of perceptual image hash functions" (2010);
    arranged as in `imagehash.phash`.

    Args:
        image: Any mode that converts to L; a thumbnail will do.
    """
    small = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    # Rounding keeps a blank picture's hash from being noise.
    low = np.round(_COSINES @ np.asarray(small, float) @ _COSINES.T, 6)
    # np.median does the same at a multiple of the cost.
    median = np.sort(low, axis=None)[31:33].mean()
    return np.packbits(low > median).tobytes().hex()
