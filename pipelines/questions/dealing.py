"""Dealing: which answer is right where, in seeded balanced blocks."""

from __future__ import annotations

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterable

__all__ = ["Dealer"]


class Dealer:
    """Deals places 0 … size-1 so that every block of `size` of a stream holds each place once.

    Each stream (a question type and dimension) has its own blocks. Of the places left in a
    block the one is dealt that all streams of that size together have had least, so that the
    beginnings of many short streams do not add up; where several are equal, the seed decides.
    """

    def __init__(self, seed: int, dealt: Iterable[tuple[str, int, int]] = ()) -> None:
        """Go on after `dealt`: (stream, size, place) of what was dealt before, in order."""
        self._seed = seed
        self._left: dict[str, set[int]] = defaultdict(set)
        self._n: Counter[str] = Counter()
        self._overall: Counter[tuple[int, int]] = Counter()
        for stream, size, place in dealt:
            self._take(stream, size, place)

    def deal(self, stream: str, size: int) -> int:
        """Return the next place of a stream.

        >>> dealer = Dealer(7)
        >>> sorted(dealer.deal("what", 4) for _ in range(4))
        [0, 1, 2, 3]
        """
        order = sorted(self._left[stream] or range(size))
        self.random(f"{stream}\x1f{size}\x1f{self._n[stream]}").shuffle(order)
        place = min(order, key=lambda place: self._overall[size, place])
        self._take(stream, size, place)
        return place

    def _take(self, stream: str, size: int, place: int) -> None:
        left = self._left[stream]
        if not left:
            left.update(range(size))
        left.discard(place)
        self._n[stream] += 1
        self._overall[size, place] += 1

    def random(self, name: str) -> random.Random:
        """Return a generator that depends on the seed and a name only."""
        digest = hashlib.sha256(f"{self._seed}\x1f{name}".encode()).digest()
        return random.Random(int.from_bytes(digest[:8], "big"))
