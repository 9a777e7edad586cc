"""Markdown of the data card."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["line", "table"]


def line(value: object) -> str:
    """Return a value as one line that cannot break a table."""
    return " ".join(str(value).split()).replace("|", "\\|")


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a table."""
    names = list(head)
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    lines += ["| " + " | ".join(line(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)
