"""Which ties cross the border between splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.splits.assign import frozen_hash
from pipelines.splits.links import GROUP_COLUMNS, NEAR_BITS, SIMILAR_COSINE, Link, Member

__all__ = ["leak_report"]

_SHOWN = 1000


def leak_report(
    members: Sequence[Member],
    links: Sequence[Link],
    splits: Mapping[str, Sequence[str]],
    near_bits: int = NEAR_BITS,
) -> dict[str, Any]:
    """Return what was searched and every pair of tied images in different splits.

    A pair stands for its groups: of n images that share a source, neighbours are named.

    Args:
        members: Images searched.
        links: Ties found.
        splits: Split -> stimuli.
        near_bits: Distance that was searched with.

    Returns:
        `{"summary","n_leaks","pairs":[{"first","second","splits","reason","detail"}],"searched",
        "hash"}`; at most 1,000 pairs, `n_leaks` counts all.
    """
    split_of = {stimulus: name for name, found in splits.items() for stimulus in found}
    pairs = [
        {
            "first": link.first,
            "second": link.second,
            "splits": [split_of[link.first], split_of[link.second]],
            "reason": link.reason,
            "detail": link.detail,
        }
        for link in links
        if link.first in split_of
        and link.second in split_of
        and split_of[link.first] != split_of[link.second]
    ]
    columns = {name.casefold() for name in GROUP_COLUMNS}
    used = sorted({n for m in members for n in m.details if n.casefold() in columns})
    n_embedded = sum(member.embedding is not None for member in members)
    ways = [f"perceptual hashes up to {near_bits} of 64 bits apart"]
    if n_embedded:
        ways.append(f"embeddings from a cosine of {SIMILAR_COSINE}")
    if used:
        ways.append(f"the columns {', '.join(used)}")
    by = " and ".join([", ".join(ways[:-1]), ways[-1]] if ways[1:] else ways)
    found = f"{len(pairs)} pairs cross a border" if pairs else "no pair crosses a border"
    return {
        "summary": f"{len(members)} images were searched by {by}: {found}.",
        "n_leaks": len(pairs),
        "pairs": pairs[:_SHOWN],
        "searched": {
            "images": len(members),
            "near_bits": near_bits,
            "embeddings": n_embedded,
            "columns": used,
        },
        "hash": frozen_hash(splits),
    }
