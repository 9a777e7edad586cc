"""Kind of figure that shows overlapping sets: circles, or a matrix with bars."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from pipelines.scoring.figures.axes_flaws import decorate
from pipelines.scoring.figures.lettering import overlap, paper, write
from pipelines.scoring.figures.sheet import Sheet

__all__ = ["venn"]

_SETS = (
    ("RNA-seq", "ChIP-seq", "Proteome"), ("Liver", "Kidney", "Brain"), ("Soil", "Water", "Root"),
    ("PubMed", "Embase", "Scopus"), ("Drug A", "Drug B", "Drug C"), ("Mouse", "Human", "Rat"),
    ("Day 1", "Day 7", "Day 28"), ("Plasma", "Serum", "Urine"), ("Ward 1", "Ward 2", "Ward 3"),
)  # fmt: skip


def venn(sheet: Sheet) -> None:
    """Overlapping sets with counts and their total: circles, or a matrix with bars."""
    rng, names = sheet.rng, sheet.pick(_SETS)
    ax, width, height = paper(sheet, sheet.pick(("Overlap of the sets", "Shared features")))
    n_sets = 3 if height > 11.5 and rng.random() < 0.7 else 2
    regions = [r for k in range(1, n_sets + 1) for r in combinations(range(n_sets), k)]
    counts = rng.integers(3, int(sheet.pick((40, 120, 600))), len(regions))
    total = int(counts.sum())
    if sheet.has("wrong_total"):
        total = int(total * (1.3 + 0.01 * sheet.way("wrong_total", 60))) + 7
    form = (regions, counts.tolist(), names[:n_sets])
    if rng.random() < 0.35 and height > 11.5:
        _matrix(sheet, ax, form, (width, height))
        ax.text(width - 0.3, height - 0.3, f"n = {total}", ha="right", va="top", **sheet.font())
    else:
        _circles(sheet, ax, form, (width, height))
        ax.text(width - 0.3, 0.3, f"n = {total}", ha="right", **sheet.font())
    decorate(sheet, ax)


def _circles(sheet: Sheet, ax: Any, form: tuple[Any, Any, Any], size: tuple[float, float]) -> None:
    """Draw two or three circles with the count of every region."""
    from matplotlib.patches import Circle

    regions, counts, names = form
    n_sets, (width, height) = len(names), size
    angles = np.radians((180, 0) if n_sets == 2 else (150, 30, 270))
    ways = np.column_stack([np.cos(angles), np.sin(angles)])
    # Between the name of the first sets above, and the last name and the total below.
    gap = float(sheet.rng.uniform(0.56, 0.66))
    tall = 2.0 if n_sets == 2 else 2 + 1.5 * gap
    radius = min((height - 4.2) / tall, (width - 1.0) / (2 + 2 * gap * abs(ways[0, 0])))
    middle = np.array([width / 2, 2.1 + (height - 4.2) / 2 + (0.25 * gap * radius) * (n_sets - 2)])
    opacity = float(sheet.rng.uniform(0.14, 0.26))
    for i, way in enumerate(ways):
        centre = middle + gap * radius * way
        colour = sheet.style.colours[i % len(sheet.style.colours)]
        ax.add_patch(Circle(centre, radius, facecolor=colour, alpha=opacity, linewidth=0))
        ax.add_patch(Circle(centre, radius, facecolor="none", edgecolor=sheet.ink, linewidth=1.0))
        if sheet.has("missing_node_labels") and i != 1:
            continue
        drop = -radius - 0.5 if i == 2 else radius + 0.5
        x = centre[0] + (0.35 * radius * np.sign(way[0]) if i < 2 else 0.0)
        x = float(np.clip(x, 3.0, width - 3.0))
        write(sheet, ax, (x, centre[1] + drop), names[i], width / 2 - 1, ha="center",
               va="top" if i == 2 else "bottom")  # fmt: skip
    for region, count in zip(regions, counts, strict=True):
        # Regions of one set lie outward, regions of two between their circles.
        outward = {1: 1.5, 2: 2.1, 3: 0.0} if n_sets == 3 else {1: 1 / gap, 2: 0.0}
        pull = outward[len(region)] * gap * radius
        x, y = middle + pull * ways[list(region)].mean(axis=0)
        write(sheet, ax, (x, y), f"{count}", 0.75 * radius, ha="center", va="center")
        share = f"({100 * count / sum(counts):.1f} %)"
        overlap(sheet, ax, (x, y), share, ha="center", va="center")


def _matrix(sheet: Sheet, ax: Any, form: tuple[Any, Any, Any], size: tuple[float, float]) -> None:
    """Draw a bar with its count per region over a matrix of the sets it lies in."""
    regions, counts, names = form
    width, height = size
    left, row = 5.6, min(1.8, 0.13 * height)
    floor = row * len(names) + 0.6
    step = (width - left - 0.6) / len(regions)
    order = np.argsort([-c for c in counts]) if sheet.rng.random() < 0.6 else range(len(counts))
    colour = sheet.pick((sheet.ink, *sheet.style.colours))
    for i, name in enumerate(names):
        y = row * (len(names) - i - 0.5)
        if i % 2 == 0:
            ax.axhspan(y - row / 2, y + row / 2, color=sheet.ink, alpha=0.08, linewidth=0)
        if not sheet.has("missing_node_labels") or i == 1:
            write(sheet, ax, (left - 0.4, y), name, left - 0.6, ha="right", va="center")
    ax.plot([left, left, width - 0.3], [height - 3.4, floor, floor], color=sheet.ink, linewidth=0.8)
    for k, index in enumerate(order):
        x, region, count = left + (k + 0.5) * step, regions[index], counts[index]
        tall = (height - 3.6 - floor) * count / max(counts)
        ax.bar(x, tall, min(0.65 * step, 4.0), floor, color=colour,
               edgecolor=sheet.ink, linewidth=0.5)  # fmt: skip
        ax.text(x, floor + tall + 0.2, f"{count}", ha="center", va="bottom", **sheet.font(0.85))
        overlap(sheet, ax, (x, floor + tall + 0.2), f"({100 * count / sum(counts):.1f} %)",
                 ha="center", va="bottom")  # fmt: skip
        rows = [row * (len(names) - i - 0.5) for i in range(len(names))]
        inside = [rows[i] for i in region]
        dot = {"marker": "o", "markersize": 0.62 * sheet.style.font_size, "color": sheet.ink}
        ax.plot([x] * len(rows), rows, **dot | {"linestyle": "", "alpha": 0.2})
        ax.plot([x] * len(inside), inside, linewidth=1.6, **dot)
