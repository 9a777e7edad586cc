"""Dealing: which answer is right where, in seeded balanced blocks."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Mapping

__all__ = ["Dealer"]


class Dealer:
    """Deals places 0 … size-1 so that every block of `size` holds each place once.

    Each stream (a question type and dimension) has its own blocks. What a stream gets next
    depends on the seed and on how many it was dealt before, on nothing else.
    """

    def __init__(self, seed: int, dealt: Mapping[str, int] | None = None) -> None:
        """Go on after `dealt`: stream -> how many were dealt before."""
        self._seed = seed
        self._dealt = Counter(dealt or {})

    def deal(self, stream: str, size: int) -> int:
        """Return the next place of a stream.

        >>> dealer = Dealer(7)
        >>> sorted(dealer.deal("what", 4) for _ in range(4))
        [0, 1, 2, 3]
        """
        n = self._dealt[stream]
        self._dealt[stream] += 1
        order = list(range(size))
        self.random(f"{stream}\x1f{size}\x1f{n // size}").shuffle(order)
        return order[n % size]

    def random(self, name: str) -> random.Random:
        """Return a generator that depends on the seed and a name only."""
        digest = hashlib.sha256(f"{self._seed}\x1f{name}".encode()).digest()
        return random.Random(int.from_bytes(digest[:8], "big"))
