"""The tab Figures: what the report draws, interactive and of now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from annotator.desk.figures import FigurePage, Figures
from annotator.jobs import Jobs
from annotator.screens.desk_html import clock_time, empty
from annotator.screens.desk_parts import author_of, in_order, job_html, refusal
from annotator.screens.desk_report_plots import (
    agreement_figure,
    bias_figure,
    more_figure,
    removed_figure,
    scores_figure,
)
from annotator.screens.desk_words import label, say, words_of
from pipelines.opinion.options import METHODS
from schemas.errors import UserError

__all__ = ["FiguresTab"]

_DRAW: dict[str, Callable[..., Any]] = {
    "scores": scores_figure,
    "bias": bias_figure,
    "removed": removed_figure,
    "agreement": agreement_figure,
    "more": more_figure,
}


class FiguresTab:
    """The tab."""

    def __init__(self, figures: Figures, jobs: Jobs, names: Mapping[str, str]) -> None:
        """Build it."""
        self._figures, self._jobs, self._names = figures, jobs, names
        choices = [(name, key) for key, name in names.items()]
        with gr.Tab(label("tab_figures"), id="figures") as self.tab:
            with gr.Row(elem_classes="bar"):
                dimension = gr.Dropdown(
                    choices, value=choices[0][1], label=label("dimension"), filterable=False
                )
                method = gr.Dropdown(
                    list(METHODS), value="mean", label=label("method"), filterable=False,
                    elem_id="figures-method",
                )  # fmt: skip
            self._said = gr.HTML("", apply_default_css=False, elem_id="figures-said")
            plots = [
                gr.Plot(show_label=False, visible=False, elem_id=f"figure-{name}") for name in _DRAW
            ]
            self._clock = gr.Timer(1, active=False)
        asked, shown = [dimension, method], [self._said, self._clock, *plots]
        for event in (self.tab.select, dimension.input, method.input):
            event(self._show, asked, shown, **in_order("figures", again=True))
        self._clock.tick(self._show, asked, shown, **in_order("figures"))

    def _show(self, dimension: str, method: str, request: gr.Request) -> list[Any]:
        try:
            page = self._figures.page(dimension, method, author_of(request))
        except UserError as error:
            return [refusal(error), gr.Timer(active=False), *self._none()]
        job = self._jobs.last("figures")
        is_running = job is not None and job.state == "running"
        if job is not None and job.state == "failed":
            return [job_html(job), gr.Timer(active=False), *self._none()]
        if page is None:
            return [job_html(job), gr.Timer(active=is_running), *self._none()]
        if not page.scores:
            nothing = empty(say("no_ratings"), say("no_ratings_then"))
            said = f'<div class="siqa desk">{nothing}</div>'
            return [said, gr.Timer(active=is_running), *self._none()]
        return [_about(page), gr.Timer(active=is_running), *self._drawn(page, request)]

    def _drawn(self, page: FigurePage, request: gr.Request) -> list[Any]:
        words = words_of(request)
        figures = [draw(page, self._names, words) for draw in _DRAW.values()]
        return [gr.update(value=one, visible=one is not None) for one in figures]

    def _none(self) -> list[Any]:
        return [gr.update(visible=False)] * len(_DRAW)


def _about(page: FigurePage) -> str:
    notes = [f"{say('as_of')} {clock_time(page.computed_at)}"]
    notes += [say("counting")] if page.is_old else []
    notes += [] if page.alphas else [say("figures_no_agreement")]
    notes += [] if page.curve else [say("figures_no_more")]
    return f'<div class="siqa desk"><p class="soft">{" · ".join(notes)}</p></div>'
