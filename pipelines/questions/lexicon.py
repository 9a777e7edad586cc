"""The words experts use for parts of a figure and for what is the matter with them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

__all__ = ["Element", "Lexicon", "State", "load_lexicon"]

_FILE = Path(__file__).with_name("lexicon.toml")


@dataclass(frozen=True)
class Element:
    """A part of a figure that can be spoken of."""

    key: str
    en: tuple[str, ...]
    """Regular expressions of its names."""
    zh: tuple[str, ...]


@dataclass(frozen=True)
class State:
    """Something that can be said of an element; its opposite is the contrasting fact."""

    key: str
    attribute: str
    """States of one attribute exclude each other."""
    dimension: str
    polarity: int
    """1 speaks for the image, -1 against it."""
    opposite: str
    en_text: str
    zh_text: str
    en_pred: tuple[str, ...] = ()
    """After a form of *be*."""
    en_attr: tuple[str, ...] = ()
    """Before the noun."""
    en_verb: tuple[str, ...] = ()
    """Whole predicates."""
    zh_pred: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    """Elements it can be said of; all where empty."""
    not_for: tuple[str, ...] = ()

    def is_said_by(self, words: str) -> bool:
        """Return whether words say nothing but this state: *overlap*, *blurred*."""
        forms = (*self.en_pred, *self.en_attr, *self.en_verb, *self.zh_pred)
        return re.fullmatch("|".join(forms), words.strip(), re.IGNORECASE) is not None

    def fits(self, element: str) -> bool:
        """Return whether it can be said of an element."""
        return (not self.only or element in self.only) and element not in self.not_for


@dataclass(frozen=True)
class Lexicon:
    """Elements and states by key."""

    elements: dict[str, Element]
    states: dict[str, State]

    def element_of(self, name: str, language: str) -> str | None:
        """Return the key of the element called `name`, or None."""
        plain = " ".join(name.lower().split())
        for key, pattern in self._patterns[language]:
            if pattern.fullmatch(plain):
                return key
        return None

    @cached_property
    def _patterns(self) -> dict[str, list[tuple[str, re.Pattern[str]]]]:
        return {
            language: [
                (element.key, re.compile("|".join(forms)))
                for element in self.elements.values()
                if (forms := element.en if language == "en" else element.zh)
            ]
            for language in ("en", "zh")
        }


@cache
def load_lexicon(chips: Sequence[str] = ()) -> Lexicon:
    """Return the lexicon, with the study's attribute chips that it does not know added.

    Args:
        chips: Attribute words that the study offers to its raters (a tuple).
    """
    data = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    elements = {item["key"]: Element(**_tuples(item)) for item in data["element"]}
    states = {item["key"]: State(**_tuples(item)) for item in data["state"]}
    shipped = Lexicon(elements, states)
    added = {new.key: new for new in _unknown(chips, shipped)}
    # Whether it is good or bad that such a thing is missing or small is not known: *artefact*.
    limited = {
        key: replace(state, not_for=(*state.not_for, *added))
        if state.attribute in ("presence", "size")
        else state
        for key, state in states.items()
    }
    return Lexicon(elements | added, limited)


def _unknown(chips: Sequence[str], lexicon: Lexicon) -> Iterator[Element]:
    for chip in chips:
        is_english = chip.isascii()
        if lexicon.element_of(chip, "en" if is_english else "zh") is None and not any(
            state.is_said_by(chip) for state in lexicon.states.values()
        ):
            name = re.escape(" ".join(chip.lower().split()))
            forms = (name + ("(?:s|es)?" if is_english else ""),)
            key = re.sub(r"\W+", "_", chip.lower())
            yield Element(key, forms if is_english else (), () if is_english else forms)


def _tuples(item: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in item.items()}
