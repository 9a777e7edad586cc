"""What an export composes from reviewed drafts: texts whose every sentence rests on evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from annotator.store.questions import StoredDraft
from pipelines.questions.citing import citations
from pipelines.questions.comparing import compare
from pipelines.questions.conversing import converse
from pipelines.questions.evidence import Evidence
from schemas.question import Comparison, Conversation

__all__ = ["ComposedTexts", "composed_texts"]


class ComposedTexts(NamedTuple):
    """What was composed, and what the card must say of it."""

    comparisons: list[Comparison]
    conversations: list[Conversation]
    notes: list[str]
    """Empty where nothing was composed."""


def composed_texts(chosen: Sequence[StoredDraft], evidence: Evidence) -> ComposedTexts:
    """Return what the rules compose from the drafts that an export may use."""
    cited = citations([item.draft for item in chosen], evidence)
    comparisons, conversations = compare(cited, evidence), converse(cited, evidence)
    if not comparisons and not conversations:
        return ComposedTexts([], [], [])
    n_unseen = sum(chosen[citation.position].state == "unreviewed" for citation in cited)
    note = (
        "Comparisons, conversations and descriptions were composed by rules from the words that "
        f"{len(cited)} questions rest on and from opinion scores; no person has read them whole"
    )
    unseen = f", and {n_unseen} of these questions were not reviewed" if n_unseen else ""
    return ComposedTexts(comparisons, conversations, [f"{note}{unseen}."])
