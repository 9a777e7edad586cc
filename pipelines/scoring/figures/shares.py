"""Kind of figure of the parts of a whole: stacked areas, streams, stacked bars."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.legends import legend_below
from pipelines.scoring.figures.plots import spread
from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.sizes import end_margin
from pipelines.scoring.figures.topics import Quantity

__all__ = ["areas"]

_YEAR = Quantity("Year", "", "", 1970, 2020)
_WHOLES = (
    (_YEAR, Quantity("Electricity", "TWh", "tera Wh", 0, 480),
     ("Coal", "Gas", "Nuclear", "Wind", "Solar")),
    (_YEAR, Quantity("Emissions", "Mt", "megatons", 0, 60),
     ("Transport", "Industry", "Buildings", "Farming", "Waste")),
    (Quantity("Time", "h", "hrs", 0, 48), Quantity("Concentration", "mmol/L", "mM / ltr", 0, 20),
     ("Substrate", "Dimer", "Acid", "Product")),
    (Quantity("Time", "d", "dys.", 0, 120), Quantity("Biomass", "g/m²", "gr per m2", 0, 90),
     ("Diatoms", "Ciliates", "Rotifers", "Copepods")),
    (Quantity("Age", "ka", "1000 yrs", 0, 140), Quantity("Pollen", "mm⁻³", "per mm3", 0, 140),
     ("Pine", "Birch", "Oak", "Grasses", "Sedges")),
    (Quantity("Temperature", "K", "deg. K", 300, 900),
     Quantity("Amount", "mol", "moles", 0, 4), ("Austenite", "Ferrite", "Carbide", "Melt")),
)  # fmt: skip
"""Quantity over which a whole changes, the whole, and its parts."""


def areas(sheet: Sheet) -> None:
    """Parts of a whole: stacked areas in per cent or amounts, a stream, or bars."""
    x, whole, names = sheet.pick(_WHOLES)
    names = names[: int(sheet.rng.integers(3, len(names) + 1))]
    form = sheet.pick(("shares", "shares", "amounts", "stream", "bars", "bars"))
    top = float(sheet.rng.uniform(1.6, 2.5)) if sheet.has("impossible_value") else 1.0
    if sheet.has("impossible_value") and form in ("amounts", "stream"):
        form = "shares"
    what = sheet.pick(("Share", "Fraction", "Relative amount", "Composition"))
    share = Quantity(what, "%", "percent", 0, 100 * top)
    ax = sheet.axes(end_margin(sheet), has_legend=True, has_grid=form != "stream")
    if form == "bars":
        _bars(sheet, ax, share, names)
    else:
        _layers(sheet, ax, (x, share if form == "shares" else whole), names, form)
    legend_below(sheet, ax)
    sheet.finish(ax)


def _layers(
    sheet: Sheet, ax: Any, quantities: tuple[Quantity, Quantity], names: tuple[str, ...], form: str
) -> None:
    """Stack areas over the first quantity; the layers of a stream lie around zero."""
    x, y = quantities
    n_points = int(sheet.pick((9, 14, 60, 60)))
    parts = _weights(sheet.rng, len(names), n_points)
    total = parts.sum(axis=0)
    parts = y.high * parts / (total if form == "shares" else 1.15 * total.max())
    ax.stackplot(spread(x, np.linspace(0, 1, n_points)), parts, labels=names,
                 baseline="sym" if form == "stream" else "zero",
                 **_fill(sheet, len(names)))  # fmt: skip
    ax.set_xlim(x.low, x.high)
    if form == "stream":
        ax.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    else:
        ax.set_ylim(0, y.high)
    sheet.label(ax, x, y)


def _bars(sheet: Sheet, ax: Any, share: Quantity, names: tuple[str, ...]) -> None:
    """Stack shares in bars that lie or stand."""
    n_rows = int(sheet.rng.integers(4, 8))
    parts = _weights(sheet.rng, len(names), n_rows)
    parts = share.high * parts / parts.sum(axis=0)
    starts, fill = np.cumsum(parts, axis=0) - parts, _fill(sheet, len(names))
    # The values are to be found on the y axis, where the flaw is described.
    is_upright = sheet.rng.random() < 0.4 or sheet.has("impossible_value")
    thick, rows = float(sheet.rng.uniform(0.6, 0.88)), np.arange(n_rows)
    for part, start, name, colour in zip(parts, starts, names, fill.pop("colors"), strict=True):
        keep = {"label": name, "color": colour} | fill
        if is_upright:
            ax.bar(rows, part, thick, start, **keep)
        else:
            ax.barh(rows, part, thick, start, **keep)
    group = Quantity(sheet.pick(("Site", "Batch", "Core", "Plot")), "", "", 0, 1)
    ticks = [f"{group.name[0]}{i + 1}" for i in rows]
    if is_upright:
        ax.set(xticks=rows, xticklabels=ticks, ylim=(0, share.high))
        sheet.label(ax, group, share)
    else:
        ax.set(yticks=rows, yticklabels=ticks, xlim=(0, share.high), ylim=(n_rows - 0.4, -0.6))
        sheet.label(ax, share, group)


def _weights(rng: np.random.Generator, n_parts: int, n_points: int) -> Any:
    """Return positive amounts [part, point] that change smoothly."""
    t, (speed, phase, lift) = np.linspace(0, 1, n_points), rng.uniform(0, 1, (3, n_parts, 1))
    slow = 0.9 * np.sin(2 + 4 * speed * t + 6.3 * phase)
    return np.exp(slow + 0.25 * np.sin(6 + 14 * speed * t + 40 * phase) + lift)


def _fill(sheet: Sheet, n_parts: int) -> dict[str, Any]:
    """Return colours and edges of neighbouring areas."""
    from matplotlib import colormaps

    colours: list[Any] = list(sheet.style.colours[:n_parts])
    edge = sheet.pick(("ink", "panel"))
    if sheet.rng.random() < 0.5 or n_parts > len(colours):
        shades = colormaps[sheet.style.colour_map](np.linspace(0.15, 0.85, n_parts))
        # A diverging map is pale in its middle and needs lines that part it from the paper.
        colours, edge = [tuple(shade) for shade in shades], "ink"
    colour = sheet.ink if edge == "ink" else sheet.style.panel
    return {"colors": colours, "edgecolor": colour, "linewidth": 0.6}
