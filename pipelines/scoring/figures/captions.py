"""Letters, numbers and titles that several kinds of figure carry."""

from __future__ import annotations

from typing import Any

from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.sizes import paper_ems
from pipelines.scoring.figures.topics import Quantity

__all__ = ["corner_letter", "decimals", "label_titled", "lift_letter"]


def corner_letter(sheet: Sheet) -> None:
    """Write the panel letter into the upper left corner of the paper."""
    wide, high = paper_ems(sheet)
    sheet.figure.text(0.4 / wide, 1 - 0.3 / high, sheet.style.panel_letter, va="top",
                      **sheet.font(1.2, fontweight="bold"))  # fmt: skip


def decimals(value: float) -> str:
    """Return a number with two decimals and a proper minus."""
    return f"{value:z.2f}".replace("-", "−")


def label_titled(sheet: Sheet, ax: Any, x: Quantity, y: Quantity, title: str) -> None:
    """Write labels, and a title of its own."""
    sheet.label(ax, x, y)
    if sheet.style.has_title:
        ax.title.set_text(sheet.words(title))


def lift_letter(sheet: Sheet, ax: Any) -> None:
    """Move the panel letter up from the number at the upper end of the y axis."""
    for text in ax.texts:
        text.set_y(1.02 + 0.5 / (ax.get_position().height * paper_ems(sheet)[1]))
