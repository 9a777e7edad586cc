"""How the rules ask: wordings in English and Chinese, options that exclude each other."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["SIDES", "all_level_words", "clause_of", "how_wordings", "level_word", "lowered",
           "what_options", "what_wordings", "word_list", "yes_or_no_wordings"]  # fmt: skip

_FOLDER = Path(__file__).parent

SIDES = {"en": ("Yes", "No"), "zh": ("是", "否")}
"""Options of yes-or-no questions, in order."""


@cache
def _phrases() -> dict[str, Any]:
    return tomllib.loads((_FOLDER / "phrases.toml").read_text(encoding="utf-8"))


@cache
def word_list(name: str) -> frozenset[str]:
    """Return a list of `words.toml`."""
    lists = tomllib.loads((_FOLDER / "words.toml").read_text(encoding="utf-8"))
    return frozenset(lists[name].split())


def yes_or_no_wordings(language: str, state: str) -> list[str]:
    """Return the wordings of a question whether something is in a state."""
    wordings = _phrases()[language]["yes_or_no"]
    found: list[str] = wordings.get(state, wordings["other"])
    return found


def what_options(language: str, attribute: str) -> dict[str, str]:
    """Return state -> option; the four exclude each other. Empty where there are none."""
    found: dict[str, str] = _phrases()[language]["what"].get(attribute, {}).get("options", {})
    return found


def what_wordings(language: str, attribute: str) -> list[str]:
    """Return the wordings of a *what* question about an attribute."""
    found: list[str] = _phrases()[language]["what"][attribute]["asked"]
    return found


def how_wordings(language: str) -> list[str]:
    """Return the wordings of a *how* question."""
    found: list[str] = _phrases()[language]["how"]["asked"]
    return found


def level_word(language: str, level: str) -> str:
    """Return the word for a level."""
    return str(_phrases()[language]["levels"][level])


def all_level_words(level: str) -> frozenset[str]:
    """Return the words for a level in all languages."""
    return frozenset(level_word(language, level) for language in _phrases())


def clause_of(language: str, dimension: str, level: str) -> str:
    """Return an option of a how question: the level and what it means on the dimension."""
    clauses = _phrases()[language]["clauses"]
    clause = clauses.get(dimension, clauses["other"])[level]
    mark = ": " if language == "en" else "："
    return f"{level_word(language, level)}{mark}{clause}"


def lowered(name: str) -> str:
    """Return a phrase from the start of a sentence as it stands inside one; DNA stays DNA."""
    return name[0].lower() + name[1:] if name[1:2].islower() or name[1:2] in " -" else name
