"""The Model tab's figures: a learning curve, and what was expected against what people said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annotator.desk.model import Points
from annotator.screens.desk_plots import BLUE, GREY, ORANGE, plain
from annotator.screens.desk_words import Words, english

__all__ = ["curve_figure", "expected_figure"]


def curve_figure(points: Sequence[Mapping[str, Any]], name: str, word: Words = english) -> Any:
    """Return rank correlation on left-out images by the number of rated ones."""
    import plotly.graph_objects as go

    n = [point["n"] for point in points]
    figure = go.Figure()
    for key, text, colour, dash in (
        ("srcc", word("plot_learned"), BLUE, "solid"),
        ("prior_srcc", word("plot_unlearned"), GREY, "dash"),
    ):
        figure.add_scatter(
            x=n, y=[point[key] for point in points], name=text, mode="lines+markers",
            line={"color": colour, "dash": dash},
            hovertemplate="%{x}: %{y:.2f}<extra></extra>",
        )  # fmt: skip
    figure.add_hline(y=0.3, line_dash="dot", line_color=ORANGE)
    figure.update_xaxes(title_text=word("plot_rated_axis"), type="log")
    figure.update_yaxes(title_text=word("plot_srcc_axis"), range=[-0.3, 1])
    figure.update_layout(
        title_text=word("plot_curve" if points else "plot_curve_none", name=name),
        legend={"orientation": "h", "y": 1.08},
    )
    return plain(figure, height=380, legend=bool(points))


def expected_figure(
    points: Points, name: str, scale: tuple[float, float], word: Words = english
) -> Any:
    """Return MOS with 95 % interval against the prediction made without the image's ratings."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_scatter(
        x=list(scale), y=list(scale), mode="lines", line={"color": GREY, "dash": "dash"},
        hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=list(points.predicted), y=list(points.mos), mode="markers", text=list(points.file_names),
        error_y={"type": "data", "array": [one or 0 for one in points.ci95], "thickness": 0.7,
                 "width": 0, "color": "rgba(127,135,144,.6)"},
        marker={"color": BLUE, "size": 7, "opacity": 0.8},
        hovertemplate="%{text}<br>%{x:.2f}<br>MOS %{y:.2f}<extra></extra>",
    )  # fmt: skip
    margin = (scale[1] - scale[0]) * 0.06
    around = [scale[0] - margin, scale[1] + margin]
    figure.update_xaxes(title_text=word("plot_expected"), range=around)
    figure.update_yaxes(title_text=word("plot_mos_ci"), range=around)
    figure.update_layout(title_text=word("plot_n_images", name=name, n=f"{len(points.mos):,}"))
    return plain(figure, height=380)
