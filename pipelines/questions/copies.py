"""Near-duplicate images by perceptual hash, found without comparing all pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

__all__ = ["near_copies"]

_BITS = 64


def near_copies(hashes: Mapping[str, str], distance: int = 6) -> dict[str, str]:
    """Return stimulus -> first stimulus, in sorted order, of its group of near copies.

    Two images are near copies when their 64-bit hashes differ in at most `distance` bits; groups
    are closed under that. Hashes are cut into `distance + 1` bands: two that differ in at most
    `distance` bits agree in one band at least, so only images that share a band are compared.
    Images with the very same hash are compared once.

    Args:
        hashes: Stimulus -> 16 hex digits; stimuli without a hash are groups of their own.
        distance: Bits that may differ, 0 to 15.

    >>> near_copies({"a": "00" * 8, "b": "00" * 7 + "03", "c": "ff" * 8})
    {'a': 'a', 'b': 'a', 'c': 'c'}
    """
    by_value: dict[int, list[str]] = defaultdict(list)
    for stimulus in sorted(hashes):
        if hashes[stimulus]:
            by_value[int(hashes[stimulus], 16)].append(stimulus)
    parent = {value: value for value in by_value}

    def root(value: int) -> int:
        while parent[value] != value:
            parent[value] = parent[parent[value]]
            value = parent[value]
        return value

    for bucket in _buckets(list(by_value), distance):
        for i, one in enumerate(bucket):
            for other in bucket[i + 1 :]:
                if (one ^ other).bit_count() <= distance:
                    parent[root(other)] = root(one)
    first: dict[int, str] = {}
    for value, stimuli in by_value.items():
        first[root(value)] = min(stimuli[0], first.get(root(value), stimuli[0]))
    group = {s: first[root(value)] for value, stimuli in by_value.items() for s in stimuli}
    return {stimulus: group.get(stimulus, stimulus) for stimulus in hashes}


def _buckets(values: list[int], distance: int) -> list[list[int]]:
    n_bands = distance + 1
    edges = [_BITS * k // n_bands for k in range(n_bands + 1)]
    buckets: dict[tuple[int, int], list[int]] = defaultdict(list)
    for value in values:
        for band in range(n_bands):
            width = edges[band + 1] - edges[band]
            buckets[band, (value >> edges[band]) & ((1 << width) - 1)].append(value)
    return [bucket for bucket in buckets.values() if len(bucket) > 1]
