"""Features of where the ink is: margins, frame, strips along the sides, directions of edges."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.views import Features, Levels, Values, Views, counted_quantiles, sums_of_four

__all__ = ["Frame", "direction_features", "find_frame", "ink_of", "layout_features"]

Ink = NDArray[np.bool_]
_MOST_EDGES = 10_000
"""Pixels at most whose direction is taken."""


class Frame(NamedTuple):
    """Outermost long straight lines, as shares of the sides; the picture's own where none is."""

    left: float
    right: float
    top: float
    bottom: float
    n_lines: int
    """How many of the four sides there are."""


def ink_of(views: Views) -> Ink:
    """Return what differs from the paper, taken as the commonest grey, in the small picture."""
    commonest = int(views.small_counts.reshape(32, 8).sum(axis=1).argmax())
    paper, reach = 8 * commonest + 3.5, 0.14 * 255
    lightest, darkest = np.uint8(min(paper + reach, 255)), np.uint8(max(paper - reach + 1, 0))
    ink: Ink = (views.small_levels > lightest) | (views.small_levels < darkest)
    return ink


def _shares(ink: Ink) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return shares of ink of rows, of columns, and of 4 × 4 cells."""
    height, width = ink.shape
    rows = np.arange(5) * height // 4
    columns = np.arange(5) * width // 4
    dots = ink.view(np.uint8)
    bands = np.stack([dots[a:b].sum(axis=0, dtype=np.uint16) for a, b in pairwise(rows)])
    cells = np.add.reduceat(bands.astype(float), columns[:-1], axis=1)
    areas = np.outer(np.diff(rows), np.diff(columns))
    return (
        dots.sum(axis=1, dtype=np.uint16) / width,
        bands.sum(axis=0) / height,
        (cells / areas).ravel(),
    )


def find_frame(ink: Ink) -> Frame:
    """Find the frame of axes: lines over more than 45 % of a side."""
    columns, rows = (np.flatnonzero(shares > 0.45) for shares in _shares(ink)[1::-1])
    height, width = ink.shape
    left, right = (columns[0], columns[-1]) if columns.size else (0, width)
    top, bottom = (rows[0], rows[-1]) if rows.size else (0, height)
    # One line alone is the axis on its nearer side.
    if right - left < 0.3 * width:
        left, right = (left, width) if left < width / 2 else (0, right)
    if bottom - top < 0.3 * height:
        top, bottom = (0, bottom) if bottom > height / 2 else (top, height)
    n_lines = (left > 0) + (right < width) + (top > 0) + (bottom < height)
    return Frame(left / width, right / width, top / height, bottom / height, int(n_lines))


def layout_features(ink: Ink, frame: Frame) -> Features:
    """Where the ink is.

    Args:
        ink: From `ink_of`, `[h, w]`.
        frame: From `find_frame`.
    """
    rows, columns, cells = _shares(ink)
    profiles = {"y": rows, "x": columns}
    features: Features = {"ink": float(rows.mean())}
    margins, touches = [], []
    for name, profile in profiles.items():
        used = np.flatnonzero(profile > 0.002)
        first, last = (used[0], used[-1]) if used.size else (0, profile.size - 1)
        start, end = first / profile.size, 1 - (last + 1) / profile.size
        margins += [start, end]
        touches += [profile[:2].mean(), profile[-2:].mean()]
        features |= {f"margin_{name}_start": start, f"margin_{name}_end": end}
        features |= {
            f"touch_{name}_start": touches[-2],
            f"touch_{name}_end": touches[-1],
        }
        features[f"lines_{name}"] = (profile > 0.55).sum() / profile.size
        features |= _strips(name, profile, profile[first : last + 1])
    margins, touches = sorted(margins), sorted(touches)
    features |= {f"margin_{i}": value for i, value in enumerate(margins)}
    features |= {f"touch_{i}": value for i, value in enumerate(touches)}
    features["margin_uneven"] = margins[1] - margins[0]
    features |= {f"cell_{i // 4}_{i % 4}": share for i, share in enumerate(cells.tolist())}
    features["empty_cells"] = int((cells < 0.002).sum())
    return features | _frame_features(frame, profiles["y"], profiles["x"])


def _strips(name: str, profile: NDArray[np.float64], inner: NDArray[np.float64]) -> Features:
    gaps = np.count_nonzero(np.diff((profile > 0.004).astype(np.int8)))
    features: Features = {f"gaps_{name}": max(0, gaps - 1) / 20}
    reach = max(16, inner.size // 4)
    for side, part in (("start", inner[:reach]), ("end", inner[-reach:])):
        bounds = np.arange(9) * part.size // 8
        sums = np.diff(np.concatenate([[0.0], np.cumsum(part)])[bounds])
        means = sums / np.maximum(np.diff(bounds), 1)
        features |= {f"strip_{name}_{side}_{i}": mean for i, mean in enumerate(means.tolist())}
    return features


def _frame_features(
    frame: Frame, rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> Features:
    """How far the frame is from the edges, and how many bands of ink lie outside it."""
    left, right = (int(share * columns.size) for share in (frame.left, frame.right))
    top, bottom = (int(share * rows.size) for share in (frame.top, frame.bottom))
    outside = {
        "left": columns[:left], "right": columns[right + 2 :],
        "top": rows[:top], "bottom": rows[bottom + 2 :],
    }  # fmt: skip
    return {
        "frame_left": frame.left, "frame_right": 1 - frame.right, "frame_top": frame.top,
        "frame_bottom": 1 - frame.bottom, "frame_lines": frame.n_lines,
        **{f"bands_{side}": _n_bands(part) for side, part in outside.items()},
        **{f"outside_{side}": float(part.mean()) if part.size else 0.0
           for side, part in outside.items()},
    }  # fmt: skip


def _n_bands(profile: NDArray[np.float64]) -> int:
    """Return the number of runs of inked rows or columns."""
    inked = np.concatenate([[False], profile > 0.003]).astype(np.int8)
    return int((np.diff(inked) > 0).sum())


_DIRECTION_NAMES = (
    *(f"direction_{i}" for i in range(8)), "lean", "lean_share", "edge_horizontal",
)  # fmt: skip


def direction_features(views: Views) -> Features:
    """How upright the edges are: energy along the axes, just beside them, and elsewhere."""
    return _fine_directions(views.small) | _soft_lean(views.text)


def _fine_directions(grey: Values) -> Features:
    dx = grey[1:-1, 2:] - grey[1:-1, :-2]
    dy = grey[2:, 1:-1] - grey[:-2, 1:-1]
    square = dx * dx + dy * dy
    limit = max(0.08, float(counted_quantiles(np.sqrt(square[::2, ::2]), (0.9,))[0]))
    places = np.flatnonzero(square > limit * limit)
    if not places.size:
        return dict.fromkeys(_DIRECTION_NAMES, 0.0)
    places = places[:: 1 + places.size // _MOST_EDGES]
    across, along = dx.ravel()[places], dy.ravel()[places]
    weight = np.sqrt(square.ravel()[places])
    signed = _off_axes(across, along)
    quarters = np.bincount((signed * 4 + 180).astype(np.intp), weights=weight, minlength=361)
    # Quarters of a degree, −45 to 45, of which both signs count alike.
    folded = quarters[180:].copy()
    folded[:180] += quarters[179::-1]
    counts = np.add.reduceat(folded, (0, 3, 8, 16, 28, 44, 64, 120))
    shares = counts / counts.sum()
    fine = quarters[116:244].reshape(64, 2).sum(axis=1)
    horizontal = (np.abs(along) / weight > 0.97).mean()
    best = abs((fine.argmax() - 32 + 0.5) / 2)
    values = (*shares, best, fine.max() / (fine.sum() + 1e-6), horizontal)
    return dict(zip(_DIRECTION_NAMES, (float(v) for v in values), strict=True))


def _off_axes(across: Values, along: Values) -> Values:
    """Return the angle of each gradient to the nearer axis, degrees, −45 to 45."""
    is_flat = np.abs(across) >= np.abs(along)
    # The tangent to the nearer axis; turning by 90° changes its sign.
    tangent = np.where(is_flat, along, -across) / np.where(is_flat, across, along)
    angle: Values = np.degrees(np.arctan(tangent))
    return angle


def _soft_lean(levels: Levels) -> Features:
    """Angle of long edges to the axes, from smoothed gradients that aliasing does not bend."""
    smooth = sums_of_four(levels).astype(np.float32)
    # Binomial weights of six steps: nearly a Gaussian of 1.2 px, by additions alone.
    for _ in range(6):
        smooth = smooth[1:] + smooth[:-1]
        smooth = smooth[:, 1:] + smooth[:, :-1]
    smooth *= np.float32(1 / (4 * 255 * 4096))
    dx, dy = smooth[1:-1, 2:] - smooth[1:-1, :-2], smooth[2:, 1:-1] - smooth[:-2, 1:-1]
    square = dx * dx + dy * dy
    strong = np.flatnonzero(square > max(0.02**2, 0.09 * float(square.max())))
    if not strong.size:
        return {"soft_lean": 0.0, "soft_lean_share": 0.0, "soft_upright": 0.0}
    strong = strong[:: 1 + strong.size // _MOST_EDGES]
    weight = np.sqrt(square.ravel()[strong])
    signed = _off_axes(dx.ravel()[strong], dy.ravel()[strong])
    bins = np.floor(signed + 15.5).clip(-1, 31).astype(np.int64) + 1
    counts = np.bincount(bins, weights=weight, minlength=33)[1:32]
    return {
        "soft_lean": float(abs(int(counts.argmax()) - 15)),
        "soft_lean_share": float(counts.max() / weight.sum()),
        "soft_upright": float(counts[14:17].sum() / weight.sum()),
    }
