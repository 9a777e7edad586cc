"""Kinds of figure made of shapes and text: schemes, molecules, tables."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from pipelines.scoring.figures.axes_flaws import decorate
from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.topics import FORMULAS, STEPS, TOPICS

__all__ = ["canvas", "flow", "molecule", "table"]


def canvas(sheet: Sheet, x_end: float, y_end: float) -> Any:
    """Return axes without lines over the whole figure."""
    ax = sheet.figure.add_axes((0.02, 0.02, 0.96, 0.96))
    ax.set_xlim(0, x_end)
    ax.set_ylim(0, y_end)
    ax.set_axis_off()
    return ax


def flow(sheet: Sheet) -> None:
    """Scheme of steps joined by arrows, row after row."""
    n_columns, n_rows = int(sheet.rng.integers(2, 5)), int(sheet.rng.integers(2, 4))
    ax = canvas(sheet, n_columns, n_rows)
    steps = sheet.rng.permutation(STEPS)[: n_columns * n_rows]
    places = [
        ((c if r % 2 == 0 else n_columns - 1 - c) + 0.5, n_rows - r - 0.5)
        for r in range(n_rows)
        for c in range(n_columns)
    ]
    backwards = set()
    if sheet.has("reversed_arrow"):
        backwards = set(sheet.rng.permutation(len(places) - 1)[: max(1, len(places) // 3)].tolist())
    for i, (start, end) in enumerate(pairwise(places)):
        tail, head = (end, start) if i in backwards else (start, end)
        _arrow(sheet, ax, tail, head)
    unnamed = set(sheet.rng.permutation(len(places))[: len(places) // 2].tolist())
    for i, (place, step) in enumerate(zip(places, steps, strict=False)):
        _step(sheet, ax, place, str(step), i in unnamed and sheet.has("missing_node_labels"))
        if sheet.has("overlapping_text") and not sheet.way("overlapping_text", 2):
            ax.text(place[0] + 0.1, place[1] - 0.05, sheet.words("see below"), ha="center",
                    va="center", **sheet.font())  # fmt: skip
    right, wrong = sheet.pick(FORMULAS)
    if sheet.has("wrong_formula") or sheet.rng.random() < 0.3:
        text = wrong if sheet.has("wrong_formula") else right
        ax.text(0.03, 0.03, text, **sheet.font(0.95))
    decorate(sheet, ax)


def _arrow(sheet: Sheet, ax: Any, tail: tuple[float, float], head: tuple[float, float]) -> None:
    """Draw an arrow from the edge of one box to the edge of the next."""
    way = np.subtract(head, tail)
    gap = np.sign(way) * (0.36, 0.24)
    ax.annotate(
        "", np.subtract(head, gap), np.add(tail, gap), arrowprops={
            "arrowstyle": "-|>", "color": sheet.ink, "lw": sheet.line_width, "alpha": sheet.alpha,
            "shrinkA": 0, "shrinkB": 0, "mutation_scale": 9,
        },
    )  # fmt: skip


def _step(sheet: Sheet, ax: Any, place: tuple[float, float], name: str, unnamed: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    width, height = 0.66, 0.42
    colour = sheet.pick(
        (*sheet.style.colours, *(() if sheet.style.is_dark else ("white", "#e8eef4")))
    )
    ax.add_patch(
        FancyBboxPatch(
            (place[0] - width / 2, place[1] - height / 2), width, height,
            boxstyle=sheet.pick(("round,pad=0.02", "square,pad=0.02")), facecolor=colour,
            edgecolor=sheet.ink, linewidth=sheet.line_width,
            alpha=0.9 if colour == "white" else 0.35,
        )
    )  # fmt: skip
    if not unnamed:
        room = sheet.style.width * 72 * 0.66 / max(2.0, ax.get_xlim()[1]) / (0.62 * len(name))
        scale = min(1.0, room / sheet.style.font_size)
        if sheet.has("overlapping_text") and sheet.way("overlapping_text", 2):
            scale = min(3.5, 2.6 * room / sheet.style.font_size)
        ax.text(*place, sheet.words(name), ha="center", va="center", **sheet.font(scale))


def molecule(sheet: Sheet) -> None:
    """Structural formula: rings with side chains and hetero atoms."""
    ax = canvas(sheet, 10, 10 * sheet.style.height / sheet.style.width)
    ax.set_aspect("equal")
    top = ax.get_ylim()[1]
    n_rings = int(sheet.rng.integers(1, 4))
    size = min(10 / (1.9 * n_rings + 3.2), top / 4.4)
    start = (10 - 1.732 * size * (n_rings - 1)) / 2
    atoms: list[tuple[float, float]] = []
    for ring in range(n_rings):
        centre = (start + 1.732 * size * ring, top / 2)
        corners = [
            (centre[0] + size * np.sin(np.pi / 3 * k), centre[1] + size * np.cos(np.pi / 3 * k))
            for k in range(6)
        ]
        for k in range(6):
            _bond(sheet, ax, corners[k], corners[(k + 1) % 6], double=k % 2 == 0)
        # Ring atoms shared by two rings have no bond left for a side chain.
        free = (
            {0, 3} | ({1, 2} if ring == n_rings - 1 else set()) | ({4, 5} if ring == 0 else set())
        )
        atoms += [corners[k] for k in sorted(free)]
    chosen = sheet.rng.permutation(len(atoms))[:3]
    for number, i in enumerate(chosen):
        _side_chain(sheet, ax, atoms[i], top / 2, size, number)
    if sheet.has("wrong_valence"):
        for i in sheet.rng.permutation(len(atoms))[:2]:
            for angle in np.linspace(0, 2 * np.pi, 6)[:-1] + 0.3:
                x, y = atoms[i]
                end = (x + 0.75 * size * np.cos(angle), y + 0.75 * size * np.sin(angle))
                _bond(sheet, ax, (x, y), end, double=False)
                ax.text(*end, "H", ha="center", va="center", **sheet.font(0.9))
    decorate(sheet, ax)


def _bond(
    sheet: Sheet, ax: Any, a: tuple[float, float], b: tuple[float, float], *, double: bool
) -> None:
    keep = {"color": sheet.ink, "linewidth": sheet.line_width, "alpha": sheet.alpha,
            "solid_capstyle": "round"}  # fmt: skip
    ax.plot([a[0], b[0]], [a[1], b[1]], **keep)
    if double:
        dx, dy = b[0] - a[0], b[1] - a[1]
        shift = 0.13
        ax.plot(
            [a[0] + shift * dx + shift * dy, b[0] - shift * dx + shift * dy],
            [a[1] + shift * dy - shift * dx, b[1] - shift * dy - shift * dx], **keep,
        )  # fmt: skip


def _side_chain(
    sheet: Sheet, ax: Any, atom: tuple[float, float], middle: float, size: float, number: int
) -> None:
    way = 1 if atom[1] >= middle else -1
    end = (atom[0] + 0.15 * size * way, atom[1] + way * 0.85 * size)
    _bond(sheet, ax, atom, end, double=False)
    name = sheet.pick(("OH", "NH₂", "CH₃", "OCH₃", "Cl", "COOH", "F", "NO₂", "SO₃H"))
    colour = {"O": "#c00000", "N": "#1540c0", "C": sheet.ink}.get(name[0], "#107010")
    if sheet.has("missing_node_labels") and number != 0:
        return
    font = sheet.font(1.15)
    font.setdefault("color", colour)
    ax.text(end[0], end[1] + 0.28 * size * way, name, ha="center", va="center", **font)


def table(sheet: Sheet) -> None:
    """Table of values with a row of totals."""
    n_rows, n_columns = int(sheet.rng.integers(4, 9)), int(sheet.rng.integers(3, 6))
    ax = canvas(sheet, n_columns, n_rows + 2)
    values = np.round(
        sheet.rng.uniform(1, 99, (n_rows, n_columns - 1)), int(sheet.rng.integers(0, 2))
    )
    totals = values.sum(axis=0)
    if sheet.has("wrong_total"):
        totals = totals * sheet.rng.uniform(1.15, 1.9, totals.shape)
    pattern = "{:.0f}" if (values == values.round()).all() else "{:.1f}"
    chosen = sheet.rng.permutation(len(TOPICS))[: n_columns - 1]
    quantities = [TOPICS[i].y for i in chosen]
    header = [
        "Sample",
        *[q.name if sheet.has("missing_unit") else f"{q.name}\n{q.unit}" for q in quantities],
    ]
    rows = [[f"S{i + 1}", *[pattern.format(v) for v in row]] for i, row in enumerate(values)]
    rows.append(["Total", *[pattern.format(v) for v in totals]])
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            shift = 0.32 if sheet.has("overlapping_text") and c else 0.0
            ax.text(c + 0.5 - shift, n_rows - r + 0.5, sheet.words(text), ha="center", va="center",
                    **sheet.font())  # fmt: skip
            if shift:
                ax.text(c + 0.42 - shift, n_rows - r + 0.42, f"(±{c}.{r})", ha="center",
                        va="center", **sheet.font())  # fmt: skip
    if not sheet.has("missing_header"):
        for c, text in enumerate(header):
            longest = max(len(part) for part in text.split("\n"))
            room = sheet.style.width * 66 / n_columns / (0.62 * longest)
            scale = min(0.85, room / sheet.style.font_size)
            ax.text(c + 0.5, n_rows + 1.5, sheet.words(text), ha="center", va="center",
                    **sheet.font(scale, fontweight="bold"))  # fmt: skip
    rules = range(n_rows + 3) if sheet.rng.random() < 0.3 else (0, 1, n_rows + 1, n_rows + 2)
    for y in rules:
        ax.plot(
            [0, n_columns], [y, y], color=sheet.ink, linewidth=0.9 if y in (0, n_rows + 2) else 0.5
        )
    decorate(sheet, ax)
