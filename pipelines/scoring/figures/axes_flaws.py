"""Flaws drawn when all else of a figure is there: ticks, clutter, overlaps, decoration, fonts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pipelines.scoring.figures.sheet import Sheet

__all__ = [
    "GARISH",
    "decorate",
    "foreign_handles",
    "informal",
    "permute_ticks",
    "spoil_axes",
    "text_of",
]

GARISH = ("#ffff33", "#ff66ff", "#33ffff", "#66ff33", "#ff9933", "#3355ff", "#ff4444")
_NOTES = ("see text", "*", "outlier?", "main peak", "cf. ref. 12")


def text_of(ax: Any) -> Any:
    """Return what writes into axes at two coordinates; axes in space name it otherwise."""
    return getattr(ax, "text2D", ax.text)


def foreign_handles(n: int) -> list[Any]:
    """Return n marks for a legend that no plot uses."""
    from matplotlib.lines import Line2D

    odd = ("#ff00ff", "#8b4513", "#00ced1", "#b8860b")
    return [Line2D([], [], color=odd[i % 4], marker="*x+h"[i % 4], linestyle=":") for i in range(n)]


def informal(way: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return text properties of a note, of handwriting, or of letters cut from magazines."""
    if way == 0:
        return {
            "fontfamily": "DejaVu Sans Mono", "fontstyle": "oblique", "fontweight": "bold",
            "color": "#8b1a8b",
        }  # fmt: skip
    if way == 1:
        return {"fontfamily": "DejaVu Serif", "fontstyle": "italic", "color": "#1430a0"}
    families = ("DejaVu Sans Mono", "DejaVu Serif", "STIXGeneral", "DejaVu Sans")
    return {
        "fontfamily": [families[int(rng.integers(len(families)))], "DejaVu Sans"],
        "fontweight": "bold",
        "fontstyle": ("normal", "oblique")[int(rng.integers(2))],
        "color": ("#c01818", "#1a7a1a", "#1430c0", "#c06000", "#a010a0")[int(rng.integers(5))],
    }


def spoil_axes(sheet: Sheet, ax: Any) -> None:
    """Draw the flaws that concern axes as a whole."""
    for spoil in (_ticks, _crowd, _clutter, _overlap, _reverse, decorate):
        spoil(sheet, ax)


def _ticks(sheet: Sheet, ax: Any) -> None:
    if sheet.has("missing_tick_labels"):
        ax.tick_params(labelbottom=False, labelleft=False)
    permute_ticks(sheet, ax)


def permute_ticks(sheet: Sheet, ax: Any) -> None:
    """Put the numbers of one axis, of those that have some, out of order."""
    if not sheet.has("permuted_ticks"):
        return
    axes = [axis for axis in (ax.xaxis, ax.yaxis) if len(axis.get_ticklocs()) > 3] or [ax.yaxis]
    axis = sheet.pick(axes)
    low, high = sorted(axis.get_view_interval())
    places = [p for p in axis.get_ticklocs() if low <= p <= high]
    labels = axis.get_major_formatter().format_ticks(places)
    order = sheet.rng.permutation(len(places))
    if (order == np.arange(len(places))).all():
        order = order[::-1]
    axis.set_ticks(places, [labels[i] for i in order])


def _crowd(sheet: Sheet, ax: Any) -> None:
    if not sheet.has("crowded_ticks"):
        return
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        places = np.linspace(low, high, 34)
        axis.set_ticks(places, [f"{place:.3f}" for place in places])


def _clutter(sheet: Sheet, ax: Any) -> None:
    if not sheet.has("clutter"):
        return
    severity = sheet.severity("clutter")
    if sheet.way("clutter", 2):
        _hatch(sheet, ax, severity)
    else:
        ax.minorticks_on()
        ax.set_axisbelow(severity < 0.4)
        ax.grid(True, which="major", color="#444444", linewidth=0.5 + severity,
                alpha=0.5 + 0.5 * severity)  # fmt: skip
        ax.grid(True, which="minor", color="#777777", linewidth=0.3 + 0.7 * severity, alpha=0.9)
    for _ in range(int(2 + 6 * severity)):
        x, y = sheet.rng.uniform(0.05, 0.85, 2)
        ax.annotate(
            sheet.pick(_NOTES), (x, y),
            xytext=(x + 0.1, y + 0.08), xycoords="axes fraction", textcoords="axes fraction",
            arrowprops={"arrowstyle": "->", "lw": 0.8, "color": sheet.ink}, **sheet.font(0.8),
        )  # fmt: skip


