"""Sections of the report that say what to do next: where more ratings help, whom to calibrate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from pipelines.opinion.instruments import rater_readings
from pipelines.opinion.planning import RatingPlan, plan_ratings
from pipelines.opinion.plots import bar_plot
from pipelines.opinion.table import RatingTable

__all__ = ["advice_html"]

_TARGETS = (0.5, 0.4, 0.3)
"""Half-widths for which the number of raters is told, as shares of one step of a 1–5 scale."""
_MOST_STIMULI = 10
_ADVICE = ("calibrate", "show", "ask", "repeat", "take")
"""Verbs with which the sentence of a reading asks for something to be done."""
_MOST_READINGS = 60
_PANELS = (3, 5, 9, 15, 20, 30)

TableMaker = Callable[[Sequence[str], Iterable[Sequence[Any]]], str]


def advice_html(table: RatingTable, groups: Mapping[str, str] | None, make: TableMaker) -> str:
    """Return the sections "How many more raters?" and "Raters as instruments".

    Args:
        table: The ratings.
        groups: Stimulus -> group, for bias by discipline.
        make: Writes an HTML table from head and rows.
    """
    return (
        "<h2>How many more raters?</h2>"
        "<p>Expected half-width of the 95 % interval, from the variances that the SOS fit gives "
        "(never from the spread of a few equal votes).</p>"
        + "".join(_plan(table, name, make) for name in table.dimensions)
        + "<h2>Raters as instruments</h2>"
        + _readings(table, groups, make)
    )


def _plan(table: RatingTable, name: str, make: TableMaker) -> str:
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
        + make(["half-width wanted", "raters needed (median)", "for 90 % of stimuli"],
               _needed(plan, step))
        + "<p>Where one more rating lowers the variance of the MOS most:</p>"
        + make(["stimulus", "ratings", "now ±", "with one more ±", "with three more ±"],
               _first(plan, table.stimuli))
    )  # fmt: skip


def _needed(plan: RatingPlan, step: float) -> Iterable[Sequence[Any]]:
    rated = np.isfinite(plan.variance)
    for share in _TARGETS:
        needed = plan.needed(share * step)[rated]
        reachable = needed[needed > 0]
        if len(reachable):
            yield [
                f"{share * step:g}",
                int(np.median(reachable)),
                int(np.ceil(np.quantile(reachable, 0.9))),
            ]
        else:
            yield [f"{share * step:g}", "over 1000", "over 1000"]


def _first(plan: RatingPlan, stimuli: tuple[str, ...]) -> Iterable[Sequence[Any]]:
    rows = plan.table(stimuli).slice(0, _MOST_STIMULI).to_pylist()
    for row in rows:
        widths = [row[k] for k in ("half_width", "half_width_plus_1", "half_width_plus_3")]
        yield [row["stimulus"], row["n"], *widths]


def _asks(sentence: str) -> bool:
    _, semicolon, advice = sentence.rpartition("; ")
    return bool(semicolon) and advice.startswith(_ADVICE)


def _readings(table: RatingTable, groups: Mapping[str, str] | None, make: TableMaker) -> str:
    readings = [r for r in rater_readings(table, groups) if _asks(r.sentence)]
    if not readings:
        return "<p>No rater stands out from the panel.</p>"
    shown = readings[:_MOST_READINGS]
    more = f" The first {len(shown)} of {len(readings)}." if len(readings) > len(shown) else ""
    rows = [[r.rater, r.dimension or "all", r.n, r.sentence] for r in shown]
    return (
        "<p>What stands out, to calibrate with; nobody is removed for it." + more + "</p>"
        + make(["rater", "dimension", "ratings", "what"], rows)
    )  # fmt: skip
