"""Referring questions of regions: places by the published rule, both forms of the answer."""

from __future__ import annotations

import pytest

from pipelines.questions.referring import Distortion, Region, place_of, referring

BLUR, BRIGHT = Distortion("blur", "mild"), Distortion("overexposure", "moderate")


@pytest.mark.parametrize(
    ("box", "place"),
    [
        ((0, 0, 99, 79), ("top", "left")),
        ((100, 0, 100, 79), ("top", "right")),  # x / W = 1/2 is right
        ((0, 80, 10, 80), ("bottom", "left")),  # y / H = 1/2 is bottom
        ((150, 90, 199, 159), ("bottom", "right")),
        ((0, 0, 200, 160), None),
        ((0, 0, 200, 80), ("top", "right")),
    ],
)
def test_places(box: tuple[float, float, float, float], place: tuple[str, str] | None) -> None:
    assert place_of(box, 200, 160) == place


def test_short_names_degree_and_type_and_long_adds_what_it_does() -> None:
    asked = referring(Region((0, 0, 50, 50), "sky", (BLUR, BRIGHT)), 200, 160)
    assert asked is not None
    assert asked.question == "What distortion does the sky at the top left of the image have?"
    assert asked.short == "Mild blur, moderate overexposure."
    assert asked.long == (
        "The sky at the top left of the image has mild blur and moderate overexposure: edges and "
        "fine detail are lost; bright parts have no detail left."
    )


def test_a_region_without_a_name_or_known_effect_is_asked_by_its_place() -> None:
    asked = referring(Region((0, 0, 200, 160), "", (Distortion("moire", ""),)), 200, 160)
    assert asked is not None
    assert asked.question == "What distortion does the whole image have?"
    assert (asked.short, asked.long) == ("Moire.", "The whole image has moire.")
    assert referring(Region((0, 0, 9, 9), "sky"), 200, 160) is None
