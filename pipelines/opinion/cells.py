"""What makes two rows the same presentation of the same cell."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.opinion.table import Codes

__all__ = ["joint_key", "rank_within", "second_of_pairs"]


def joint_key(columns: tuple[Codes | npt.NDArray[np.int64] | None, ...]) -> npt.NDArray[np.int64]:
    """Return one number per row that is equal exactly where all columns are equal."""
    key: npt.NDArray[np.int64] = np.zeros(0, np.int64)
    for codes in columns:
        if codes is None:
            continue
        if not len(key):
            key = codes.astype(np.int64)
            continue
        size = int(codes.max(initial=0)) + 1
        if int(key.max(initial=0)) > 2**62 // size:
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
        key = key * size + codes
    return key


def rank_within(cell: npt.NDArray[np.int64], order_by: Codes | npt.NDArray[np.int64]) -> Codes:
    """Return for each row how many rows of its cell come before it, in rising `order_by`."""
    order = np.lexsort((order_by, cell))
    ordered = cell[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    lengths = np.diff(np.append(starts, len(ordered)))
    rank = np.empty(len(cell), np.int32)
    rank[order] = np.arange(len(cell)) - np.repeat(starts, lengths)
    return rank


def second_of_pairs(key: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the indices of keys that occurred before, in rising order."""
    if not len(key):
        return np.zeros(0, np.int64)
    size = int(key.max()) + 1
    if 0 < size <= 8 * len(key) + 1_000_000:
        seen = np.zeros(size, np.bool_)
        seen[key] = True
        if np.count_nonzero(seen) == len(key):
            return np.zeros(0, np.int64)
    order = np.argsort(key, kind="stable")
    same = np.flatnonzero(key[order][1:] == key[order][:-1]) + 1
    return np.sort(order[same])
