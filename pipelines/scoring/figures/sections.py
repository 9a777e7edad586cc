"""A kind of figure: sections through ground, soil and sea."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.captions import lift_letter
from pipelines.scoring.figures.legends import legend_beside
from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.sizes import paper_ems
from pipelines.scoring.figures.topics import Quantity

__all__ = ["section"]

_GROUND = (
    (Quantity("Distance", "km", "kilometers", 0, 12), Quantity("Depth", "m", "mtrs", 0, 1600),
     ("Alluvium", "Sandstone", "Shale", "Limestone", "Marl", "Gneiss")),
    (Quantity("Distance", "m", "mtrs", 0, 240), Quantity("Depth", "m", "mtrs", 0, 36),
     ("Fill", "Peat", "Clay", "Sand", "Gravel", "Till")),
    (Quantity("Distance", "m", "mtrs", 0, 8), Quantity("Depth", "cm", "centim.", 0, 160),
     ("O horizon", "A horizon", "E horizon", "B horizon", "C horizon", "Bedrock")),
    (Quantity("Distance", "km", "kilometers", 0, 900), Quantity("Depth", "m", "mtrs", 0, 5200),
     ("Surface", "Thermocline", "Mid-depth", "Deep water", "Bottom water", "Sea floor")),
)  # fmt: skip
_TINTS = (
    ("#e8d9a0", "#d9b26f", "#8f9779", "#b5c7d3", "#c9a28c", "#7d6b63"),
    ("#f2e5b5", "#8a6b4f", "#c9a66b", "#e3c16f", "#9aa5a8", "#77797b"),
    ("#ffffff", "#e4e4e4", "#cccccc", "#f4f4f4", "#b0b0b0", "#989898"),
    ("#cfe8f3", "#9fcbe3", "#6ba3cf", "#3f78b5", "#7fa0c8", "#8a7a66"),
)
_HATCHES = ("..", "---", "//", "++", "xx", "\\\\", "oo", "||", "")


def section(sheet: Sheet) -> None:
    """Layers over distance and depth: rock with folds and faults, ground with bores, or sea."""
    rng, which = sheet.rng, int(sheet.rng.integers(len(_GROUND)))
    x, y, names = _GROUND[which]
    n_layers = int(rng.integers(4, 7)) if min(paper_ems(sheet)) > 20 else 4
    ax, place = _room_beside(sheet, n_layers)
    tints = _TINTS[3 if which == 3 else int(rng.integers(3))]
    hatches = rng.permutation(_HATCHES)
    if which == 3 or (tints is not _TINTS[2] and rng.random() < 0.3):
        hatches = np.full(len(_HATCHES), "")
    # The last of the names is always the ground below all.
    shown = [*range(n_layers - 1), 5]
    looks = [{"facecolor": tints[i], "hatch": str(hatches[i]), "label": names[i]} for i in shown]
    n_lines = int(rng.integers(1, 4))
    # Faults, or bore holes, keep apart from each other.
    places = (np.arange(n_lines) + rng.uniform(0.25, 0.75, n_lines)) / n_lines
    ends, is_rock = (x.high, y.high), which == 0
    handles = _layers(sheet, ax, ends, looks, places if is_rock else places[:0])
    for at in places if which == 1 else ():
        ax.plot([at * x.high] * 2, np.array((0.02, rng.uniform(0.55, 0.9))) * y.high, "_-",
                color="black", linewidth=1.6, markersize=7)  # fmt: skip
    ax.set(xlim=(0, x.high), ylim=(y.high, 0))
    sheet.label(ax, x, y)
    lift_letter(sheet, ax)
    legend_beside(sheet, ax, handles, **place)
    sheet.finish(ax)


def _room_beside(sheet: Sheet, n_names: int) -> tuple[Any, dict[str, Any]]:
    """Return axes, and where the legend goes: to the right, or above in rows."""
    wide, high = paper_ems(sheet)
    is_right = wide > 34 or (wide > 28 and high < 20)
    if sheet.has("missing_legend") or is_right:
        right = 0.04 if sheet.has("missing_legend") else 10.5 / wide
        return sheet.axes(right=right, has_grid=False), {
            "loc": "upper left", "bbox_to_anchor": (1.02, 1.0)}  # fmt: skip
    ax = sheet.axes(has_grid=False)
    n_columns = 3 if wide > 28 else 2
    left, bottom, width, height = ax.get_position().bounds
    height -= (1.35 * -(-n_names // n_columns) + 0.4) / high
    ax.set_position((left, bottom, width, height))
    lift = 1.02 + 2.0 / (height * high) * bool(sheet.style.has_title or sheet.style.panel_letter)
    return ax, {"loc": "lower center", "bbox_to_anchor": (0.45, lift), "ncols": n_columns}


def _layers(
    sheet: Sheet, ax: Any, ends: tuple[float, float], looks: list[dict[str, Any]], faults: Any
) -> list[Any]:
    """Draw bands from the surface down, thrown along faults; return one handle of each."""
    from matplotlib.patches import Polygon

    rng, u = sheet.rng, np.linspace(0, 1, 160)
    waves = rng.uniform((0.2, 0.0), (1.6, 6.3), (3, 2))
    fold = sum(np.sin(2 * np.pi * k * u + phase) / (1 + i) for i, (k, phase) in enumerate(waves))
    depths = 0.03 + np.cumsum(rng.dirichlet(np.full(len(looks), 6.0)))
    top = 0.05 + 0.025 * np.sin(rng.uniform(3, 9) * u + rng.uniform(0, 6))
    if looks[-1]["label"] == "Sea floor":
        top = np.zeros_like(u)
    tilt, size = rng.uniform(-0.15, 0.15), 0.07 if len(faults) else 0.035
    rims = [top, *(depth + tilt * (u - 0.5) + size * rng.uniform(0.6, 1.3) * fold
                   for depth in depths[:-1]), np.full_like(u, 2.0)]  # fmt: skip
    throws = np.concatenate([[0], np.cumsum(rng.uniform(0.05, 0.14, len(faults))
                             * rng.choice([-1, 1], len(faults)))])  # fmt: skip
    dips = rng.uniform(-0.1, 0.1, len(faults))
    lines = [np.array([(at - 0.5 * dip, -0.5), (at + 1.5 * dip, 1.5)])
             for at, dip in zip(faults, dips, strict=True)]  # fmt: skip
    walls = [np.array([(-1, -0.5), (-1, 1.5)]), *lines, np.array([(2, -0.5), (2, 1.5)])]
    for k, throw in enumerate(throws):
        block = Polygon(np.concatenate([walls[k], walls[k + 1][::-1]]) * ends,
                        transform=ax.transData)  # fmt: skip
        last = top
        for low, look in zip(rims[1:], looks, strict=True):
            below = np.maximum(low + throw, last)
            band = ax.fill_between(u * ends[0], last * ends[1], below * ends[1], zorder=0.3,
                                   edgecolor="#3a3a3a", linewidth=0.8, **look)  # fmt: skip
            band.set_clip_path(block)
            last = below
    for line in lines:
        drawn = ax.plot(*(line * ends).T, color="black", linewidth=1.8, zorder=0.4)[0]
        ground = np.column_stack([(0, *u, 1), (2, *top, 2)]) * ends
        drawn.set_clip_path(Polygon(ground, transform=ax.transData))
    return [Polygon([(0, 0)], edgecolor="#3a3a3a", linewidth=0.8, **look) for look in looks]
