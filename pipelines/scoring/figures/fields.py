"""Kinds of figure of quantities over a plane: correlations, surfaces in space, vector fields."""

from __future__ import annotations

import numpy as np

from pipelines.scoring.figures.axes_flaws import decorate, permute_ticks
from pipelines.scoring.figures.plots import banded, field, spread
from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.topics import TOPICS, Quantity

__all__ = ["correlation", "surface", "vectors"]

_NAMES = ("pH", "Temp", "O₂", "NO₃", "PO₄", "Chl a", "Salinity", "Depth", "DOC", "Flow")


def correlation(sheet: Sheet) -> None:
    """Matrix of correlations with their numbers and names on both sides."""
    rng, n = sheet.rng, int(sheet.rng.integers(4, 8))
    ax = sheet.axes(right=0.2, has_grid=False)
    loads = rng.normal(size=(n, 3))
    loads /= np.linalg.norm(loads, axis=1, keepdims=True)
    values = loads @ loads.T
    if sheet.has("impossible_statistic"):
        values = np.where(np.eye(n) > 0, values, values * 2.3)
    limit = float(np.abs(values).max())
    cmap = sheet.colour_map if sheet.has("rainbow_colour_map") else sheet.pick(
        ("RdBu_r", "coolwarm", "PuOr", "BrBG"))  # fmt: skip
    mappable = ax.imshow(values, cmap=cmap, vmin=-limit, vmax=limit, aspect="auto")
    for i in range(n):
        for j in range(n):
            if sheet.has("missing_node_labels") and (i + j) % 3:
                continue
            strong = abs(values[i, j]) > 0.72 * limit
            ax.text(j, i, f"{values[i, j]:.2f}".replace("-", "−"), ha="center", va="center",
                    **{"color": "white" if strong else "black"} | sheet.font(0.8))  # fmt: skip
            if sheet.has("overlapping_text"):
                ax.text(j + 0.1, i + 0.12, "(p < 0.05)", ha="center", va="center",
                        **{"color": "black"} | sheet.font(0.8))  # fmt: skip
    names = [sheet.words(str(name)) for name in rng.permutation(_NAMES)[:n]]
    ax.minorticks_off()
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_ticks(range(n), ["" if sheet.has("missing_tick_labels") else t for t in names])
    ax.tick_params(length=0)
    ax.tick_params(axis="x", rotation=35)
    sheet.title(ax, "Correlation of stations")
    sheet.colorbar(mappable, ax, sheet.words("Correlation"))
    decorate(sheet, ax)


def surface(sheet: Sheet) -> None:
    """Surface over two quantities, seen from above at an angle."""
    topic, rng = sheet.pick(TOPICS), sheet.rng
    ax = sheet.figure.add_axes((0.02, 0.1, 0.72, 0.88), projection="3d")
    z = banded(sheet, field(sheet, 28))
    x, y = np.meshgrid(*(spread(q, np.linspace(0, 1, 28)) for q in topic[:2]))
    mappable = ax.plot_surface(x, y, z, cmap=sheet.colour_map, rcount=28, ccount=28,
                               linewidth=float(rng.choice([0.0, 0.2])), edgecolor="black",
                               antialiased=True)  # fmt: skip
    ax.view_init(float(rng.uniform(22, 42)), float(rng.uniform(-70, -40)))
    ax.set_facecolor((0, 0, 0, 0))
    ax.locator_params(nbins=4)
    ax.tick_params(labelsize=sheet.font_size * 0.75, labelfontfamily=sheet.fonts, pad=0)
    if not sheet.has("missing_x_label"):
        ax.set_xlabel(sheet.name(topic.x), **sheet.font(0.85), labelpad=1)
    if not sheet.has("missing_y_label"):
        ax.set_ylabel(sheet.name(topic.y), **sheet.font(0.85), labelpad=1)
    if sheet.has("missing_tick_labels"):
        for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
            axis.set_ticklabels([])
    permute_ticks(sheet, ax)
    if not sheet.has("missing_colorbar"):
        bar_axes = sheet.figure.add_axes((0.83, 0.22, 0.03, 0.6))
        bar = sheet.figure.colorbar(mappable, cax=bar_axes)
        bar.set_label(sheet.name(Quantity("Response", "a.u.", "units", 0, 1)), **sheet.font(0.85))
        bar_axes.minorticks_off()
        bar_axes.tick_params(labelsize=sheet.font_size * 0.75, labelfontfamily=sheet.fonts)
    if sheet.has("overlapping_text"):
        for i, text in enumerate(("Maximum at 4.2 ± 0.3", "Region of interest", "saddle point")):
            sheet.figure.text(0.3 + 0.02 * i, 0.55 - 0.012 * i, sheet.words(text), **sheet.font())
    decorate(sheet, ax)


def vectors(sheet: Sheet) -> None:
    """Flow over a plane: arrows on a grid, or stream lines."""
    rng = sheet.rng
    ax = sheet.axes(has_grid=False)
    n = int(rng.integers(11, 18))
    side = np.linspace(-2, 2, n)
    x, y = np.meshgrid(side, side)
    u, v = np.full_like(x, rng.uniform(-0.5, 0.5)), np.full_like(x, rng.uniform(-0.5, 0.5))
    for _ in range(int(rng.integers(1, 4))):
        (a, b), turn = rng.uniform(-1.5, 1.5, 2), rng.choice([-1, 1]) * rng.uniform(0.6, 1.6)
        fall = np.exp(-((x - a) ** 2 + (y - b) ** 2) / 1.4)
        u, v = u - turn * (y - b) * fall, v + turn * (x - a) * fall
    colour = sheet.style.colours[0]
    if rng.random() < 0.6:
        ax.quiver(x, y, u, v, color=colour, width=0.0045)
    else:
        ax.streamplot(side, side, u, v, color=colour, density=0.8, arrowsize=0.9,
                      linewidth=0.6 * sheet.line_width)  # fmt: skip
    length = sheet.pick((Quantity("", "mm", "milli m", 0, 1), Quantity("", "km", "kilo m", 0, 1),
                         Quantity("", "µm", "microns", 0, 1)))  # fmt: skip
    ax.set(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2))
    sheet.label(ax, length._replace(name="Position x"), length._replace(name="Position y"))
    sheet.formula(ax)
    sheet.finish(ax)
