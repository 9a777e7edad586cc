"""What composed texts may rest on: experts' words that stand behind a draft, and opinion scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipelines.questions.evidence import Evidence
from pipelines.questions.leaks import leak_in
from pipelines.questions.levels import level_of
from pipelines.questions.phrases import level_word
from schemas.draft import Draft

__all__ = ["Citation", "citations", "level_in", "quoted"]

_MOST = 3
"""Spans that are cited for one thing at most; more is a list, no description."""


class Citation(NamedTuple):
    """Words of an expert for or against an image on a dimension."""

    stimulus: str
    dimension: str
    language: str
    polarity: int
    span: str
    """As written, blanks and line breaks as single blanks."""
    topic: str
    """Of the draft that rests on them."""
    position: int
    """Place of the draft among those given, from 0."""


def citations(drafts: Iterable[Draft], evidence: Evidence) -> list[Citation]:
    """Return what may be cited, in the drafts' order.

    Left out are drafts without span, polarity or rated dimension, in languages that there are no
    rules for, about images without MOS on the dimension, and spans that give something away.
    """
    found = []
    for position, draft in enumerate(drafts):
        dimension, span = draft.dimension, " ".join(draft.span.split())
        if (
            dimension is None
            or not span
            or not draft.polarity
            or draft.language not in ("en", "zh")
            or dimension not in evidence.labels
            or (draft.stimulus, dimension) not in evidence.opinions
            or leak_in(span, draft.stimulus, evidence)
        ):
            continue
        spoken = (draft.stimulus, dimension, draft.language, draft.polarity)
        found.append(Citation(*spoken, span, draft.topic, position))
    return found


def level_in(language: str, evidence: Evidence, stimulus: str, dimension: str) -> str:
    """Return the word, in a language, for the level that an image's MOS lies in."""
    level = level_of(evidence.opinions[stimulus, dimension].mos, evidence.low, evidence.high)
    return level_word(language, level).lower()


def quoted(cited: Sequence[Citation]) -> str:
    """Return different spans in quotation marks, the first few."""
    spans = list(dict.fromkeys(citation.span for citation in cited))
    blank = " " if cited and cited[0].language == "en" else ""
    return blank.join(f"“{span}”" for span in spans[:_MOST])
