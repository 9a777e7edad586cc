"""Pairs of 64-bit hashes that differ in few bits, without comparing all with all."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["NearPairs", "near_pairs"]

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.intp]
_BITS = 64


class NearPairs(NamedTuple):
    """Pairs of places, first < second, each pair once; shapes (n_pairs,)."""

    first: Places
    second: Places
    distance: npt.NDArray[np.uint8]
    """Bits that differ."""


def near_pairs(hashes: Hashes, radius: int) -> NearPairs:
    """Return pairs of different hashes at a distance of at most `radius` bits.

    Multi-index hashing: 64 bits in `radius + 2` parts; hashes that differ in `radius` bits agree
    in at least two parts, so only those that share a pair of parts are compared. Source: Norouzi
    et al., "Fast exact search in Hamming space with multi-index hashing" (2014).

    Args:
        hashes: Different values, shape (n,).
        radius: 0 to 30.

    >>> near_pairs(np.array([0, 3, 255], np.uint64), 2)[:2]
    (array([0]), array([1]))
    """
    edges = [round(n * _BITS / (radius + 2)) for n in range(radius + 3)]
    parts = [
        (hashes >> np.uint64(low)) & np.uint64((1 << (high - low)) - 1)
        for low, high in pairwise(edges)
    ]
    widths = np.diff(edges)
    found: list[npt.NDArray[np.int64]] = []
    n = len(hashes)
    for one, two in combinations(range(len(parts)), 2):
        key = (parts[one] << np.uint64(widths[two])) | parts[two]
        for first, second in _sharing(key):
            is_near = np.bitwise_count(hashes[first] ^ hashes[second]) <= radius
            low = np.minimum(first[is_near], second[is_near])
            high = np.maximum(first[is_near], second[is_near])
            found.append(low * n + high)
    pairs = np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)
    first, second = pairs // max(n, 1), pairs % max(n, 1)
    return NearPairs(first, second, np.bitwise_count(hashes[first] ^ hashes[second]))


def _sharing(key: Hashes) -> list[tuple[Places, Places]]:
    """Return places of equal keys, paired: neighbours in sorted order, then one further."""
    order = np.argsort(key, kind="stable")
    at = key[order]
    starts: Places = np.arange(len(key) - 1)
    pairs: list[tuple[Places, Places]] = []
    step = 1
    while True:
        starts = starts[starts + step < len(key)]
        starts = starts[at[starts] == at[starts + step]]
        if not len(starts):
            return pairs
        pairs.append((order[starts], order[starts + step]))
        step += 1
