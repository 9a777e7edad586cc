"""Near-duplicate images by perceptual hash, found without comparing all pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

__all__ = ["candidate_pairs", "near_copies"]

_BITS = 64
_MOST_SHARED_BANDS = 4

Values = NDArray[np.uint64]
Places = NDArray[np.intp]


def near_copies(hashes: Mapping[str, str], distance: int = 6) -> dict[str, str]:
    """Return stimulus -> first stimulus, in sorted order, of its group of near copies.

    Two images are near copies when their 64-bit hashes differ in at most `distance` bits; groups
    are closed under that.

    Args:
        hashes: Stimulus -> 16 hex digits; stimuli without a hash are groups of their own.
        distance: Bits that may differ, 0 to 15.

    >>> near_copies({"a": "00" * 8, "b": "00" * 7 + "03", "c": "ff" * 8})
    {'a': 'a', 'b': 'a', 'c': 'c'}
    """
    named = sorted(stimulus for stimulus, digits in hashes.items() if digits)
    told = np.array([int(hashes[stimulus], 16) for stimulus in named], np.uint64)
    values, place = np.unique(told, return_inverse=True)
    label: Places = np.arange(len(values))
    for left, right in candidate_pairs(values, distance):
        is_close = np.bitwise_count(values[left] ^ values[right]) <= distance
        label = _joined(label, left[is_close], right[is_close])
    first: dict[int, str] = {}
    group = {s: first.setdefault(int(label[at]), s) for s, at in zip(named, place, strict=True)}
    return {stimulus: group.get(stimulus, stimulus) for stimulus in hashes}


def candidate_pairs(values: Values, distance: int) -> Iterator[tuple[Places, Places]]:
    """Yield places of different values, among them all pairs that differ in few enough bits.

    Values are cut into `distance + k` bands. Two that differ in at most `distance` bits agree in
    `k` bands at least, so only values that share `k` bands are compared: those next to each other
    when sorted by these bands. The more values, the larger `k`, so that chance alone makes fewer
    than one neighbour a value, and the work grows as sorting does, not with the square.

    Args:
        values: (n,) 64-bit hashes, all different.
        distance: Bits that may differ.
    """
    for mask in _masks(len(values), distance):
        key = values & mask
        order = np.argsort(key, kind="stable")
        key = key[order]
        at: Places = np.arange(len(values))
        for offset in range(1, len(values)):
            at = at[at + offset < len(values)]
            at = at[key[at] == key[at + offset]]
            if not at.size:
                break
            yield order[at], order[at + offset]


def _masks(n: int, distance: int) -> Iterator[np.uint64]:
    shared = next(
        (k for k in range(1, _MOST_SHARED_BANDS) if n <= 2 ** (_BITS * k // (distance + k))),
        _MOST_SHARED_BANDS,
    )
    n_bands = distance + shared
    edges = [_BITS * band // n_bands for band in range(n_bands + 1)]
    bands = [(1 << edges[band + 1]) - (1 << edges[band]) for band in range(n_bands)]
    return (np.uint64(sum(chosen)) for chosen in combinations(bands, shared))


def _joined(label: Places, left: Places, right: Places) -> Places:
    """Return the labels of connected groups after joining pairs; a label is a place in it."""
    while True:
        one, other = label[left], label[right]
        differ = one != other
        if not differ.any():
            return label
        one, other = one[differ], other[differ]
        np.minimum.at(label, np.maximum(one, other), np.minimum(one, other))
        while (further := label[label]).tobytes() != label.tobytes():
            label = further
