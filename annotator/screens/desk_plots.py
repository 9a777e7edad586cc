"""The desk's figures: interactive, units and n on each, colours that colour-blind people tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annotator.desk.distributions import Histogram, Pairs
from annotator.screens.desk_words import Words, english

__all__ = ["bars_figure", "histogram_figure", "pairs_figure", "plain", "use_figure"]

BLUE, ORANGE, GREY = "#0072B2", "#E69F00", "#7f8790"
"""Of the palette of Okabe and Ito (2008)."""
_MOST_NAMED = 14
_FEW = 4
"""So few bars are drawn thin, and so low counts have a line each."""
_HIDDEN = "rgba(0,0,0,0)"


def histogram_figure(
    histograms: Sequence[Histogram], names: Mapping[str, str], word: Words = english
) -> Any:
    """Return the spread of the MOS, one small plot a dimension."""
    from plotly.subplots import make_subplots

    n_columns = min(3, max(1, len(histograms)))
    n_rows = max(1, -(-len(histograms) // n_columns))
    titles = [
        word("plot_n_images", name=names[one.dimension], n=f"{one.n:,}") for one in histograms
    ]
    figure = make_subplots(
        n_rows, n_columns, subplot_titles=titles, vertical_spacing=0.22 / n_rows + 0.06
    )
    for place, one in enumerate(histograms):
        row, column = divmod(place, n_columns)
        middles = [(a + b) / 2 for a, b in zip(one.edges, one.edges[1:], strict=False)]
        figure.add_bar(
            x=middles, y=list(one.counts), marker_color=BLUE, row=row + 1, col=column + 1,
            hovertemplate=f"MOS %{{x:.2f}}<br>%{{y}} {word('plot_images')}<extra></extra>",
        )  # fmt: skip
        if max(one.counts, default=0) <= _FEW:
            figure.update_yaxes(dtick=1, row=row + 1, col=column + 1)
        if one.mean is not None:
            figure.add_vline(
                x=one.mean, line_dash="dash", line_color=ORANGE, line_width=2,
                row=row + 1, col=column + 1,
            )  # fmt: skip
    figure.update_xaxes(title_text=word("plot_mos_mean"))
    figure.update_yaxes(title_text=word("plot_images"), rangemode="tozero")
    figure.update_layout(bargap=0.06)
    return plain(figure, height=300 * n_rows)


def pairs_figure(
    pairs: Pairs, names: Mapping[str, str], scale: tuple[float, float], word: Words = english
) -> Any:
    """Return one dimension against another: points, or a map of counts where there are many."""
    import plotly.graph_objects as go

    x, y = names[pairs.x_name], names[pairs.y_name]
    r = "" if pairs.plcc is None else word("plot_pairs_r", r=f"{pairs.plcc:.2f}")
    images = word("plot_images")
    if pairs.cells:
        trace: Any = go.Heatmap(
            x=list(pairs.edges), y=list(pairs.edges), colorscale="Cividis",
            z=[[value or None for value in row] for row in pairs.cells],
            colorbar_title=images,
            hovertemplate=f"{x} %{{x:.2f}}<br>{y} %{{y:.2f}}<br>%{{z}} {images}<extra></extra>",
        )  # fmt: skip
    else:
        trace = go.Scatter(
            x=list(pairs.x), y=list(pairs.y), mode="markers", text=list(pairs.stimuli),
            marker={"color": BLUE, "size": 9, "opacity": 0.75, "line": {"width": 1, "color": GREY}},
            hovertemplate=f"%{{text}}<br>{x} %{{x:.2f}}<br>{y} %{{y:.2f}}<extra></extra>",
        )  # fmt: skip
    figure = go.Figure(trace)
    margin = (scale[1] - scale[0]) * 0.04
    around = [scale[0] - margin, scale[1] + margin]
    figure.update_xaxes(title_text=word("plot_mos_of", name=x), range=around)
    figure.update_yaxes(title_text=word("plot_mos_of", name=y), range=around)
    figure.update_layout(title_text=word("plot_pairs", n=f"{pairs.n:,}") + r)
    return plain(figure, height=560)


def bars_figure(
    bars: Sequence[tuple[str, int] | tuple[int, int]], title: str, x: str, y: str
) -> Any:
    """Return counts as bars; every label stands."""
    import plotly.graph_objects as go

    figure = go.Figure(
        go.Bar(x=[bar[0] for bar in bars], y=[bar[1] for bar in bars], marker_color=BLUE)
    )
    # A few days are named; on an axis of time one day would be cut into hours.
    is_named = 0 < len(bars) <= _MOST_NAMED and isinstance(bars[0][0], str)
    is_counted = 0 < len(bars) <= _MOST_NAMED and isinstance(bars[0][0], int)
    figure.update_xaxes(
        title_text=x, type="category" if is_named else None, dtick=1 if is_counted else None
    )
    figure.update_yaxes(title_text=y, rangemode="tozero")
    figure.update_layout(title_text=title, bargap=0.15 if len(bars) > _FEW else 0.6)
    return plain(figure, height=300)


def use_figure(
    use: Mapping[str, Mapping[float, int]],
    use_of_all: Mapping[str, Mapping[float, int]],
    names: Mapping[str, str],
    levels: Sequence[float],
    word: Words = english,
) -> Any:
    """Return how often a rater gave each level, beside everybody: shares of their ratings."""
    from plotly.subplots import make_subplots

    titles = [word("plot_n_ratings", name=names[d], n=f"{sum(use[d].values()):,}") for d in use]
    figure = make_subplots(1, max(1, len(use)), subplot_titles=titles)
    for place, dimension in enumerate(use, 1):
        for counts, colour, name in (
            (use[dimension], BLUE, word("plot_this_rater")),
            (use_of_all.get(dimension, {}), GREY, word("plot_all_raters")),
        ):
            figure.add_histogram(
                x=list(levels), y=[counts.get(level, 0) for level in levels], histfunc="sum",
                histnorm="percent", name=name, marker_color=colour, showlegend=place == 1,
                xbins={"start": levels[0] - 0.5, "end": levels[-1] + 0.5, "size": 1},
                hovertemplate="%{x}: %{y:.1f} %<extra></extra>", row=1, col=place,
            )  # fmt: skip
    figure.update_xaxes(
        title_text=word("plot_score"), dtick=1, range=[levels[0] - 0.5, levels[-1] + 0.5]
    )
    figure.update_yaxes(rangemode="tozero")
    figure.update_yaxes(title_text=word("plot_share"), col=1)
    figure.update_layout(barmode="group", legend={"orientation": "h", "y": 1.3})
    return plain(figure, height=300)


def plain(figure: Any, height: int, *, legend: bool = False) -> Any:
    """Give a figure the look of the desk; the style sheet colours its text for light and dark."""
    figure.update_layout(
        height=height,
        margin={"l": 60, "r": 20, "t": 50, "b": 50},
        paper_bgcolor=_HIDDEN,
        plot_bgcolor=_HIDDEN,
        font={"family": "system-ui, sans-serif", "size": 13, "color": GREY},
        showlegend=legend or figure.layout.barmode == "group",
        modebar={"bgcolor": _HIDDEN, "color": GREY},
    )
    figure.update_xaxes(gridcolor="rgba(127,135,144,.25)", zeroline=False)
    figure.update_yaxes(gridcolor="rgba(127,135,144,.25)", zeroline=False)
    figure.update_annotations(font_size=13)
    return figure
