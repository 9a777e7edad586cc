"""What raters wrote, without what must not leave, and what was composed of it, by stimulus."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from exports.publish import Contents, LeftOut
from exports.source import ExportSource
from schemas.question import Conversation

__all__ = ["conversations_of", "feedback_texts"]


def feedback_texts(
    source: ExportSource, splits: Mapping[str, Collection[str]], contents: Contents
) -> dict[str, list[str]]:
    """Return stimulus -> texts to publish, ordered by submission, dimension and text.

    Blank texts (`blank_text`) and those of `ExportSource.withheld` are named in
    `contents.left_out` with their submission.

    Args:
        source: The study.
        splits: Split -> stimuli that are exported.
        contents: Omissions are added here.
    """
    order = [(name, "ascending") for name in ("stimulus", "submission", "dimension", "text")]
    exported = {stimulus for members in splits.values() for stimulus in members}
    names = source.file_names()
    texts: dict[str, list[str]] = {}
    for row in source.feedback.sort_by(order).to_pylist():
        stimulus, submission, text = row["stimulus"], row["submission"], row["text"] or ""
        if stimulus not in exported:
            continue
        reason = source.withheld.get((submission, text), "") if text.strip() else "blank_text"
        if reason:
            contents.left_out.append(LeftOut(submission, names[stimulus], reason))
        else:
            texts.setdefault(stimulus, []).append(text)
    return texts


def conversations_of(
    source: ExportSource, splits: Mapping[str, Collection[str]], contents: Contents
) -> dict[str, list[Conversation]]:
    """Return stimulus -> its conversations, of stimuli that are exported; count them."""
    exported = {stimulus for members in splits.values() for stimulus in members}
    found: dict[str, list[Conversation]] = {}
    for talk in source.conversations:
        if talk.stimulus in exported:
            found.setdefault(talk.stimulus, []).append(talk)
    if found:
        contents.counts["conversations_composed"] = sum(map(len, found.values()))
        contents.warnings += source.composed_notes
    return found
