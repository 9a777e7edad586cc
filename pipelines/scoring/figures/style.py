"""How one figure looks where nothing is wrong: drawn at random within what journals print."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

__all__ = ["Style", "draw_style"]

_FONTS = (
    "DejaVu Sans", "DejaVu Serif", "STIXGeneral", "Liberation Sans", "Liberation Serif",
    "Liberation Sans Narrow", "Nimbus Sans", "Noto Sans", "Arial", "Helvetica",
)  # fmt: skip
_CYCLES = (
    ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728"),
    ("#0072b2", "#d55e00", "#009e73", "#cc79a7"),
    ("#000000", "#555555", "#888888", "#aaaaaa"),
    ("#000000", "#e41a1c", "#377eb8", "#4daf4a"),
    ("#332288", "#88ccee", "#117733", "#cc6677"),
    ("#66c2a5", "#fc8d62", "#8da0cb", "#a6d854"),
    ("#003f5c", "#7a5195", "#ef5675", "#ffa600"),
)
_MAPS = (
    "viridis", "magma", "cividis", "gray", "inferno", "Blues", "Greys", "RdBu_r", "coolwarm",
    "plasma", "YlGnBu", "bone",
)  # fmt: skip


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
    has_grid: bool
    has_open_frame: bool
    """No lines at the top and on the right."""
    tick_direction: str
    has_title: bool
    panel_letter: str
    """Empty where there is none."""
    bracket: str
    """How units are set apart from names: `(`, `[` or `/`."""
    background: str
    legend_frame: bool


@cache
def _fonts() -> tuple[str, ...]:
    """Return those of the wanted fonts that this machine has."""
    from matplotlib import font_manager

    there = set(font_manager.get_font_names())
    return tuple(font for font in _FONTS if font in there)


def draw_style(rng: np.random.Generator) -> Style:
    """Draw a style; same generator state, same style."""

    def pick(options: Any) -> Any:
        return options[int(rng.integers(len(options)))]

    width = float(rng.uniform(3.0, 6.6))
    return Style(
        font=pick(_fonts()),
        font_size=float(rng.uniform(7.5, 11.5)),
        width=width,
        height=width * float(pick((0.55, 0.65, 0.75, 0.75, 0.85, 1.0))),
        dpi=int(pick((80, 90, 100, 100, 120, 140))),
        colours=pick(_CYCLES),
        colour_map=pick(_MAPS),
        line_width=float(rng.uniform(0.9, 2.2)),
        markers=tuple(rng.permutation(list("os^Dv<>P")).tolist()),
        marker_size=float(rng.uniform(3.0, 6.5)),
        has_grid=bool(rng.random() < 0.3),
        has_open_frame=bool(rng.random() < 0.4),
        tick_direction=pick(("in", "out")),
        has_title=bool(rng.random() < 0.35),
        panel_letter=pick(("", "", "", "a", "(a)", "B", "(c)")),
        bracket=pick("((([/"),
        background=pick(("white", "white", "white", "white", "#fafafa", "#f4f4f0")),
        legend_frame=bool(rng.random() < 0.5),
    )
