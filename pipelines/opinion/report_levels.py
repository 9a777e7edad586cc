"""Section of the report: scores as words, votes as shares, and what words lose."""

from __future__ import annotations

from html import escape

import numpy as np
import pyarrow.compute as pc

from pipelines.opinion.labels import LEVEL_RULES, label_scores
from pipelines.opinion.levels import WORDS
from pipelines.opinion.mos import MosResult
from pipelines.opinion.report_table import html_table
from schemas.errors import UserError

__all__ = ["levels_html"]


def levels_html(mos: MosResult) -> str:
    """Return stimuli per level by each rule, the precision of words, and votes per level."""
    try:
        labels = [label_scores(mos, rule) for rule in LEVEL_RULES]
    except UserError as error:
        return f"<h2>Levels and words</h2><p>{escape(error.message)}</p>"
    low, high = labels[0].low, labels[0].high
    counts, trips = [], []
    for found in labels:
        for name in mos.estimates:
            of_name = found.table.filter(pc.equal(found.table["dimension"], name))
            level = of_name["level"].drop_null().to_numpy()
            counts.append(
                [found.rule, name, *np.bincount(level.astype(int), minlength=6)[1:].tolist()]
            )
            trip = found.precision(name)
            trips.append(
                [found.rule, name, trip.n, trip.srcc, trip.plcc, trip.rmse, trip.largest_error]
            )
    return (
        "<h2>Levels and words</h2>"
        f"<p>m = {low:g} to M = {high:g} in five equal bins: right-closed (q-align), left-closed "
        "(siqa), and SIQA's published arithmetic, which leaves an edge such as 3.4 on 1 to 5 in "
        "the lower level. <code>mos --levels RULE</code> writes level, word and vote shares of "
        "every stimulus.</p>"
        + html_table(["rule", "dimension", *WORDS], counts)
        + "<p>From score to word and back (the word read as 1 to 5 equal steps of the scale, as "
        "in Table II of Q-SiT):</p>"
        + html_table(
            ["rule", "dimension", "stimuli", "SRCC", "PLCC", "RMSE", "largest error"], trips
        )
        + _votes(mos)
    )


def _votes(mos: MosResult) -> str:
    """Return observed votes beside the least-variance votes of the same MOS."""
    rows = []
    for name, given in mos.given.items():
        estimate = mos.estimates[name]
        if given.level is None or len(given.levels) > 11:
            continue
        votes = given.where(estimate.kept).histogram.sum(axis=0)
        observed = votes / max(int(votes.sum()), 1)
        rows.append([name, *(f"{share:.1%}" for share in observed)])
    if not rows:
        return ""
    levels = next(r.levels for r in mos.given.values() if r.level is not None)
    return "<p>Observed votes on each level (soft labels of all stimuli together):</p>" + (
        html_table(["dimension", *(f"{level:g}" for level in levels)], rows)
    )
