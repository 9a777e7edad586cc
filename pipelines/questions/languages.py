"""Sentences of a text with their places, and the language each is written in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipelines.questions.phrases import word_list

__all__ = ["Sentence", "language_of", "sentences"]

_HAN = re.compile(r"[\u4e00-\u9fff]")
_FOREIGN = re.compile(r"[\u3040-\u30ff\uac00-\ud7af\u0400-\u04ff\u0600-\u06ff\u0590-\u05ff]")
_LATIN = re.compile(r"[A-Za-z]")
_ACCENTED = re.compile(r"[À-ÖØ-öø-ÿĀ-ſ]")
_END = re.compile(r"(?<=[.!?])(?=\s|$)|(?<=[。！？；;\n])")
_NO_END = re.compile(r"(?:\b(?:e\.g|i\.e|vs|cf|fig|figs|eq|approx|no|dr|al|etc)\.)$", re.IGNORECASE)


class Sentence(NamedTuple):
    """One sentence of a text."""

    start: int
    """Place of its first character that is not blank."""
    end: int
    """Place after its last character that is not blank."""
    text: str


def language_of(text: str) -> str:
    """Return `en`, `zh`, `other`, or `none` where there are no words.

    >>> [language_of(t) for t in ("No legend.", "没有图例。", "Es fehlt die Legende.", "42")]
    ['en', 'zh', 'other', 'none']
    """
    if _FOREIGN.search(text):
        return "other"
    n_han, n_latin = len(_HAN.findall(text)), len(_LATIN.findall(text))
    if not n_han and not n_latin:
        return "none"
    if 2 * n_han >= n_latin:
        return "zh"
    words = re.findall(r"[a-zà-ÿ]+", text.lower())
    foreign = sum(word in word_list("other_languages") for word in words)
    if foreign >= 2 or (foreign and 4 * foreign >= len(words)) or len(_ACCENTED.findall(text)) > 1:
        return "other"
    return "en"


def sentences(text: str) -> Iterator[Sentence]:
    """Yield the sentences of a text, in order, none of them blank.

    >>> [s.text for s in sentences("No unit, e.g. mm. 图例缺失。Fine at 1.5 nm!")]
    ['No unit, e.g. mm.', '图例缺失。', 'Fine at 1.5 nm!']
    """
    start = 0
    for match in [*_END.finditer(text), None]:
        end = len(text) if match is None else match.end()
        piece = text[start:end]
        if match is not None and _NO_END.search(piece):
            continue
        if piece.strip():
            first = start + len(piece) - len(piece.lstrip())
            stripped = piece.strip()
            yield Sentence(first, first + len(stripped), stripped)
        start = end
