"""Kind of figure that shows heat: the infrared picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.grain import (
    Rng,
    Size,
    cloudy,
    enlarged,
    noise,
    own_rng,
    picture_size,
    soft,
)
from pipelines.scoring.figures.overlays import PATCH
from pipelines.scoring.figures.pictures import copy_region, picture_axes
from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.topics import Quantity

__all__ = ["thermogram"]


def _segment(points: Any, start: Any, end: Any) -> Any:
    """Return how far points [2, height, width] are from a segment."""
    way = np.subtract(end, start)
    away = points - np.asarray(start)[:, None, None]
    share = np.clip(np.tensordot(way, away, 1) / (way @ way), 0, 1)
    return np.hypot(*(away - way[:, None, None] * share))


def _hand(rng: Rng, points: Any, size: Size) -> Any:
    """Return temperatures of a hand, °C."""
    wide = size[1] / min(size)
    palm = np.array((0.74, wide / 2 + rng.uniform(-0.05, 0.05)))
    flip = rng.choice((-1.0, 1.0))
    arm, wrist = palm + np.array((3.0, 0)), palm + np.array((0.05, 0))
    body = np.maximum(0.12 - _segment(points, palm, arm), 0.17 - _segment(points, palm, wrist))
    for turn, reach in zip((-1.05, -0.38, -0.1, 0.17, 0.45), (0.34, 0.5, 0.56, 0.53, 0.42),
                           strict=True):  # fmt: skip
        way = np.array((-np.cos(turn), flip * np.sin(turn))) * reach * rng.uniform(0.92, 1.05)
        body = np.maximum(body, 0.045 - _segment(points, palm + 0.28 * way, palm + way))
    heat = np.hypot(*(points - palm[:, None, None]))
    skin = rng.uniform(31, 34) - rng.uniform(2, 10) * heat**2 + 0.7 * cloudy(rng, size, 70)
    return rng.uniform(20, 24) + soft(220 * body) * (skin - 22) + 0.15 * cloudy(rng, size, 150)


def _board(rng: Rng, points: Any, size: Size) -> Any:
    """Return temperatures of a circuit board with hot parts, °C."""
    from scipy.ndimage import gaussian_filter

    field = np.full(size, rng.uniform(26, 32)) + 0.5 * cloudy(rng, size, 120)
    parts, wide = np.zeros(size), size[1] / min(size)
    for k in range(int(rng.integers(14, 34))):
        y, x = rng.uniform((0.05, 0.05), (size[0] / min(size) - 0.05, wide - 0.05))
        half = rng.uniform(0.03, 0.13, 2) if k < 6 else rng.uniform(0.008, 0.02, 2)
        inside = (np.abs(points[0] - y) < half[0]) & (np.abs(points[1] - x) < half[1])
        parts[inside] = rng.uniform(1, 16) if k < 6 else rng.uniform(-3, 8)
    tracks = np.sin(points[rng.integers(2)] * rng.uniform(110, 220)) > 0.4
    field = field + 1.6 * tracks * (cloudy(rng, size, 90) > 0.3)
    spread = enlarged(gaussian_filter(enlarged(parts, (60, 90)), 5), size)
    return field + gaussian_filter(parts, 1.2) + 2.5 * spread


def _wall(rng: Rng, points: Any, size: Size) -> Any:
    """Return temperatures of the outside of a heated house, °C."""
    v, u = points[0] / points[0].max(), points[1] / points[1].max()
    outside, n_floors, n_windows = rng.uniform(-6, 5), int(rng.integers(2, 4)), rng.integers(3, 6)
    eaves = 0.2 + rng.uniform(-0.15, 0.15) * (u - 0.5)
    floor = (v - eaves) / (1.02 - eaves) * n_floors
    column, storey = (u * n_windows) % 1 - 0.5, floor % 1 - 0.5
    courses = 0.25 * (np.sin(points[0] * 160) > 0.75)
    field = outside + 3 + 0.6 * cloudy(rng, size, 130) - courses + 0.3 * v
    field += rng.uniform(1.5, 4) * np.exp(-((((floor + 0.5) % 1 - 0.5) / 0.05) ** 2))
    frame = np.maximum(np.abs(column) / 0.3, np.abs(storey) / 0.31)
    leak = rng.uniform(0.2, 1.6, 64)[np.clip(floor, 0, 7).astype(int) * 8 + (u * 7.99).astype(int)]
    field += 3.2 * np.exp(-(((frame - 1) / 0.12) ** 2)) + soft(40 * (1 - frame)) * leak * 1.5
    field += 1.2 * np.exp(-((column / 0.02) ** 2)) * (frame < 0.95)
    sky = outside - rng.uniform(1, 6) + 5 * v + 0.4 * cloudy(rng, size, 200)
    return np.where(v < eaves, sky, field)


def _leaf(rng: Rng, points: Any, size: Size) -> Any:
    """Return temperatures of a leaf before a warmer ground, °C."""
    middle, turn = np.array(size) / min(size) / 2, rng.uniform(-0.5, 0.5)
    long_side = 0.46 * max(size) / min(size) * (0.8 if size[0] != size[1] else 1)
    dy, dx = points - middle[:, None, None]
    if size[0] > size[1]:
        dy, dx = dx, dy
    along = (np.cos(turn) * dx + np.sin(turn) * dy) / long_side
    across = np.cos(turn) * dy - np.sin(turn) * dx + 0.06 * along**2
    half = rng.uniform(0.22, 0.3) * np.clip(1 - along**2, 0, 1) ** 0.8 * (1 - 0.35 * along)
    blade = soft(140 * (half - np.abs(across) + 0.003 * noise(rng, size, 8)))
    side = (np.abs(across) * rng.uniform(0.7, 1.4) / long_side - along) * rng.uniform(6, 9)
    veins = np.exp(-((across / 0.012) ** 2)) + 0.6 * np.exp(-(((side % 1 - 0.5) / 0.07) ** 2))
    dry = soft(4 * (cloudy(rng, size, 110) - rng.uniform(0.3, 1.2)))
    cool = -rng.uniform(3, 6) + 3.5 * dry + 0.7 * veins + 0.25 * cloudy(rng, size, 20)
    return rng.uniform(24, 29) + 0.5 * cloudy(rng, size, 160) + blade * cool


def _degrees(sheet: Sheet) -> str:
    """Return the unit; in the fonts of TeX the sign itself is another letter."""
    return r"$^\circ$C" if sheet.style.font == "cmr10" else "°C"


def thermogram(sheet: Sheet) -> None:
    """Infrared picture with named spots, the colour bar beside it: on paper or a black screen."""
    from matplotlib import rc_context
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    rng, style = own_rng(sheet), sheet.style
    tint = sheet.pick(("inferno", "inferno", "plasma", "magma", "gray", "hot"))
    is_screen = rng.random() < 0.35
    if is_screen:
        sheet.figure.set_facecolor("black")
        sheet.ink = "white"
    em_x, em_y = style.font_size / 72 / style.width, style.font_size / 72 / style.height
    right, high = 0.07 + 5.2 * em_x, (2.4 if style.has_title or style.panel_letter else 0.6) * em_y
    left, low = (3.2 if style.panel_letter else 1.2) * em_x, 0.6 * em_y
    box = (left + (right - left) / 2 * sheet.has("missing_colorbar"), low, 1 - left - right,
           1 - low - high)  # fmt: skip
    size = picture_size(sheet, box)
    points = np.indices(size) / min(size)
    field = sheet.pick((_hand, _board, _wall, _leaf))(rng, points, size)
    spread = np.ptp(field)
    field = field + 0.006 * spread * rng.standard_normal(size)
    field += 0.004 * spread * rng.standard_normal(size[1])
    ends = np.quantile(field, (0.001, 0.999)) + np.array((-0.01, 0.01)) * spread
    field = copy_region(sheet, field)
    mappable = ScalarMappable(Normalize(*ends), tint)
    with rc_context(sheet.settings):
        ax = picture_axes(sheet, (field - ends[0]) / (ends[1] - ends[0]), box, tint)
        _spots(sheet, ax, field, rng)
        temperature = Quantity(
            str(rng.choice(("Temperature", "T"))), _degrees(sheet), "deg C", *ends
        )
        sheet.colorbar(mappable, ax, sheet.name(temperature))
        titles = ("Infrared image", "Surface temperature", "After 10 min")
        sheet.title(ax, str(rng.choice(titles)))


def _spots(sheet: Sheet, ax: Any, field: Any, rng: Rng) -> None:
    """Mark the hottest place and perhaps another one with what was read there."""
    from scipy.ndimage import uniform_filter

    height, width = field.shape
    inner = (slice(height // 5, -height // 5), slice(width // 7, -width // 7))
    mild = uniform_filter(field, 5)
    y, x = np.unravel_index(mild[inner].argmax(), mild[inner].shape)
    places = [(int(y) + height // 5, int(x) + width // 7)]
    other = int(rng.uniform(0.2, 0.8) * height), int(rng.uniform(0.1, 0.9) * width)
    if rng.random() < 0.7 and abs(other[0] - places[0][0]) > 0.22 * height:
        places.append(other)
    is_narrow = ax.get_position().width * sheet.style.width * 72 < 15 * sheet.style.font_size
    for i, (row, column) in enumerate(places):
        name = "" if is_narrow else f"Sp{i + 1} "
        is_left = column > 0.55 * width
        ax.plot(column, row, "+", color="white", markersize=11, markeredgewidth=2.6)
        ax.plot(column, row, "+", color="black", markersize=10, markeredgewidth=1.2)
        ax.annotate(f"{name}{mild[row, column]:.1f} {_degrees(sheet)}", (column, row),
                    (-9 if is_left else 9, 0), textcoords="offset points", va="center",
                    ha="right" if is_left else "left", bbox=PATCH,
                    **{"color": "white"} | sheet.font(0.85))  # fmt: skip
