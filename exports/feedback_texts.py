"""What raters wrote, by stimulus, in an order that stays, without what must not leave."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from exports.publish import Contents, LeftOut
from exports.source import ExportSource

__all__ = ["feedback_texts"]


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
