"""Hand-crafted features of scientific images, and natural-scene statistics.

Pixel statistics (sharpness, noise, compression, repetition) are taken at the original
resolution from a window of at most 448 × 448 px with the most detail, since shrinking removes
what they measure; layout, colour and text size from the whole image at 512 px.
Every feature is finite for every image.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.scoring.nss import NSS_NAMES, scene_statistics

__all__ = ["FEATURE_NAMES", "hand_features"]

_WINDOW = 448
_LAYOUT_SIDE = 512
_COLOUR_SIDE = 224

Values = NDArray[np.float32]
Features = dict[str, float]


class _Views(NamedTuple):
    """The pictures that the features are taken from, all 0–1."""

    size: tuple[int, int]
    """Original width and height, px."""
    window: Values
    """Grey, original resolution, `[h, w]`."""
    small: Values
    """Grey, longer side at most 512 px, `[h, w]`."""
    colour: Values
    """Red, green, blue, longer side at most 224 px, `[h, w, 3]`."""


def hand_features(image: Image.Image) -> Values:
    """Return the features of one image, in the order of `FEATURE_NAMES`.

    Args:
        image: Any mode; at least 1 × 1 px.
    """
    views = _views(image)
    features = {
        **_frame(views), **_tones(views), **_sharpness(views.window), **_grid(views.window),
        **_repetition(views.window), **_directions(views.small), **_colours(views.colour),
        **_layout(views), **_marks(views),
        **dict(zip(NSS_NAMES, scene_statistics(views.window), strict=True)),
    }  # fmt: skip
    values = np.array([features[name] for name in FEATURE_NAMES], dtype=np.float32)
    return np.nan_to_num(values, nan=0.0, posinf=50.0, neginf=-50.0).clip(-1e4, 1e4)


def _views(image: Image.Image) -> _Views:
    rgb = image.convert("RGB")
    small = rgb.copy()
    small.thumbnail((_LAYOUT_SIDE, _LAYOUT_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    grey = _unit(small.convert("L"))
    small.thumbnail((_COLOUR_SIDE, _COLOUR_SIDE), Image.Resampling.NEAREST)
    colour = _unit(small)
    window = _unit(_busiest_window(rgb.convert("L")))
    return _Views(rgb.size, _at_least(window, 24), _at_least(grey, 24), colour)


def _unit(image: Image.Image) -> Values:
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def _at_least(values: Values, side: int) -> Values:
    """Repeat the edges of very small pictures, so that filters have room."""
    missing = [(0, max(0, side - n)) for n in values.shape]
    return np.pad(values, missing, mode="edge") if any(m[1] for m in missing) else values


def _busiest_window(grey: Image.Image) -> Image.Image:
    """Return the window with the largest variance among nine places."""
    width, height = (min(n, _WINDOW) for n in grey.size)
    if (width, height) == grey.size:
        return grey
    shrink = 8
    coarse = np.asarray(grey.reduce(shrink), dtype=np.float32)
    places = [
        (int(fx * (grey.width - width)), int(fy * (grey.height - height)))
        for fx in (0.0, 0.5, 1.0)
        for fy in (0.0, 0.5, 1.0)
    ]
    spread = [
        coarse[y // shrink : (y + height) // shrink, x // shrink : (x + width) // shrink].var()
        for x, y in places
    ]
    x, y = places[int(np.argmax(spread))]
    return grey.crop((x, y, x + width, y + height))


def _frame(views: _Views) -> Features:
    width, height = views.size
    return {
        "log_width": np.log(width), "log_height": np.log(height),
        "aspect": np.log(width / height), "abs_aspect": abs(np.log(width / height)),
    }  # fmt: skip


def _tones(views: _Views) -> Features:
    grey = views.small
    counts = np.bincount((grey * 255).astype(np.int32).ravel(), minlength=256) / grey.size
    filled = counts[counts > 0]
    full = np.bincount((views.window * 255).astype(np.int32).ravel(), minlength=256)
    quantiles = _quantiles(grey, (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99))
    names = ("q01", "q05", "q25", "q50", "q75", "q95", "q99")
    return {
        "grey_mean": grey.mean(), "grey_sd": grey.std(), "range": quantiles[-1] - quantiles[0],
        **{f"grey_{name}": value for name, value in zip(names, quantiles, strict=True)},
        "white": counts[250:].sum(), "black": counts[:6].sum(), "mode": counts.argmax() / 255,
        "mode_share": counts.max(), "entropy": -(filled * np.log2(filled)).sum(),
        "n_greys": (full > 0).sum() / 256,
        "n_common_greys": (full > views.window.size * 0.002).sum() / 256,
        "comb": np.abs(np.diff(full)).sum() / views.window.size,
    }  # fmt: skip


def _sharpness(grey: Values) -> Features:
    """Edges at three scales, their direction, their overshoot, and the noise between them."""
    features: Features = {}
    view = grey
    for scale in (1, 2, 4):
        dx, dy = np.abs(np.diff(view, axis=1)), np.abs(np.diff(view, axis=0))
        laplacian = _laplacian(view)
        strong_x, strong_y = (
            np.quantile(dx, (0.9, 0.99, 0.999)),
            np.quantile(dy, (0.9, 0.99, 0.999)),
        )
        square = laplacian * laplacian
        power = square.mean()
        energy_x, energy_y = (dx**2).mean(), (dy**2).mean()
        features |= {
            f"gradient_{scale}": np.log(energy_x + energy_y + 1e-7),
            f"anisotropy_{scale}": np.log((energy_x + 1e-6) / (energy_y + 1e-6)),
            f"abs_anisotropy_{scale}": abs(np.log((energy_x + 1e-6) / (energy_y + 1e-6))),
            f"laplacian_{scale}": np.log(power + 1e-7),
            f"kurtosis_{scale}": np.log((square * square).mean() / (power**2 + 1e-9) + 1),
            f"overshoot_{scale}": (square * laplacian).mean() / (power**1.5 + 1e-6),
            **{
                f"edge_{q}_{scale}": max(a, b)
                for q, a, b in zip("abc", strong_x, strong_y, strict=True)
            },
            f"weak_edge_{scale}": min(strong_x[2], strong_y[2]),
        }  # fmt: skip
        if scale < 4:
            view = _halve(view)
    flat = np.abs(_laplacian(grey))
    median = _quantiles(flat, (0.5,))[0]
    features |= {
        "noise": median, "noise_mean_low": flat[flat <= median + 1 / 1024].mean(),
        "quiet": (flat < 1 / 255).mean(),
        "loss_1_2": features["gradient_1"] - features["gradient_2"],
        "loss_2_4": features["gradient_2"] - features["gradient_4"],
        "edge_width": features["edge_c_1"] / (features["edge_c_4"] + 0.02),
    }  # fmt: skip
    return features | _bands(grey)


def _quantiles(values: Values, shares: tuple[float, ...]) -> NDArray[np.float64]:
    """Return quantiles of values 0 to about 6 by counting, exact to 1/2048."""
    counts = np.bincount((values.ravel() * 2048).clip(0, 12288).astype(np.int32))
    found = np.searchsorted(np.cumsum(counts), np.array(shares) * values.size)
    return np.minimum(found, counts.size - 1) / 2048


def _laplacian(grey: Values) -> Values:
    return (
        4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    )


def _halve(grey: Values) -> Values:
    height, width = (n // 2 * 2 for n in grey.shape)
    part = grey[:height, :width]
    total = part[::2, ::2] + part[1::2, ::2] + part[::2, 1::2] + part[1::2, 1::2]
    return total * np.float32(0.25)


def _bands(grey: Values) -> Features:
    """Share of the spectrum's energy in six rings of frequency, and its direction."""
    size = 256
    height, width = grey.shape
    y, x = max(0, (height - size) // 2), max(0, (width - size) // 2)
    part = _at_least(grey[y : y + size, x : x + size], size)
    hann = np.hanning(size).astype(np.float32)
    power = np.abs(np.fft.rfft2((part - part.mean()) * hann[:, None] * hann)) ** 2
    fy, fx = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None]
    radius = np.hypot(fy, fx)
    total = power.sum() + 1e-6
    edges = (0.02, 0.06, 0.12, 0.2, 0.3, 0.4, 0.5)
    rings = [
        power[(radius >= low) & (radius < high)].sum() / total for low, high in pairwise(edges)
    ]
    across = power[(np.abs(fx) > 0.25) & (np.abs(fy) < 0.1)].sum() / total
    along = power[(np.abs(fy) > 0.25) & (np.abs(fx) < 0.1)].sum() / total
    return {
        **{f"ring_{i}": np.log(share + 1e-6) for i, share in enumerate(rings)},
        "fine_across": np.log(across + 1e-6), "fine_along": np.log(along + 1e-6),
    }  # fmt: skip


