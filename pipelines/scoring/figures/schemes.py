"""Kinds of figure made of lines and text: networks, trees, equations."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.axes_flaws import decorate
from pipelines.scoring.figures.diagrams import canvas
from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.topics import DERIVATIONS, SPECIES

__all__ = ["equation", "network", "tree"]

_GENES = ("TP53", "MYC", "EGFR", "AKT1", "KRAS", "BRCA1", "JUN", "FOS", "STAT3", "CDK2", "RB1",
          "MDM2", "ATM", "SRC", "VEGFA", "IL6")  # fmt: skip


def network(sheet: Sheet) -> None:
    """Named nodes in groups of colours, joined by edges."""
    rng, n_nodes = sheet.rng, int(sheet.rng.integers(8, 16))
    ax = canvas(sheet, 1, 1)
    places = _spread_out(rng, n_nodes)
    distance = np.hypot(*(places[:, None] - places[None]).T)
    for i in range(n_nodes):
        for j in np.argsort(distance[i])[1 : 2 + int(rng.integers(1, 3))]:
            ax.plot(*places[[i, j]].T, color=sheet.ink, linewidth=0.6 * sheet.line_width,
                    alpha=0.7 * sheet.alpha, zorder=1)  # fmt: skip
    names, groups = rng.permutation(_GENES), rng.integers(0, 3, n_nodes)
    size = float(rng.uniform(90, 260))
    for group, name in enumerate(("Cluster 1", "Cluster 2", "Cluster 3")):
        some = places[groups == group]
        ax.scatter(*some.T, s=size, color=sheet.style.colours[group], label=name, zorder=2,
                   edgecolors=sheet.ink, linewidths=0.7)  # fmt: skip
    drop = np.sqrt(size) / 72 / sheet.style.height * 0.55 + 0.005
    for i, (x, y) in enumerate(places):
        if sheet.has("missing_node_labels") and i % 3:
            continue
        ax.text(x, y - drop, sheet.words(str(names[i])), ha="center", va="top", zorder=3,
                bbox={"facecolor": sheet.background, "alpha": 0.75, "linewidth": 0, "pad": 0.3},
                **sheet.font(0.85))  # fmt: skip
        if sheet.has("overlapping_text"):
            ax.text(x + 0.02, y - drop - 0.01, sheet.words("up-regulated"), ha="center", va="top",
                    **sheet.font(0.85))  # fmt: skip
    ax.set_ylim(-0.04, 1.22)
    _legend_on_top(sheet, ax)
    decorate(sheet, ax)


def _spread_out(rng: np.random.Generator, n: int) -> Any:
    """Return n places [n, 2] within 0.06–0.94 that keep apart from each other."""
    tried = rng.uniform(0.06, 0.94, (400, 2))
    kept = [tried[0]]
    for _ in range(n - 1):
        gap = np.min([np.hypot(*(tried - place).T) for place in kept], axis=0)
        # Not the farthest of all, or every network would be a lattice with its rim full.
        near = tried[np.argsort(gap)[-12:]]
        kept.append(near[int(rng.integers(12))])
    return np.array(kept)


def _legend_on_top(sheet: Sheet, ax: Any) -> None:
    if sheet.has("missing_legend"):
        return
    from matplotlib.lines import Line2D

    handles, labels = ax.get_legend_handles_labels()
    if sheet.has("legend_mismatch"):
        odd = ("#ff00ff", "#8b4513", "#00ced1")
        handles = [Line2D([], [], color=c, marker="*", linestyle=":") for c in odd]
    font = sheet.font(0.85)
    ax.legend(handles, [sheet.words(text) for text in labels], loc="upper center", ncols=3,
              frameon=sheet.style.legend_frame, markerscale=0.6, columnspacing=1.0,
              prop={"size": font["fontsize"], "family": font["fontfamily"]})  # fmt: skip


def tree(sheet: Sheet) -> None:
    """Branching lines with species at the leaves and a bar for the distance."""
    rng, n_leaves = sheet.rng, int(sheet.rng.integers(6, 15))
    ax = canvas(sheet, 1.42, n_leaves + 0.7)
    leaves = rng.permutation(SPECIES)[:n_leaves]
    unnamed = set(rng.permutation(n_leaves)[: n_leaves // 2].tolist())
    keep = {"color": sheet.ink, "linewidth": sheet.line_width, "alpha": sheet.alpha,
            "solid_capstyle": "projecting"}  # fmt: skip
    is_even = rng.random() < 0.5
    ends = np.ones(n_leaves) if is_even else rng.uniform(0.8, 1.0, n_leaves)
    # A clade is where its branch starts; neighbours join until one is left.
    clades = [(float(end), n_leaves - i + 0.2, i) for i, end in enumerate(ends)]
    for i, (x, y, _) in enumerate(clades):
        if i in unnamed and sheet.has("missing_node_labels"):
            continue
        ax.text(x + 0.02, y, sheet.words(str(leaves[i])), va="center",
                **{"fontstyle": "italic"} | sheet.font(min(1.0, 14.0 / n_leaves)))  # fmt: skip
        if sheet.has("overlapping_text"):
            ax.text(x + 0.04, y - 0.22, sheet.words("strain K-12"), va="center", **sheet.font())
    level = 0.78
    fall = level / n_leaves
    while len(clades) > 1:
        i = int(rng.integers(len(clades) - 1))
        first, second = clades[i], clades[i + 1]
        for x, y, _ in (first, second):
            ax.plot([level, x], [y, y], **keep)
        ax.plot([level, level], [first[1], second[1]], **keep)
        middle = (first[1] + second[1]) / 2
        if rng.random() < 0.4 and not sheet.has("missing_node_labels"):
            ax.text(level - 0.008, middle + 0.12, str(rng.integers(60, 101)), ha="right",
                    **sheet.font(0.65))  # fmt: skip
        clades[i : i + 2] = [(level, middle, 0)]
        level -= fall
    ax.plot([0.01, clades[0][0]], [clades[0][1]] * 2, **keep)
    if not sheet.has("missing_scale_bar"):
        unit = sheet.pick((" km", " kg", " °C")) if sheet.has("wrong_scale_bar") else ""
        ax.plot([0.03, 0.18], [0.35, 0.35], color=sheet.ink, linewidth=1.2)
        ax.text(0.105, 0.45, f"{sheet.pick((0.01, 0.02, 0.05, 0.1))}{unit}", ha="center",
                va="bottom", **sheet.font(0.85))  # fmt: skip
    decorate(sheet, ax)


def equation(sheet: Sheet) -> None:
    """Lines of typeset equations with their numbers."""
    rng, lines = sheet.rng, sheet.pick(DERIVATIONS)
    n_lines = int(rng.integers(2, len(lines) + 1))
    ax = canvas(sheet, 1, n_lines)
    wrong = int(rng.integers(n_lines)) if sheet.has("wrong_formula") else -1
    is_numbered = rng.random() < 0.7
    room = min(sheet.style.width * 72 / 13, sheet.style.height * 72 / n_lines / 2.6)
    scale = float(np.clip(room / sheet.style.font_size, 1.0, 3.2) * rng.uniform(0.8, 1.0))
    for i, (right, false) in enumerate(lines[:n_lines]):
        y = n_lines - i - 0.5
        ax.text(0.45, y, f"${false if i == wrong else right}$", ha="center", va="center",
                **sheet.font(scale))  # fmt: skip
        if is_numbered:
            ax.text(0.985, y, f"({i + 1})", ha="right", va="center", **sheet.font())
        elif rng.random() < 0.4:
            ax.text(0.02, y, sheet.words(sheet.pick(("thus", "with", "and", "hence"))),
                    va="center", **sheet.font())  # fmt: skip
        if sheet.has("overlapping_text"):
            other = lines[(i + 1) % len(lines)][0]
            ax.text(0.5, y - 0.14, f"${other}$", ha="center", va="center", **sheet.font(scale))
    decorate(sheet, ax)
