"""The report: one self-contained HTML file that prints well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from pipelines.opinion.agreement import Agreement, AgreementResult
from pipelines.opinion.citations import AGREEMENT_SOURCES, methods_paragraph
from pipelines.opinion.estimate import Estimate
from pipelines.opinion.mos import MosResult
from pipelines.opinion.plots import Point, bar_plot, caterpillar_plot, interval_plot
from pipelines.opinion.report_advice import advice_html
from pipelines.opinion.report_comparison import moved_html
from pipelines.opinion.report_levels import levels_html
from pipelines.opinion.report_scorer import scorer_html
from pipelines.opinion.report_table import html_table
from pipelines.opinion.scorer import ScorerPairs
from pipelines.opinion.table import RatingTable
from schemas.text import counted

__all__ = ["report_html"]

_MOST_RATERS = 60
"""Raters drawn in one plot; those with the largest bias."""
_MOST_REMOVED = 200
"""Removed ratings listed one by one."""
_STYLE = """
:root{color-scheme:light dark;--ink:#222;--paper:#fff;--rule:#ddd;--note:#fff6e5;--code:#f4f4f4}
@media screen and (prefers-color-scheme:dark){:root{--ink:#ddd;--paper:#16181c;--rule:#444;
--note:#3a2f18;--code:#24272d}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:760px;
margin:2em auto;padding:0 1em;overflow-wrap:anywhere}
h1{font-size:1.7em}h2{font-size:1.25em;margin-top:2em;border-bottom:1px solid var(--rule)}
div{overflow-x:auto}table{border-collapse:collapse;font-size:.88em;width:100%}
th,td{padding:.25em .45em;border-bottom:1px solid var(--rule);text-align:right;vertical-align:top;
overflow-wrap:normal}td{white-space:nowrap}
.t{text-align:left;overflow-wrap:anywhere;white-space:normal;min-width:6em}
th.t{overflow-wrap:normal}
pre{background:var(--code);padding:.8em;white-space:pre-wrap}
svg{max-width:100%;height:auto}.note{background:var(--note);padding:.6em 1em}
figcaption{font-size:.85em;opacity:.8}figure{margin:1em 0;break-inside:avoid}
@media print{body{max-width:none;margin:0;font-size:11pt;padding:0}tr,figure{break-inside:avoid}
div{overflow:visible}table{font-size:.72em}.t{min-width:4em}
h2,h3,p:has(+div){break-after:avoid}a{color:inherit}@page{margin:18mm}}
"""


def report_html(  # noqa: PLR0913 - the parts of one document
    title: str,
    mos: MosResult,
    agreement: AgreementResult,
    *,
    command: str,
    made_at: str,
    compared: Sequence[MosResult] = (),
    table: RatingTable | None = None,
    groups: Mapping[str, str] | None = None,
    scorer: Mapping[str, ScorerPairs] | None = None,
) -> str:
    """Return the report as one HTML document without any outside reference.

    Args:
        title: Name of the study or file.
        mos: The run that is reported.
        agreement: Agreement on the same ratings.
        command: The exact command that makes this report again.
        made_at: When it was made, UTC.
        compared: Runs of other methods, for the table of how far each moves MOS.
        table: The ratings, for where more of them help and for raters as instruments.
        groups: Stimulus -> group, for bias by discipline.
        scorer: Dimension -> predictions beside the MOS.
    """
    body = [
        f"<h1>Opinion scores: {escape(title)}</h1>",
        f"<p>{escape(_summary(mos))} Made {escape(made_at)}.</p>",
        _warnings([*mos.warnings, *agreement.warnings]),
        "<h2>Methods</h2>",
        f"<p>{escape(methods_paragraph(mos.method, mos.options))}</p>",
        f"<p>{escape(AGREEMENT_SOURCES)} {escape(_conventions(agreement))}</p>",
        _applicability(mos),
        "<h2>Mean opinion scores</h2>",
        *(_mos_figure(mos, name, estimate) for name, estimate in mos.estimates.items()),
        _mos_table(mos),
        moved_html(mos, compared),
        "<h2>Agreement</h2>",
        _agreement_figure(agreement),
        _agreement_table(agreement),
        "<h2>Raters</h2>",
        *(_bias_figure(mos, name, estimate) for name, estimate in mos.estimates.items()),
        "" if table is None else advice_html(table, groups),
        levels_html(mos),
        scorer_html(scorer) if scorer else "",
        "<h2>What was left out</h2>",
        _removed(mos),
        "<h2>Repeat this report</h2>",
        f"<pre>{escape(command)}</pre>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Opinion scores: {escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(body)}</body></html>\n"
    )


def _summary(mos: MosResult) -> str:
    n = sum(int(mos.estimates[name].raters.n.sum()) for name in mos.given)
    low, high = mos.scale
    scale = f" on a scale of {low:g} to {high:g}" if low is not None and high is not None else ""
    return (
        f"{counted(n, 'rating')} of {counted(len(mos.stimuli), 'stimulus', 'stimuli')} by "
        f"{counted(len(mos.raters), 'rater')}{scale}; method {mos.method}; "
        f"{counted(mos.n_removed, 'rating')} left out."
    )


def _warnings(warnings: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(warnings))
    if not distinct:
        return ""
    items = "".join(f"<li>{escape(warning)}</li>" for warning in distinct)
    return f'<div class="note"><strong>Read with these notes.</strong><ul>{items}</ul></div>'


def _conventions(agreement: AgreementResult) -> str:
    basis = "all ratings" if agreement.method is None else f"ratings kept by {agreement.method}"
    replicates = agreement.options["bootstrap_replicates"]
    seed = agreement.options["bootstrap_seed"]
    return f"Computed on {basis}; {replicates} bootstrap replicates, seed {seed}."


def _applicability(mos: MosResult) -> str:
    said = [
        f"{name}: {'' if estimate.applicable else 'not applicable, '}{estimate.reason}"
        for name, estimate in mos.estimates.items()
        if estimate.reason
    ]
    return f"<p>Applicability. {escape('. '.join(said))}.</p>" if said else ""


def _figure(svg: str, caption: str) -> str:
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"


def _mos_figure(mos: MosResult, name: str, estimate: Estimate) -> str:
    scores = estimate.scores
    rated = estimate.n_given > 0
    values = list(zip(scores.mos[rated].tolist(), scores.ci95[rated].tolist(), strict=True))
    low, high = mos.mos_scale
    finite = [value for value, _ in values if np.isfinite(value)]
    if not finite:
        return f"<p>{escape(name)}: no scores.</p>"
    bottom = min(finite) if low is None else min(low, *finite)
    top = max(finite) if high is None else max(high, *finite)
    drawn = counted(len(finite), "stimulus", "stimuli")
    axis = f"{name}: MOS ± 95 % interval, {drawn} in rising order"
    caption = f"{name}. Grey: 95 % interval where there are at least two ratings."
    return _figure(caterpillar_plot(values, axis, bottom, top), caption)


def _mean(values: Any) -> float:
    finite = np.asarray(values, float)
    finite = finite[np.isfinite(finite)]
    return float(finite.mean()) if len(finite) else float("nan")


def _mos_table(mos: MosResult) -> str:
    head = ["dimension", "stimuli", "ratings per stimulus", "mean MOS", "mean SOS", "mean ± 95 %"]
    rows = []
    for name, estimate in mos.estimates.items():
        scores, rated = estimate.scores, estimate.n_given > 0
        n = scores.n[rated]
        per = f"{n.min()} to {n.max()}" if len(n) else "–"
        rows.append(
            [name, int(rated.sum()), per, _mean(scores.mos), _mean(scores.sos), _mean(scores.ci95)]
        )
    return html_table(head, rows)


def _agreement_figure(agreement: AgreementResult) -> str:
    points = []
    for name, entry in agreement.dimensions.items():
        for kind in ("ordinal", "interval"):
            low, high = entry.alpha_ci95[kind]
            value = getattr(entry.alpha, kind)
            points.append(Point(f"{name}, {kind}", value, low, high))
    lows = [min(p.value, p.low) for p in points if np.isfinite(p.value) and np.isfinite(p.low)]
    axis = "Krippendorff's alpha, 95 % bootstrap interval (0 chance, 1 full)"
    return _figure(
        interval_plot(points, axis, min([0.0, *lows]), 1.0),
        "Agreement by dimension: ordinal and interval alpha on all stimuli with two ratings.",
    )


def _agreement_table(agreement: AgreementResult) -> str:
    names = list(agreement.dimensions)
    rows = []
    for label, read in _COEFFICIENTS:
        rows.append([label, *(read(agreement.dimensions[name]) for name in names)])
    return html_table(["", *names], rows)


def _srcc(entry: Agreement) -> str:
    found = entry.leave_one_out[np.isfinite(entry.leave_one_out)]
    if not len(found):
        return "–"
    return f"{found.mean():.3f} ({found.min():.3f} to {found.max():.3f})"


_COEFFICIENTS: tuple[tuple[str, Any], ...] = (
    ("stimuli", lambda e: e.n_stimuli),
    ("raters", lambda e: e.n_raters),
    ("ratings", lambda e: e.n_ratings),
    ("missing cells", lambda e: e.missing),
    ("alpha, nominal", lambda e: e.alpha.nominal),
    ("alpha, ordinal", lambda e: e.alpha.ordinal),
    ("alpha, interval", lambda e: e.alpha.interval),
    ("ICC(A,1), complete stimuli", lambda e: e.icc.a_1),
    ("ICC(A,k), complete stimuli", lambda e: e.icc.a_k),
    ("ICC(C,1), complete stimuli", lambda e: e.icc.c_1),
    ("ICC(C,k), complete stimuli", lambda e: e.icc.c_k),
    ("complete stimuli", lambda e: e.icc.n_complete),
    ("ICC(A,1), all ratings", lambda e: e.icc_incomplete),
    ("Kendall's W, complete stimuli", lambda e: e.kendall_w),
    ("Gwet's AC2, linear", lambda e: e.gwet_ac2[0]),
    ("Gwet's AC2, quadratic", lambda e: e.gwet_ac2[1]),
    ("weighted kappa, linear", lambda e: e.kappa.linear),
    ("weighted kappa, quadratic", lambda e: e.kappa.quadratic),
    ("pairs of raters", lambda e: e.kappa.pairs),
    ("rater against the others, SRCC", _srcc),
    ("SOS a", lambda e: e.sos_a),
)


def _bias_figure(mos: MosResult, name: str, estimate: Estimate) -> str:
    raters = estimate.raters
    codes = np.flatnonzero(raters.n)
    codes = codes[np.argsort(-np.abs(raters.bias[codes]), kind="stable")][:_MOST_RATERS]
    codes = codes[np.argsort(raters.bias[codes], kind="stable")]
    points = []
    for code in codes.tolist():
        half = 1.96 * raters.inconsistency[code] / np.sqrt(raters.n[code])
        bias = float(raters.bias[code])
        label = f"{mos.raters[code]} (n {raters.n[code]})"
        points.append(Point(label, bias, bias - half, bias + half, code in raters.reasons))
    if not points:
        return ""
    reach = max(
        [0.5, *(abs(v) for p in points for v in (p.low, p.high, p.value) if np.isfinite(v))]
    )
    axis = f"{name}: rater bias in score units, 95 % interval"
    drawn = counted(len(points), "rater")
    caption = f"{name}. Orange squares: rejected. Drawn: {drawn}, those with the largest bias."
    if len(points) == np.count_nonzero(raters.n):
        caption = f"{name}. Orange squares: rejected. {drawn}."
    return _figure(interval_plot(points, axis, -reach, reach), caption)


def _removed(mos: MosResult) -> str:
    if not mos.n_removed:
        return "<p>No rating was left out.</p>"
    bars = []
    for name in mos.given:
        bars.append((name, float(np.count_nonzero(~mos.estimates[name].kept))))
    if mos.removed_before:
        bars.append(("by the curator", float(len(mos.removed_before))))
    rejected = [
        [mos.raters[code], name, int(estimate.raters.n[code]), reason]
        for name, estimate in mos.estimates.items()
        if name in mos.given
        for code, reason in estimate.raters.reasons.items()
    ]
    parts = [_figure(bar_plot(bars, "ratings left out, by dimension"), f"{mos.n_removed} in all.")]
    if rejected:
        head = ["rejected rater", "dimension", "ratings", "why"]
        parts.append("<p>All ratings of these raters:</p>" + html_table(head, rejected))
    with_rater = {(rater, name) for rater, name, _, _ in rejected}
    single = [r for r in mos.removed if (r.rater, r.dimension) not in with_rater]
    if single:
        rows = [
            [r.stimulus, r.rater, r.dimension, f"{r.score:g}", r.reason]
            for r in single[:_MOST_REMOVED]
        ]
        more = f" (the first {_MOST_REMOVED} of {len(single)})" if len(single) > len(rows) else ""
        parts.append(f"<p>Single ratings{more}:</p>")
        parts.append(html_table(["stimulus", "rater", "dimension", "score", "why"], rows))
    return "".join(parts)
