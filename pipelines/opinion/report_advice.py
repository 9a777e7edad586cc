"""Sections of the report that say what to do next: where more ratings help, whom to calibrate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from pipelines.opinion.planning import RatingPlan, plan_ratings
from pipelines.opinion.plots import bar_plot
from pipelines.opinion.report_raters import readings_html
from pipelines.opinion.report_table import html_table
from pipelines.opinion.table import RatingTable

__all__ = ["advice_html"]

_MOST_STIMULI = 10
_PANELS = (3, 5, 9, 15, 20, 30)


def advice_html(table: RatingTable, groups: Mapping[str, str] | None) -> str:
    """Return the sections "How many more raters?" and "Raters as instruments".

    Args:
        table: The ratings.
        groups: Stimulus -> group, for bias by discipline.
    """
    return (
        "<h2>How many more raters?</h2>"
        "<p>Expected half-width of the 95 % interval, from the variances that the SOS fit gives "
        "(never from the spread of a few equal votes).</p>"
        + "".join(_plan(table, name) for name in table.dimensions)
        + "<h2>Raters as instruments</h2>"
        + readings_html(table, groups)
    )


def _plan(table: RatingTable, name: str) -> str:
    ratings = table.ratings(name)
    if not ratings.n:
        return ""
    plan = plan_ratings(ratings)
    if not np.isfinite(plan.variance).any():
        return f"<p>{escape(name)}: too few ratings for a fit.</p>"
    step = (table.high - table.low) / 4
    curve = dict(plan.curve(max(_PANELS)))
    bars = [(f"{n} raters", round(curve[n], 3)) for n in _PANELS if n in curve]
    figure = bar_plot(bars, f"{name}: mean expected half-width in score units, by panel size")
    return (
        f"<figure>{figure}<figcaption>{escape(name)}: SOS parameter a = {plan.a:.3f}.</figcaption>"
        "</figure>"
        + html_table(["half-width wanted", "raters needed (median)", "for 90 % of stimuli"],
               _needed(plan, step))
        + "<p>Where one more rating lowers the variance of the MOS most:</p>"
        + html_table(["stimulus", "ratings", "now ±", "with one more ±", "with three more ±"],
               _first(plan, table.stimuli))
    )  # fmt: skip


def _needed(plan: RatingPlan, step: float) -> Iterable[Sequence[Any]]:
    for target in plan.targets(step):
        needed = [target["median"], target["for_90_percent"]]
        yield [f"{target['half_width']:g}", *("over 1000" if n is None else n for n in needed)]


def _first(plan: RatingPlan, stimuli: tuple[str, ...]) -> Iterable[Sequence[Any]]:
    rows = plan.table(stimuli).slice(0, _MOST_STIMULI).to_pylist()
    for row in rows:
        widths = [row[k] for k in ("half_width", "half_width_plus_1", "half_width_plus_3")]
        yield [row["stimulus"], row["n"], *widths]
