"""Paper measured in font sizes, and words on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.diagrams import canvas
from pipelines.scoring.figures.sheet import Sheet

__all__ = ["overlap", "paper", "write"]


def paper(sheet: Sheet, title: str) -> tuple[Any, float, float]:
    """Return axes in units of the font size, their width and height; write title and letter."""
    style, ax = sheet.style, canvas(sheet, 1, 1)
    em = 0.96 * 72 / style.font_size
    top = 2.2 if style.has_title or style.panel_letter else 0.0
    width, height = em * style.width, em * style.height - top
    ax.set_position((0.02, 0.02, 0.96, 0.96 * height / (height + top)))
    ax.set(xlim=(0, width), ylim=(0, height))
    if style.has_title:
        write(sheet, ax, (width / 2, height + 0.7), title, width - 5, ha="center")
    if style.panel_letter:
        ax.text(0.1, height + 0.6, style.panel_letter, **sheet.font(1.2, fontweight="bold"))
    return ax, width, height


def write(
    sheet: Sheet, ax: Any, place: tuple[float, float], text: str, room: float = 99.0, **more: Any
) -> None:
    """Write words, smaller where the room (in font sizes) asks for it."""
    longest = max(len(line) for line in text.split("\n"))
    scale = float(np.clip(room / ((0.78 if sheet.has("capitals") else 0.62) * longest), 0.5, 1.0))
    ax.text(*place, sheet.words(text), **sheet.font(scale, **more))


def overlap(sheet: Sheet, ax: Any, place: tuple[float, float], text: str, **more: Any) -> None:
    """Write a second text over the first, where that is wanted."""
    if sheet.has("overlapping_text"):
        write(sheet, ax, (place[0] + 0.5, place[1] - 0.35), text, **more)
