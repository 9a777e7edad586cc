"""Sizes of figures and their axes, counted in sizes of their text."""

from __future__ import annotations

from typing import Any

from pipelines.scoring.figures.sheet import Sheet

__all__ = ["axes_ems", "em_pixels", "end_margin", "enlarge", "paper_ems"]


def enlarge(sheet: Sheet, width: float, height: float) -> None:
    """Print a figure below this size, inches, larger, so that its names find room."""
    factors = (max(1.0, width / sheet.style.width), max(1.0, height / sheet.style.height))
    sheet.figure.set_size_inches(*(sheet.figure.get_size_inches() * factors))


def em_pixels(sheet: Sheet) -> float:
    """Return the size of sound text, pixels."""
    return sheet.style.font_size * sheet.style.dpi / 72


def axes_ems(sheet: Sheet, ax: Any) -> tuple[float, float]:
    """Return width and height of axes in sizes of sound text."""
    box = ax.get_window_extent()
    return box.width / em_pixels(sheet), box.height / em_pixels(sheet)


def paper_ems(sheet: Sheet) -> tuple[float, float]:
    """Return width and height of the figure in sizes of its font."""
    style = sheet.style
    return style.width * 72 / style.font_size, style.height * 72 / style.font_size


def end_margin(sheet: Sheet) -> float:
    """Return a margin on the right that holds half a number below the end of the axis."""
    return max(0.04, 1.7 * sheet.style.font_size / 72 / sheet.style.width)
