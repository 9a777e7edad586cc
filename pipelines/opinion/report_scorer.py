"""Section of the report: a scorer against people, with the fourth-order polynomial."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np

from pipelines.opinion.plots import scatter_plot
from pipelines.opinion.report_table import html_table
from pipelines.opinion.scorer import ScorerPairs
from schemas.text import counted

__all__ = ["scorer_html"]


def scorer_html(pairs: Mapping[str, ScorerPairs]) -> str:
    """Return figures, fits and a scatter plot of every dimension."""
    parts = ["<h2>Scorer against people</h2>"]
    parts.append(
        "<p>SRCC, KRCC (tau-b), PLCC and RMSE of the raw predictions; PLCC and RMSE after the 4- "
        "and 5-parameter logistic and the fourth-order polynomial, fitted by least squares "
        "(ITU-T P.1401, VQEG 2003). Intervals: bootstrap over stimuli.</p>"
    )
    for name, found in pairs.items():
        parts += [f"<h3>{escape(name)}</h3>", _figures(found), _scatter(name, found)]
    return "".join(parts)


def _figures(found: ScorerPairs) -> str:
    figures = found.figures
    rows = [
        ["SRCC", figures.srcc, _interval(figures.ci95["srcc"])],
        ["KRCC", figures.krcc, ""],
        ["PLCC, raw", figures.plcc, _interval(figures.ci95["plcc"])],
        ["RMSE, raw", figures.rmse, _interval(figures.ci95["rmse"])],
    ]
    for label, fit in (
        ("4-parameter logistic", figures.logistic4),
        ("5-parameter logistic", figures.logistic5),
        ("fourth-order polynomial", figures.polynomial4),
    ):
        note = f"straight line instead: {fit.fallback}" if fit.fallback else ""
        rows += [[f"PLCC, {label}", fit.plcc, note], [f"RMSE, {label}", fit.rmse, ""]]
    said = (
        f"<p>{counted(figures.n, 'stimulus', 'stimuli')} with MOS and prediction; "
        f"{found.n_without} with a MOS but no prediction.</p>"
    )
    return said + html_table(["", "value", "95 % interval or note"], rows)


def _interval(limits: tuple[float, float]) -> str:
    return f"{limits[0]:.3f} to {limits[1]:.3f}" if np.isfinite(limits).all() else ""


def _scatter(name: str, found: ScorerPairs) -> str:
    if not len(found.mos):
        return ""
    fit = found.figures.polynomial4
    x = np.linspace(found.predicted.min(), found.predicted.max(), 120)
    curve = list(zip(x.tolist(), np.polyval(fit.parameters, x).tolist(), strict=True))
    points = list(zip(found.predicted.tolist(), found.mos.tolist(), strict=True))
    svg = scatter_plot(points, curve, f"{name}: prediction", f"{name}: MOS")
    drawn = "fourth-order polynomial" if fit.kind == "polynomial4" else "straight line"
    caption = f"{name}: MOS over prediction, one dot a stimulus; line: {drawn} by least squares."
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"