def _grid(grey: Values) -> Features:
    """Blocks of 8 px as JPEG leaves them, and the steps of an enlarged small picture."""
    features: Features = {}
    for name, axis in (("x", 1), ("y", 0)):
        jumps = np.abs(np.diff(grey, axis=axis)).mean(axis=1 - axis)
        second = np.abs(np.diff(grey, n=2, axis=axis)).mean(axis=1 - axis)
        features[f"same_{name}"] = (np.abs(np.diff(grey, axis=axis)) < 0.5 / 255).mean()
        phases = np.array([second[i::8].mean() for i in range(8) if second[i::8].size])
        features[f"block_{name}"] = phases.max() / (np.median(phases) + 1e-4)
        centred = jumps - jumps.mean()
        scale = (centred**2).sum() + 1e-6
        for lag in (2, 3, 4, 5, 8):
            product = (centred[:-lag] * centred[lag:]).sum() if centred.size > lag else 0.0
            features[f"period_{name}_{lag}"] = product / scale
    return features


def _repetition(grey: Values) -> Features:
    """Height of the strongest side peak of the autocorrelation: copied regions make one."""
    size = 512
    part = _at_least(grey[:size, :size], 64)
    fine = part - _blurred(part)
    spectrum = np.fft.rfft2(fine)
    correlation = np.fft.irfft2(np.abs(spectrum) ** 2, part.shape).astype(np.float32)
    height = part.shape[0]
    peak = max(float(correlation[0, 0]), 1e-6)
    sides = correlation[: height // 2 + 1].copy()
    sides[:12, :12] = sides[:12, -12:] = 0
    lines = sides[14:, 14:-14]
    return {
        "repeat_any": sides.max() / peak,
        "repeat_oblique": lines.max() / peak if lines.size else 0.0,
        "repeat_stand_out": (
            (lines.max() - _quantiles(lines, (0.999,))[0]) / peak if lines.size else 0.0
        ),
    }  # fmt: skip


def _blurred(grey: Values) -> Values:
    from scipy.ndimage import uniform_filter

    blurred: Values = uniform_filter(grey, 5)
    return blurred


def _directions(grey: Values) -> Features:
    """How upright the edges are: energy along the axes, just beside them, and elsewhere."""
    dx = grey[1:-1, 2:] - grey[1:-1, :-2]
    dy = grey[2:, 1:-1] - grey[:-2, 1:-1]
    strength = np.hypot(dx, dy)
    strong = strength > max(0.08, float(_quantiles(strength, (0.9,))[0]))
    if not strong.any():
        return dict.fromkeys(_DIRECTION_NAMES, 0.0)
    angle = np.degrees(np.arctan2(dy[strong], dx[strong])) % 90
    offset = np.minimum(angle, 90 - angle)
    weight = strength[strong]
    counts, _ = np.histogram(offset, (0, 0.75, 2, 4, 7, 11, 16, 30, 45.01), weights=weight)
    shares = counts / counts.sum()
    signed = np.where(angle > 45, angle - 90, angle)
    near, weights = signed[np.abs(signed) < 16], weight[np.abs(signed) < 16]
    fine, _ = np.histogram(near, np.arange(-16, 16.5, 0.5), weights=weights)
    best = (np.arange(-16, 16, 0.5) + 0.25)[fine.argmax()]
    horizontal = (np.abs(np.abs(dy[strong]) / strength[strong]) > 0.97).mean()
    values = (*shares, abs(best), fine.max() / (fine.sum() + 1e-6), horizontal)
    return dict(zip(_DIRECTION_NAMES, (float(v) for v in values), strict=True))


_DIRECTION_NAMES = (
    *(f"direction_{i}" for i in range(8)), "lean", "lean_share", "edge_horizontal",
)  # fmt: skip


def _colours(colour: Values) -> Features:
    high, low = colour.max(axis=2), colour.min(axis=2)
    saturation = (high - low) / (high + 1e-3)
    rg = colour[..., 0] - colour[..., 1]
    yb = (colour[..., 0] + colour[..., 1]) / 2 - colour[..., 2]
    red, green, blue = (colour[..., i] for i in range(3))
    hue = np.degrees(np.arctan2(1.732 * (green - blue), 2 * red - green - blue)) % 360
    chroma = high - low
    hues, _ = np.histogram(hue, 12, (0, 360), weights=chroma)
    hues = hues / colour[..., 0].size
    present = hues / (hues.sum() + 1e-6)
    codes = (colour * 7.99).astype(np.int32) @ np.array([64, 8, 1])
    counts = np.bincount(codes.ravel(), minlength=512) / codes.size
    sides = (colour[:4], colour[-4:], colour[:, :4], colour[:, -4:])
    edge = np.concatenate([side.reshape(-1, 3) for side in sides])
    paper = np.median(edge, axis=0)
    return {
        "saturation": saturation.mean(), "saturation_sd": saturation.std(),
        "vivid": (chroma > 0.6).mean(), "coloured": (chroma > 0.08).mean(),
        "colourfulness": np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()),
        "hue_entropy": -(present * np.log(present + 1e-6)).sum(),
        "n_colours": (counts > 0.001).sum(), "largest_colour": counts.max(),
        "second_colour": np.partition(counts, -2)[-2],
        "paper_chroma": paper.max() - paper.min(), "paper_light": paper.mean(),
        "paper_sd": edge.std(), "paper_share": (np.abs(colour - paper).max(axis=2) < 0.04).mean(),
        **{f"hue_{i}": share for i, share in enumerate(hues)},
    }  # fmt: skip


