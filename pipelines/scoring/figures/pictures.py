"""Kinds of figure made of grey values: micrographs, gels, radiographs. Without matplotlib axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.topics import MICROSCOPY

__all__ = [
    "blobs", "copy_region", "gel", "micrograph", "picture_axes", "radiograph", "scale_bar",
]  # fmt: skip


def picture_axes(
    sheet: Sheet, values: Any, box: tuple[float, float, float, float], tint: str
) -> Any:
    """Put values [height, width] or [height, width, 3], 0–1, into a box; return the axes."""
    ax = sheet.figure.add_axes(box)
    if sheet.has("banding"):
        steps = 6 - int(3 * sheet.severity("banding"))
        values = np.round(values * steps) / steps
    ax.imshow(np.clip(values, 0, 1), cmap=tint, vmin=0, vmax=1, aspect="auto",
              interpolation="nearest")  # fmt: skip
    ax.set_axis_off()
    return ax


def copy_region(sheet: Sheet, values: Any) -> Any:
    """Return the picture with two regions repeated elsewhere, where that is wanted."""
    if not sheet.has("copied_region"):
        return values
    values = values.copy()
    height, width = values.shape[:2]
    # Either two pieces as they are, or one small piece stamped again and again, turned over.
    is_stamped = sheet.way("copied_region", 2) == 1
    h, w = (height // 6, width // 6) if is_stamped else (height // 4, width // 4)
    source = None
    for k in range(5 if is_stamped else 2):
        y0, y1 = sheet.rng.integers(0, height - h, 2)
        x0, x1 = sheet.rng.integers(0, width - w, 2)
        if source is None or not is_stamped:
            source = values[y0 : y0 + h, x0 : x0 + w].copy()
        values[y1 : y1 + h, x1 : x1 + w] = source[:, ::-1] if is_stamped and k % 2 else source
    return values


def blobs(rng: np.random.Generator, size: tuple[int, int], n_blobs: int, radius: float) -> Any:
    """Return soft ellipses on black, values 0–1."""
    height, width = size
    picture = np.zeros(size)
    for _ in range(n_blobs):
        r = radius * rng.uniform(0.6, 1.4)
        cy, cx = rng.uniform(0, height), rng.uniform(0, width)
        reach = int(3 * r) + 2
        y0, x0 = max(0, int(cy) - reach), max(0, int(cx) - reach)
        y, x = np.mgrid[y0 : min(height, int(cy) + reach), x0 : min(width, int(cx) + reach)]
        if not y.size:
            continue
        angle, aspect = rng.uniform(0, np.pi), rng.uniform(1, 1.8)
        u = (np.cos(angle) * (x - cx) + np.sin(angle) * (y - cy)) / (r * aspect)
        v = (np.cos(angle) * (y - cy) - np.sin(angle) * (x - cx)) / r
        blob = rng.uniform(0.5, 1.0) / (1 + np.exp(6 * (u * u + v * v - 1)))
        part = picture[y0 : y0 + y.shape[0], x0 : x0 + y.shape[1]]
        np.maximum(part, blob, out=part)
    return picture


def _grains(sheet: Sheet, size: tuple[int, int]) -> Any:
    """Return grains with dark boundaries, values 0–1."""
    from scipy.spatial import cKDTree

    seeds = sheet.rng.uniform(0, 1, (int(sheet.rng.integers(25, 90)), 2)) * size
    grid = np.indices(size).reshape(2, -1).T
    found: Any = cKDTree(seeds).query(grid, k=2)
    distance, nearest = found
    grey = sheet.rng.uniform(0.35, 0.85, len(seeds))[nearest[:, 0]]
    edge = np.clip((distance[:, 1] - distance[:, 0]) / 2.5, 0, 1)
    picture: Any = (grey * (0.25 + 0.75 * edge)).reshape(size)
    return picture


def _texture(sheet: Sheet, size: tuple[int, int], form: str) -> Any:
    from scipy.ndimage import gaussian_filter

    if form == "grains":
        picture = _grains(sheet, size)
    elif form == "fibres":
        stretched = gaussian_filter(sheet.rng.normal(size=size), (1.2, 14))
        picture = np.clip(0.45 + stretched / np.abs(stretched).max() * 0.9, 0, 1)
    else:
        radius = float(sheet.rng.uniform(6, 18))
        picture = 0.12 + 0.85 * blobs(sheet.rng, size, int(sheet.rng.integers(25, 70)), radius)
    smooth = gaussian_filter(sheet.rng.normal(size=size), 0.8)
    return np.clip(picture + 0.035 * smooth / smooth.std(), 0, 1)


def scale_bar(sheet: Sheet, ax: Any, size: tuple[int, int], unit: str, impossible: str) -> None:
    """Draw the scale bar that is wanted on a dark patch into the lower right corner."""
    if sheet.has("missing_scale_bar"):
        return
    unit = impossible if sheet.has("wrong_scale_bar") else unit
    height, width = size
    length, colour = width * 0.18, "white"
    x, y = width * 0.76, height * 0.92
    left, right, top, bottom = x - 6, x + length + 6, y - height * 0.1, y + 8
    ax.fill([left, right, right, left], [top, top, bottom, bottom], color="black", alpha=0.55)
    ax.plot([x, x + length], [y, y], color=colour, linewidth=3, solid_capstyle="butt")
    ax.text(x + length / 2, y - 4, f"{sheet.bar_number} {unit}", ha="center",
            va="bottom", color=colour, fontsize=sheet.style.font_size * 0.9,
            fontfamily=sheet.fonts)  # fmt: skip


def micrograph(sheet: Sheet) -> None:
    """One to three micrographs with scale bar and panel letters."""
    n_panels = int(sheet.rng.integers(2, 4)) if sheet.has("missing_panel") else int(
        sheet.rng.integers(1, 4))  # fmt: skip
    form, unit, impossible = sheet.pick(MICROSCOPY)
    tint = sheet.pick(("gray", "gray", "gray", "bone", "Greens_r", "magma"))
    empty = int(sheet.rng.integers(n_panels)) if sheet.has("missing_panel") else -1
    px = sheet.style.width * sheet.style.dpi / n_panels
    size = (min(420, int(sheet.style.height * sheet.style.dpi)), min(520, int(px)))
    for i in range(n_panels):
        box = (i / n_panels + 0.006, 0.01, 1 / n_panels - 0.012, 0.98)
        if i == empty and not sheet.way("missing_panel", 2):
            continue
        values = _texture(sheet, size, form)
        blank = np.full(size, sheet.pick((0.0, 0.5, 1.0)))
        ax = picture_axes(sheet, blank if i == empty else copy_region(sheet, values), box, tint)
        if i == empty:
            continue
        if n_panels > 1:
            patch = {"facecolor": "black", "alpha": 0.5, "pad": 1.5, "linewidth": 0}
            ax.text(8, 8, "abc"[i], color="white", va="top", fontweight="bold", bbox=patch,
                    fontsize=sheet.style.font_size * 1.4)  # fmt: skip
        scale_bar(sheet, ax, size, unit, impossible)


def _lanes(sheet: Sheet, size: tuple[int, int], n_lanes: int) -> Any:
    """Return bands of a gel, dark on bright, values 0–1; the first lane is the ladder."""
    height, width = size
    y, x = np.arange(height)[:, None], np.arange(width)[None, :]
    picture = np.full(size, 0.88) - 0.05 * (y / height)
    step = width / n_lanes
    shared = np.sort(sheet.rng.uniform(0.15, 0.9, 6))
    for lane in range(n_lanes):
        ladder = lane == 0
        places = np.linspace(0.12, 0.92, 8) if ladder else shared[: sheet.rng.integers(1, 5)]
        across = 1 / (1 + np.exp((np.abs(x - (lane + 0.5) * step) - 0.36 * step) / 1.5))
        for place in places:
            thick = height * sheet.rng.uniform(0.008, 0.02)
            depth = 0.5 if ladder else sheet.rng.uniform(0.2, 0.8)
            picture = picture - depth * across * np.exp(-0.5 * ((y - place * height) / thick) ** 2)
    return np.clip(picture + sheet.rng.normal(0, 0.012, size), 0.02, 1)


def gel(sheet: Sheet) -> None:
    """Gel or blot: lanes with bands, ladder, lane labels and sizes."""
    n_lanes = int(sheet.rng.integers(5, 11))
    width_px, height_px = (
        int(v * sheet.style.dpi) for v in (sheet.style.width, sheet.style.height)
    )
    size = (min(420, int(height_px * 0.82)), min(560, int(width_px * 0.84)))
    values = copy_region(sheet, _lanes(sheet, size, n_lanes))
    if sheet.rng.random() < 0.3:
        values = 1 - values
    halves = 2 if sheet.has("missing_panel") else 1
    for half in range(halves):
        if half == 1:
            continue
        ax = picture_axes(sheet, values, (0.12, 0.04, 0.85 / halves, 0.82), "gray")
    if sheet.has("missing_lane_labels"):
        return
    for lane in range(n_lanes):
        text = "M" if lane == 0 else str(lane)
        ax.text(
            (lane + 0.5) * size[1] / n_lanes, -6, text, ha="center", va="bottom", **sheet.font()
        )
    for k, kb in enumerate((250, 150, 100, 75, 50, 37, 25, 15)):
        y = (0.12 + 0.8 * k / 7) * size[0]
        ax.text(-6, y, f"{kb}", ha="right", va="center", **sheet.font(0.85))
    ax.text(-6, -6, "kDa", ha="right", va="bottom", **sheet.font(0.85))


def radiograph(sheet: Sheet) -> None:
    """Radiograph-like picture: bright long bones or ribs in soft tissue, side mark, scale bar."""
    from scipy.ndimage import gaussian_filter

    size = (
        min(440, int(sheet.style.height * sheet.style.dpi)),
        min(440, int(sheet.style.width * sheet.style.dpi)),
    )
    height, width = size
    y, x = np.mgrid[0:height, 0:width]
    v, u = y / height - 0.5, x / width - 0.5
    tissue = 0.42 / (1 + np.exp(14 * (np.hypot(u / 0.42, v / 0.55) - 1)))
    picture = tissue.copy()
    bend = sheet.rng.uniform(0.1, 0.5)
    if sheet.rng.random() < 0.5:
        for k in range(7):
            place = -0.42 + 0.13 * k
            curve = place + bend * u**2 * 2
            ridge = np.exp(-(((v - curve) / 0.018) ** 2)) * (np.abs(u) > 0.03) * (np.abs(u) < 0.4)
            picture += 0.28 * ridge
        picture += 0.4 * np.exp(-((u / 0.035) ** 2))
    else:
        for shift in sheet.rng.uniform(-0.18, 0.18, 2):
            middle = shift + 0.06 * np.sin(4 * v + shift * 9)
            wide = 0.05 + 0.05 * (np.abs(v) / 0.5) ** 2
            edge = np.abs((u - middle) / wide)
            picture += 0.32 * (edge < 1) + 0.18 * np.exp(-(((edge - 0.9) / 0.12) ** 2))
    picture = gaussian_filter(picture, 1.0) + sheet.rng.normal(0, 0.012, size)
    if sheet.rng.random() < 0.25:
        picture = 1 - picture
    ax = picture_axes(sheet, copy_region(sheet, picture), (0, 0, 1, 1), "gray")
    ax.text(width * 0.05, height * 0.06, sheet.pick("LR"), color="white", va="top",
            fontsize=sheet.style.font_size * 1.8, fontweight="bold",
            bbox={"facecolor": "black", "alpha": 0.4, "pad": 2, "linewidth": 0})  # fmt: skip
    impossible = sheet.pick(("km", "nm")) if sheet.has("wrong_scale_bar") else ""
    scale_bar(sheet, ax, size, "mm", impossible)
