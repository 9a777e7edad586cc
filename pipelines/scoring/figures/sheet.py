"""One matplotlib figure in the making: the style, the flaws to draw, and axes that obey both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipelines.scoring.figures.axes_flaws import (
    GARISH,
    foreign_handles,
    informal,
    spoil_axes,
    text_of,
)
from pipelines.scoring.figures.style import Style
from pipelines.scoring.figures.topics import FORMULAS, Quantity

__all__ = ["Sheet"]

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
        garish = self.pick(GARISH)
        self.is_garish = self.has("garish_background")
        self.background: str = garish if self.is_garish else style.background
        """Colour of the paper."""
        self.ink: str = "black" if self.is_garish else style.ink
        """Colour of text, frames and lines that are no data."""
        # Spawned, so that the way of a flaw changes nothing else of the figure.
        self._way_rng, self._ways = rng.spawn(1)[0], dict[str, int]()
        self._legend_place = "inside"
        self.bar_number: int = self.pick((5, 10, 20, 50, 100))
        """What the scale bar stands for, the same in all panels of a figure."""
        self._corners: list[str] = rng.permutation(list(_CORNERS)).tolist()
        # Text is often tiny because a large figure was reduced; its lines are thin then, too.
        reduced = 1.0
        if self.has("tiny_text") and self.way("tiny_text", 2):
            reduced = 1 - 0.62 * self.severity("tiny_text")
        self.figure: Any = Figure(
            figsize=(style.width / reduced, style.height / reduced), dpi=style.dpi * reduced
        )
        self._canvas = FigureCanvasAgg(self.figure)
        self.figure.set_facecolor(self.background)

    def has(self, flaw: str) -> bool:
        """Return whether the flaw shall be drawn."""
        return flaw in self.flaws

    def severity(self, flaw: str) -> float:
        """Return the severity of the flaw, 0 where it is not wanted."""
        return self.flaws.get(flaw, 0.0)

    def way(self, flaw: str, n: int) -> int:
        """Return which of n manners the flaw has in this figure, 0 to n − 1."""
        return self._ways.setdefault(flaw, int(self._way_rng.integers(n)))

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of matplotlib while the figure is drawn."""
        inked = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
        settings = dict.fromkeys(inked, self.ink) | self.style.rc
        settings["legend.facecolor"] = self.background if self.is_garish else self.style.panel
        if self.has("informal_font") and self.way("informal_font", 3) == 1:
            settings["path.sketch"] = (1.5, 60.0, 12.0)
        return settings

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
        if self.has("tiny_text") and self.way("tiny_text", 2):
            return self.style.font_size
        return self.style.font_size * (1 - 0.68 * self.severity("tiny_text"))

    def font(self, scale: float = 1.0, **more: Any) -> dict[str, Any]:
        """Return text properties for matplotlib."""
        properties = {"fontsize": self.font_size * scale, "fontfamily": self.fonts}
        if self.has("informal_font"):
            properties |= informal(self.way("informal_font", 3), self._way_rng)
        return properties | more

    def words(self, text: str) -> str:
        """Return text as it shall be written."""
        return text.upper() if self.has("capitals") else text

    def axes(self, right: float = 0.04, has_legend: bool = False, has_grid: bool = True) -> Any:
        """Add axes whose margins leave room for the labels.

        Args:
            right: Margin on the right as a share of the width, more where a colour bar comes.
            has_legend: Leave room for a legend where the style wants it outside.
            has_grid: Allow grid lines.
        """
        style = self.style
        em_x, em_y = style.font_size / 72 / style.width, style.font_size / 72 / style.height
        left, bottom = 5.2 * em_x, 3.8 * em_y
        top = (2.4 if style.has_title or style.panel_letter else 1.0) * em_y
        if has_legend and not (self.has("missing_legend") or self.has("overplotting")):
            self._legend_place = style.legend_place
            right = 11.5 * em_x if style.legend_place == "right" else right
            top = 4.4 * em_y if style.legend_place == "above" else top
        ax = self.figure.add_axes((left, bottom, 1 - left - right, 1 - bottom - top))
        self.dress(ax, has_grid=has_grid)
        return ax

    def dress(self, ax: Any, scale: float = 1.0, *, has_grid: bool = True) -> None:
        """Give axes the ticks, frame and grid of the style; `scale` is that of tick labels."""
        ax.set_facecolor("none" if self.is_garish else self.style.panel)
        font = self.font(0.88 * scale)
        ax.tick_params(labelsize=font["fontsize"], labelfontfamily=font["fontfamily"])
        if self.style.frame != "box":
            gone = ["top", "right"] if self.style.frame == "open" else ["top", "right", "left"]
            ax.spines[gone].set_visible(False)
            ax.tick_params(which="both", top=False, right=False)
        if self.style.grid and has_grid:
            ax.grid(True, axis=self.style.grid)

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
            text_of(ax)(
                -0.02, 1.02, self.style.panel_letter, transform=ax.transAxes, ha="right",
                va="bottom", **self.font(1.2, fontweight="bold"),
            )  # fmt: skip

    def legend(self, ax: Any, always: bool = False) -> None:
        """Name the series, where more than one is drawn."""
        handles, labels = ax.get_legend_handles_labels()
        if self.has("missing_legend") or (len(labels) < 2 and not always):
            return
        if self.has("legend_mismatch"):
            handles = foreign_handles(len(labels))
        font = self.font(0.85)
        place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)}
        if self._legend_place == "above":
            columns = max(2, int(self.style.width * 72 / (12 * self.style.font_size)))
            place = {
                "loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": min(columns, 4),
            }  # fmt: skip
        elif self._legend_place == "inside":
            place = {"loc": self._corner(ax)}
        ax.legend(
            handles, [self.words(text) for text in labels], frameon=self.style.legend_frame,
            prop={"size": font["fontsize"], "family": font["fontfamily"]}, **place,
        )  # fmt: skip

    def _corner(self, ax: Any) -> str:
        """Return a corner of the plot that nothing was put into yet, the emptiest one."""
        if not self._corners:
            return "upper right"
        points = _points(ax)
        middles = np.array([_CORNERS[name] for name in self._corners])
        away = np.abs(points[None] - middles[:, None])
        n_near = ((away[..., 0] < 0.42) & (away[..., 1] < 0.36)).sum(axis=1)
        return self._corners.pop(int(n_near.argmin()))

    def colorbar(self, mappable: Any, ax: Any, label: str) -> None:
        """Add a colour bar beside the axes."""
        if self.has("missing_colorbar"):
            return
        box = ax.get_position()
        bar_axes = self.figure.add_axes((box.x1 + 0.02, box.y0, 0.03, box.height))
        bar = self.figure.colorbar(mappable, cax=bar_axes)
        bar.set_label(label, **self.font(0.9))
        bar.ax.minorticks_off()
        bar.ax.tick_params(labelsize=self.font_size * 0.8, labelfontfamily=self.fonts)

    def note(self, ax: Any, text: str) -> None:
        """Write a short text into a free corner of the plot."""
        x, y = _CORNERS[self._corner(ax)]
        text_of(ax)(
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
        spoil_axes(self, ax)
        if self.has("missing_axes"):
            ax.set_axis_off()

    def pixels(self) -> Any:
        """Draw the figure and return it as an array [height, width, 3] of 0–255."""
        self._canvas.draw()
        pixels = np.asarray(self._canvas.buffer_rgba())[..., :3].copy()
        if not self.style.grain:
            return pixels
        # Paper is uneven over a few pixels, and never brighter than the scanner's white.
        grain = self.rng.standard_normal(pixels.shape[:2], np.float32)
        grain = (grain + np.roll(grain, 1, 0) + np.roll(grain, 1, 1)) / 1.7
        paper = np.array((0.985, 0.98, 0.955), np.float32)
        scanned = pixels * paper + self.style.grain * grain[..., None]
        return scanned.clip(0, 255).astype(np.uint8)


def _points(ax: Any) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return places [n, 2] in shares of the axes where curves, points and bars are."""
    parts = [np.column_stack(line.get_data()).astype(float) for line in ax.lines]
    parts += [np.asarray(group.get_offsets(), float).reshape(-1, 2) for group in ax.collections]
    for patch in ax.patches:
        (x0, y0), (x1, y1) = patch.get_extents().get_points()
        inner = np.stack(np.meshgrid((x0, x1), np.linspace(y0, y1, 9)), axis=-1).reshape(-1, 2)
        parts.append(ax.transData.inverted().transform(inner))
    places = np.concatenate([*parts, np.empty((0, 2))])
    shares: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = ax.transAxes.inverted().transform(
        ax.transData.transform(places)
    )
    return shares
