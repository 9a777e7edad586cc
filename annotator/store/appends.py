"""What a live store and a client of a running server share on the writing side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from schemas.facts import Fact

__all__ = ["Appends"]


class Appends:
    """Takes facts."""

    def append(self, facts: Sequence[Fact]) -> object:
        """Append facts; on return they are on disk."""
        raise NotImplementedError

    def append_many(self, facts: Iterable[Fact], chunk: int = 5000) -> int:
        """Append any number of facts in groups of `chunk`; return how many."""
        iterator, n = iter(facts), 0
        while group := list(islice(iterator, chunk)):
            self.append(group)
            n += len(group)
        return n
