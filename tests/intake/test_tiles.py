"""Tiles of large pictures: together they are the picture, to the pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.intake.tiles import (
    OVERLAP_PX,
    TILE_PX,
    cut_tiles,
    forget_cut,
    grid,
    is_cut,
    levels,
    tile_path,
)


def put_together(folder, width, height, level):
    """Return a level's pixels from its tiles, checking what neighbours share."""
    across, down = grid(width, height, level)
    tiles = [
        [np.asarray(Image.open(tile_path(folder, level, x, y))) for x in range(across)]
        for y in range(down)
    ]
    rows = []
    for y, row in enumerate(tiles):
        parts = [
            tile[OVERLAP_PX * (y > 0) :][:TILE_PX, OVERLAP_PX * (x > 0) :][:, :TILE_PX]
            for x, tile in enumerate(row)
        ]
        rows.append(np.concatenate(parts, axis=1))
    for left, right in zip(tiles[0], tiles[0][1:], strict=False):
        np.testing.assert_array_equal(left[:, -2 * OVERLAP_PX :], right[:, : 2 * OVERLAP_PX])
    return np.concatenate(rows, axis=0)


@pytest.mark.parametrize(
    ("size", "mode"), [((1300, 1025), "RGB"), ((1, 1500), "L"), ((512, 513), "1")]
)
def test_tiles_are_the_picture(tmp_path, size, mode):
    pixels = np.random.default_rng(7).integers(0, 256, (size[1], size[0], 3), np.uint8)
    picture = Image.fromarray(pixels).convert(mode)
    picture.save(tmp_path / "picture.png")
    folder = tmp_path / "tiles"
    cut_tiles(tmp_path / "picture.png", folder)
    assert is_cut(folder)
    there = levels(*size)
    top = put_together(folder, *size, there[-1])
    np.testing.assert_array_equal(top, np.asarray(picture.convert("RGB" if mode == "RGB" else "L")))
    below = put_together(folder, *size, there[-1] - 1)
    # Hand-worked: the mean of two by two pixels, a half rounded up as Pillow does.
    corner = top[:2, :2].astype(int) if size[0] > 1 else top[:2, :1].astype(int)
    mean = (corner.sum(axis=(0, 1)) * 2 + corner.shape[0] * corner.shape[1]) // (
        2 * corner.shape[0] * corner.shape[1]
    )
    np.testing.assert_array_equal(below[0, 0], mean)
    forget_cut(folder)
    assert not is_cut(folder)


@settings(max_examples=60)
@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_levels_halve_down_to_one_tile(width, height):
    there = levels(width, height)
    assert grid(width, height, there[0]) == (1, 1)
    across, down = grid(width, height, there[-1])
    assert (across - 1) * TILE_PX < width <= across * TILE_PX
    assert (down - 1) * TILE_PX < height <= down * TILE_PX
    # As the browser's library numbers them: the top one is the binary logarithm, rounded up.
    assert 2 ** (there[-1] - 1) < max(width, height) <= 2 ** there[-1]
