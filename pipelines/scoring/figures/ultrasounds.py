"""A kind of figure: ultrasound, as sector or rectangle."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.grain import (
    Box,
    Rng,
    Size,
    cloudy,
    noise,
    own_rng,
    picture_size,
    soft,
)
from pipelines.scoring.figures.overlays import PATCH
from pipelines.scoring.figures.pictures import copy_region, picture_axes, scale_bar
from pipelines.scoring.figures.sheet import Sheet

__all__ = ["ultrasound"]


def _echoes(rng: Rng, size: Size) -> tuple[Any, Box]:
    """Return grey values over depth and beam, and place and radii of one cyst."""
    z, beam = (np.linspace(0, 1, n) for n in size)
    z, beam = np.meshgrid(z, beam, indexing="ij")
    deep = z + 0.025 * noise(rng, size, 160, 70)
    borders = np.sort(rng.uniform(0.05, 0.85, int(rng.integers(3, 7))))
    level = rng.uniform(0.38, 0.72, len(borders) + 1)[np.searchsorted(borders, deep)]
    for border in borders:
        level += rng.uniform(0.08, 0.3) * np.exp(-(((deep - border) / 0.007) ** 2))
    level += 0.05 * noise(rng, size, 5, 45) + 0.05 * cloudy(rng, size, 70) + 0.3 * (z < 0.02)
    cyst = (0.5, 0.5, 0.1, 0.1)
    for _ in range(int(rng.integers(1, 4))):
        cyst = tuple(rng.uniform((0.25, 0.2, 0.04, 0.06), (0.65, 0.8, 0.13, 0.17)))
        away = np.hypot((z - cyst[0]) / cyst[2], (beam - cyst[1]) / cyst[3])
        away += 0.05 * noise(rng, size, 30)
        below = (np.abs(beam - cyst[1]) < 0.8 * cyst[3]) & (z > cyst[0])
        level += 0.1 * soft(12 * (away - 1)) * below * np.exp(-np.abs(z - cyst[0]) / 0.3)
        level += 0.12 * np.exp(-(((away - 1.06) / 0.07) ** 2)) - 0.5 * soft(16 * (1 - away))
    speckle = np.hypot(noise(rng, size, 2.2, 3.2), noise(rng, size, 2.2, 3.2)) / 1.25
    gain = 0.04 * noise(rng, size, 50, 4000) - 0.16 * z**2
    return np.clip(level + gain + 0.36 * np.log10(speckle + 0.03), 0.01, 1), cyst


def ultrasound(sheet: Sheet) -> None:
    """B-mode picture: a sector or a rectangle of speckle on black, device texts, depth marks."""
    from scipy.ndimage import map_coordinates

    rng, size = own_rng(sheet), picture_size(sheet, (0, 0, 1, 1))
    unit, sheet.bar_number = sheet.pick((("mm", 5), ("mm", 10), ("mm", 20), ("cm", 1), ("cm", 2)))
    cm = size[1] * 0.18 / sheet.bar_number * (10 if unit == "mm" else 1)
    top = int(size[0] * 3.4 * sheet.style.font_size / 72 / sheet.style.height)
    deep, middle = int(0.97 * size[0]) - top, size[1] / 2
    echoes, cyst = _echoes(rng, (400, 300))
    # A rectangle is a sector whose apex is far away.
    start = deep * (rng.uniform(0.08, 0.3) if rng.random() < 0.6 else 1e4)
    opening = np.arcsin(min(np.sin(rng.uniform(0.5, 0.8)), 0.4 * size[1] / (start + deep)))
    v, u = np.indices(size) - np.array((top - start, middle))[:, None, None]
    z, across = (np.hypot(u, v) - start) / deep, np.arctan2(u, v) / opening
    seen = (z >= 0) & (z <= 1) & (np.abs(across) <= 1)
    picture = seen * map_coordinates(echoes, [z * 399, (across + 1) * 149.5], order=1)
    core = (slice(top + deep // 8, top + deep), slice(int(0.22 * size[1]), int(0.78 * size[1])))
    picture[core] = copy_region(sheet, picture[core])
    ax = picture_axes(sheet, picture * seen, (0, 0, 1, 1), "gray")
    if rng.random() < 0.5:
        turn = (2 * cyst[1] - 1) * opening
        reach = start + deep * (cyst[0] + np.array((-1.0, 1.0)) * cyst[2])
        ax.plot(middle + reach * np.sin(turn), top - start + reach * np.cos(turn), "+:",
                color=str(rng.choice(("#ffff66", "#66ffff", "white"))), linewidth=0.8)  # fmt: skip
        ax.text(0.02, 0.03, f"D {2 * cyst[2] * deep / cm:.2f} cm", transform=ax.transAxes,
                va="bottom", bbox=PATCH, **{"color": "white"} | sheet.font(0.85))  # fmt: skip
    _device_texts(sheet, ax, deep / cm, rng)
    _depth_marks(sheet, ax, (top, deep, cm), size)
    scale_bar(sheet, ax, size, unit, sheet.pick(("km", "kg", "m")))


def _device_texts(sheet: Sheet, ax: Any, depth: float, rng: Rng) -> None:
    """Write what was examined and how into the upper corners."""
    near, far = ("Thyroid", "Carotid", "Breast", "Muscle"), ("Liver", "Kidney", "Spleen", "Uterus")
    what = rng.choice(near if depth < 4.5 else far)
    left = f"{what} {rng.choice(('L', 'R', 'LS', 'TS'))}\nGain {rng.integers(35, 75)} dB"
    right = f"{np.clip(rng.uniform(30, 45) / depth, 2.5, 18):.1f} MHz\nDepth {depth:.1f} cm"
    keep = {"transform": ax.transAxes, "va": "top", "linespacing": 1.1, "color": "white"}
    ax.text(0.02, 0.985, left, **keep | sheet.font(0.85))
    ax.text(0.98, 0.985, right, ha="right", **keep | sheet.font(0.85))


def _depth_marks(sheet: Sheet, ax: Any, place: tuple[int, int, float], size: Size) -> None:
    """Draw a ruler of the depth on the left edge."""
    top, deep, cm = place
    step = next(s for s in (0.2, 0.5, 1, 2, 5, 10) if s * cm > 0.13 * deep)
    marks = np.arange(0, 0.87 * deep / cm, step)
    y, x = top + marks * cm, 0.085 * size[1]
    ax.hlines(y, x, x + 0.015 * size[1], color="white", linewidth=0.8)
    ax.vlines(x, y[0], y[-1], color="white", linewidth=0.5)
    for depth, row in list(zip(marks, y, strict=True))[1:]:
        ax.text(x - 0.01 * size[1], row, f"{depth:g}", ha="right", va="center",
                **{"color": "white"} | sheet.font(0.8))  # fmt: skip
