"""Referring questions: what is wrong in a region, asked by its place, answered short and long.

The forms are those of IQA-Spider: the short answer names degree and distortion, the long one adds
what it does to what is seen there. Places follow its rule: the centre of the box lies left where
x / W < 1/2, else right; top where y / H < 1/2, else bottom; a box over the whole image is the
whole image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Distortion", "Referring", "Region", "place_of", "referring"]

_WHOLE = 0.95
"""Share of both sides from which on a box is the whole image."""
_EFFECTS = {
    "blur": "edges and fine detail are lost",
    "noise": "grains cover what is seen",
    "overexposure": "bright parts have no detail left",
    "underexposure": "dark parts have no detail left",
    "compression": "blocks show at edges",
    "jitter": "lines are doubled",
    "low contrast": "parts hardly stand out from each other",
    "colour shift": "colours are not those of the object",
}


class Distortion(NamedTuple):
    """What is wrong, and how much."""

    type: str
    severity: str
    """mild, moderate, severe, …"""


@dataclass(frozen=True)
class Region:
    """A part of an image that somebody has marked."""

    box: tuple[float, float, float, float]
    """x and y of the upper left corner, then of the lower right one, in pixels."""
    semantic: str = ""
    """What is seen there."""
    distortions: Sequence[Distortion] = ()


class Referring(NamedTuple):
    """A question about a region in both forms."""

    question: str
    short: str
    long: str


def place_of(
    box: tuple[float, float, float, float], width_px: float, height_px: float
) -> tuple[str, str] | None:
    """Return (`top` or `bottom`, `left` or `right`) of a box; None for the whole image.

    >>> place_of((0, 0, 40, 40), 100, 100), place_of((50, 0, 50, 99), 100, 100)
    (('top', 'left'), ('top', 'right'))
    """
    left, top, right, bottom = box
    if right - left >= _WHOLE * width_px and bottom - top >= _WHOLE * height_px:
        return None
    vertical = "top" if (top + bottom) / 2 < height_px / 2 else "bottom"
    return vertical, "left" if (left + right) / 2 < width_px / 2 else "right"


def referring(region: Region, width_px: float, height_px: float) -> Referring | None:
    """Return what to ask about a region; None where nothing is said to be wrong in it."""
    if not region.distortions:
        return None
    place = place_of(region.box, width_px, height_px)
    thing = f"the {region.semantic or 'part'}"
    if place is not None:
        thing += f" at the {place[0]} {place[1]} of the image"
    elif not region.semantic:
        thing = "the whole image"
    told = [f"{d.severity} {d.type}".strip() for d in region.distortions]
    short = _sentence(", ".join(told))
    effects = [_EFFECTS[d.type] for d in region.distortions if d.type in _EFFECTS]
    seen = f": {'; '.join(effects)}" if effects else ""
    long = _sentence(f"{thing} has {' and '.join(told)}{seen}")
    return Referring(f"What distortion does {thing} have?", short, long)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
