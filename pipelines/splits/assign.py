"""Groups of images into splits: stratified, by seed, and staying where they were."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.splits.links import Link, Member
from schemas.errors import UserError

__all__ = ["frozen_hash", "groups_of", "make_splits"]


@dataclass
class _Fill:
    """How full the splits are, in all and in each stratum."""

    shares: dict[str, float]
    counts: Counter[str]
    by_stratum: defaultdict[str, Counter[str]]
    wanted: Counter[str]
    """Items of each stratum."""

    def emptiest(self, stratum: str, size: int) -> str:
        """Return the split that lacks most: of the stratum as a whole and of all so far."""
        n_after = self.counts.total() + size

        def lack(split: str) -> float:
            share = self.shares[split]
            here = share * self.wanted[stratum] - self.by_stratum[stratum][split]
            return here + share * n_after - self.counts[split]

        return max(self.shares, key=lack)

    def add(self, split: str, stratum: str, size: int) -> None:
        """Count items as placed."""
        self.counts[split] += size
        self.by_stratum[stratum][split] += size


def make_splits(
    members: Sequence[Member],
    links: Sequence[Link],
    shares: Mapping[str, float],
    seed: int,
    earlier: Mapping[str, str] | None = None,
) -> dict[str, tuple[str, ...]]:
    """Return split -> stimuli, sorted; linked images are together.

    Groups are taken in an order that the seed fixes and go where most is lacking, of their
    stratum and in all. What was placed earlier stays; what is new and tied to it goes there.

    Args:
        members: Images, in any order.
        links: What ties them together.
        shares: Split -> share, all above 0; they are scaled to sum 1.
        seed: Another seed gives other splits.
        earlier: Stimulus -> split of an earlier run.

    Raises:
        UserError: `invalid_shares`, or `too_few_groups` where a split would stay empty.
    """
    total = sum(shares.values())
    if not shares or total <= 0 or min(shares.values()) <= 0:
        raise UserError("invalid_shares", "Every split needs a share above 0, e.g. train=0.8.")
    kept = {m.stimulus: earlier[m.stimulus] for m in members if earlier and m.stimulus in earlier}
    stratum_of = {member.stimulus: member.stratum for member in members}
    fill = _Fill(
        {split: share / total for split, share in shares.items()},
        Counter(),
        defaultdict(Counter),
        Counter(stratum_of.values()),
    )
    for stimulus, split in kept.items():
        fill.add(split, stratum_of[stimulus], 1)
    placed = dict(kept)
    for group in _ordered(groups_of(members, links), stratum_of, seed):
        new = [stimulus for stimulus in group if stimulus not in kept]
        old = Counter(kept[stimulus] for stimulus in group if stimulus in kept)
        stratum = _most(stratum_of[stimulus] for stimulus in group)
        split = old.most_common(1)[0][0] if old else fill.emptiest(stratum, len(group))
        for stimulus in new:
            placed[stimulus] = split
            fill.add(split, stratum_of[stimulus], 1)
    empty = [split for split in shares if split not in placed.values()]
    if empty:
        raise UserError(
            "too_few_groups",
            f"Split '{empty[0]}' would stay empty: the {len(members)} images form too few groups "
            "that can be told apart. Import more, or ask for fewer splits.",
        )
    names = [*shares, *sorted(set(placed.values()) - set(shares))]
    return {
        name: tuple(sorted(s for s, split in placed.items() if split == name)) for name in names
    }


def groups_of(members: Sequence[Member], links: Sequence[Link]) -> list[list[str]]:
    """Return the groups that links connect, each sorted, single images too."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    place = {member.stimulus: at for at, member in enumerate(members)}
    ends = np.array([(place[x.first], place[x.second]) for x in links], np.intp).reshape(-1, 2).T
    size = len(members)
    graph = coo_array((np.ones(len(links), bool), (ends[0], ends[1])), (size, size))
    labels = connected_components(graph, directed=False)[1]
    groups: defaultdict[int, list[str]] = defaultdict(list)
    for member, label in zip(members, labels.tolist(), strict=True):
        groups[label].append(member.stimulus)
    return [sorted(group) for group in groups.values()]


def _ordered(groups: list[list[str]], stratum_of: Mapping[str, str], seed: int) -> list[list[str]]:
    """Return groups by stratum, large ones first, else by the seed's hash of their first image."""

    def key(group: list[str]) -> tuple[str, int, str]:
        return _most(map(stratum_of.__getitem__, group)), -len(group), _hash(seed, group[0])

    return sorted(groups, key=key)


def _most(strata: object) -> str:
    counts = Counter(strata)  # type: ignore[call-overload]
    return str(min(counts, key=lambda name: (-counts[name], name)))


def _hash(seed: int, text: str) -> str:
    return hashlib.blake2b(f"{seed}\0{text}".encode(), digest_size=8).hexdigest()


def frozen_hash(splits: Mapping[str, Sequence[str]]) -> str:
    """Return a SHA-256 of who is where, the same in whatever order.

    >>> frozen_hash({"a": ["x"], "b": []}) == frozen_hash({"b": [], "a": ["x"]})
    True
    """
    text = json.dumps({name: sorted(splits[name]) for name in sorted(splits)}, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
