"""The tab Progress: pace, forecast, by rater and by stimulus."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from annotator.desk.progress import Forecast, Progress, ProgressView
from annotator.screens.desk_html import clock_time, empty, rater_link, table_html
from annotator.screens.desk_parts import clickable, in_order
from annotator.screens.desk_plots import bars_figure
from annotator.screens.desk_words import label, say, words_of

__all__ = ["ProgressTab", "progress_html"]


def progress_html(view: ProgressView) -> str:
    """Return the forecast in words and one line a rater."""
    return f'<div class="siqa desk">{_forecast(view.forecast)}{_raters(view)}</div>'


def _forecast(one: Forecast) -> str:
    tiles = [
        (f"{one.n_missing:,}", say("missing")),
        (f"{one.n_recent:,}", say("in_seven_days")),
        ("–" if one.per_day is None else f"{one.per_day:,.1f}", say("per_day")),
        ("–" if one.ends_at is None else escape(one.ends_at[:10]), say("ends_at")),
    ]
    numbers = "".join(f"<div><b>{value}</b><span>{text}</span></div>" for value, text in tiles)
    why = f'<p class="soft">{say("no_forecast_" + one.reason)}</p>' if one.reason else ""
    return f'<div class="tiles">{numbers}</div>{why}'


def _raters(view: ProgressView) -> str:
    if not view.raters:
        return empty(say("no_ratings"), say("no_ratings_then"))
    rows = [
        [
            rater_link(one.rater),
            f"{one.n:,}",
            f"{one.n_recent:,}",
            "–" if one.median_s is None else f"{one.median_s:.0f} s",
            clock_time(one.first_at),
            clock_time(one.last_at),
        ]
        for one in view.raters
    ]
    head = [say(f"pace_{k}") for k in ("rater", "n", "recent", "median", "first", "last")]
    table = table_html(head, rows, numeric={1, 2, 3}, is_html_head=True)
    return f"<h3>{say('by_rater')}</h3>{table}"


class ProgressTab:
    """The tab."""

    def __init__(self, progress: Progress) -> None:
        """Build it."""
        self._progress = progress
        with gr.Tab(label("tab_progress"), id="progress") as self.tab:
            unit = gr.Radio(
                [(label("by_day"), "day"), (label("by_hour"), "hour")], value="day",
                label=label("pace_by"), show_label=False, container=False, elem_id="pace-unit",
            )  # fmt: skip
            self.page = clickable("progress-page")
            with gr.Row():
                over = gr.Plot(show_label=False, elem_id="pace")
                per = gr.Plot(show_label=False, elem_id="per-stimulus")
        shown = in_order("progress", again=True)
        for event in (self.tab.select, unit.input):
            event(self.show, unit, [self.page, over, per], **shown)

    def show(self, unit: str, request: gr.Request) -> list[Any]:
        """Return the page and its two figures."""
        view = self._progress.view(unit)
        n = sum(count for _, count in view.over_time)
        word = words_of(request)
        over = bars_figure(
            [(f"{at}:00" if view.unit == "hour" else at, count) for at, count in view.over_time],
            word(f"plot_per_{view.unit}", n=f"{n:,}"),
            word("plot_utc"),
            word("plot_submissions"),
        )
        n_images = sum(count for _, count in view.per_stimulus)
        per = bars_figure(
            view.per_stimulus,
            word("plot_by_submissions", n=f"{n_images:,}", wanted=view.wanted),
            word("plot_submissions_of"),
            word("plot_images"),
        )
        return [progress_html(view), over, per]
