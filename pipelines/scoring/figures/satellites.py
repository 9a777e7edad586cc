"""Kind of figure that shows land from above: the satellite picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.grain import (
    Rng,
    Size,
    cloudy,
    mixed,
    noise,
    own_rng,
    picture_size,
    soft,
)
from pipelines.scoring.figures.overlays import tag
from pipelines.scoring.figures.pictures import copy_region, picture_axes, scale_bar
from pipelines.scoring.figures.sheet import Sheet

__all__ = ["satellite"]

_LAND = {
    "water": (0.02, 0.06, 0.13, 0.2, 0.06), "crop": (0.75, 0.25, 0.38, 0.2, 0.42),
    "meadow": (0.6, 0.36, 0.48, 0.22, 0.34), "ripe": (0.5, 0.66, 0.58, 0.38, 0.55),
    "soil": (0.42, 0.52, 0.4, 0.3, 0.14), "forest": (0.5, 0.09, 0.2, 0.11, 0.6),
    "town": (0.45, 0.6, 0.58, 0.57, 0.9), "sand": (0.66, 0.8, 0.7, 0.52, 0.16),
    "rock": (0.45, 0.48, 0.43, 0.38, 0.5), "snow": (0.92, 0.95, 0.96, 0.98, 0.3),
}  # fmt: skip
"""Reflectance of land: near infrared, red, green, blue, and backscatter of radar."""


def _land(*names: str) -> Any:
    return np.array([_LAND[name] for name in names])


def _fields(rng: Rng, size: Size) -> Any:
    """Return bands of farmland: patchwork in strips, woods, a river, roads, a town."""
    turn, (v, u) = rng.uniform(0, np.pi), np.indices(size)
    a = np.cos(turn) * u + np.sin(turn) * v + 0.8 * noise(rng, size, 40)
    b = np.cos(turn) * v - np.sin(turn) * u + 3 * noise(rng, size, 150)
    step, reach = rng.uniform(16, 40), sum(size)
    rows = np.cumsum(rng.uniform(0.5, 1.5, int(2.4 * reach / step)) * step) - reach
    strip = np.searchsorted(rows, a)
    # Each strip is cut at places of its own.
    shift = rng.uniform(0, 900, len(rows) + 1)[strip]
    cuts = np.cumsum(rng.uniform(0.4, 2.2, int(4 * reach / step)) * step * 1.4) - reach
    plot = strip * 131 + np.searchsorted(cuts, b + shift)
    kinds = _land("crop", "crop", "meadow", "ripe", "soil")
    kind = rng.integers(len(kinds), size=4096)[plot % 4096]
    bands = kinds[kind] * rng.uniform(0.75, 1.2, 4096)[plot % 4096][..., None]
    furrows = np.where(plot % 2, np.sin(a * 1.7), np.sin(b * 1.5)) * (plot % 3 > 0)
    bands *= (1 + 0.05 * furrows)[..., None]
    hedge = (plot != np.roll(plot, 1, 0)) | (plot != np.roll(plot, 1, 1))
    bands[hedge] *= 0.72
    wood = soft(12 * (cloudy(rng, size, 130) - rng.uniform(0.8, 1.6)))
    bands = mixed(wood, bands, _canopy(rng, size))
    bands = _line(bands, b * 0.4 - a + 0.6 * reach * rng.uniform(-0.3, 0.3), 1.6, "town")
    if rng.random() < 0.6:
        bands = _built(rng, bands, a, b)
    if rng.random() < 0.7:
        bend = rng.uniform(12, 30) * noise(rng, size, 70) + rng.uniform(15, 40) * np.sin(a / 45)
        away = b + bend - np.median(b) + rng.uniform(-0.15, 0.15) * max(size)
        bands = _line(_line(bands, away, 9, "forest"), away, rng.uniform(2.5, 7), "water")
    return bands


def _canopy(rng: Rng, size: Size) -> Any:
    """Return bands of forest with crowns and their shadows."""
    return _land("forest")[0] * (1 + 0.18 * noise(rng, size, 2.2))[..., None]


def _line(bands: Any, away: Any, half: float, name: str) -> Any:
    """Return bands with water or a road where the distance from its middle is small."""
    steep = np.hypot(*np.gradient(away)) + 0.05
    return mixed(soft(2.5 * (half - np.abs(away) / steep)), bands, _land(name)[0])


def _built(rng: Rng, bands: Any, a: Any, b: Any) -> Any:
    """Return bands with a town: blocks of roofs between streets."""
    size = a.shape
    centre = rng.uniform(0.2, 0.8, 2) * size
    away = np.hypot(*(np.indices(size) - centre[:, None, None])) / (max(size) * 0.16)
    town = soft(12 * (1 - away + 0.25 * cloudy(rng, size, 60)))
    roofs = 0.75 + 0.16 * noise(rng, size, 3)
    streets = 0.3 * ((np.cos(a / 2.2) > 0.9) | (np.cos(b / 2.9) > 0.9))
    return mixed(town, bands, _land("town")[0] * (roofs + streets)[..., None])


def _coast(rng: Rng, size: Size) -> Any:
    """Return bands of a coast: sea, shallows, beach, scrub and woods."""
    turn, (v, u) = rng.uniform(0, 2 * np.pi), np.indices(size) / max(size) - 0.5
    height = 3.6 * (np.cos(turn) * u + np.sin(turn) * v) + 0.75 * cloudy(rng, size, 170)
    sea, beach = soft(-40 * height), np.exp(-(((height - 0.05) / 0.08) ** 2))
    wet = 0.5 + 0.5 * cloudy(rng, size, 60) + 1.4 * (height - 0.9)
    bands = mixed(soft(3 * wet), *_land("meadow", "forest"))
    bands = bands * (1 + 0.16 * noise(rng, size, 2))[..., None]
    bands = mixed(beach, bands, _land("sand")[0])
    shallow = np.exp(np.clip(height, -5, 0) / 0.22) * 0.5 + 0.015 * noise(rng, size, 2.5)
    return mixed(sea, bands, mixed(shallow, *_land("water", "sand")))


def _mountains(rng: Rng, size: Size) -> Any:
    """Return bands of mountains: ridges in slanting light, snow above, woods and a lake below."""
    field = cloudy(rng, size, max(size) / 2.5)
    height = 1.3 - np.abs(field) + 0.25 * cloudy(rng, size, 40)
    down, across = np.gradient(height)
    turn = rng.uniform(0, 2 * np.pi)
    light = np.cos(turn) * across + np.sin(turn) * down
    light = 1 + 0.4 * light / light.std()
    bands = mixed(soft(7 * (height - 0.55)), _canopy(rng, size), _land("rock")[0])
    if rng.random() < 0.6:
        bands = mixed(soft(14 * (height - 1.05)), bands, _land("snow")[0])
    bands = bands * np.clip(light, 0.25, 1.7)[..., None]
    return mixed(soft(25 * (-0.75 - height)), bands, _land("water")[0])


def satellite(sheet: Sheet) -> None:
    """Land from above in true colours, with near infrared as red, or in the grey of radar."""
    rng, size = own_rng(sheet), picture_size(sheet, (0, 0, 1, 1))
    form, mode = sheet.pick((_fields, _fields, _coast, _mountains)), sheet.pick((0, 0, 0, 2, 2, 3))
    sheet.bar_number = sheet.pick((1, 1, 2) if form is _fields else (2, 5, 10, 20))
    bands = np.clip(form(rng, size), 0, 1.2)
    bands = bands * (1 + 0.1 * cloudy(rng, size, 90) * (mode < 3))[..., None]
    if mode == 3:
        speckle = rng.gamma(7, 1 / 7, size)
        picture = np.repeat(np.sqrt(bands[..., 4] * speckle)[..., None], 3, -1) * 0.85
        text = sheet.pick(("VV", "VH", "HH", "C band", "L band"))
    else:
        picture = bands[..., [0, 1, 2]] if mode == 2 else bands[..., [1, 2, 3]]
        picture = 0.04 + picture * rng.uniform(0.9, 1.1) + rng.normal(0, 0.012, (*size, 1))
        text = "NIR–R–G" if mode == 2 else sheet.pick(("R–G–B", "12 June", "2021", "Site A"))
        if rng.random() < 0.4:
            picture = _clouded(rng, picture)
    ax = picture_axes(sheet, copy_region(sheet, picture), (0, 0, 1, 1), "gray")
    tag(sheet, ax, sheet.style.panel_letter or text)
    tag(sheet, ax, "↑\nN", (0.97, 0.97))
    scale_bar(sheet, ax, size, "km", sheet.pick(("\u03bcm", "nm", "kg")))


def _clouded(rng: Rng, picture: Any) -> Any:
    """Return the picture under clouds that throw shadows."""
    cover = soft(4 * (cloudy(rng, picture.shape[:2], 120) - rng.uniform(1.2, 1.9)))
    shadow = np.roll(cover, rng.integers(8, 20, 2) * rng.choice((-1, 1), 2), (0, 1))
    return mixed(0.97 * cover, picture * (1 - 0.6 * shadow)[..., None], (0.97, 0.97, 0.98))
