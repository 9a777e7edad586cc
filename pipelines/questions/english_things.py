"""What an English clause speaks of: things and places in a figure."""

from __future__ import annotations

import re

from pipelines.questions.claims import Thing
from pipelines.questions.english_forms import ADVERB, DET, PLACE, any_of
from pipelines.questions.lexicon import Lexicon
from pipelines.questions.phrases import word_list

__all__ = ["ThingReader", "is_place", "lower_first"]

_BLOCKED = word_list("blocked")
_NO_NAME = _BLOCKED | {"the", "a", "an", "say", "to", "all"}
_NO_PLACE = _BLOCKED - {"of", "and", "main", "small", "large", "big"}
_POINTED_AT = re.compile(
    r"(?:in|at|for|of)\s+(?:(?:the|this|its|both|all|each|every|left|right|upper|lower|top|bottom|"
    r"middle|first|second|third|last|panels?|plots?|sub-?plots?|insets?|rows?|columns?|lanes?|"
    r"figures?|images?)\b|\S*[A-Z0-9])"
)
"""*In*, *at*, *for* and *of* name a part of the figure only so: not *in print*, *in greyscale*."""
_PART = re.compile(
    r"\b(?:panels?|plots?|images?|figures?|parts?|insets?|half|corner|side|rows?|columns?|left|right|"
    r"top|bottom)\b",
    re.IGNORECASE,
)
_CUT_LIST = re.compile(r"\w+s\s+\w$")
"""*panels A*, of *panels A and B*."""


def lower_first(text: str) -> str:
    """Return words from the start of a sentence as they stand inside one."""
    return text[0].lower() + text[1:]


def is_place(text: str) -> bool:
    """Return whether a preposition and what follows it point at a part of the figure.

    >>> is_place("in the left panel"), is_place("in greyscale"), is_place("in panels A")
    (True, False, False)
    """
    words = text.lower().split()
    if not _NO_PLACE.isdisjoint(words[1:]) or _CUT_LIST.search(text):
        return False
    return words[0] not in ("in", "at", "for", "of") or bool(_POINTED_AT.match(lower_first(text)))


class ThingReader:
    """Reads names of things that the lexicon knows."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Compile the pattern of a lexicon's things."""
        self._lexicon = lexicon
        noun = any_of(form for element in lexicon.elements.values() for form in element.en)
        self._thing = re.compile(
            rf"{DET}(?P<mod>(?:[\w'’/-]+\s+){{0,2}}?)(?P<noun>{noun})(?:\s+{PLACE}?))?",
            re.IGNORECASE,
        )
        forms = any_of(form for state in lexicon.states.values() for form in state.en_pred)
        self._predicates = re.compile(f"{ADVERB}{forms}", re.IGNORECASE)

    def read(self, text: str) -> list[Thing] | None:
        """Return the thing a phrase names, or those it lists; None where it says anything else."""
        whole = self._one(text)
        if whole is not None:
            return [whole]
        things = []
        for part in re.split(r",\s*(?:and\s+|or\s+)?|\s+(?:and|or|&)\s+", text.strip()):
            thing = self._one(part)
            if thing is None:
                return None
            things.append(thing)
        if _PART.search(things[-1].place):
            # *no units and no scale bar in the left image*: whether both are meant is not said.
            return [thing for thing in things if thing.place]
        return things

    def _one(self, text: str) -> Thing | None:
        match = self._thing.fullmatch(text.strip())
        if match is None:
            return None
        modifier, noun, place = match["mod"], match["noun"], match["place"] or ""
        words = modifier.lower().split()
        if not _NO_NAME.isdisjoint(words) or (place and not is_place(place)):
            return None
        if any(self._predicates.fullmatch(word) for word in words):
            return None
        element = self._lexicon.element_of(noun, "en")
        if element is None:
            return None
        plural = noun.lower() in ("axes", "formulae") or bool(re.search(r"[^s]s$", noun.lower()))
        name = f"{modifier}{noun}"
        if not modifier or re.match(r"[A-Z][a-z]+\s", modifier):
            name = lower_first(name)
        return Thing(element, name, place, plural and noun.lower() != "axis")
