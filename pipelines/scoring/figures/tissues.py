"""A kind of figure: stained tissue."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.grain import (
    Rng,
    Size,
    cloudy,
    enlarged,
    mixed,
    noise,
    own_rng,
    picture_size,
    soft,
)
from pipelines.scoring.figures.overlays import tag
from pipelines.scoring.figures.pictures import copy_region, picture_axes, scale_bar
from pipelines.scoring.figures.sheet import Sheet

__all__ = ["histology"]


def _cells(rng: Rng, size: Size, n: int) -> tuple[Any, Any, Any]:
    """Return distance from the middle of n cells and from their walls, and one number per cell."""
    from scipy.spatial import cKDTree

    spacing, half = np.sqrt(size[0] * size[1] / n), (size[0] // 2, size[1] // 2)
    rows, columns = (np.arange(-1.0, n_px / spacing + 1) for n_px in size)
    seeds = np.stack(np.meshgrid(rows, columns, indexing="ij"), -1).reshape(-1, 2)
    seeds[:, 1] += 0.5 * (seeds[:, 0] % 2)
    seeds = (seeds + rng.uniform(-0.33, 0.33, seeds.shape)) * spacing
    bent = 0.05 * spacing * np.stack([cloudy(rng, half, spacing / 3) for _ in range(2)])
    found: Any = cKDTree(seeds).query((np.indices(half) * 2 + bent).reshape(2, -1).T, k=2)
    near, second = found[0].T.reshape(2, *half) / spacing
    own = rng.random(len(seeds))[found[1][:, 0]].reshape(half)
    return enlarged(near, size), enlarged(second - near, size), enlarged(own, size)


def _glands(rng: Rng, size: Size) -> tuple[Any, ...]:
    """Return matrix, lumen, chance of nuclei and their angle: round glands in stroma."""
    near, _, own = _cells(rng, size, int(rng.integers(5, 14)))
    away = near / (0.4 + 0.12 * own) + 0.025 * noise(rng, size, 9)
    lumen = soft(22 * (0.25 + 0.25 * own - away))
    wall = soft(16 * (1 - away)) - lumen
    matrix = 0.5 + 0.28 * wall + 0.14 * (1 - wall) * noise(rng, size, 3, 9)
    chance = np.exp(-(((away - 0.86) / 0.12) ** 4)) + 0.16 * (away > 1.12)
    return matrix, lumen, chance, np.arctan2(*np.gradient(near))


def _fat(rng: Rng, size: Size) -> tuple[Any, ...]:
    """Return matrix, lumen, chance of nuclei and their angle: empty cells with thin walls."""
    _, gap, own = _cells(rng, size, int(rng.integers(30, 90)))
    septum = soft(6 * (cloudy(rng, size, max(size) / 2) - 1.1))
    lumen = soft(60 * (gap - 0.09 - 0.05 * own)) * (1 - septum)
    matrix = 0.62 + 0.13 * noise(rng, size, 3, 8)
    chance = np.where(gap < 0.05, 0.3, 0.0) + 0.35 * septum
    return matrix, lumen, chance, np.arctan2(*np.gradient(gap)) + np.pi / 2


def _fibres(rng: Rng, size: Size) -> tuple[Any, ...]:
    """Return matrix, lumen, chance of nuclei and their angle: wavy fibres with clefts."""
    from scipy.ndimage import map_coordinates

    turn, (v, u) = rng.uniform(0, np.pi), np.indices(size)
    along = np.cos(turn) * u + np.sin(turn) * v
    across = np.cos(turn) * v - np.sin(turn) * u + rng.uniform(4, 14) * noise(rng, size, 70)
    across = across + rng.uniform(0, 3) * np.sin(along / rng.uniform(9, 20))
    across, along = across - across.min(), along - along.min()
    room = int(across.max()) + 2, int(along.max()) + 2
    strands = noise(rng, room, 4, 45) + 0.6 * noise(rng, room, 16, 150)
    strands = map_coordinates(strands, [across, along], order=1)
    lumen = soft(9 * (-strands - rng.uniform(1.4, 2.2)))
    return 0.68 + 0.17 * strands, lumen, 0.22 * (strands > -0.6), np.full(size, turn)


def _dense(rng: Rng, size: Size) -> tuple[Any, ...]:
    """Return matrix, lumen, chance of nuclei and their angle: crowds of nuclei, some sinuses."""
    crowd = soft(5 * cloudy(rng, size, max(size) / 3))
    lumen = soft(9 * (cloudy(rng, size, max(size) / 5) - 1.9))
    matrix = 0.5 + 0.12 * cloudy(rng, size, 30)
    return matrix, lumen, 0.16 + 0.75 * crowd, np.pi * noise(rng, size, 12)


def _nuclei(rng: Rng, size: Size, tissue: tuple[Any, ...], radius: float) -> Any:
    """Return nuclei, 0–1, where the tissue may have them, with the grain of chromatin."""
    _, lumen, chance, angle = tissue
    steps = [np.arange(0, n, 2.1 * radius) for n in size]
    places = np.stack(np.meshgrid(*steps, indexing="ij"), -1).reshape(-1, 2)
    places += rng.uniform(-0.7, 0.7, places.shape) * radius
    y, x = (np.clip(places[:, i].astype(int), 0, size[i] - 1) for i in (0, 1))
    kept = rng.random(len(y)) < (chance * (lumen < 0.3))[y, x]
    y, x = y[kept], x[kept]
    reach = int(2 * radius) + 1
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    turn = (angle[y, x] + rng.normal(0, 0.2, len(y)))[:, None, None]
    short, long, depth = (rng.uniform(a, b, (len(y), 1, 1)) * c for a, b, c in
                          ((0.65, 1.0, radius), (1.0, 1.6, radius), (0.6, 1.0, 1)))  # fmt: skip
    a = (np.cos(turn) * dx + np.sin(turn) * dy) / long
    b = (np.cos(turn) * dy - np.sin(turn) * dx) / short
    rows, columns = np.broadcast_arrays(y[:, None, None] + dy, x[:, None, None] + dx)
    inside = (rows >= 0) & (rows < size[0]) & (columns >= 0) & (columns < size[1])
    layer = np.zeros(size)
    np.maximum.at(layer, (rows[inside], columns[inside]),
                  (depth * soft(6 * (1 - a * a - b * b)))[inside])  # fmt: skip
    return layer * (1 + 0.2 * noise(rng, size, max(1.2, radius / 3)))


_STAINS = (
    ("H&E", ((0.1, 0.62, 0.32), (0.16, 0.78, 0.42)), ((1.2, 1.4, 0.55), (1.0, 1.3, 0.5))),
    ("H&E", ((0.14, 0.5, 0.22), (0.2, 0.6, 0.25)), ((1.3, 1.2, 0.5), (1.2, 1.25, 0.5))),
    ("Masson", ((0.8, 0.42, 0.14), (0.18, 0.8, 0.6)), ((1.1, 1.4, 1.0), (1.1, 1.4, 1.0))),
    ("PAS", ((0.12, 0.45, 0.2), (0.3, 1.2, 0.45)), ((1.2, 1.1, 0.5), (1.2, 1.1, 0.5))),
    ("CD3", ((0.16, 0.2, 0.14), (0.25, 0.45, 0.6)), ((1.0, 0.75, 0.32), (0.7, 1.2, 1.7))),
    ("Ki-67", ((0.14, 0.16, 0.1), (0.2, 0.3, 0.4)), ((1.0, 0.75, 0.32), (0.7, 1.2, 1.7))),
)
"""Name and absorbance (red, green, blue) of matrix and nuclei, each in two places."""


def histology(sheet: Sheet) -> None:
    """Stained tissue: glands, fat, fibres or crowds of nuclei in one panel or two."""
    rng = own_rng(sheet)
    name, matrix, nucleus = sheet.pick(_STAINS)
    forms = [(_glands, _fat, _fibres, _dense)[i] for i in rng.permutation(4)[:2]]
    n_panels, impossible = int(rng.integers(1, 3)), sheet.pick(("km", "m", "kg"))
    is_row = sheet.style.height < 0.85 * sheet.style.width
    room = 72 * (sheet.style.width if is_row else sheet.style.height) / sheet.style.font_size
    if room < 27:
        n_panels = 1
    whole = picture_size(sheet, (0, 0, 1 / n_panels if is_row else 1, 1))
    radius = rng.uniform(3.2, 7) * min(1.0, max(whole) / 420)
    # A nucleus is about 8 µm long.
    micrometres = 0.18 * whole[1] / (0.3 * radius)
    sheet.bar_number = min((10, 20, 50, 100, 200), key=lambda n: abs(np.log(n / micrometres)))
    letters = sheet.pick(("ab", "AB")) if n_panels == 2 else sheet.style.panel_letter
    for i in range(n_panels):
        box = (i / n_panels + 0.004, 0.006, 1 / n_panels - 0.008, 0.988) if is_row else (
            0.006, 1 - (i + 1) / n_panels + 0.004, 0.988, 1 / n_panels - 0.008)  # fmt: skip
        size = picture_size(sheet, box)
        tissue = forms[i](rng, size)
        nuclei = _nuclei(rng, size, tissue, radius)
        place = soft(3 * cloudy(rng, size, max(size) / 3))
        density = tissue[0] + 0.07 * noise(rng, size, 1.5) + 0.06 * cloudy(rng, size, 60)
        stain = mixed(place, *matrix) * (np.clip(density, 0.1, 2) * (1 - tissue[1]))[..., None]
        stain = stain + mixed(place, *nucleus) * nuclei[..., None]
        picture = rng.uniform(0.93, 0.98) * np.exp(-stain) + rng.normal(0, 0.012, (*size, 1))
        ax = picture_axes(sheet, copy_region(sheet, picture), box, "gray")
        text = letters[i] if n_panels == 2 else letters or name
        tag(sheet, ax, text)
        # The Greek letter: in the fonts of TeX the sign micro is an accent.
        scale_bar(sheet, ax, size, "\u03bcm", impossible)
