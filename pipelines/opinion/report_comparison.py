"""Part of the report: the other methods beside the one that ran."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from pipelines.opinion.comparison import shifts
from pipelines.opinion.mos import MosResult
from pipelines.opinion.report_table import html_table

__all__ = ["moved_html"]


def moved_html(mos: MosResult, compared: Sequence[MosResult]) -> str:
    """Return how far each other result moves the scores, by dimension; empty without others."""
    rows: list[list[Any]] = []
    for other in compared:
        if other.method == mos.method:
            continue
        for shift in shifts(mos, other):
            left_out: Any = shift.n_removed if shift.is_applicable else "not applicable"
            if shift.dimension in other.composites:
                left_out = None
            moved = [shift.mean_shift, shift.largest_shift, shift.srcc]
            rows.append([other.method, shift.dimension, *moved, left_out])
    if not rows:
        return ""
    head = ["method", "dimension", "mean |change|", "largest |change|", "SRCC", "ratings left out"]
    said = (
        f"<p>How far other methods would move MOS from those of {escape(mos.method)} (SRCC "
        "between the two; a dash: on another scale, or not defined):</p>"
    )
    return said + html_table(head, rows)
