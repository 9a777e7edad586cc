"""Legends that stand beside or below what they name."""

from __future__ import annotations

from typing import Any

from pipelines.scoring.figures.axes_flaws import foreign_handles
from pipelines.scoring.figures.sheet import Sheet

__all__ = ["legend_below", "legend_beside"]


def legend_beside(sheet: Sheet, ax: Any, handles: Any, **place: Any) -> None:
    """Name layers, fields, groups or elements beside them."""
    if sheet.has("missing_legend"):
        return
    names, font = [sheet.words(str(handle.get_label())) for handle in handles], sheet.font(0.85)
    if sheet.has("legend_mismatch"):
        handles = foreign_handles(len(names))
    ax.legend(handles, names, frameon=sheet.style.legend_frame,
              prop={"size": font["fontsize"], "family": font["fontfamily"]},
              **{"borderaxespad": 0.2, "columnspacing": 1.0} | place)  # fmt: skip


def legend_below(sheet: Sheet, ax: Any) -> None:
    """Name the series; below the plot where the style wants it inside, as data fill the plot."""
    sheet.legend(ax, always=True)
    legend = ax.get_legend()
    if legend is None or sheet.style.legend_place != "inside":
        return
    handles, names = legend.legend_handles, [text.get_text() for text in legend.get_texts()]
    renderer, (width, height) = sheet.figure.canvas.get_renderer(), sheet.figure.bbox.size
    for n_columns in (len(names), (len(names) + 1) // 2, 2, 1):
        legend = ax.legend(
            handles, names, ncols=n_columns, loc="lower center", bbox_to_anchor=(0.5, 0.0),
            bbox_transform=sheet.figure.transFigure, frameon=sheet.style.legend_frame,
            prop=legend.prop, borderaxespad=0.4, columnspacing=1.2, handlelength=1.5,
        )  # fmt: skip
        extent = legend.get_window_extent(renderer)
        if extent.width < 0.98 * width:
            break
    box, rise = ax.get_position(), extent.y1 / height
    ax.set_position((box.x0, box.y0 + rise, box.width, box.height - rise))
