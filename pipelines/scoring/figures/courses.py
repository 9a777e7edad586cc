"""Kinds of figure that follow the same subjects or the same run: pairs, stacked plots."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.legends import legend_below
from pipelines.scoring.figures.plots import drawn_topic, spread
from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.sizes import end_margin, paper_ems
from pipelines.scoring.figures.topics import Quantity

__all__ = ["paired", "stacked"]

_CONDITIONS = (
    ("Condition", ("Before", "After")), ("Visit", ("Baseline", "Week 4", "Week 12")),
    ("State", ("Rest", "Exercise", "Recovery")), ("Treatment", ("Control", "Treated")),
    ("Time point", ("Day 0", "Day 7", "Day 28")), ("Soil", ("Dry", "Wet")),
    ("State", ("As cast", "Annealed")), ("Season", ("Summer", "Winter")),
)  # fmt: skip
"""What differs, and the conditions under which each subject is measured."""


def paired(sheet: Sheet) -> None:
    """Each subject under two or three conditions: joined points, or dumbbells in rows."""
    rng, quantity = sheet.rng, drawn_topic(sheet).y
    what, names = sheet.pick(_CONDITIONS)
    # These flaws are told from the y axis, rows run either way, and fill the corners for notes.
    needs_y = {"impossible_value", "reversed_axis", "impossible_statistic"} & set(sheet.flaws)
    n_fitting = int((paper_ems(sheet)[1] - 9) / 1.3)
    in_rows = rng.random() < 0.4 and n_fitting > 3 and not needs_y
    n_subjects = min(int(rng.integers(5, 11)), n_fitting) if in_rows else int(rng.integers(7, 22))
    steps = rng.uniform(0.08, 0.3, len(names)) * sheet.pick((-1, 1))
    courses = rng.normal(0.5, 0.12, (n_subjects, 1)) + np.cumsum(steps) - steps.sum() / 2
    courses = np.clip(courses + rng.normal(0, 0.05, courses.shape), 0.03, 0.97)
    ax = sheet.axes(has_legend=in_rows)
    values = spread(quantity, courses)
    if in_rows:
        _dumbbells(sheet, ax, values, quantity, names)
    else:
        _joined(sheet, ax, values, names)
        low, high = values.min(), values.max()
        ax.set_ylim(low - 0.16 * (high - low), high + 0.24 * (high - low))
        sheet.label(ax, Quantity(what, "", "", 0, 1), quantity)
        sheet.statistic(ax)
    sheet.finish(ax)


def _joined(sheet: Sheet, ax: Any, values: Any, names: tuple[str, ...]) -> None:
    """Join the values [subject, condition] of each subject, and mark the means."""
    style, places, is_grey = sheet.style, np.arange(len(names)), sheet.rng.random() < 0.5
    # Beside conditions in the middle there is no room that lines do not cross.
    has_mean_line = sheet.rng.random() < 0.5 or len(names) > 2
    for row in values:
        rising = style.colours[0] if row[-1] > row[0] else style.colours[1]
        ax.plot(places, row, color="#8c8c8c" if is_grey else rising, linewidth=0.9, alpha=0.75)
    for i in places:
        ax.plot(np.full(len(values), i), values[:, i], style.markers[0], linestyle="none",
                markersize=style.marker_size, markeredgewidth=0.4, markeredgecolor=style.panel,
                color=style.colours[i] if is_grey else sheet.ink)  # fmt: skip
    mean = values.mean(axis=0)
    if has_mean_line:
        ax.plot(places, mean, marker="D", color=sheet.ink, linewidth=2.4,
                markersize=style.marker_size + 2, zorder=4)  # fmt: skip
    else:
        ax.errorbar((-0.2, 1.2), mean, values.std(axis=0, ddof=1), fmt="s", color=sheet.ink,
                    capsize=3, zorder=4, markersize=style.marker_size + 1)  # fmt: skip
    ax.set_xticks(places, [sheet.words(name) for name in names])
    ax.set_xlim(-0.55, places[-1] + 0.55)


def _dumbbells(
    sheet: Sheet, ax: Any, values: Any, quantity: Quantity, names: tuple[str, ...]
) -> None:
    """Draw values [row, condition] as points of a row joined by a bar."""
    style, rows = sheet.style, np.arange(len(values))
    ax.hlines(rows, values.min(axis=1), values.max(axis=1), color="#9a9a9a", linewidth=2.2)
    for i, name in enumerate(names):
        ax.plot(values[:, i], rows, style.markers[i], color=style.colours[i], label=name,
                linestyle="none", markersize=style.marker_size + 1.5, markeredgewidth=0.4,
                markeredgecolor=sheet.ink)  # fmt: skip
    group = Quantity(sheet.pick(("Patient", "Site", "Species", "Batch")), "", "", 0, 1)
    ax.set_yticks(rows, [f"{group.name[0]}{i + 1}" for i in rows])
    ax.set_ylim(len(rows) - 0.3, -1.6)
    ax.margins(x=0.12)
    sheet.label(ax, quantity, group)
    legend_below(sheet, ax)


_RUNS = (
    (Quantity("Time", "h", "hrs", 0, 48), (Quantity("Temperature", "°C", "deg C", 18, 86),
     Quantity("Pressure", "kPa", "kilo Pa", 20, 95), Quantity("Signal", "mV", "milli V", 0, 48),
     Quantity("Flow", "L/h", "ltr/hrs", 1, 9))),
    (Quantity("Time", "s", "sec.", 0, 60), (Quantity("Voltage", "V", "Volts", -5, 5),
     Quantity("Current", "mA", "milliamps", 0, 32), Quantity("Force", "N", "newtons", 2, 19),
     Quantity("Strain", "%", "percent", 0, 4))),
    (Quantity("Day of year", "d", "dys.", 1, 365), (Quantity("Rain", "mm", "mm.s", 0, 42),
     Quantity("Discharge", "m³/s", "m3 per sec", 3, 88), Quantity("Nitrate", "mg/L", "mgs/ltr",
     0, 14), Quantity("Turbidity", "NTU", "ntu's", 1, 60))),
    (Quantity("Age", "ka", "1000 yrs", 0, 140), (Quantity("δ¹⁸O", "‰", "permil", -43, -33),
     Quantity("CO₂", "ppm", "p.p.m.", 185, 285), Quantity("Dust", "mg/kg", "mgs/kg", 0, 9),
     Quantity("Sea level", "m", "mtrs", -120, 5))),
    (Quantity("Depth", "m", "mtrs", 0, 900), (Quantity("Porosity", "%", "percent", 4, 38),
     Quantity("Density", "g/cm³", "gr per cm3", 1.9, 2.9), Quantity("Gamma ray", "Bq/kg",
     "Bq/kgs", 10, 140), Quantity("Resistivity", "Ω m", "Ohm*m", 1, 60))),
)  # fmt: skip
"""What several quantities are followed over, and these."""


def stacked(sheet: Sheet) -> None:
    """Two to four plots one above the other over the same quantity."""
    style, rng = sheet.style, sheet.rng
    x, quantities = sheet.pick(_RUNS)
    n_plots = int(rng.integers(2, 5))
    em = style.font_size / 72
    # Every plot has to be as tall as its label is long: low figures are printed taller.
    height = max(style.height, em * (8.8 * n_plots + 6))
    width, old = sheet.figure.get_size_inches()
    sheet.figure.set_size_inches(width, old * height / style.height)
    gap = 0.0 if rng.random() < 0.5 else 0.9 * em / height
    bottom, top = 3.8 * em / height, (2.2 if style.has_title else 0.8) * em / height
    each = (1 - bottom - top - gap * (n_plots - 1)) / n_plots
    hit, letters = int(rng.integers(n_plots)), sheet.pick(("abcd", "ABCD"))
    letters = [f"({letter})" for letter in letters] if rng.random() < 0.5 else list(letters)
    order, share = rng.permutation(4), np.linspace(0, 1, 160)
    left = 5.4 * em / style.width
    for i in range(n_plots):
        quantity, is_last = quantities[order[i]], i == n_plots - 1
        y, form = spread(quantity, _course(rng, share)), sheet.pick(("curve", "fill", "points"))
        is_empty = i == hit and sheet.has("missing_panel")
        # The lowest plot carries the x axis of all.
        if is_empty and not is_last and sheet.way("missing_panel", 2):
            continue
        base = bottom + (n_plots - 1 - i) * (each + gap)
        place = (left, base, 1 - end_margin(sheet) - left, each)
        ax = sheet.figure.add_axes(place)
        sheet.dress(ax)
        if not is_empty:
            _trace(sheet, ax, (spread(x, share), y), i, form)
        ax.set_xlim(x.low, x.high)
        low, high = y.min(), y.max()
        ax.set_ylim(low - 0.1 * (high - low), high + 0.38 * (high - low))
        _name_plot(sheet, ax, (x, quantity), letters[i], is_last=is_last)
        if i == 0 and style.has_title:
            ax.set_title(sheet.words(f"Run {order[0] + 4 * n_plots}"), **sheet.font(1.08))
        sheet.finish(ax)


def _course(rng: np.random.Generator, share: Any) -> Any:
    """Return a course over share, itself 0–1: waves, steps, peaks or a slow rise, with noise."""
    form, (a, b) = int(rng.integers(4)), rng.uniform(0, 1, 2)
    if form == 0:
        y = 0.5 + 0.4 * np.sin((5 + 16 * a) * share + 6.3 * b) * np.exp(-a * share)
    elif form == 1:
        edges, levels = np.sort(rng.uniform(0.1, 0.9, 4)), rng.uniform(0.1, 0.9, 5)
        y = levels[np.searchsorted(edges, share)]
    elif form == 2:
        wide = (share[:, None] - rng.uniform(0.05, 0.95, 5)) / rng.uniform(0.01, 0.04, 5)
        y = 0.08 + (rng.uniform(0.2, 0.9, 5) * np.exp(-(wide**2))).sum(axis=1)
        y = y / max(1.0, y.max())
    else:
        y = 0.1 + 0.75 / (1 + np.exp(-(6 + 20 * a) * (share - 0.2 - 0.6 * b)))
    return np.clip(y + rng.normal(0, 0.005 + 0.02 * a, len(share)), 0, 1)


def _trace(sheet: Sheet, ax: Any, places: tuple[Any, Any], i: int, form: str) -> None:
    """Draw a course as a curve, as points, or filled down to its least."""
    x, y = places
    keep = {"color": sheet.style.colours[i], "alpha": sheet.alpha}
    if form == "points":
        ax.plot(x[::5], y[::5], marker=sheet.style.markers[i], linewidth=0.6 * sheet.line_width,
                markersize=0.7 * sheet.style.marker_size, **keep)  # fmt: skip
        return
    if form == "fill":
        ax.fill_between(x, y, y.min(), linewidth=0, **keep | {"alpha": 0.3 * sheet.alpha})
    ax.plot(x, y, linewidth=0.8 * sheet.line_width, **keep)


def _name_plot(
    sheet: Sheet, ax: Any, quantities: tuple[Quantity, Quantity], letter: str, *, is_last: bool
) -> None:
    """Write labels and letter of one of the plots; only the last has those of the x axis."""
    from matplotlib.ticker import MaxNLocator

    low, high = ax.get_ylim()
    edge = 0.09 * (high - low)
    # Numbers at the ends would meet those of the next plot.
    places = MaxNLocator(4).tick_values(low, high)
    ax.set_yticks([place for place in places if low + edge < place < high - edge])
    ax.tick_params(labelbottom=is_last)
    if is_last and not sheet.has("missing_x_label"):
        ax.set_xlabel(sheet.name(quantities[0]), **sheet.font())
    if not sheet.has("missing_y_label"):
        ax.set_ylabel(sheet.name(quantities[1]), **sheet.font(0.9))
        width = ax.get_window_extent().width / sheet.figure.dpi * 72
        ax.yaxis.set_label_coords(-3.9 * sheet.style.font_size / width, 0.5)
    ax.text(0.015, 0.94, letter, transform=ax.transAxes, va="top",
            **sheet.font(1.1, fontweight="bold"))  # fmt: skip
