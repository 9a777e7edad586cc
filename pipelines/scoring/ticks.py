"""Features of numbers along axes: how many in a row or column, and whether they are in order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.glyphs import Boxes, Glyphs, Windows
from pipelines.scoring.views import Features, Values

__all__ = ["Numbers", "find_numbers", "tick_features"]

Column = NDArray[np.float64]

_FEWEST = 3
"""Numbers that make an axis."""
_SURE = 0.7


class Numbers(NamedTuple):
    """Numbers read in a picture, px, each `[n]`; points are not read.

    Numbers of one axis have the same decimals, so their order is right all the same.
    """

    y: Column
    """Centre."""
    left: Column
    right: Column
    size: Column
    """Height of the digits."""
    value: Column
    sure: Column
    """Probability of the least sure digit."""


def find_numbers(windows: Windows, said: Glyphs, boxes: Boxes) -> Numbers:
    """Join digits that stand side by side, and a dash before them.

    Args:
        windows: Where letters were read.
        said: What was read.
        boxes: All marks, for dashes.
    """
    faces = said.faces
    sure = np.flatnonzero((faces[:, 8] < 0.6) & (said.digit > 0.35) & (faces[:, 0] > 0.08))
    w, digits = windows.of(sure), said.number[sure].argmax(axis=1)
    how_sure = said.number[sure].max(axis=1)
    chains = _chains(_before(w))
    if not chains:
        return Numbers(*np.zeros((len(Numbers._fields), 0)))
    marks = np.concatenate(chains)
    length = np.array([len(chain) for chain in chains])
    # From the last digit of each number back to its first.
    at = np.cumsum(length) - length
    end, start = marks[at], marks[at + length - 1]
    place = np.arange(marks.size) - np.repeat(at, length)
    value = np.add.reduceat(digits[marks] * 10.0**place, at)
    y, size = (np.add.reduceat(part[marks], at) / length for part in (w.y, w.size))
    left = w.x[start] - w.width[start] / 2
    below = _has_dash(boxes, w.y[start], left, size)
    return Numbers(
        y,
        left - np.where(below, size * 0.6, 0),
        np.asarray(w.x[end] + w.width[end] / 2, dtype=np.float64),
        size,
        np.where(below, -value, value),
        np.minimum.reduceat(how_sure[marks], at).astype(np.float64),
    )


def _chains(before: NDArray[np.int64]) -> list[list[int]]:
    """Return the marks of each number from its last one back, at most eight."""
    mark_before = before.tolist()
    chains = []
    for last in sorted(set(range(len(mark_before))).difference(mark_before)):
        chain = [last]
        while mark_before[chain[-1]] >= 0 and len(chain) < 8:
            chain.append(mark_before[chain[-1]])
        chains.append(chain)
    return chains


def _before(w: Windows) -> NDArray[np.int64]:
    """Return the mark just left of each, −1 for none."""
    across = w.x[:, None] - w.x[None, :]
    size = np.maximum(w.size[:, None], w.size[None, :])
    near = (
        (across > 0.1 * size) & (across < 1.25 * size)
        & (np.abs(w.y[:, None] - w.y[None, :]) < 0.25 * size)
    )  # fmt: skip
    if not len(w.y):
        return np.zeros(0, dtype=np.int64)
    nearest = np.where(near, across, np.inf).argmin(axis=1)
    return np.where(near.any(axis=1), nearest, -1)


def _has_dash(boxes: Boxes, y: Values, left: Values, size: Column) -> NDArray[np.bool_]:
    """Return for each number whether a dash stands before its first digit."""
    flat = boxes.of(boxes.width > 1.4 * boxes.height)
    centre, end = flat.top + flat.height / 2, flat.left + flat.width
    y, left, size = y[:, None], left[:, None], size[:, None]
    dash = (
        (flat.height <= np.maximum(2.0, 0.3 * size)) & (flat.width >= 0.3 * size)
        & (flat.width < 1.1 * size) & (np.abs(centre - y) < 0.25 * size)
        & (end <= left + 1) & (end > left - 0.6 * size)
    )  # fmt: skip
    return np.asarray(dash.any(axis=1))


def tick_features(numbers: Numbers) -> Features:
    """Order and spacing of the numbers in the longest row and the longest column.

    Args:
        numbers: From `find_numbers`.
    """
    middle = (numbers.left + numbers.right) / 2
    slack = 0.5 * numbers.size
    row = _longest(numbers.y, slack)
    columns = [_longest(edge, slack) for edge in (numbers.right, numbers.left, middle)]
    column = max(columns, key=len)
    features = {
        **_axis("x", middle[row], numbers.value[row], numbers.sure[row]),
        **_axis("y", -numbers.y[column], numbers.value[column], numbers.sure[column]),
    }
    both = [(features[f"ticks_{way}_{name}"]) for name in ("disorder", "order") for way in "xy"]
    return features | {"ticks_disorder": max(both[:2]), "ticks_order": min(both[2:])}


def _longest(at: Column, slack: Column) -> NDArray[np.int64]:
    """Return the largest set of numbers that one line goes through."""
    if not at.size:
        return np.zeros(0, dtype=np.int64)
    on = np.abs(at[:, None] - at[None, :]) < slack[:, None]
    return np.flatnonzero(on[on.sum(axis=1).argmax()])


def _axis(name: str, at: Column, value: Column, sure: Column) -> Features:
    n = at.size
    features: Features = {f"ticks_{name}": np.log1p(n)}
    features |= dict.fromkeys((f"ticks_{name}_order", f"ticks_{name}_disorder"), 0.0)
    features[f"ticks_{name}_uneven"] = 0.0
    if n < _FEWEST:
        return features
    order = np.argsort(at)
    gaps = np.diff(at[order])
    features[f"ticks_{name}_uneven"] = float(gaps.std() / (gaps.mean() + 1))
    read = value[order][sure[order] > _SURE]
    n = read.size
    if n < _FEWEST:
        return features
    up, down = _longest_rise(read), _longest_rise(-read)
    # What the longer of the two is by chance: 2.4 of 3, 3.3 of 5, 4.1 of 7, 5.3 of 10.
    chance = 1.15 + 0.42 * n
    features[f"ticks_{name}_order"] = (up - down) / n * np.log1p(n)
    features[f"ticks_{name}_disorder"] = (n - max(up, down)) / (n - chance + 1)
    return features


def _longest_rise(values: Column) -> int:
    """Return how many values the longest rising subsequence has."""
    from bisect import bisect_left

    tails: list[float] = []
    for value in values.tolist():
        place = bisect_left(tails, value)
        tails[place : place + 1] = [value]
    return len(tails)