def _ink(grey: Values) -> NDArray[np.bool_]:
    """Return what differs from the paper, taken as the commonest grey."""
    counts = np.bincount((grey * 31.99).astype(np.int32).ravel(), minlength=32)
    paper = (counts.argmax() + 0.5) / 32
    ink: NDArray[np.bool_] = np.abs(grey - paper) > 0.14
    return ink


def _layout(views: _Views) -> Features:
    """Where the ink is: margins, strips along the sides, a coarse grid, long straight lines."""
    ink = _ink(views.small)
    rows, columns = ink.mean(axis=1), ink.mean(axis=0)
    features: Features = {"ink": float(ink.mean())}
    for name, profile in (("y", rows), ("x", columns)):
        used = np.flatnonzero(profile > 0.002)
        first, last = (used[0], used[-1]) if used.size else (0, profile.size - 1)
        features[f"margin_{name}_start"] = first / profile.size
        features[f"margin_{name}_end"] = 1 - (last + 1) / profile.size
        features[f"touch_{name}_start"] = profile[:2].mean()
        features[f"touch_{name}_end"] = profile[-2:].mean()
        features[f"lines_{name}"] = (profile > 0.55).sum() / profile.size
        gaps = np.diff(np.flatnonzero(np.diff((profile > 0.004).astype(np.int8)) != 0))
        features[f"gaps_{name}"] = gaps.size / 20
        inner = profile[first : last + 1]
        for i, strip in enumerate(np.array_split(inner[: max(16, inner.size // 4)], 8)):
            features[f"strip_{name}_start_{i}"] = float(strip.mean()) if strip.size else 0.0
        for i, strip in enumerate(np.array_split(inner[-max(16, inner.size // 4) :], 8)):
            features[f"strip_{name}_end_{i}"] = float(strip.mean()) if strip.size else 0.0
    for r, band in enumerate(np.array_split(ink, 4)):
        for c, cell in enumerate(np.array_split(band, 4, axis=1)):
            features[f"cell_{r}_{c}"] = float(cell.mean())
    return features


def _marks(views: _Views) -> Features:
    """Sizes of connected marks, mostly letters, in pixels and as shares of the height."""
    from scipy.ndimage import find_objects, label

    labels, n_marks = label(_ink(views.small))
    boxes = [box for box in find_objects(labels) if box is not None]
    heights = np.array([box[0].stop - box[0].start for box in boxes], dtype=float)
    widths = np.array([box[1].stop - box[1].start for box in boxes], dtype=float)
    height = views.small.shape[0]
    letters = (heights >= 3) & (heights < 0.12 * height) & (widths < 0.15 * views.small.shape[1])
    enlarge = max(views.size) / max(views.small.shape)
    sizes = heights[letters] if letters.any() else np.array([0.0])
    low, middle, high = np.quantile(sizes, (0.15, 0.5, 0.85))
    left = np.array([box[1].start for box in boxes], dtype=float)[letters] if boxes else sizes
    top = np.array([box[0].start for box in boxes], dtype=float)[letters] if boxes else sizes
    shape = views.small.shape
    thirds = [(left < shape[1] * 0.14), (left > shape[1] * 0.84),
              (top > shape[0] * 0.84), (top < shape[0] * 0.12)]  # fmt: skip
    return {
        "n_marks": np.log1p(n_marks), "n_letters": np.log1p(int(letters.sum())),
        "n_specks": np.log1p(int((heights * widths <= 4).sum())) if boxes else 0.0,
        "letter_low": low * enlarge, "letter_middle": middle * enlarge,
        "letter_high": high * enlarge, "letter_share": middle / height,
        "letter_spread": high / (low + 0.5),
        "largest_mark": float(heights.max() / height) if boxes else 0.0,
        **{f"letters_{name}": np.log1p(int(part.sum())) if letters.any() else 0.0
           for name, part in zip(("left", "right", "bottom", "top"), thirds, strict=True)},
    }  # fmt: skip


def _names() -> tuple[str, ...]:
    """Return the names in the order in which a picture yields them."""
    blank: Any = _views(Image.new("L", (64, 64), 255))
    parts = (
        _frame(blank), _tones(blank), _sharpness(blank.window), _grid(blank.window),
        _repetition(blank.window), _directions(blank.small), _colours(blank.colour),
        _layout(blank), _marks(blank),
    )  # fmt: skip
    return (*(name for part in parts for name in part), *NSS_NAMES)


FEATURE_NAMES: tuple[str, ...] = _names()
"""Names of the features, in order."""
