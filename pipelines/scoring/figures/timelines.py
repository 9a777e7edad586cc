"""Kind of figure that shows time: events, schedules, columns of ages."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from pipelines.scoring.figures.axes_flaws import decorate
from pipelines.scoring.figures.lettering import overlap, paper, write
from pipelines.scoring.figures.sheet import Sheet

__all__ = ["timeline"]

_EVENTS = ("Proposal", "First flight", "Launch", "Pilot study", "Approval", "Upgrade",
           "Genome draft", "Survey", "Eruption", "Treaty", "Data release", "New detector",
           "Outbreak", "Vaccine", "Drought", "Reactor start")  # fmt: skip
_TASKS = ("Planning", "Recruitment", "Baseline", "Treatment", "Follow-up", "Analysis", "Design",
          "Assembly", "Testing", "Field work", "Report", "Training")  # fmt: skip
_AGES = (("Holocene", 0.01), ("Pleistocene", 2.6), ("Pliocene", 5.3), ("Miocene", 23.0),
         ("Oligocene", 33.9), ("Eocene", 56.0), ("Paleocene", 66.0), ("Cretaceous", 145.0),
         ("Jurassic", 201.4), ("Triassic", 251.9), ("Permian", 298.9), ("Carboniferous", 358.9),
         ("Devonian", 419.2))  # fmt: skip
_ROCKS = ("sandstone", "limestone", "shale", "marl", "basalt", "coal", "chalk", "gravel",
          "dolomite")  # fmt: skip


def timeline(sheet: Sheet) -> None:
    """Events along a line of years, phases over months, or a column of ages."""
    form = int(sheet.rng.integers(3))
    titles = ("Course of events", "Schedule of the study", "Stratigraphy")
    ax, width, height = paper(sheet, titles[form])
    (_events, _schedule, _column)[form](sheet, ax, width, height)
    decorate(sheet, ax)


def _in_order(sheet: Sheet, labels: list[str]) -> list[str]:
    """Return the labels of the line, out of order where that is wanted."""
    if not sheet.has("permuted_ticks"):
        return labels
    order = np.random.default_rng(sheet.way("permuted_ticks", 1000)).permutation(len(labels))
    if (order == np.arange(len(labels))).sum() > len(labels) // 3:
        order = np.roll(order[::-1], 1)
    return [labels[i] for i in order]


def _strokes(sheet: Sheet) -> dict[str, Any]:
    return {"color": sheet.ink, "linewidth": sheet.line_width, "alpha": sheet.alpha}


def _events(sheet: Sheet, ax: Any, width: float, height: float) -> None:
    """Draw events on stems above and below a line of years."""
    rng, middle = sheet.rng, height / 2
    n = int(np.clip(width / rng.uniform(4.2, 6), 3, 9))
    span, start = int(sheet.pick((8, 16, 40, 80))), int(rng.integers(1900, 1940))
    ax.annotate("", (width - 0.1, middle), (0.2, middle), arrowprops={
        "arrowstyle": "-|>", "lw": 1.6 * sheet.line_width, "color": sheet.ink,
        "alpha": sheet.alpha, "shrinkA": 0, "shrinkB": 0})  # fmt: skip
    n_ticks = 5 if width > 22 else 3
    places = np.linspace(2.0, width - 3.0, n_ticks)
    years = [f"{start + span * k // (n_ticks - 1)}" for k in range(n_ticks)]
    for x, year in zip(places, _in_order(sheet, years), strict=True):
        ax.plot([x, x], [middle - 0.3, middle + 0.3], **_strokes(sheet))
        box = {"facecolor": sheet.background, "linewidth": 0, "pad": 0.4}
        ax.text(x, middle - 0.5, year, ha="center", va="top", bbox=box, **sheet.font(0.9, zorder=3))
    names = rng.permutation(_EVENTS)
    for i in range(n):
        x = 1.2 + (width - 3.4) * (i + 0.5 + float(rng.uniform(-0.2, 0.2))) / n
        tick = places[np.abs(places - x).argmin()]
        if i % 2 == 0 and abs(x - tick) < 1.6:
            x = tick + (1.6 if x > tick else -1.6)
        way, colour = (1 if i % 2 else -1), sheet.style.colours[i % len(sheet.style.colours)]
        reach = (0.34 if i % 4 < 2 else 0.22) * (height - 3.4) + 1.2
        end = middle + way * min(reach, height / 2 - 2.7)
        ax.plot([x, x], [middle, end], zorder=1, **_strokes(sheet))
        ax.plot(x, middle, "o", color=colour, markersize=1.6 + sheet.style.marker_size, zorder=4,
                markeredgecolor=sheet.ink, markeredgewidth=0.6)  # fmt: skip
        if sheet.has("missing_node_labels") and i % 3 != 1:
            continue
        text, keep = str(names[i]).replace(" ", "\n"), {"ha": "center", "linespacing": 1.05}
        keep["va"] = "bottom" if way > 0 else "top"
        centre = float(np.clip(x, 2.8, width - 2.8))
        write(sheet, ax, (centre, end + 0.25 * way), text, 2 * (width - 3.4) / n - 0.6, **keep)
        overlap(sheet, ax, (centre, end + 0.25 * way), "see ref. 12", **keep)


def _schedule(sheet: Sheet, ax: Any, width: float, height: float) -> None:
    """Draw bars of phases, row by row, over months."""
    rng, left = sheet.rng, 6.6
    n = int(np.clip((height - 3.4) / rng.uniform(1.6, 3.0), 3, 8))
    row, n_ticks = (height - 3.4) / n, int(np.clip((width - left) / 3.2, 4, 9))
    step, month = (width - left - 1.2) / (n_ticks - 1), int(sheet.pick((1, 2, 3, 6)))
    for k, text in enumerate(_in_order(sheet, [str(month * k) for k in range(n_ticks)])):
        x = left + k * step
        ax.plot([x, x], [3.2, height - 0.2], **_strokes(sheet) | {
            "linewidth": 0.4 * sheet.line_width, "alpha": 0.5 * sheet.alpha}, zorder=0)  # fmt: skip
        ax.text(x, 2.9, text, ha="center", va="top", **sheet.font(0.9))
    ax.plot([left, width - 1.2], [3.2, 3.2], **_strokes(sheet))
    write(sheet, ax, ((left + width) / 2, 0.2), "Time (months)", width - left, ha="center")
    edges = np.linspace(0, n_ticks - 1, n + 1)
    names = rng.permutation(_TASKS)
    colours = sheet.style.colours if rng.random() < 0.5 else sheet.style.colours[:1]
    for i, (begin, end) in enumerate(pairwise(edges)):
        y = height - 0.2 - (i + 0.5) * row
        first = max(0, begin - rng.uniform(0, 0.7))
        last = min(n_ticks - 1, end + rng.uniform(0, 0.7))
        ax.barh(y, (last - first) * step, 0.62 * row, left + first * step, alpha=sheet.alpha,
                color=colours[i % len(colours)], edgecolor=sheet.ink, linewidth=0.5)  # fmt: skip
        if sheet.has("missing_node_labels") and i % 3 != 1:
            continue
        write(sheet, ax, (left - 0.4, y), str(names[i]), left - 0.6, ha="right", va="center")
        overlap(sheet, ax, (left - 0.4, y), "package 2", ha="right", va="center")


def _column(sheet: Sheet, ax: Any, width: float, height: float) -> None:
    """Draw boxes of periods with their ages at the boundaries, and what was found."""
    rng, top = sheet.rng, height - 2.3
    n = int(np.clip((top - 0.8) / rng.uniform(1.7, 2.6), 3, 9))
    first = int(rng.integers(len(_AGES) - n))
    shares = rng.dirichlet(np.full(n, 4.0)) * (top - 0.8 - 1.5 * n) + 1.5
    bounds = top - np.concatenate([[0], np.cumsum(shares)])
    left, right = 4.0, min(width - 1, max(11.5, 0.5 * width))
    ages = _in_order(sheet, [f"{age:g}" for _, age in _AGES[first : first + n + 1]])
    ax.text(left - 0.5, top + 0.9, "Ma", ha="right", **sheet.font(0.95))
    write(sheet, ax, ((left + right) / 2, top + 0.9), "Period", ha="center")
    has_rocks, rocks = width - right > 7, rng.permutation(_ROCKS)
    for i, (high, low) in enumerate(pairwise(bounds)):
        colour = sheet.style.colours[i % len(sheet.style.colours)]
        ax.fill_between([left, right], low, high, color=colour, linewidth=0,
                        alpha=(0.5 if i % 8 < 4 else 0.25) * sheet.alpha)  # fmt: skip
        middle = (float(left + right) / 2, float(high + low) / 2)
        if has_rocks:
            write(sheet, ax, (right + 1.0, middle[1]), str(rocks[i]), va="center")
        if not sheet.has("missing_node_labels") or i % 3 == 1:
            write(sheet, ax, middle, _AGES[first + 1 + i][0], right - left - 0.8, ha="center",
                  va="center")  # fmt: skip
            overlap(sheet, ax, middle, "transgression", ha="center", va="center")
    for y, age in zip(bounds, ages, strict=True):
        ax.plot([left - 0.35, right], [y, y], **_strokes(sheet))
        ax.text(left - 0.5, y, age, ha="right", va="center", **sheet.font(0.85))
    for x in (left, right):
        ax.plot([x, x], bounds[[0, -1]], **_strokes(sheet))
