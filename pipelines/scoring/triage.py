"""Images that a curator may want to look at before experts do. Proposals; nothing is decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.splits import Link

__all__ = ["Proposal", "propose"]

_BLANK = frozenset({"0" * 16, "8" + "0" * 15})
"""Perceptual hashes of pictures of one colour."""
_SMALL_PX = 64
_ODD = 8.0
"""Median absolute deviations above the median from which a picture is unlike the others."""


class Proposal(NamedTuple):
    """One image that may not belong into the study."""

    place: int
    """Index of the stimulus."""
    reason: str
    """`unreadable`, `blank`, `small`, `near_duplicate` or `unlike`."""
    other: str = ""
    """The image it nearly equals."""


def propose(
    stimuli: Sequence[str],
    phashes: Sequence[str | None],
    sizes: NDArray[np.int64],
    is_unreadable: NDArray[np.bool_],
    oddity: NDArray[np.float32],
    links: Sequence[Link],
) -> list[Proposal]:
    """Return one proposal for each doubtful image, by reason in the order above.

    Args:
        stimuli: Ids, `[n]`, in the order of import.
        phashes: Perceptual hashes, 16 hex digits.
        sizes: `[n, 2]` width and height, px.
        is_unreadable: `[n]` files that could not be read as images.
        oddity: `[n]` distance from what the scorer knows; NaN where it saw nothing. Photographs
            among figures stand out by it; it cannot tell what is scientific.
        links: From `find_links`; of a pair of near duplicates the later import is proposed.
    """
    found: dict[int, Proposal] = {}
    for place in np.flatnonzero(is_unreadable).tolist():
        found[place] = Proposal(place, "unreadable")
    for place, phash in enumerate(phashes):
        if phash in _BLANK:
            found.setdefault(place, Proposal(place, "blank"))
    for place in np.flatnonzero(sizes.min(axis=1) < _SMALL_PX).tolist():
        found.setdefault(place, Proposal(place, "small"))
    at = {stimulus: place for place, stimulus in enumerate(stimuli)}
    for link in links:
        if link.reason == "near_duplicate":
            first, second = sorted((at[link.first], at[link.second]))
            found.setdefault(second, Proposal(second, "near_duplicate", stimuli[first]))
    for place in _outliers(oddity):
        found.setdefault(place, Proposal(place, "unlike"))
    order = ("unreadable", "blank", "small", "near_duplicate", "unlike")
    return sorted(found.values(), key=lambda one: (order.index(one.reason), one.place))


def _outliers(oddity: NDArray[np.float32]) -> list[int]:
    seen = np.flatnonzero(np.isfinite(oddity))
    if seen.size < 30:
        return []
    values = oddity[seen]
    middle = float(np.median(values))
    spread = float(np.median(np.abs(values - middle)))
    above = seen[values > middle + _ODD * max(spread, 1e-9)]
    ordered: list[int] = above[np.argsort(-oddity[above])].tolist()
    return ordered