def _hatch(sheet: Sheet, ax: Any, severity: float) -> None:
    """Cover the plot with hatched zones, thresholds and boxes."""
    from matplotlib.patches import Rectangle

    for pattern in sheet.rng.permutation(["///", "\\\\\\", "xxx", "...", "+++"])[:3]:
        x, width = sheet.rng.uniform(0, 0.6), sheet.rng.uniform(0.15, 0.4)
        ax.add_patch(
            Rectangle(
                (x, 0), width, 1, transform=ax.transAxes, hatch=str(pattern), facecolor="none",
                edgecolor=sheet.pick(("#888888", "#5577aa", "#aa7755")), linewidth=0.5,
                alpha=0.4 + 0.5 * severity, zorder=0.9 + 3 * (severity > 0.5),
            )
        )  # fmt: skip
    for place in sheet.rng.uniform(0.03, 0.97, int(4 + 16 * severity)):
        ends = ([0, 1], [place, place])
        ax.plot(*(ends if sheet.rng.random() < 0.5 else ends[::-1]), transform=ax.transAxes,
                color="#666666", linewidth=0.5 + 0.6 * severity, linestyle="--")  # fmt: skip


def _overlap(sheet: Sheet, ax: Any) -> None:
    if not sheet.has("overlapping_text"):
        return
    ax.xaxis.set_label_coords(0.5, -0.035)
    ax.yaxis.set_label_coords(-0.04, 0.5)
    x, y = sheet.rng.uniform(0.2, 0.6, 2)
    texts: tuple[str, ...] = ("Region of interest", "Maximum at 4.2 ± 0.3", "Second phase")
    dx, dy = 0.02, -0.012
    if sheet.way("overlapping_text", 2):
        # Everything is set too large for its room, and a heading runs into the frame.
        ax.tick_params(labelsize=sheet.font_size * 1.7)
        texts, dx, dy = ("Measured in 2019 and 2021", "after correction (see text)"), -0.06, 0.03
        for shift, text in ((0.0, "Comparison of all runs"), (0.05, "preliminary values, n = 12")):
            text_of(ax)(0.25 + 2 * shift, 0.965 + shift, text, transform=ax.transAxes,
                    **sheet.font(1.3))  # fmt: skip
    for i, text in enumerate(texts):
        text_of(ax)(x + dx * i, y + dy * i, sheet.words(text), transform=ax.transAxes,
                **sheet.font(1.05))  # fmt: skip


def _reverse(sheet: Sheet, ax: Any) -> None:
    if sheet.has("reversed_axis"):
        (ax.invert_yaxis if sheet.rng.random() < 0.6 else ax.invert_xaxis)()


def decorate(sheet: Sheet, ax: Any) -> None:
    """Scatter clip art over the axes: signs of a font, or drawn suns, faces and balloons."""
    if not sheet.has("decoration"):
        return
    if sheet.way("decoration", 2):
        for draw in (_sun, _face, _balloon)[: 2 + int(sheet.rng.integers(2))]:
            draw(sheet, *sheet.rng.uniform((0.1, 0.15), (0.9, 0.85)))
        return
    for mark in sheet.rng.permutation(list("★☺☀♥✿♫")).tolist()[:4]:
        x, y = sheet.rng.uniform(0.03, 0.9, 2)
        text_of(ax)(
            x, y, mark, transform=ax.transAxes, fontsize=sheet.style.font_size * 3,
            color=sheet.pick(GARISH), fontfamily="DejaVu Sans", clip_on=False,
        )  # fmt: skip


def _round(sheet: Sheet, x: float, y: float, radius: float, colour: str) -> None:
    """Draw a disk on top of the figure; its centre in shares of the figure, radius in inches."""
    from matplotlib.patches import Ellipse

    width, height = sheet.figure.get_size_inches()
    sheet.figure.add_artist(
        Ellipse((x, y), 2 * radius / width, 2 * radius / height, facecolor=colour,
                edgecolor="black", linewidth=0.8)
    )  # fmt: skip


def _sun(sheet: Sheet, x: float, y: float) -> None:
    from matplotlib.lines import Line2D

    width, height = sheet.figure.get_size_inches()
    for angle in np.linspace(0, 2 * np.pi, 11)[:-1]:
        reach = 0.34 * np.array([np.cos(angle) / width, np.sin(angle) / height])
        sheet.figure.add_artist(
            Line2D([x, x + reach[0]], [y, y + reach[1]], color="#ffb000", linewidth=2.5)
        )
    _round(sheet, x, y, 0.2, "#ffd400")


def _face(sheet: Sheet, x: float, y: float) -> None:
    from matplotlib.patches import Arc

    width, height = sheet.figure.get_size_inches()
    _round(sheet, x, y, 0.26, "#ffe14a")
    for side in (-1, 1):
        _round(sheet, x + side * 0.09 / width, y + 0.08 / height, 0.03, "black")
    sheet.figure.add_artist(
        Arc((x, y - 0.02 / height), 0.28 / width, 0.24 / height, theta1=200, theta2=340, lw=1.8)
    )


def _balloon(sheet: Sheet, x: float, y: float) -> None:
    from matplotlib.lines import Line2D

    height = sheet.figure.get_size_inches()[1]
    sheet.figure.add_artist(Line2D([x, x + 0.01], [y, y - 0.6 / height], color="#555555"))
    _round(sheet, x, y, 0.22, sheet.pick(GARISH))
