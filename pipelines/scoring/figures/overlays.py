"""Words on top of simulated pictures."""

from __future__ import annotations

from typing import Any

from pipelines.scoring.figures.sheet import Sheet

__all__ = ["PATCH", "tag"]

PATCH = {"facecolor": "black", "alpha": 0.6, "pad": 2, "linewidth": 0}


def tag(sheet: Sheet, ax: Any, text: str, place: tuple[float, float] = (0.03, 0.97)) -> None:
    """Write white text on a dark patch below a place given in shares of the axes."""
    ax.text(*place, text, transform=ax.transAxes, va="top", bbox=PATCH,
            ha="right" if place[0] > 0.5 else "left", linespacing=1.0,
            **{"color": "white"} | sheet.font(1.05))  # fmt: skip
