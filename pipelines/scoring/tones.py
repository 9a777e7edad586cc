"""Features of grey values, of the paper, and of colours."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.views import Features, Levels, Values, Views

__all__ = ["colour_features", "paper_features", "tone_features"]


def tone_features(views: Views) -> Features:
    """How grey values are distributed."""
    counts = views.small_counts / views.small_counts.sum()
    filled = counts[counts > 0]
    full = views.window_counts
    greys = np.arange(256) / 255
    mean = float(counts @ greys)
    cumulative = np.cumsum(counts)
    quantiles = np.searchsorted(cumulative, (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)) / 255
    names = ("q01", "q05", "q25", "q50", "q75", "q95", "q99")
    return {
        "grey_mean": mean, "grey_sd": float(counts @ (greys - mean) ** 2) ** 0.5,
        "range": quantiles[-1] - quantiles[0],
        **{f"grey_{name}": value for name, value in zip(names, quantiles, strict=True)},
        "white": counts[250:].sum(), "black": counts[:6].sum(), "mode": counts.argmax() / 255,
        "mode_share": counts.max(), "entropy": -(filled * np.log2(filled)).sum(),
        "n_greys": (full > 0).sum() / 256,
        "n_common_greys": (full > views.window.size * 0.002).sum() / 256,
        "comb": np.abs(np.diff(full)).sum() / views.window.size,
    }  # fmt: skip


def paper_features(views: Views) -> Features:
    """How clean and even the paper is: dirt beside its grey, and its grey from place to place."""
    counts = views.window_counts
    away = np.abs(np.arange(256) - int(counts.argmax()))
    shares = counts / views.window.size
    bright, middle, dark = _cells(views.small_levels)
    plane = _plane(bright)
    return {
        "paper_exact": shares[away == 0].sum(), "dirt_1_2": shares[(away > 0) & (away <= 2)].sum(),
        "dirt_3_8": shares[(away > 2) & (away <= 8)].sum(),
        "dirt_9_30": shares[(away > 8) & (away <= 30)].sum(),
        "half_tones": shares[(away > 30) & (away <= 150)].sum(),
        "bright_sd": bright.std(), "bright_range": np.ptp(bright), "dark_sd": dark.std(),
        "middle_sd": middle.std(), "corner_fall": middle[[0, 5, 30, 35]].mean() - np.median(middle),
        "bright_plane": plane, "bright_lowest": bright.min(), "dark_highest": dark.max(),
        "bright_middle": float(np.median(bright)), "dark_middle": float(np.median(dark)),
        "contrast_middle": float(np.median(bright - dark)),
    }  # fmt: skip


def _cells(levels: Levels) -> tuple[Values, Values, Values]:
    """Return the lightest, the middle and the darkest grey of 6 × 6 cells, each `[36]`, 0–1."""
    height, width = (n // 6 for n in levels.shape)
    blocks = levels[: height * 6, : width * 6].reshape(6, height, 6 * width)
    high, low = (
        extreme.reduce(extreme.reduce(blocks, axis=1).reshape(6, 6, width), axis=2).ravel()
        for extreme in (np.maximum, np.minimum)
    )
    # One in nine: the middle needs no more.
    part = blocks.reshape(6, height, 6, width)[:, ::3, :, ::3].transpose(0, 2, 1, 3)
    middle = np.median(part.reshape(36, -1), axis=1)
    high, middle, low = (values * np.float32(1 / 255) for values in (high, middle, low))
    return high, middle.astype(np.float32), low


@cache
def _surfaces() -> NDArray[np.float64]:
    """Return the matrix that takes 6 × 6 cells to the smooth surface nearest to them."""
    v, u = (n.ravel() - 2.5 for n in np.mgrid[0:6, 0:6])
    design = np.stack([np.ones(36), u, v, u * u, v * v, u * v], axis=1)
    projection: NDArray[np.float64] = design @ np.linalg.pinv(design)
    return projection


def _plane(cells: Values) -> float:
    """Return the variance of the smooth surface nearest to 6 × 6 cells."""
    return float((_surfaces() @ cells).var())


def colour_features(colour: Values) -> Features:
    """Saturation, hues, number of colours, and the colour of the paper."""
    # Planes: reductions over a last axis of three are slow.
    red, green, blue = (np.ascontiguousarray(colour[..., i]) for i in range(3))
    high = np.maximum(np.maximum(red, green), blue)
    low = np.minimum(np.minimum(red, green), blue)
    chroma = high - low
    saturation = chroma / (high + 1e-3)
    rg, yb = red - green, (red + green) / 2 - blue
    n_pixels = chroma.size
    there = chroma > 0.01
    hue = np.arctan2(1.732 * (green - blue), 2 * red - green - blue, where=there, out=chroma * 0)
    sector = ((hue[there] / (2 * np.pi) % 1) * 11.999).astype(np.int32)
    hues = np.bincount(sector, weights=chroma[there], minlength=12) / n_pixels
    present = hues / (hues.sum() + 1e-6)
    codes = sum((n * 7.99).astype(np.int32) << s for n, s in ((red, 6), (green, 3), (blue, 0)))
    counts = np.bincount(np.ravel(codes), minlength=512) / n_pixels
    sides = (colour[:4], colour[-4:], colour[:, :4], colour[:, -4:])
    edge = np.concatenate([side.reshape(-1, 3) for side in sides])
    paper = np.median(edge, axis=0)
    off = [np.abs(n - p) for n, p in zip((red, green, blue), paper, strict=True)]
    is_paper = np.maximum(np.maximum(off[0], off[1]), off[2]) < 0.04
    return {
        "saturation": saturation.mean(), "saturation_sd": saturation.std(),
        "vivid": (chroma > 0.6).mean(), "coloured": (chroma > 0.08).mean(),
        "colourfulness": np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()),
        "hue_entropy": -(present * np.log(present + 1e-6)).sum(),
        "n_colours": (counts > 0.001).sum(), "largest_colour": counts.max(),
        "second_colour": np.partition(counts, -2)[-2],
        "paper_chroma": paper.max() - paper.min(), "paper_light": paper.mean(),
        "paper_sd": edge.std(), "paper_share": is_paper.mean(),
        **{f"hue_{i}": share for i, share in enumerate(hues)},
    }  # fmt: skip
