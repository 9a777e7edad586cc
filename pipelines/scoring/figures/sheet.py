"""One matplotlib figure in the making: the style, the flaws to draw, and axes that obey both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipelines.scoring.figures.style import Style
from pipelines.scoring.figures.topics import FORMULAS, Quantity

__all__ = ["Sheet"]

_GARISH = ("#ffff33", "#ff66ff", "#33ffff", "#66ff33", "#ff9933", "#3355ff", "#ff4444")
_RAINBOW = ("jet", "hsv", "gist_rainbow", "nipy_spectral", "rainbow", "prism")


_CORNERS = {
    "upper left": (0.04, 0.95), "upper right": (0.96, 0.95),
    "lower right": (0.96, 0.12), "lower left": (0.04, 0.12),
}  # fmt: skip
"""Places for legend and notes, each used once."""


class Sheet:
    """A figure with its style and its flaws; drawn kinds ask it before they draw anything."""

    def __init__(self, style: Style, flaws: dict[str, float], rng: np.random.Generator) -> None:
        """Start an empty figure.

        Args:
            style: What is acceptable.
            flaws: Name -> severity of what shall be wrong.
            rng: All further random choices.
        """
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.style, self.flaws, self.rng = style, flaws, rng
        garish = self.pick(_GARISH)
        self.background: str = garish if self.has("garish_background") else style.background
        """Colour of the paper."""
        self._corners: list[str] = rng.permutation(list(_CORNERS)).tolist()
        self.figure: Any = Figure(figsize=(style.width, style.height), dpi=style.dpi)
        self._canvas = FigureCanvasAgg(self.figure)
        self.figure.set_facecolor(self.background)

    def has(self, flaw: str) -> bool:
        """Return whether the flaw shall be drawn."""
        return flaw in self.flaws

    def severity(self, flaw: str) -> float:
        """Return the severity of the flaw, 0 where it is not wanted."""
        return self.flaws.get(flaw, 0.0)

    def pick(self, options: Sequence[Any]) -> Any:
        """Return one of the options."""
        return options[int(self.rng.integers(len(options)))]

    @property
    def fonts(self) -> list[str]:
        """Font families; the second has the signs that the first may lack."""
        return [self.style.font, "DejaVu Sans"]

    @property
    def colour_map(self) -> str:
        """Name of the colour map."""
        return self.pick(_RAINBOW) if self.has("rainbow_colour_map") else self.style.colour_map

    @property
    def line_width(self) -> float:
        """Width of data lines, points."""
        return self.style.line_width * (1 - 0.8 * self.severity("faint_lines"))

    @property
    def alpha(self) -> float:
        """Opacity of data lines."""
        return 1 - 0.75 * self.severity("faint_lines")

    @property
    def font_size(self) -> float:
        """Size of text, points."""
        return self.style.font_size * (1 - 0.68 * self.severity("tiny_text"))

    def font(self, scale: float = 1.0, **more: Any) -> dict[str, Any]:
        """Return text properties for matplotlib."""
        properties = {"fontsize": self.font_size * scale, "fontfamily": self.fonts}
        if self.has("informal_font"):
            properties |= {
                "fontfamily": "DejaVu Sans Mono", "fontstyle": "oblique", "fontweight": "bold",
                "color": "#8b1a8b",
            }  # fmt: skip
        return properties | more

    def words(self, text: str) -> str:
        """Return text as it shall be written."""
        return text.upper() if self.has("capitals") else text

    def axes(self, right: float = 0.04) -> Any:
        """Add axes whose margins leave room for the labels.

        Args:
            right: Margin on the right as a share of the width, more where a colour bar comes.
        """
        em_x = self.style.font_size / 72 / self.style.width
        em_y = self.style.font_size / 72 / self.style.height
        left, bottom = 5.2 * em_x, 3.8 * em_y
        top = (2.4 if self.style.has_title or self.style.panel_letter else 1.0) * em_y
        ax = self.figure.add_axes((left, bottom, 1 - left - right, 1 - bottom - top))
        ax.set_facecolor("none" if self.has("garish_background") else "white")
        ax.tick_params(
            direction=self.style.tick_direction, labelsize=self.font_size * 0.88,
            labelfontfamily=self.fonts,
        )  # fmt: skip
        if self.style.has_open_frame:
            ax.spines[["top", "right"]].set_visible(False)
        if self.style.has_grid:
            ax.grid(alpha=0.3, linewidth=0.6)
            ax.set_axisbelow(True)
        return ax

    def name(self, quantity: Quantity) -> str:
        """Return the label of an axis: name and unit."""
        unit = quantity.informal if self.has("informal_units") else quantity.unit
        if not unit or self.has("missing_unit"):
            return self.words(quantity.name)
        close = {"(": ")", "[": "]", "/": ""}[self.style.bracket]
        opening = " / " if self.style.bracket == "/" else f" {self.style.bracket}"
        return self.words(quantity.name) + opening + unit + close

    def label(self, ax: Any, x: Quantity, y: Quantity) -> None:
        """Write the labels of both axes, title and panel letter."""
        if not self.has("missing_x_label"):
            ax.set_xlabel(self.name(x), **self.font())
        if not self.has("missing_y_label"):
            ax.set_ylabel(self.name(y), **self.font())
        self.title(ax, f"{y.name} against {x.name.lower()}")

    def title(self, ax: Any, text: str) -> None:
        """Write title and panel letter, where the style has them."""
        if self.style.has_title:
            ax.set_title(self.words(text), **self.font(1.08))
        if self.style.panel_letter:
            ax.text(
                -0.02, 1.02, self.style.panel_letter, transform=ax.transAxes, ha="right",
                va="bottom", **self.font(1.2, fontweight="bold"),
            )  # fmt: skip

    def legend(self, ax: Any, always: bool = False) -> None:
        """Name the series, where more than one is drawn."""
        handles, labels = ax.get_legend_handles_labels()
        if self.has("missing_legend") or (len(labels) < 2 and not always):
            return
        if self.has("legend_mismatch"):
            from matplotlib.lines import Line2D

            odd = ("#ff00ff", "#8b4513", "#00ced1", "#b8860b")
            handles = [
                Line2D([], [], color=odd[i % 4], marker="*x+h"[i % 4], linestyle=":")
                for i in range(len(labels))
            ]
        ax.legend(
            handles, [self.words(text) for text in labels], loc=self._corner(),
            frameon=self.style.legend_frame,
            prop={"size": self.font_size * 0.85, "family": self.fonts},
        )  # fmt: skip

    def _corner(self) -> str:
        """Return a corner of the plot that nothing was put into yet."""
        return self._corners.pop() if self._corners else "upper right"

    def colorbar(self, mappable: Any, ax: Any, label: str) -> None:
        """Add a colour bar beside the axes."""
        if self.has("missing_colorbar"):
            return
        box = ax.get_position()
        bar_axes = self.figure.add_axes((box.x1 + 0.02, box.y0, 0.03, box.height))
        bar = self.figure.colorbar(mappable, cax=bar_axes)
        bar.set_label(label, **self.font(0.9))
        bar.ax.tick_params(labelsize=self.font_size * 0.8, labelfontfamily=self.fonts)

    def note(self, ax: Any, text: str) -> None:
        """Write a short text into a free corner of the plot."""
        x, y = _CORNERS[self._corner()]
        ax.text(
            x, y, text, transform=ax.transAxes, ha="right" if x > 0.5 else "left", va="top",
            **self.font(0.9),
        )  # fmt: skip

    def statistic(self, ax: Any) -> None:
        """Write a statistic, possible or impossible."""
        rng = self.rng
        if self.has("impossible_statistic"):
            text = self.pick((
                f"R² = {rng.uniform(1.1, 2.6):.2f}", f"r = −{rng.uniform(1.2, 3):.2f}",
                f"p = {rng.uniform(1.3, 6):.2f}", f"n = −{rng.integers(3, 90)}",
            ))  # fmt: skip
        elif rng.random() < 0.45:
            text = self.pick((
                f"R² = {rng.uniform(0.6, 0.99):.2f}", f"r = {rng.uniform(-0.95, 0.95):.2f}",
                f"p = {rng.uniform(0.001, 0.2):.3f}", f"n = {rng.integers(3, 90)}",
            ))  # fmt: skip
        else:
            return
        self.note(ax, text)

    def formula(self, ax: Any) -> None:
        """Write a formula, right or wrong."""
        right, wrong = self.pick(FORMULAS)
        if self.has("wrong_formula"):
            self.note(ax, wrong)
        elif self.rng.random() < 0.3:
            self.note(ax, right)

    def finish(self, ax: Any) -> None:
        """Apply what concerns the axes as a whole; call it last."""
        for spoil in (_ticks, _crowd, _clutter, _overlap, _reverse, _decorate):
            spoil(self, ax)
        if self.has("missing_axes"):
            ax.set_axis_off()

    def pixels(self) -> Any:
        """Draw the figure and return it as an array [height, width, 3] of 0–255."""
        self._canvas.draw()
        return np.asarray(self._canvas.buffer_rgba())[..., :3].copy()


def _ticks(sheet: Sheet, ax: Any) -> None:
    if sheet.has("missing_tick_labels"):
        ax.tick_params(labelbottom=False, labelleft=False)
    if not sheet.has("permuted_ticks"):
        return
    axis = ax.xaxis if sheet.rng.random() < 0.5 and len(ax.get_xticks()) > 3 else ax.yaxis
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
    ax.minorticks_on()
    ax.set_axisbelow(severity < 0.4)
    ax.grid(
        True, which="major", color="#444444", linewidth=0.5 + severity, alpha=0.5 + 0.5 * severity
    )
    ax.grid(True, which="minor", color="#777777", linewidth=0.3 + 0.7 * severity, alpha=0.9)
    for _ in range(int(2 + 6 * severity)):
        x, y = sheet.rng.uniform(0.05, 0.85, 2)
        ax.annotate(
            sheet.pick(("see text", "*", "outlier?", "main peak", "cf. ref. 12")), (x, y),
            xytext=(x + 0.1, y + 0.08), xycoords="axes fraction", textcoords="axes fraction",
            arrowprops={"arrowstyle": "->", "lw": 0.8}, **sheet.font(0.8),
        )  # fmt: skip


def _overlap(sheet: Sheet, ax: Any) -> None:
    if not sheet.has("overlapping_text"):
        return
    x, y = sheet.rng.uniform(0.2, 0.6, 2)
    for i, text in enumerate(("Region of interest", "Maximum at 4.2 ± 0.3", "Second phase")):
        ax.text(
            x + 0.02 * i, y - 0.012 * i, sheet.words(text), transform=ax.transAxes,
            **sheet.font(1.05),
        )  # fmt: skip
    ax.xaxis.set_label_coords(0.5, -0.035)
    ax.yaxis.set_label_coords(-0.04, 0.5)


def _reverse(sheet: Sheet, ax: Any) -> None:
    if sheet.has("reversed_axis"):
        (ax.invert_yaxis if sheet.rng.random() < 0.6 else ax.invert_xaxis)()


def _decorate(sheet: Sheet, ax: Any) -> None:
    if not sheet.has("decoration"):
        return
    for mark in sheet.rng.permutation(list("★☺☀♥✿♫")).tolist()[:4]:
        x, y = sheet.rng.uniform(0.03, 0.9, 2)
        ax.text(
            x, y, mark, transform=ax.transAxes, fontsize=sheet.style.font_size * 3,
            color=sheet.pick(_GARISH), fontfamily="DejaVu Sans", clip_on=False,
        )  # fmt: skip
