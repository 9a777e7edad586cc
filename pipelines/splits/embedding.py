"""A picture as 256 small numbers that stay close when it is cropped, scaled or recoloured."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

__all__ = ["EMBEDDING_SIZE", "gradient_embedding"]

_CELLS, _ORIENTATIONS, _SIDE = 8, 4, 64
EMBEDDING_SIZE = _CELLS * _CELLS * _ORIENTATIONS
"""Numbers of an embedding."""
_LENGTH = 400
_FLAT = 6.0
"""Standard deviation of grey, of 255, below which a picture says nothing: specks on one colour."""


def gradient_embedding(image: Image.Image) -> npt.NDArray[np.int8]:
    """Return the strength of edges by place and direction, shape (256,), all 0 for a flat picture.

    Histograms of oriented gradients (Dalal and Triggs, CVPR 2005) of 8 × 8 cells and 4
    directions, square-rooted, centred, scaled to length 400 and rounded: sums of products of
    whole numbers come out the same on every machine.

    Args:
        image: Any mode that converts to L; a thumbnail will do.
    """
    side = _SIDE + 2
    plain = image.convert("L")
    if np.asarray(plain).std() < _FLAT:
        return np.zeros(EMBEDDING_SIZE, np.int8)
    grey = ImageOps.autocontrast(plain).resize((side, side), Image.Resampling.BOX)
    pixels = np.asarray(grey, np.float64) / 255
    across = pixels[1:-1, 2:] - pixels[1:-1, :-2]
    down = pixels[2:, 1:-1] - pixels[:-2, 1:-1]
    strength = np.hypot(across, down)
    angle = (np.arctan2(down, across) % np.pi) / np.pi * _ORIENTATIONS
    lower = np.floor(angle).astype(np.intp) % _ORIENTATIONS
    share = angle - np.floor(angle)
    at = np.arange(_SIDE) * _CELLS // _SIDE
    cell = (at[:, None] * _CELLS + at) * _ORIENTATIONS
    histogram = np.zeros(EMBEDDING_SIZE)
    for direction, weight in ((lower, 1 - share), ((lower + 1) % _ORIENTATIONS, share)):
        cells = (cell + direction).ravel()
        histogram += np.bincount(cells, (strength * weight).ravel(), EMBEDDING_SIZE)
    root = np.sqrt(histogram)
    centred = root - root.mean()
    length = float(np.linalg.norm(centred)) or 1.0
    whole = np.clip(np.round(centred / length * _LENGTH), -127, 127)
    return np.asarray(whole, np.int8)
