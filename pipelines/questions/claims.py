"""What reading a feedback gives: claims, each with the words it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Claim", "Reading", "Thing"]


class Thing(NamedTuple):
    """What a claim is about, as the expert named it."""

    element: str
    """Key in the lexicon; empty for a verdict on a dimension."""
    name: str
    """The expert's words for it, without article, with its modifiers."""
    place: str = ""
    """Where, in the expert's words: `on the x axis`, `左图`."""
    is_plural: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing an expert said about an image."""

    thing: Thing
    state: str
    """Key of the state; for a verdict the level word."""
    dimension: str | None
    """What it speaks for or against; None where the study rates no such dimension."""
    polarity: int
    start: int
    """First character of the sentence it stands in."""
    end: int
    language: str
    is_verdict: bool = False
    """Says how good a dimension is, nothing more."""

    @property
    def topic(self) -> str:
        """What it is about, free of wording and of what is said of it."""
        name = self.thing.name.lower().removesuffix("s")
        return f"{self.thing.element}|{name}|{self.thing.place.lower()}"


class Reading(NamedTuple):
    """A text as it was understood."""

    claims: tuple[Claim, ...]
    left_out: tuple[tuple[str, str], ...]
    """(sentence, reason): `language_unsupported`, `hedged`, `not_understood`, `no_words`."""
