"""Kind of figure that shows a crystal: the lattice of atoms."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np

from pipelines.scoring.figures.axes_flaws import decorate
from pipelines.scoring.figures.legends import legend_beside
from pipelines.scoring.figures.lettering import paper
from pipelines.scoring.figures.sheet import Sheet

__all__ = ["crystal"]

_CUBE = (1.0, 1.0, 1.0)
_CELLS: tuple[tuple[str, tuple[str, ...], tuple[float, ...], tuple[Any, ...]], ...] = (
    ("CsCl", ("Cs", "Cl"), _CUBE, ((0, 0, 0, 0), (0.5, 0.5, 0.5, 1))),
    ("NaCl", ("Na", "Cl"), _CUBE, (
        *[(*p, 0) for p in ((0, 0, 0), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5))],
        *[(*p, 1) for p in ((0.5, 0, 0), (0, 0.5, 0), (0, 0, 0.5), (0.5, 0.5, 0.5))])),
    ("ZnS", ("S", "Zn"), _CUBE, (
        *[(*p, 0) for p in ((0, 0, 0), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5))],
        *[(p[0] + 0.25, p[1] + 0.25, p[2] + 0.25, 1)
          for p in ((0, 0, 0), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5))])),
    ("BN", ("B", "N"), (1.0, 2.2, 1.73), (
        (0, 0, 0, 0), (0.5, 0, 0.5, 0), (0, 0, 0.333, 1), (0.5, 0, 0.833, 1),
        (0, 0.5, 0, 1), (0.5, 0.5, 0.5, 1), (0, 0.5, 0.333, 0), (0.5, 0.5, 0.833, 0))),
    ("MoS₂", ("Mo", "S"), (1.0, 3.0, 1.73), tuple(
        (x, y + dy, (z + dz) % 1, kind) for x, z in ((0, 0), (0.5, 0.5))
        for y, turn in ((0.25, 0.0), (0.75, 0.333))
        for dy, dz, kind in ((0, turn, 0), (0.15, 0.333 - turn, 1), (-0.15, 0.333 - turn, 1)))),
    ("SrTiO₃", ("Sr", "O", "Ti"), _CUBE, (
        (0, 0, 0, 0), (0.5, 0.5, 0, 1), (0.5, 0, 0.5, 1), (0, 0.5, 0.5, 1), (0.5, 0.5, 0.5, 2))),
)  # fmt: skip
"""Compound, elements, lengths of the cell, and places in shares of it with the element's number."""
_ELEMENTS = {
    "Cs": "Caesium", "Cl": "Chlorine", "Na": "Sodium", "S": "Sulfur", "Zn": "Zinc", "B": "Boron",
    "N": "Nitrogen", "Mo": "Molybdenum", "Sr": "Strontium", "O": "Oxygen", "Ti": "Titanium",
}  # fmt: skip


def crystal(sheet: Sheet) -> None:
    """Lattice of shaded balls in oblique projection: cell, layers, or octahedra."""
    rng = sheet.rng
    name, elements, lengths, _ = cell = sheet.pick(_CELLS)
    ax, width, height = paper(sheet, f"Structure of {name}")
    repeat, places, kinds = _lattice(rng, cell)
    first, second, nearest = _neighbours(places, kinds)
    radii = nearest * np.array((0.31, 0.22, 0.26))
    skew = np.array([[1, 0], [0, 1], rng.uniform((0.28, 0.2), (0.45, 0.38))])
    is_beside = width > 1.15 * height
    room = 0.0 if sheet.has("missing_legend") else 1.0
    free = np.array(
        (width - 5 - 8.5 * room * is_beside, height - 0.6 - 2.4 * room * (not is_beside))
    )
    extent = (np.array(lengths) * repeat) @ skew + 2 * radii[0]
    scale = float((free / extent).min())
    shift = (4.6, 0.3) + (free - scale * extent) / 2 + scale * radii[0]
    flat = places @ skew * scale + shift
    colours = [sheet.style.colours[i] for i in rng.permutation(len(sheet.style.colours))]
    _edges(sheet, ax, repeat * lengths, (skew * scale, shift))
    if len(elements) == 3 and rng.random() < 0.6:
        _octahedra(ax, places[kinds == 2], (skew * scale, shift), colours[2])
    else:
        _bonds(ax, flat[first], flat[second])
    order = np.argsort(-places[:, 2], kind="stable")
    _balls(ax, flat[order], scale * radii[kinds[order]], [colours[k] for k in kinds[order]])
    _directions(sheet, ax, skew)
    has_words = rng.random() < 0.5 or name == "BN"
    names = [_ELEMENTS[element] if has_words else element for element in elements]
    _elements_named(sheet, ax, names, colours, is_beside)
    decorate(sheet, ax)


def _lattice(rng: np.random.Generator, cell: Any) -> tuple[Any, Any, Any]:
    """Return how many cells there are along each axis, places [n, 3] and elements [n] of atoms."""
    _, _, lengths, basis = cell
    if lengths[1] > 1.5:
        repeat = np.array((int(rng.integers(2, 4)), 1, 1))
    else:
        repeat = rng.integers(1, 2 if len(basis) > 6 else 3, 3)
    cells = np.array(list(product(*(range(-1, n + 1) for n in repeat))))
    places = (cells[:, None] + np.array(basis)[None, :, :3]).reshape(-1, 3)
    kinds = np.tile([int(row[3]) for row in basis], len(cells))
    inside = ((places > -0.01) & (places < repeat + 0.01)).all(axis=1)
    return repeat, places[inside] * lengths, kinds[inside]


