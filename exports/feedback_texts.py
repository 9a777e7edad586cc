"""What raters wrote, by stimulus, in an order that stays."""

from __future__ import annotations

from exports.source import ExportSource

__all__ = ["feedback_texts"]


def feedback_texts(source: ExportSource) -> dict[str, list[str]]:
    """Return stimulus -> texts, ordered by submission, dimension and text."""
    order = [(name, "ascending") for name in ("stimulus", "submission", "dimension", "text")]
    feedback = source.feedback.sort_by(order)
    texts: dict[str, list[str]] = {}
    for stimulus, text in zip(
        feedback["stimulus"].to_pylist(), feedback["text"].to_pylist(), strict=True
    ):
        texts.setdefault(stimulus, []).append(text)
    return texts
