"""What ties images together: a shared source, or nearly the same picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.splits.near import near_pairs
from pipelines.splits.similar import similar_pairs

__all__ = ["GROUP_COLUMNS", "NEAR_BITS", "Link", "Member", "find_links"]

GROUP_COLUMNS = (
    "group", "group_id", "source_paper", "paper", "paper_id", "doi", "arxiv_id", "figure_family",
    "family", "source_image", "HR_ref", "LR_ref",
)  # fmt: skip
"""Manifest columns whose equal values tie images together."""
NEAR_BITS = 8
"""Perceptual hashes that differ in at most so many of 64 bits are near duplicates.

Measured on 108 distinct figures: two of them differ in 12 bits or more; rescaled to a quarter all
are within 8, recompressed at quality 20 within 4, cropped by 2 % 107 of 108, by 5 % 86 of 108.
"""
SIMILAR_COSINE = 0.8
SIMILAR_BITS = 20
"""Embeddings at a cosine of 0.8 or more and hashes within 20 bits are those of near duplicates.

Measured on the same 108 figures: no two of them are (the nearest have a cosine of 0.78); scaled,
recompressed, darkened, grey or cropped by 5 % all are found, cropped by 10 % 71, with a border of
5 % 68. Hashes alone find 86, 26 and 34 of the last three.
"""
_BLANK = frozenset({"0" * 16, "8" + "0" * 15})
"""Hashes of pictures of one colour, which say nothing."""


@dataclass(frozen=True, slots=True)
class Member:
    """One image to be put into a split."""

    stimulus: str
    phash: str | None = None
    """16 hex digits."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """The manifest's columns."""
    stratum: str = ""
    """Kind of image, which every split should have its share of."""
    embedding: npt.NDArray[np.int8] | None = field(default=None, compare=False)
    """`gradient_embedding` of the picture, where there is one."""


class Link(NamedTuple):
    """Two images that belong into one split."""

    first: str
    second: str
    reason: str
    """`near_duplicate`, or the column they share."""
    detail: str
    """Shared value, distance of the hashes in bits, or cosine of the embeddings."""


def find_links(
    members: Sequence[Member],
    columns: Sequence[str] = GROUP_COLUMNS,
    near_bits: int = NEAR_BITS,
) -> list[Link]:
    """Return links that tie members together, enough to connect every group.

    Equal values and equal hashes give a chain, not all pairs: n images of one paper are n - 1
    links.

    Args:
        members: Images.
        columns: Manifest columns; matched whatever their case.
        near_bits: Greatest distance of near duplicates; -1 leaves pictures out of account.
    """
    near = [*_near(members, near_bits), *_similar(members)] if near_bits >= 0 else []
    return [*_by_column(members, columns), *near]


def _by_column(members: Sequence[Member], columns: Sequence[str]) -> Iterator[Link]:
    wanted = {name.casefold() for name in columns}
    last: dict[tuple[str, str], str] = {}
    for member in members:
        for name, value in member.details.items():
            if name.casefold() not in wanted or value is None or not str(value).strip():
                continue
            key = name.casefold(), str(value).strip()
            if key in last:
                yield Link(last[key], member.stimulus, name, key[1])
            last[key] = member.stimulus


def _near(members: Sequence[Member], near_bits: int) -> Iterator[Link]:
    by_hash: defaultdict[str, list[str]] = defaultdict(list)
    for member in members:
        if member.phash and member.phash not in _BLANK:
            by_hash[member.phash].append(member.stimulus)
    for same in by_hash.values():
        for first, second in pairwise(same):
            yield Link(first, second, "near_duplicate", "0")
    texts = list(by_hash)
    pairs = near_pairs(np.array([int(text, 16) for text in texts], np.uint64), near_bits)
    for first, second, distance in zip(*(side.tolist() for side in pairs), strict=True):
        yield Link(
            by_hash[texts[first]][0], by_hash[texts[second]][0], "near_duplicate", str(distance)
        )


def _similar(members: Sequence[Member]) -> Iterator[Link]:
    shown = [
        m for m in members
        if m.embedding is not None and m.embedding.any() and m.phash and m.phash not in _BLANK
    ]  # fmt: skip
    if not shown:
        return
    last: dict[bytes, int] = {}
    for at, member in enumerate(shown):
        last.setdefault(np.asarray(member.embedding).tobytes(), at)
    # Pictures of one embedding are tied to the first of them.
    for member in shown:
        first = last[np.asarray(member.embedding).tobytes()]
        if NEAR_BITS < _bits(shown[first], member) <= SIMILAR_BITS:
            yield Link(shown[first].stimulus, member.stimulus, "near_duplicate", "cosine 1.00")
    kept = [shown[at] for at in last.values()]
    pairs = similar_pairs(np.stack([np.asarray(m.embedding) for m in kept]), SIMILAR_COSINE)
    for at, to, cosine in zip(*(side.tolist() for side in pairs), strict=True):
        if NEAR_BITS < _bits(kept[at], kept[to]) <= SIMILAR_BITS:
            yield Link(
                kept[at].stimulus, kept[to].stimulus, "near_duplicate", f"cosine {cosine:.2f}"
            )


def _bits(one: Member, two: Member) -> int:
    return (int(one.phash or "0", 16) ^ int(two.phash or "0", 16)).bit_count()
