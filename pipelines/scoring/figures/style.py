"""How one figure looks where nothing is wrong: drawn at random within what journals print."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from pipelines.scoring.figures.looks import LOOKS, Look

__all__ = ["Style", "draw_style"]

_FONTS = (
    "DejaVu Sans", "DejaVu Serif", "STIXGeneral", "Liberation Sans", "Liberation Serif",
    "Liberation Sans Narrow", "Nimbus Sans", "Noto Sans", "Arial", "Helvetica", "Noto Sans CJK JP",
    "Noto Serif CJK JP",
)  # fmt: skip
_CYCLES = (
    ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728"),
    ("#0072b2", "#d55e00", "#009e73", "#cc79a7"),
    ("#000000", "#555555", "#888888", "#aaaaaa"),
    ("#000000", "#e41a1c", "#377eb8", "#4daf4a"),
    ("#332288", "#88ccee", "#117733", "#cc6677"),
    ("#66c2a5", "#fc8d62", "#8da0cb", "#a6d854"),
    ("#003f5c", "#7a5195", "#ef5675", "#ffa600"),
    ("#440154", "#31688e", "#35b779", "#d8c21c"),
    ("#08306b", "#2171b5", "#6baed6", "#9ecae1"),
    ("#4477aa", "#ee6677", "#228833", "#aa3377"),
)
_MAPS = (
    "viridis", "magma", "cividis", "gray", "inferno", "Blues", "Greys", "RdBu_r", "coolwarm",
    "plasma", "YlGnBu", "bone", "PuOr", "Greens", "YlOrBr", "BrBG",
)  # fmt: skip
_ASPECTS = (0.5, 0.55, 0.62, 0.65, 0.75, 0.75, 0.75, 0.85, 1.0, 1.0, 1.25)


@dataclass(frozen=True, slots=True)
class Style:
    """Choices that are all acceptable."""

    font: str
    font_size: float
    """Points."""
    width: float
    """Inches."""
    height: float
    """Inches."""
    dpi: int
    colours: tuple[str, ...]
    colour_map: str
    line_width: float
    markers: tuple[str, ...]
    marker_size: float
    grid: str
    """`both`, `y`, or empty where there is none."""
    frame: str
    """`box`, `open` (no lines at the top and on the right) or `none`."""
    has_title: bool
    panel_letter: str
    """Empty where there is none."""
    bracket: str
    """How units are set apart from names: `(`, `[` or `/`."""
    background: str
    """Colour of the paper."""
    panel: str
    """Colour behind the data."""
    ink: str
    """Colour of text and frames."""
    legend_frame: bool
    legend_place: str
    """`inside`, `right` or `above`."""
    grain: float
    """Grey levels (SD) by which scanned paper is uneven, 0 for none."""
    rc: dict[str, Any]
    """Settings of matplotlib."""

    @property
    def is_dark(self) -> bool:
        """Whether text is light on dark."""
        return self.ink == "#ededed"


@cache
def _fonts(wanted: tuple[str, ...] = _FONTS) -> tuple[str, ...]:
    """Return those of the wanted fonts that this machine has."""
    from matplotlib import font_manager

    there = set(font_manager.get_font_names())
    return tuple(font for font in wanted if font in there) or ("DejaVu Sans",)


def _settings(look: Look, rng: np.random.Generator) -> dict[str, Any]:
    """Return matplotlib's settings for a look, and for what it leaves open."""
    direction = "in" if rng.random() < 0.5 else "out"
    settings = {
        "xtick.direction": direction, "ytick.direction": direction, "axes.axisbelow": True,
        "grid.color": "#d8d8d8", "grid.linewidth": 0.6,
        "axes.linewidth": float(rng.uniform(0.5, 1.3)),
    }  # fmt: skip
    if rng.random() < 0.12:
        settings["axes.labelweight"] = "bold"
    settings["font.weight"] = "bold" if rng.random() < 0.05 else "normal"
    settings["font.style"] = "italic" if rng.random() < 0.04 else "normal"
    return settings | look.rc


def draw_style(rng: np.random.Generator) -> Style:
    """Draw a style; same generator state, same style."""

    def pick(options: Any) -> Any:
        return options[int(rng.integers(len(options)))]

    look = LOOKS[int(rng.choice(len(LOOKS), p=[look.share for look in LOOKS]))]
    width, aspect = float(rng.uniform(3.0, 6.8)), float(pick(_ASPECTS))
    if rng.random() < 0.05:
        width, aspect = min(width, 3.8), float(rng.uniform(1.3, 1.7))
    # Few are large: they cost most, and every feature is taken at a bounded size anyway.
    dpi = int(pick((80, 90, 100, 100, 120, 140)) if rng.random() < 0.9 else rng.integers(150, 250))
    height = max(1.9, width * aspect)
    place = pick(("inside", "inside", "inside", "right", "above"))
    if (place == "right" and width < 4.6) or (place == "above" and height < 2.7):
        place = "inside"
    paper = pick(look.papers or ("white", "white", "white", "white", "#fafafa", "#f4f4f0"))
    return Style(
        font=pick(_fonts(look.fonts) if look.fonts else _fonts()),
        font_size=float(rng.uniform(7.5, 11.5)),
        width=width,
        height=height,
        dpi=dpi,
        colours=pick(look.cycles or _CYCLES),
        colour_map=pick(look.maps or _MAPS),
        line_width=float(rng.uniform(0.8, 2.4)),
        markers=tuple(rng.permutation(list("os^Dv<>P")).tolist()),
        marker_size=float(rng.uniform(3.0, 6.5)),
        grid={"none": ""}.get(look.grid, look.grid) or (
            pick(("both", "both", "y")) if not look.grid and rng.random() < 0.3 else ""),
        frame=look.frame or ("open" if rng.random() < 0.4 else "box"),
        has_title=bool(rng.random() < 0.35) and place != "above",
        panel_letter=pick(("", "", "", "a", "(a)", "B", "(c)")),
        bracket=pick("((([/"),
        background=paper,
        panel=paper if look.panel == "dark" else look.panel or "white",
        ink=look.ink,
        legend_frame=bool(rng.random() < 0.5),
        legend_place=place,
        grain=float(rng.uniform(0.6, 2.0)) if rng.random() < 0.07 else 0.0,
        rc=_settings(look, rng),
    )  # fmt: skip
