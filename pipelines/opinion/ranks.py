"""Correlations computed within many groups at once (one group per rater)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.opinion.table import Codes, Floats

__all__ = ["midranks_within", "pearson_within"]

_DENSE_CELLS = 8
"""Group x value tables of up to this many cells a row are ranked by counting."""


def midranks_within(
    group: Codes, value: Floats, n_groups: int, code: npt.NDArray[np.intp] | None = None
) -> Floats:
    """Return each value's rank within its group, shape (N,), ties sharing the mean rank.

    Args:
        group: Group of each value, shape (N,).
        value: What is ranked, shape (N,), finite.
        n_groups: Number of groups.
        code: Rank of each value among all distinct values, where it is known already.

    >>> midranks_within(np.array([0, 0, 0, 1], np.int32), np.array([5.0, 5.0, 1.0, 9.0]), 2)
    array([2.5, 2.5, 1. , 1. ])
    """
    if code is None:
        code = np.unique(value, return_inverse=True)[1]
    n_codes = int(code.max(initial=-1)) + 1
    if n_groups * n_codes <= _DENSE_CELLS * len(value) + 1_000_000:
        cells = group * np.intp(n_codes) + code
        counts = np.bincount(cells, minlength=n_groups * n_codes).reshape(n_groups, n_codes)
        ranks = np.cumsum(counts, axis=1) - (counts - 1) / 2
        dense: Floats = ranks.ravel()[cells]
        return dense
    order = np.lexsort((code, group))
    key_group, key_code = group[order], code[order]
    new = np.append(True, (np.diff(key_group) != 0) | (np.diff(key_code) != 0))
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(order)) - 1
    starts = np.flatnonzero(np.append(True, np.diff(key_group) != 0))
    offset = starts[np.searchsorted(starts, first, side="right") - 1]
    middle = (first + last) / 2 - offset + 1
    ranks = np.empty(len(value))
    ranks[order] = np.repeat(middle, last - first + 1)
    return ranks


def pearson_within(group: Codes, x: Floats, y: Floats, n_groups: int) -> Floats:
    """Return Pearson's r of x and y in each group; NaN where x or y is constant or absent."""
    n = np.bincount(group, minlength=n_groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        dx = x - (np.bincount(group, x, minlength=n_groups) / n)[group]
        dy = y - (np.bincount(group, y, minlength=n_groups) / n)[group]
        xx = np.bincount(group, dx * dx, minlength=n_groups)
        yy = np.bincount(group, dy * dy, minlength=n_groups)
        xy = np.bincount(group, dx * dy, minlength=n_groups)
        # Rounding leaves specks of variance where all values are equal.
        tiny = n * (1e-13 * max(1.0, float(np.abs(x).max(initial=0)))) ** 2
        tiny_y = n * (1e-13 * max(1.0, float(np.abs(y).max(initial=0)))) ** 2
        r = np.clip(xy / np.sqrt(xx * yy), -1.0, 1.0)
    return np.where((xx > tiny) & (yy > tiny_y), r, np.nan)
