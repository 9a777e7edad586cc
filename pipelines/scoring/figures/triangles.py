"""Kind of figure of mixtures of three components in a triangle."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.axes_flaws import decorate
from pipelines.scoring.figures.captions import corner_letter
from pipelines.scoring.figures.diagrams import canvas
from pipelines.scoring.figures.legends import legend_beside
from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.sizes import paper_ems

__all__ = ["ternary"]

_ALLOYS = ("Phase α", "Phase β", "Phase γ", "Liquid")
_MIXTURES: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (("Sand", "Silt", "Clay"), ("Terrace", "Flood plain", "Slope", "Delta"), ()),
    (("SiO₂", "Al₂O₃", "CaO"), ("Slag", "Cement", "Fly ash", "Glass"), ("α", "β", "γ", "L")),
    (("Quartz", "Alkali f.", "Plagio."), ("Granite", "Diorite", "Syenite", "Tonalite"), ()),
    (("Fe", "Cr", "Ni"), ("Alloy A", "Alloy B", "Alloy C", "Alloy D"), _ALLOYS),
    (("Al", "Cu", "Mg"), ("Cast", "Rolled", "Aged", "Quenched"), _ALLOYS),
    (("Water", "Ethanol", "Oil"), ("Run 1", "Run 2", "Run 3", "Run 4"),
     ("Solution", "Gel", "Micelles", "Emulsion")),
    (("MgO", "FeO", "Na₂O"), ("Basalt", "Andesite", "Rhyolite", "Dacite"), ()),
)  # fmt: skip
"""Components, groups of samples, and fields, where there are some."""
_TIPS = np.array([(0, 0), (1, 0), (0.5, np.sqrt(0.75))])
"""Corners of a triangle of side 1, as the components are numbered."""


def ternary(sheet: Sheet) -> None:
    """Mixtures of three components in a triangle: samples of groups, or fields of phases."""
    rng, (wide, high) = sheet.rng, (0.96 * size for size in paper_ems(sheet))
    ax = canvas(sheet, wide, high)
    parts, groups, fields = sheet.pick(_MIXTURES)
    fields = fields if rng.random() < 0.7 else ()
    n_groups = int(rng.integers(0, 2) if fields else rng.integers(2, 5))
    # The legend stands beside the tip, or above all where that leaves more room.
    n_names = n_groups + len(fields)
    n_columns = n_names if wide > 9 * n_names else 2
    rows = 1.4 * -(-n_names // n_columns) + 0.6
    beside = min((high - 5.7) / 0.866, wide - 7, 2 * (wide - 12.8 - 0.8 * n_names))
    above = min((high - rows - 5.7) / 0.866, wide - 7)
    is_beside, side = beside >= above, max(above, beside)
    spare = (high - 5.7 - 0.866 * side - (0 if is_beside else rows)) / 2
    middle = max(side / 2 + 3.5, wide / 2 - 5) if is_beside else wide / 2
    place = (np.array((middle - side / 2, 3.2 + spare)), side)
    _triangle(sheet, ax, place, rng.permutation(parts), bool(rng.random() < 0.5))
    handles = _fields(sheet, ax, place, fields) if fields else []
    handles += _samples(sheet, ax, place, groups[:n_groups])
    how: dict[str, Any] = {"loc": "upper right"}
    how = how if is_beside else {"loc": "upper center", "ncols": n_columns}
    edge = (1 if is_beside else middle / wide, 1 - spare / high)
    legend_beside(sheet, ax, handles, bbox_to_anchor=edge, **how)
    corner_letter(sheet)
    decorate(sheet, ax)


def _triangle(sheet: Sheet, ax: Any, place: Any, parts: Any, is_fine: bool) -> None:
    """Draw frame, grid, numbers along the three sides and the names of the corners."""
    origin, side = place
    corners, n = origin + side * _TIPS, 10 if is_fine and side > 20 else 5
    keep = {"color": sheet.ink, "zorder": 2}
    ax.fill(*corners.T, facecolor="none" if sheet.is_garish else sheet.style.panel, zorder=0)
    ax.plot(*corners[[0, 1, 2, 0]].T, linewidth=0.5 + 0.5 * sheet.line_width, alpha=sheet.alpha,
            **keep)  # fmt: skip
    whole, shown = sheet.pick((100, 100, 1)), np.arange(1, n) / n
    for k, (way, drop) in enumerate((((0, -0.85), -2.3), ((0.3, 0.35), -2.3), ((-0.3, 0.35), 0.8))):
        start, end, other = np.roll(corners, -k, axis=0)
        numbers = [f"{share * whole:.{0 if whole > 1 else 1}f}" for share in shown]
        if sheet.has("permuted_ticks"):
            numbers = np.roll(numbers[::-1], k + 1).tolist()
        for share, number in zip(shown, numbers, strict=True):
            point = start + share * (end - start)
            line = np.stack([point, other + share * (end - other)])
            ax.plot(*line.T, linewidth=0.2 + 0.25 * sheet.line_width, alpha=0.5 * sheet.alpha,
                    linestyle="-" if n == 5 else ":", **keep)  # fmt: skip
            if not sheet.has("missing_tick_labels"):
                ax.text(*(point + way), number, ha=("center", "left", "right")[k], va="center",
                        **sheet.font(min(0.75, side / 13)))  # fmt: skip
        if not sheet.has("missing_node_labels"):
            ax.text(start[0], start[1] + drop, sheet.words(str(parts[k])), ha="center",
                    va="center", **sheet.font(1.05))  # fmt: skip
    for i, text in enumerate(("at 25 °C, see text", "(mol %)", "enlarged below")):
        for x, y in (*corners, corners.mean(axis=0)) if sheet.has("overlapping_text") else ():
            ax.text(x + 0.5 * i, y - 1.9 + 0.35 * i, sheet.words(text), ha="center", zorder=4,
                    **sheet.font(0.95))  # fmt: skip


def _samples(sheet: Sheet, ax: Any, place: Any, groups: Any) -> list[Any]:
    """Draw groups of mixtures as points."""
    origin, side = place
    drawn = []
    for i, name in enumerate(groups):
        middle = sheet.rng.dirichlet((1.6, 1.6, 1.6)) * 0.8 + 0.067
        shares = sheet.rng.dirichlet(middle * sheet.rng.uniform(15, 60), sheet.rng.integers(8, 26))
        drawn.append(ax.scatter(
            *(origin + side * shares @ _TIPS).T, s=sheet.style.marker_size**2, label=name, zorder=3,
            color=sheet.style.colours[i], marker=sheet.style.markers[i], edgecolors=sheet.ink,
            linewidths=0.4, alpha=sheet.alpha,
        ))  # fmt: skip
    return drawn


def _fields(sheet: Sheet, ax: Any, place: Any, names: Any) -> list[Any]:
    """Draw fields at the three corners and the one between them."""
    (origin, side), along, handles = place, np.linspace(0, 1, 40)[:, None], []
    outlines = [_TIPS]
    for k in range(3):
        corner, after, before = np.roll(_TIPS, -k, axis=0) - _TIPS[k]
        near, far, bend = sheet.rng.uniform((0.24, 0.24, -0.3), (0.46, 0.46, 0.4))
        rim = (1 - along) * near * after + along * far * before
        rim = rim * (1 + bend * np.sin(np.pi * along))
        outlines.append(_TIPS[k] + np.concatenate([corner[None], rim]))
    edge = {"edgecolor": (sheet.ink, sheet.alpha), "linewidth": sheet.line_width, "zorder": 1}
    colours = sheet.style.colours
    for outline, name, colour in zip(outlines, names[::-1], colours, strict=True):
        corners = (origin + side * outline).T
        ax.fill(*corners, facecolor=sheet.style.panel, zorder=1)
        handles += ax.fill(*corners, facecolor=(colour, 0.5), label=name, **edge)
    return handles
