"""A large picture cut into tiles, so that a browser fetches only what is in view.

Levels are numbered as in Deep Zoom: on the top level one pixel is one of the picture, each level
below has half its width and height, rounded up. Tiles are PNG, so that at 1:1 nothing is seen
that is not in the picture; levels below are plain means of 2 × 2 pixels.

    python -m pipelines.intake.tiles PICTURE FOLDER
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PIL import Image

__all__ = [
    "LARGE_PIXELS",
    "OVERLAP_PX",
    "TILE_PX",
    "cut_tiles",
    "forget_cut",
    "grid",
    "is_cut",
    "levels",
    "mark_used",
    "tile_path",
    "used_at",
]

TILE_PX = 512
"""Width and height of a tile, without what it shares with its neighbours."""

OVERLAP_PX = 1
"""Pixels that a tile shares with each neighbour, so that no seam shows when it is scaled."""

LARGE_PIXELS = 24_000_000
"""Pictures with more pixels are cut; up to here a browser is quicker with the whole."""

_WHOLE = "whole"
"""File that says that no tile is missing."""


def levels(width: int, height: int) -> range:
    """Return the levels of a picture of this size, px: from the one of a single tile up.

    >>> list(levels(2000, 1000))
    [9, 10, 11]
    """
    top = (max(width, height) - 1).bit_length()
    return range(min(top, (TILE_PX - 1).bit_length()), top + 1)


def grid(width: int, height: int, level: int) -> tuple[int, int]:
    """Return how many tiles a level has across and down.

    >>> grid(2000, 1000, 10)
    (2, 1)
    """
    halvings = levels(width, height)[-1] - level
    return _ceil(_ceil(width, 1 << halvings), TILE_PX), _ceil(_ceil(height, 1 << halvings), TILE_PX)


def tile_path(folder: Path, level: int, x: int, y: int) -> Path:
    """Return where a tile lies in a picture's folder."""
    return folder / str(level) / f"{x}_{y}.png"


def is_cut(folder: Path) -> bool:
    """Return whether all tiles of a picture are there."""
    return (folder / _WHOLE).exists()


def forget_cut(folder: Path) -> None:
    """Have a picture cut again, some of whose tiles were deleted."""
    (folder / _WHOLE).unlink(missing_ok=True)


def mark_used(folder: Path) -> None:
    """Note that a picture that is cut is looked at now."""
    if is_cut(folder):
        os.utime(folder / _WHOLE)


def used_at(folder: Path) -> float:
    """Return when a picture was last looked at, seconds; 0 where tiles are missing."""
    return (folder / _WHOLE).stat().st_mtime if is_cut(folder) else 0.0


def cut_tiles(picture: Path, folder: Path) -> None:
    """Cut a picture, coarse levels first, so that it can be opened before the end.

    Takes up to 6 bytes of memory a pixel: 4 in Pillow, a third more for coarser levels. A tile
    appears whole or not at all; tiles of a run that was broken off are cut again.

    Args:
        picture: The file that is displayed, mode 1, L or RGB.
        folder: Where the tiles go; made here.
    """
    with Image.open(picture) as image:
        image.load()
        mode = "L" if image.mode in ("1", "L") else "RGB"
        whole = image if image.mode == mode else image.convert(mode)  # a copy doubles the memory
    pyramid = [whole]
    wanted = levels(*whole.size)
    while len(pyramid) < len(wanted):
        pyramid.append(pyramid[-1].reduce(2))
    for level, reduced in zip(wanted, reversed(pyramid), strict=True):
        (folder / str(level)).mkdir(parents=True, exist_ok=True)
        _cut_level(reduced, folder, level)
    (folder / _WHOLE).touch()


def _cut_level(reduced: Image.Image, folder: Path, level: int) -> None:
    across, down = _ceil(reduced.width, TILE_PX), _ceil(reduced.height, TILE_PX)
    for y in range(down):
        for x in range(across):
            path = tile_path(folder, level, x, y)
            part = path.with_suffix(f".{os.getpid()}.part")
            reduced.crop(_box(x, y, *reduced.size)).save(part, "PNG", compress_level=3)
            part.replace(path)


def _box(x: int, y: int, width: int, height: int) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a tile with what it shares."""
    left, top = x * TILE_PX, y * TILE_PX
    return (
        max(0, left - OVERLAP_PX),
        max(0, top - OVERLAP_PX),
        min(width, left + TILE_PX + OVERLAP_PX),
        min(height, top + TILE_PX + OVERLAP_PX),
    )


def _ceil(a: int, b: int) -> int:
    return -(-a // b)


if __name__ == "__main__":
    # Whoever rates now comes first.
    os.nice(10)
    cut_tiles(Path(sys.argv[1]), Path(sys.argv[2]))
