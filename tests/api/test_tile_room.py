"""What tiles take on the disk is bounded; what was not looked at for longest goes first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from annotator.tile_room import TileRoom
from pipelines.intake.tiles import cut_tiles, is_cut, mark_used, used_at


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Four pictures of equal size, cut; the first was looked at longest ago."""
    Image.linear_gradient("L").save(tmp_path / "picture.png")
    cut = [tmp_path / "tiles" / f"{number:02}" / "picture" for number in range(4)]
    for number, folder in enumerate(cut):
        cut_tiles(tmp_path / "picture.png", folder)
        os.utime(folder / "whole", (1000 + number, 1000 + number))
    return cut


def test_the_longest_unused_go_until_the_rest_fits(folders: list[Path]) -> None:
    one = sum(path.stat().st_size for path in folders[0].glob("*/*"))
    root = folders[0].parents[1]
    mark_used(folders[0])
    assert used_at(folders[0]) > used_at(folders[3])
    room = TileRoom(root, lambda *_: 3 * one)
    assert not room.has_room(0)
    # The second is the oldest, but somebody writes it; the third is next.
    room.take_in(folders[3], busy={folders[1]})
    assert [is_cut(folder) for folder in folders] == [True, True, False, True]
    assert not folders[2].exists()
    assert room.has_room(0)
    assert not room.has_room(1)


def test_what_is_wanted_now_stays_however_large(folders: list[Path]) -> None:
    room = TileRoom(folders[0].parents[1], lambda *_: 0)
    room.take_in(folders[2], busy=())
    assert [is_cut(folder) for folder in folders] == [False, False, True, False]
    assert used_at(folders[0]) == 0


def test_half_of_the_free_disk_is_the_bound(tmp_path: Path) -> None:
    room = TileRoom(tmp_path / "not" / "there")
    assert room.has_room(0)
    assert not room.has_room(1 << 62)
