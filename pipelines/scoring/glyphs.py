"""A very small reader of letter shapes: which way they face, not what they say.

A two-layer network of 10,000 weights on 12 × 12 px of one connected mark. It learned from letters
of ordinary fonts drawn one by one, never from figures (`make_glyphs.py`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.views import Values

__all__ = ["GLYPH_ANSWERS", "GLYPH_FILE", "Boxes", "glyph_inputs", "read_glyphs"]

_SIDE = 12
GLYPH_ANSWERS = (
    "mirrored",
    "rotated",
    "digit",
    "upper",
    "junk",
    "slanted",
    "bold",
    "stretch",
)
"""What is said of each mark: logits, and last the logarithm of width gained over height."""
GLYPH_FILE = Path(__file__).parent / "weights" / "glyphs.safetensors"
"""The shipped weights."""


class Boxes(NamedTuple):
    """Bounding boxes of n marks, px, each `[n]`."""

    top: NDArray[np.int64]
    left: NDArray[np.int64]
    height: NDArray[np.int64]
    width: NDArray[np.int64]

    def of(self, chosen: NDArray[np.generic]) -> Boxes:
        """Return some of the boxes, by index or mask."""
        return Boxes(*(part[chosen] for part in self))


def glyph_inputs(grey: Values, boxes: Boxes, paper: float) -> Values:
    """Return `[n, 146]`: each mark's darkness on 12 × 12 points, its shape and its height.

    Args:
        grey: Picture, 0–1, `[h, w]`.
        boxes: Marks in it.
        paper: Grey of the paper.
    """
    share = (np.arange(_SIDE) + 0.5) / _SIDE
    y = boxes.top[:, None] + share * boxes.height[:, None] - 0.5
    x = boxes.left[:, None] + share * boxes.width[:, None] - 0.5
    ink = np.abs(_bilinear(grey, y, x) - np.float32(paper)).reshape(len(y), _SIDE * _SIDE)
    ink /= ink.max(axis=1, keepdims=True) + np.float32(0.02)
    shape = np.log((boxes.width + 0.5) / (boxes.height + 0.5))
    rest = np.stack([shape, np.log(boxes.height + 0.5) - 2], axis=1)
    return np.concatenate([ink - np.float32(0.5), rest], axis=1, dtype=np.float32)


def _bilinear(grey: Values, y: NDArray[np.float64], x: NDArray[np.float64]) -> Values:
    """Return the grey at every crossing of each mark's rows and columns, `[n, 12, 12]`."""
    y, x = (n.clip(0, size - 1.001) for n, size in zip((y, x), grey.shape, strict=True))
    y0, x0 = y.astype(np.int64), x.astype(np.int64)
    fy, fx = (
        (y - y0).astype(np.float32)[:, :, None],
        (x - x0).astype(np.float32)[:, None, :],
    )
    rows, columns = y0[:, :, None], x0[:, None, :]
    upper: Values = grey[rows, columns] + (grey[rows, columns + 1] - grey[rows, columns]) * fx
    lower: Values = (
        grey[rows + 1, columns] + (grey[rows + 1, columns + 1] - grey[rows + 1, columns]) * fx
    )
    mixed: Values = upper + (lower - upper) * fy
    return mixed


@cache
def _weights() -> dict[str, Values]:
    from safetensors.numpy import load_file

    return {name: value.astype(np.float32) for name, value in load_file(GLYPH_FILE).items()}


def read_glyphs(inputs: Values) -> Values:
    """Return `[n, 8]` answers, in the order of `GLYPH_ANSWERS`.

    Args:
        inputs: From `glyph_inputs`.
    """
    a = _weights()
    answers: Values = np.maximum(inputs @ a["w1"] + a["b1"], 0) @ a["w2"] + a["b2"]
    return answers
