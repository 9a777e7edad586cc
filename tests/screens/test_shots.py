"""What the comparison of screenshots notices and what it overlooks."""

from __future__ import annotations

import json

import pytest
from PIL import Image, ImageDraw

from tests.screens.shots import MAX_BYTES, SHOTS, differences


def drawn(*, shift=0, theme="white", letters="x" * 40, picture=True):
    page = Image.new("RGB", (1280, 720), theme)
    pen = ImageDraw.Draw(page)
    if picture:
        pen.rectangle([100, 100, 700, 600], fill="grey")
    pen.text((800, 100 + shift), letters, fill="black")
    return page, {"panel": [[800, 100 + shift, 400, 500]], "level": [[810, 200, 60, 40]]}


def test_same_page_is_the_same_whatever_the_letters():
    assert differences(drawn(), drawn(letters="y" * 42)) == []
    assert differences(drawn(), drawn(shift=3)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shift": 30}, "panel moved"),
        ({"picture": False}, "differs strongly"),
        ({"theme": "black"}, "grey levels"),
    ],
)
def test_changed_page_is_noticed(change, said):
    assert any(said in fault for fault in differences(drawn(), drawn(**change)))


def test_what_is_gone_is_noticed():
    picture, boxes = drawn()
    assert differences((picture, boxes), (picture, boxes | {"level": []})) == [
        "level: 0 in view, 1 before"
    ]


def test_kept_shots_are_small_and_have_boxes():
    shots = list(SHOTS.glob("*.png"))
    assert sum(path.stat().st_size for path in shots) < 6_000_000
    for path in shots:
        assert path.stat().st_size <= MAX_BYTES
        assert json.loads(path.with_suffix(".json").read_text())
