"""The report's figures, interactive: every one with its unit and n."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annotator.desk.figures import Alpha, FigurePage
from annotator.screens.desk_plots import BLUE, GREY, ORANGE, plain
from annotator.screens.desk_words import Words, english

__all__ = ["agreement_figure", "bias_figure", "more_figure", "removed_figure", "scores_figure"]

Names = Mapping[str, str]


def scores_figure(page: FigurePage, names: Names, word: Words = english) -> Any:
    """Return MOS in rising order with their intervals."""
    import plotly.graph_objects as go

    mos = [score for score, _ in page.scores]
    halves = [half or 0.0 for _, half in page.scores]
    figure = go.Figure(
        go.Scatter(
            x=list(range(1, len(mos) + 1)),
            y=mos,
            mode="markers",
            marker={"color": BLUE, "size": 6},
            error_y={"type": "data", "array": halves, "color": GREY, "thickness": 1, "width": 0},
            hovertemplate="MOS %{y:.2f} ± %{error_y.array:.2f}<extra></extra>",
        )
    )
    thinned = "" if len(mos) == page.n_stimuli else word("plot_thinned", n=f"{len(mos):,}")
    title = word("plot_scores", name=names[page.dimension], n=f"{page.n_stimuli:,}")
    figure.update_xaxes(title_text=word("plot_rank") + thinned)
    figure.update_yaxes(title_text=word("plot_mos_unit"), range=_range(page))
    figure.update_layout(title_text=title)
    return plain(figure, height=360)


def _range(page: FigurePage) -> list[float] | None:
    low, high = page.scale
    if low is None or high is None:
        return None
    margin = (high - low) * 0.05
    return [low - margin, high + margin]


def bias_figure(page: FigurePage, names: Names, word: Words = english) -> Any:
    """Return raters' bias with intervals; rejected raters are orange squares."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for is_rejected, colour, symbol, key in (
        (False, BLUE, "circle", "plot_kept"),
        (True, ORANGE, "square", "plot_rejected"),
    ):
        part = [one for one in page.raters if one.is_rejected == is_rejected]
        if not part:
            continue
        figure.add_scatter(
            x=[one.bias for one in part], y=[f"{one.rater[:40]} (n {one.n:,})" for one in part],
            mode="markers", name=word(key), marker={"color": colour, "size": 9, "symbol": symbol},
            error_x={"type": "data", "array": [one.half or 0.0 for one in part], "color": GREY,
                     "thickness": 1.5, "width": 3},
            hovertemplate="%{y}<br>%{x:+.2f} ± %{error_x.array:.2f}<extra></extra>",
        )  # fmt: skip
    figure.add_vline(x=0, line_color=GREY, line_width=1)
    order = [f"{one.rater[:40]} (n {one.n:,})" for one in page.raters]
    figure.update_yaxes(categoryorder="array", categoryarray=order, automargin=True)
    figure.update_xaxes(title_text=word("plot_bias_unit"))
    drawn = word("plot_bias", name=names[page.dimension], n=f"{page.n_raters:,}")
    if len(page.raters) < page.n_raters:
        drawn += word("plot_largest", n=len(page.raters))
    figure.update_layout(title_text=drawn, legend={"orientation": "h", "y": -0.2})
    return plain(figure, height=170 + 22 * len(page.raters), legend=True)


def removed_figure(page: FigurePage, names: Names, word: Words = english) -> Any:
    """Return how many ratings the method left out, and the curators before it."""
    import plotly.graph_objects as go

    out = [left_out for left_out, _ in page.removed.values()]
    labels = [
        word("plot_of", name=names[name], out=f"{left_out:,}", given=f"{given:,}")
        for name, (left_out, given) in page.removed.items()
    ]
    figure = go.Figure(
        go.Bar(
            y=labels,
            x=out,
            orientation="h",
            marker_color=BLUE,
            hovertemplate="%{y}<extra></extra>",
        )
    )
    n = sum(given for _, given in page.removed.values())
    figure.update_xaxes(
        title_text=word("plot_removed_unit"), range=[0, max(10, *out) * 1.05], tickformat=",d"
    )
    figure.update_yaxes(autorange="reversed", automargin=True)
    before = f"{page.n_removed_before:,}"
    title = word("plot_removed", method=page.method, n=f"{n:,}", before=before)
    figure.update_layout(title_text=title)
    return plain(figure, height=150 + 36 * len(out))


def agreement_figure(page: FigurePage, names: Names, word: Words = english) -> Any:
    """Return Krippendorff's alpha by dimension with bootstrap intervals; None before it is."""
    import plotly.graph_objects as go

    if not page.alphas:
        return None
    figure = go.Figure()
    for kind, colour, symbol in (("ordinal", BLUE, "circle"), ("interval", ORANGE, "square")):
        part = [one for one in page.alphas if one.kind == kind]
        above = [one.value if one.high is None else one.high for one in part]
        below = [one.value if one.low is None else one.low for one in part]
        values = [one.value for one in part]
        error = {
            "type": "data",
            "symmetric": False,
            "color": GREY,
            "thickness": 1.5,
            "width": 3,
            "array": [high - value for high, value in zip(above, values, strict=True)],
            "arrayminus": [value - low for low, value in zip(below, values, strict=True)],
        }
        figure.add_scatter(
            y=[_row(one, names, word) for one in part],
            x=values,
            mode="markers",
            name=word(f"plot_{kind}"),
            marker={"color": colour, "size": 10, "symbol": symbol},
            error_x=error,
            hovertemplate="%{y}: %{x:.2f}<extra></extra>",
        )
    low = min([0.0, *(one.low for one in page.alphas if one.low is not None)])
    rows = [_row(one, names, word) for one in page.alphas]
    figure.update_xaxes(title_text=word("plot_alpha_unit"), range=[low - 0.05, 1.05])
    figure.update_yaxes(
        categoryorder="array", categoryarray=rows, autorange="reversed", automargin=True
    )
    figure.update_layout(title_text=word("plot_alpha"))
    return plain(figure, height=150 + 26 * len(rows))


def _row(one: Alpha, names: Names, word: Words) -> str:
    return f"{names[one.dimension]}, {word(f'plot_{one.kind}')} (n {one.n:,})"


def more_figure(page: FigurePage, names: Names, word: Words = english) -> Any:
    """Return the expected half-width by the size of the panel; None where it cannot be fitted."""
    import plotly.graph_objects as go

    if not page.curve:
        return None
    figure = go.Figure(
        go.Scatter(
            x=[n for n, _ in page.curve],
            y=[width for _, width in page.curve],
            mode="lines+markers",
            line={"color": BLUE},
            marker={"size": 5},
            hovertemplate="n = %{x}: ± %{y:.2f}<extra></extra>",
        )
    )
    if page.n_so_far is not None:
        figure.add_vline(
            x=page.n_so_far, line_dash="dash", line_color=ORANGE, line_width=2,
            annotation_text=word("plot_so_far", n=f"{page.n_so_far:.1f}"),
        )  # fmt: skip
    title = word("plot_more", name=names[page.dimension], n=f"{page.n_stimuli:,}")
    figure.update_xaxes(title_text=word("plot_more_x"))
    figure.update_yaxes(title_text=word("plot_more_unit"), rangemode="tozero")
    figure.update_layout(title_text=title)
    return plain(figure, height=340)
