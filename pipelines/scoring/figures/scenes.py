"""Kinds of figure that are pictures: fluorescence, stars, diffraction, apparatus. No axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.pictures import blobs, copy_region, picture_axes, scale_bar
from pipelines.scoring.figures.sheet import Sheet

__all__ = ["diffraction", "fluorescence", "photograph", "starfield"]


def _size(sheet: Sheet, share: float = 1.0) -> tuple[int, int]:
    """Return height and width of the picture, pixels, bounded."""
    height, width = (n * sheet.style.dpi for n in (sheet.style.height, sheet.style.width))
    shrink = min(1.0, 520 / max(height, width * share))
    return int(height * shrink), int(width * share * shrink)


_CHANNELS = ((0.15, 0.35, 1.0), (0.1, 1.0, 0.2), (1.0, 0.15, 0.15), (1.0, 0.1, 0.9))


def fluorescence(sheet: Sheet) -> None:
    """Stained cells in colours on black: one composite, or its channels beside it."""
    rng = sheet.rng
    n_panels = 3 if sheet.has("missing_panel") else int(sheet.pick((1, 1, 3)))
    size = _size(sheet, 1 / n_panels)
    reach = float(rng.uniform(0.04, 0.08)) * max(size)
    # Nuclei lie within cells, and dots within both: all stains share the places.
    state = int(rng.integers(2**31))
    stains = []
    for radius, lift in ((reach * 0.55, 0.9), (reach * 1.25, 0.55)):
        same = np.random.default_rng(state)
        stains.append(lift * blobs(same, size, int(12 + 240 / n_panels / reach * 2), radius))
    grain = rng.random(size) < 0.01
    stains[1] = stains[1] * (0.75 + 0.25 * np.sin(np.indices(size)[1] / rng.uniform(1.5, 4)))
    order = rng.permutation(len(_CHANNELS))[:2]
    layers = [stain[..., None] * np.array(_CHANNELS[k]) for stain, k in zip(stains, order,
              strict=True)]  # fmt: skip
    layers[1] = layers[1] + 0.5 * (grain & (stains[1] > 0.2))[..., None]
    shown = [*layers, layers[0] + layers[1]] if n_panels == 3 else [layers[0] + layers[1]]
    empty = int(rng.integers(n_panels)) if sheet.has("missing_panel") else -1
    for i, layer in enumerate(shown):
        noisy = layer + np.abs(rng.normal(0, 0.012, size))[..., None]
        box = (i / n_panels + 0.004, 0.008, 1 / n_panels - 0.008, 0.984)
        if i == empty and sheet.way("missing_panel", 2):
            noisy = np.zeros_like(noisy)
        elif i == empty:
            continue
        ax = picture_axes(sheet, copy_region(sheet, noisy), box, "gray")
        name = ("DAPI", "Actin", "Merge")[i] if n_panels == 3 else "Merge"
        if i != empty:
            ax.text(0.03, 0.97, name, transform=ax.transAxes, va="top",
                    **{"color": "white"} | sheet.font(1.0))  # fmt: skip
            scale_bar(sheet, ax, size, "µm", sheet.pick(("km", "m")))


def starfield(sheet: Sheet) -> None:
    """Stars with the spread of the telescope, a galaxy or a nebula, north and scale."""
    from scipy.ndimage import gaussian_filter

    rng, size = sheet.rng, _size(sheet)
    sky = np.zeros(size)
    n_stars = int(rng.integers(80, 400))
    y, x = (rng.integers(0, n, n_stars) for n in size)
    np.add.at(sky, (y, x), rng.pareto(1.3, n_stars) + 0.3)
    seeing = float(rng.uniform(0.9, 1.8))
    stars = gaussian_filter(sky, seeing) * 9 + gaussian_filter(sky, 4 * seeing) * 6
    centre = rng.uniform(0.25, 0.75, 2) * size / max(size)
    v, u = np.indices(size) / max(size) - centre[:, None, None]
    turn, flat = rng.uniform(0, np.pi), rng.uniform(0.3, 1)
    a, b = np.cos(turn) * u + np.sin(turn) * v, (np.cos(turn) * v - np.sin(turn) * u) / flat
    radius = np.hypot(a, b) + 1e-3
    # Galaxies turn both ways: which one says nothing about a mirrored picture.
    sense = float(rng.choice([-9.0, 9.0]))
    arms = 1 + 0.7 * np.cos(2 * np.arctan2(b, a) + sense * np.log(radius))
    galaxy = 0.9 * np.exp(-radius / 0.07) * arms + 0.8 * np.exp(-((radius / 0.02) ** 2))
    light = stars + galaxy + 0.02 + rng.normal(0, 0.008, size)
    picture = np.arcsinh(8 * np.clip(light, 0, None)) / np.arcsinh(8)
    tint = sheet.pick(("gray", "gray", "gray_r", "inferno", "bone"))
    ax = picture_axes(sheet, copy_region(sheet, picture), (0, 0, 1, 1), tint)
    patch = {"facecolor": "black", "alpha": 0.6, "pad": 2, "linewidth": 0}
    ax.text(0.03, 0.97, sheet.pick(("NGC 2841", "M 81", "V band", "2.2 µm", "NGC 628")),
            transform=ax.transAxes, va="top", bbox=patch,
            **{"color": "white"} | sheet.font(1.05))  # fmt: skip
    if sheet.rng.random() < 0.5:
        ax.annotate("N", (0.95, 0.8), (0.95, 0.95), xycoords="axes fraction", ha="center",
                    va="center", bbox=patch, arrowprops={"arrowstyle": "<|-", "color": "white"},
                    **{"color": "white"} | sheet.font(0.9))  # fmt: skip
    scale_bar(sheet, ax, size, sheet.pick(("arcsec", "′")), sheet.pick(("µm", "mm", "kg")))


def diffraction(sheet: Sheet) -> None:
    """Spots of a crystal or rings of a powder, the beam stopped in the middle."""
    rng, size = sheet.rng, _size(sheet)
    v, u = np.indices(size) - np.array(size)[:, None, None] / 2
    radius = np.hypot(u, v) / (min(size) / 2)
    picture = 0.5 * np.exp(-radius / 0.25) + 0.04
    if rng.random() < 0.4:
        for ring in np.sqrt((3, 4, 8, 11, 12, 16, 19)) * rng.uniform(0.17, 0.24):
            picture += rng.uniform(0.25, 0.7) * np.exp(-(((radius - ring) / 0.012) ** 2))
    else:
        step, wide = min(size) * rng.uniform(0.07, 0.11), min(size) * rng.uniform(0.008, 0.014)
        turn, opening = rng.uniform(0, np.pi), sheet.pick((np.pi / 2, np.pi / 3))
        a = (np.cos(turn) * u + np.sin(turn) * v) / step
        b = (np.cos(turn + opening) * u + np.sin(turn + opening) * v) / step
        near = np.hypot(a - a.round(), b - b.round()) * step / wide
        fade = np.exp(-radius * 1.1) * (0.55 + 0.45 * np.cos(2.1 * a.round() + 1.3 * b.round()))
        picture += 1.3 * fade * np.exp(-(near**2))
    picture = np.where(radius < 0.07, 0.02, picture) + rng.normal(0, 0.012, size)
    is_inverted = rng.random() < 0.35
    if rng.random() < 0.5:
        side = u if rng.random() < 0.5 else -u
        picture = np.where((np.abs(v) < 3) & (side < 0), 0.02, picture)
    shown = 1 - np.clip(picture, 0, 1) if is_inverted else picture
    ax = picture_axes(sheet, copy_region(sheet, shown), (0, 0, 1, 1), "gray")
    patch = {"facecolor": "black", "alpha": 0.6, "pad": 2, "linewidth": 0}
    ax.text(0.03, 0.97, sheet.pick(("[001]", "[110]", "[111]", "200 kV", "λ = 0.154 nm")),
            transform=ax.transAxes, va="top", bbox=patch,
            **{"color": "white"} | sheet.font(1.05))  # fmt: skip
    scale_bar(sheet, ax, size, "nm⁻¹", sheet.pick(("km", "kg", "m")))


def photograph(sheet: Sheet) -> None:
    """Apparatus on a bench: shaded vessels and boxes, light from one side, named parts."""
    rng, size = sheet.rng, _size(sheet)
    height, width = size
    v, u = np.indices(size) / np.array(size)[:, None, None]
    wall, bench = rng.uniform(0.55, 0.8, 3), rng.uniform(0.2, 0.45, 3)
    edge = rng.uniform(0.6, 0.75)
    ground = np.where((v < edge)[..., None], wall, bench) * (0.8 + 0.3 * (1 - u))[..., None]
    picture = ground * (1 - 0.15 * np.abs(v - edge))[..., None]
    n_parts = int(rng.integers(3, 6))
    tops = []
    for i in range(n_parts):
        middle, half = (i + 0.5) / n_parts, rng.uniform(0.2, 0.38) / n_parts
        foot, tall = edge + rng.uniform(0.06, 0.2), rng.uniform(0.18, 0.42)
        _cast(picture, u, v, (middle, half, foot))
        _vessel(picture, u, v, (middle, half, foot, tall), rng)
        tops.append((middle, foot - tall))
    if rng.random() < 0.5:
        # Light comes from both sides: which one says nothing about a mirrored picture.
        picture, tops = picture[:, ::-1], [(1 - x, y) for x, y in tops]
    texture = rng.normal(0, 0.012, (height, width, 1))
    ax = picture_axes(sheet, copy_region(sheet, picture + texture), (0, 0, 1, 1), "gray")
    names = rng.permutation(("Flask", "Heater", "Pump", "Sensor", "Valve", "Trap", "Cell"))
    for i, (x, y) in enumerate(tops):
        if sheet.has("missing_node_labels") and i:
            continue
        ax.annotate(
            sheet.words(str(names[i])), (x, 1 - y - 0.02), (x, min(0.95, 1 - y + 0.13)),
            xycoords="axes fraction", ha="center", va="center",
            arrowprops={"arrowstyle": "-|>", "color": "black", "lw": 1.0},
            bbox={"facecolor": "white", "alpha": 0.9, "pad": 1.5, "linewidth": 0},
            **{"color": "black"} | sheet.font(0.95),
        )  # fmt: skip
    scale_bar(sheet, ax, size, "cm", sheet.pick(("nm", "km", "µm")))


def _cast(picture: Any, u: Any, v: Any, form: tuple[float, float, float]) -> None:
    """Darken the bench under a part."""
    middle, half, foot = form
    away = ((u - middle - 0.25 * half) / (1.35 * half)) ** 2 + ((v - foot) / 0.035) ** 2
    picture *= (1 - 0.55 * np.exp(-(away**2)))[..., None]


def _vessel(
    picture: Any, u: Any, v: Any, form: tuple[float, float, float, float], rng: np.random.Generator
) -> None:
    """Paint a cylinder, a bottle or a box into the picture [height, width, 3], in place."""
    middle, half, foot, tall = form
    share = np.clip((foot - v) / tall, 0, 1)
    kind = int(rng.integers(3))
    width = half * (np.where(share > 0.7, 0.35, 1.0) if kind == 1 else 1.0)
    across = (u - middle) / width
    inside = (np.abs(across) < 1) & (v < foot) & (v > foot - tall)
    colour = rng.uniform(0.25, 0.9, 3)
    shade = 1.15 - 0.35 * (across > 0.2) if kind == 2 else 0.35 + 0.75 * np.sqrt(
        np.clip(1 - (across + 0.35) ** 2 / 1.9, 0, 1))  # fmt: skip
    body = colour * shade[..., None]
    if kind < 2:
        body = np.where((share < 0.45)[..., None], body * (0.8, 0.55, 0.35), body)
        body = body + 0.5 * np.exp(-(((across + 0.45) / 0.12) ** 2))[..., None]
    picture[inside] = body[inside]
