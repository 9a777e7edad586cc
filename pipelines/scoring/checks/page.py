"""The words of an image with their places: what checks are made on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Box", "Page", "Word", "box_around"]


class Box(NamedTuple):
    """A rectangle in px of the original."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Extent to the right, px."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Extent downwards, px."""
        return self.bottom - self.top

    @property
    def x(self) -> float:
        """Centre, px from the left."""
        return (self.left + self.right) / 2

    @property
    def y(self) -> float:
        """Centre, px from the top."""
        return (self.top + self.bottom) / 2


class Word(NamedTuple):
    """One text as it stands in the image, which may be several words on a line."""

    text: str
    box: Box
    sureness: float
    """0–1, the reader's own."""
    turn: int = 0
    """Degrees that it was turned to be read: 0, 90 (it reads upwards) or 270 (downwards)."""


class Page(NamedTuple):
    """What was read of one image, and where its ink is."""

    words: tuple[Word, ...]
    width: int
    """Of the original, px."""
    height: int
    ink: NDArray[np.bool_]
    """What differs from the paper, `[h, w]`, longer side at most 1024 px."""

    def inked(self, box: Box) -> float:
        """Return the share of ink in a box of the original, which is clipped; 0 where empty."""
        rows, columns = self.ink.shape
        down, across = rows / self.height, columns / self.width
        part = self.ink[
            max(0, round(box.top * down)) : max(0, round(box.bottom * down)),
            max(0, round(box.left * across)) : max(0, round(box.right * across)),
        ]
        return float(part.mean()) if part.size else 0.0


def box_around(boxes: Iterable[Box]) -> Box:
    """Return the smallest box around one or more boxes."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))
