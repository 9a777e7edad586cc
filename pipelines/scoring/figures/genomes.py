"""Kind of figure along a genome, a protein or a core: Manhattan plots and profiles."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.captions import label_titled
from pipelines.scoring.figures.genes import name_genes
from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.sizes import axes_ems, em_pixels, enlarge
from pipelines.scoring.figures.topics import Quantity

__all__ = ["manhattan"]

_PROFILES = (
    (Quantity("Residue", "", "", 1, 260), Quantity("RMSF", "nm", "nanometers", 0, 0.6)),
    (Quantity("Residue", "", "", 1, 140), Quantity("Shift perturbation", "ppm", "p.p.m.", 0, 0.4)),
    (Quantity("Depth", "m", "mtrs", 0, 60), Quantity("Magnetic susceptibility", "10⁻⁵", "", 0, 90)),
    (Quantity("Depth", "cm", "cms", 0, 320), Quantity("Ti/Al", "", "", 0, 0.2)),
)  # fmt: skip


def manhattan(sheet: Sheet) -> None:
    """Strength along a genome, a protein or a core, its parts in alternating colours."""
    enlarge(sheet, 3.6, 2.3)
    (_genome if sheet.rng.random() < 0.6 else _profile)(sheet, sheet.axes())


def _pair(sheet: Sheet) -> tuple[str, str]:
    """Return two colours that neighbours can be told apart by."""
    first, second = sheet.style.colours[:2]
    return (first, second) if sheet.rng.random() < 0.6 else (sheet.ink, first if
            first != "#000000" else "#888888")  # fmt: skip


def _genome(sheet: Sheet, ax: Any) -> None:
    """Draw the associations of variants by chromosome."""
    rng, colours = sheet.rng, _pair(sheet)
    n_parts = int(sheet.pick((12, 19, 22, 22)))
    ends = np.cumsum(np.linspace(2.5, 0.6, n_parts) * rng.uniform(0.85, 1.15, n_parts))
    n = int(rng.integers(1800, 4500))
    x, y = np.sort(rng.uniform(0, ends[-1], n)), np.minimum(rng.exponential(0.55, n), 5.4)
    tops = []
    for _ in range(int(rng.integers(1, 5))):
        place, height = rng.uniform(0.3, ends[-1] - 0.3), rng.uniform(8.5, 24)
        away = rng.normal(0, 0.02, 30)
        tops.append((place, height))
        x = np.concatenate([x, [place], place + away])
        y = np.concatenate([y, [height], height * rng.uniform(0.1, 0.95, 30)])
    part = np.searchsorted(ends, x)
    size = float(rng.uniform(1.4, 2.6))
    for k in range(2):
        ax.plot(x[part % 2 == k], y[part % 2 == k], "o", color=colours[k], markersize=size,
                markeredgewidth=0)  # fmt: skip
    ax.axhline(7.3, color=sheet.pick(("#d62728", sheet.ink)), linewidth=0.9, linestyle="--")
    ax.set(xlim=(-0.01 * ends[-1], 1.01 * ends[-1]), ylim=(0, 1.18 * y.max()))
    middles = ends - np.diff(ends, prepend=0) / 2
    gap, kept = 1.45 / axes_ems(sheet, ax)[0] * ends[-1], [0]
    for i in range(1, n_parts):
        if middles[i] - middles[kept[-1]] > gap:
            kept.append(i)
    ax.set_xticks(middles[kept], [str(i + 1) for i in kept])
    ax.xaxis.minorticks_off()
    along, strength = (Quantity(name, "", "", 0, 1) for name in ("Chromosome", "−log₁₀ p"))
    title = sheet.pick(("Body height", "Type 2 diabetes", "Flowering time"))
    label_titled(sheet, ax, along, strength, title)
    if rng.random() < 0.7:
        points = np.concatenate([tops, np.column_stack((x, y))])
        name_genes(sheet, ax, points, range(len(tops)), len(tops))
    sheet.finish(ax)


def _profile(sheet: Sheet, ax: Any) -> None:
    """Draw values along a protein or a core as bars or points, its parts named on top."""
    rng, colours = sheet.rng, _pair(sheet)
    along, quantity = sheet.pick(_PROFILES)
    n, is_bar = int(rng.integers(90, 220)), rng.random() < 0.5
    x = np.linspace(along.low, along.high, n)
    rough = np.convolve(rng.gamma(1.2, 1, n + 4), np.ones(5) / 5, "valid")
    rough = (rough * rng.gamma(6, 1 / 6, n)) ** 1.4
    y = quantity.high * rough / rough.max()
    n_parts = int(rng.integers(3, 6))
    shares = rng.dirichlet(np.full(n_parts, 9.0)).cumsum()
    part = np.minimum(np.searchsorted(shares, np.arange(n) / n), n_parts - 1)
    wide = 0.75 * axes_ems(sheet, ax)[0] * em_pixels(sheet) * 72 / sheet.style.dpi / n
    for k in range(n_parts):
        some, colour = part == k, colours[k % 2]
        if is_bar:
            ax.vlines(x[some], 0, y[some], color=colour, linewidth=max(0.8, wide))
        else:
            ax.plot(x[some], y[some], "o", color=colour, markersize=3, markeredgewidth=0)
        name = ("D" if along.name == "Residue" else "U") + str(k + 1)
        ax.text(x[some].mean(), 1.1 * quantity.high, name, va="center", ha="center",
                **{"color": colour} | sheet.font(0.85))  # fmt: skip
    ax.axhline(float(y.mean() + 1.5 * y.std()), color=sheet.ink, linewidth=0.9, linestyle="--")
    ax.set(xlim=(along.low, along.high), ylim=(0, 1.2 * quantity.high))
    label_titled(sheet, ax, along, quantity, f"{quantity.name} by {along.name.lower()}")
    sheet.finish(ax)
