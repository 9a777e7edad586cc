"""Kind of figure of power laws on logarithmic axes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.topics import Quantity

__all__ = ["loglog"]


class _Law(NamedTuple):
    """Two quantities that a power law joins."""

    x: Quantity
    y: Quantity
    names: tuple[str, ...]
    slopes: tuple[float, float]


_LAWS = (
    _Law(Quantity("Body mass", "kg", "kgs", 1e-2, 1e3),
         Quantity("Metabolic rate", "W", "watts", 0.1, 500), ("Mammals", "Birds", "Fish"),
         (0.65, 0.8)),
    _Law(Quantity("Frequency", "Hz", "cps", 1, 1e4),
         Quantity("Power density", "V²/Hz", "V2 per Hz", 1e-7, 1e-1),
         ("Sensor A", "Sensor B", "Amplifier"), (-2.0, -1.0)),
    _Law(Quantity("Stress intensity", "MPa m½", "MPa*rt(m)", 1, 1e2),
         Quantity("Crack growth", "mm/cycle", "mm per cyc.", 1e-6, 1e-1),
         ("Air", "Vacuum", "Salt water"), (2.2, 3.6)),
    _Law(Quantity("Shear rate", "1/s", "per sec.", 1e-1, 1e3),
         Quantity("Viscosity", "Pa s", "Pascal-secs", 1e-1, 1e2),
         ("2 wt%", "5 wt%", "10 wt%"), (-0.85, -0.5)),
    _Law(Quantity("Time", "s", "sec.", 1e-2, 1e2),
         Quantity("Displacement²", "µm²", "sq. microns", 1e-2, 1e2),
         ("Water", "Gel", "Cytosol"), (0.55, 1.05)),
    _Law(Quantity("Step size", "mm", "millimeters", 1e-3, 1),
         Quantity("Error", "K", "deg. K", 1e-5, 1), ("Euler", "Heun", "Midpoint"), (1.0, 2.1)),
    _Law(Quantity("Pressure", "Pa", "Pascals", 1e-2, 1e3),
         Quantity("Free path", "mm", "millimeters", 1e-2, 1e3), ("N₂", "Ar", "He"), (-1.1, -0.9)),
)  # fmt: skip


def loglog(sheet: Sheet) -> None:
    """Power laws on logarithmic axes: points or noisy curves, and fitted lines."""
    rng, law = sheet.rng, sheet.pick(_LAWS)
    ax, slope = sheet.axes(has_legend=True), float(rng.uniform(*law.slopes))
    ax.set(xscale="log", yscale="log")
    start, end = np.log10((law.x.low, law.x.high))
    middle, centre = (start + end) / 2, np.log10(law.y.low * law.y.high) / 2
    reach, n_series = abs(slope) * (end - start), int(rng.integers(1, 4))
    if sheet.style.height * 72 < 24 * sheet.style.font_size:
        # The corners of low figures hold only a short legend.
        n_series = 1
    gap, is_curve = max(0.5, 0.22 * reach), rng.random() < 0.4
    n_points = 300 if is_curve else int(rng.integers(9, 36))
    noise = reach * float(rng.uniform(0.012, 0.035))
    for i in range(n_series):
        colour, level = sheet.style.colours[i], centre + gap * (i - (n_series - 1) / 2)
        own = slope * float(rng.uniform(0.93, 1.07))
        u = np.linspace(start, end, n_points) if is_curve else rng.uniform(start, end, n_points)
        v = level + own * (u - middle) + rng.normal(0, noise, n_points)
        _series(sheet, ax, (10**u, 10**v), i, law.names[i])
        fitted, ends = (-own if sheet.has("contradicting_fit") else own), np.array([start, end])
        ax.plot(10**ends, 10 ** (level + fitted * (ends - middle)), linewidth=sheet.line_width,
                alpha=sheet.alpha, color=sheet.ink if is_curve else colour,
                linestyle="--" if is_curve else "-",
                label="Power law" if i == n_series - 1 else None)  # fmt: skip
    spread_out = reach + gap * (n_series - 1)
    half = max(0.62 * spread_out, 1.3) + 2 * noise
    ax.set(xlim=(10 ** (start - 0.2), 10 ** (end + 0.2)),
           ylim=(10 ** (centre - half), 10 ** (centre + half)))  # fmt: skip
    _sparse_minors(ax)
    if rng.random() < 0.6:
        lowest = centre - gap * (n_series - 1) / 2 - 3 * noise - 0.07 * half
        _triangle(sheet, ax, (middle, lowest), slope, (end - start) * 0.2)
    sheet.label(ax, law.x, law.y)
    sheet.legend(ax)
    sheet.statistic(ax)
    sheet.finish(ax)


def _sparse_minors(ax: Any) -> None:
    """Leave out most ticks between decades on long axes, as each costs time."""
    from matplotlib.ticker import LogLocator

    for axis in (ax.xaxis, ax.yaxis):
        low, high = np.log10(axis.get_view_interval())
        axis.set_minor_locator(LogLocator(subs=(2, 5) if high - low > 3.2 else range(2, 10)))


def _series(sheet: Sheet, ax: Any, places: tuple[Any, Any], i: int, name: str) -> None:
    """Draw one series, dense ones as a curve."""
    colour, style = sheet.style.colours[i], sheet.style
    if len(places[0]) > 100:
        ax.plot(*places, color=colour, label=name, linewidth=0.5 * sheet.line_width,
                alpha=sheet.alpha)  # fmt: skip
    else:
        ax.plot(*places, style.markers[i], color=colour, label=name, alpha=0.85,
                markersize=style.marker_size,
                markerfacecolor="none" if i % 2 else colour)  # fmt: skip


def _triangle(
    sheet: Sheet, ax: Any, place: tuple[float, float], slope: float, width: float
) -> None:
    """Draw a triangle of slope below a line that goes through the place, decades."""
    u, v = place
    left, right = u - width / 2, u + width / 2
    ends = v - slope * width / 2, v + slope * width / 2
    corner = (right if slope > 0 else left, min(ends))
    path = 10 ** np.array([(left, ends[0]), corner, (right, ends[1]), (left, ends[0])])
    ax.plot(*path.T, color=sheet.ink, linewidth=0.8)
    ax.annotate(f"{abs(slope):.2f}", (10 ** corner[0], 10**v), (4 if slope > 0 else -4, 0),
                textcoords="offset points", va="center", ha="left" if slope > 0 else "right",
                **sheet.font(0.8))  # fmt: skip
    ax.annotate("1", (10**u, 10 ** corner[1]), (0, -2), textcoords="offset points", ha="center",
                va="top", **sheet.font(0.8))  # fmt: skip