def _neighbours(places: Any, kinds: Any) -> tuple[Any, Any, float]:
    """Return the pairs of unlike atoms that are nearest to each other, and their distance."""
    away = np.linalg.norm(places[:, None] - places[None], axis=-1)
    away[kinds[:, None] == kinds[None]] = np.inf
    first, second = np.nonzero(np.triu(away < 1.08 * away.min()))
    return first, second, float(away.min())


def _edges(sheet: Sheet, ax: Any, lengths: Any, view: tuple[Any, Any]) -> None:
    """Draw the edges of the box, those behind it dotted."""
    corners = np.array(list(product((0, 1), repeat=3)))
    hidden = (corners == (0, 0, 1)).all(axis=1)
    for i, k in combinations(range(8), 2):
        if np.abs(corners[i] - corners[k]).sum() == 1:
            ends = corners[[i, k]] * lengths @ view[0] + view[1]
            ax.plot(*ends.T, color=sheet.ink, linewidth=0.8, alpha=0.8, zorder=1,
                    linestyle=":" if hidden[i] or hidden[k] else "-")  # fmt: skip


def _bonds(ax: Any, starts: Any, ends: Any) -> None:
    """Draw lines between atoms."""
    from matplotlib.collections import LineCollection

    lines = list(np.stack([starts, ends], axis=1))
    ax.add_collection(LineCollection(lines, colors="#8c8c8c", linewidths=2.2, zorder=2))


def _octahedra(ax: Any, centres: Any, view: tuple[Any, Any], colour: str) -> None:
    """Draw octahedra of half a cell around the centres, the far ones first."""
    from matplotlib.collections import PolyCollection

    faces, shades = [], []
    for centre in centres[np.argsort(-centres[:, 2])]:
        # The faces that look away shine through the near ones.
        for z, x, y in product((1, -1), repeat=3):
            corners = centre + np.diag((x, y, z)) * 0.5
            faces.append(corners @ view[0] + view[1])
            shades.append(_shade(colour, 0.15 + 0.12 * (y + 1) + 0.06 * (1 - x)))
    ax.add_collection(PolyCollection(faces, facecolors=shades, edgecolors=_shade(colour, -0.35),
                                     linewidths=0.8, alpha=0.55, zorder=2))  # fmt: skip


def _shade(colour: str, light: float) -> tuple[float, ...]:
    """Return the colour mixed with white, or with black where light is negative."""
    from matplotlib.colors import to_rgb

    mixed = np.array(to_rgb(colour)) * (1 - abs(light)) + max(light, 0.0)
    return tuple(mixed.tolist())


def _balls(ax: Any, places: Any, radii: Any, colours: list[str]) -> None:
    """Draw balls lit from the upper left, in the given order."""
    from matplotlib.collections import EllipseCollection

    steps = ((1.0, -0.55), (0.94, 0.0), (0.7, 0.18), (0.45, 0.4), (0.2, 0.75))
    sizes = np.array([size for size, _ in steps])
    wide = 2 * (radii[:, None] * sizes).ravel()
    away = (radii[:, None] * (1 - sizes))[..., None] * (-0.5, 0.5)
    ax.add_collection(
        EllipseCollection(wide, wide, np.zeros(len(wide)), units="xy", edgecolors="none",
                          offsets=(places[:, None] + away).reshape(-1, 2), zorder=3,
                          offset_transform=ax.transData,
                          facecolors=[_shade(c, light) for c in colours for _, light in steps])
    )  # fmt: skip


def _directions(sheet: Sheet, ax: Any, skew: Any) -> None:
    """Draw the three axes of the lattice into the lower left corner."""
    for way, text in zip(skew, sheet.pick(("acb", "xzy")), strict=True):
        start = np.array([1.1, 1.1])
        tip = start + 2.2 * way / max(0.8, float(np.hypot(*way)))
        ax.annotate("", tip, start, arrowprops={"arrowstyle": "-|>", "color": sheet.ink, "lw": 1.0,
                    "shrinkA": 0, "shrinkB": 0, "mutation_scale": 7})  # fmt: skip
        ax.text(*(tip + 0.55 * way / np.hypot(*way)), text, ha="center", va="center",
                **{"fontstyle": "italic"} | sheet.font(0.95))  # fmt: skip


def _elements_named(
    sheet: Sheet, ax: Any, names: list[str], colours: list[str], is_beside: bool
) -> None:
    """Name the elements beside or above the lattice."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=colour, marker="o", linestyle="", markeredgecolor=sheet.ink,
                      markeredgewidth=0.5, markersize=0.75 * sheet.style.font_size, label=name)
               for name, colour in zip(names, colours, strict=False)]  # fmt: skip
    place = {"loc": "center right"} if is_beside else {"loc": "upper center", "ncols": len(names)}
    legend_beside(sheet, ax, handles, handletextpad=0.3, columnspacing=0.8, borderaxespad=0.1,
                  handlelength=1.4, **place)  # fmt: skip
