"""The tab Methods: how each method moves the scores, and the runs kept of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import gradio as gr

from annotator.desk.comparison import Compared, Comparison
from annotator.jobs import Jobs
from annotator.runs import Run
from annotator.screens.desk_html import (
    button,
    clock_time,
    empty,
    open_link,
    pager,
    table_html,
    tag,
)
from annotator.screens.desk_parts import author_of, clickable, in_order, job_html, refusal
from annotator.screens.desk_words import label, say
from pipelines.opinion.comparison import Shift
from pipelines.opinion.options import METHODS
from schemas.errors import UserError

__all__ = ["MethodsTab", "compared_html", "runs_html"]


def compared_html(compared: Compared | None) -> str:
    """Return what every method does on a dimension, and the stimuli it moves most."""
    if compared is None:
        return (
            f'<div class="siqa desk">{empty(say("not_compared"), say("not_compared_then"))}</div>'
        )
    old = f'<p class="said">{say("moved_on")}</p>' if compared.is_old else ""
    about = say("compared_about", n=f"{compared.n_ratings:,}")
    return (
        f'<div class="siqa desk">{old}<p class="soft">{about}</p>{_shifts(compared.shifts)}'
        f'<div class="row"><h3>{say("most_moved")}</h3>{pager(compared.page, compared.n_pages)}'
        f"</div>{_moved(compared)}{_warnings(compared.warnings)}</div>"
    )


def _shifts(shifts: Mapping[str, Shift]) -> str:
    head = [say(f"shift_{k}") for k in ("method", "removed", "rejected", "mean", "largest",
                                        "srcc", "ci95")]  # fmt: skip
    rows = [
        [
            f"<b>{escape(method)}</b> <small>{say('method_' + method)}</small>"
            + ("" if one.is_applicable else tag(say("not_applicable"))),
            f"{one.n_removed:,}",
            f"{one.n_rejected:,}",
            _number(one.mean_shift, 3),
            _number(one.largest_shift, 2),
            _number(one.srcc, 3),
            _number(one.median_ci95, 2),
        ]
        for method, one in shifts.items()
    ]
    return table_html(head, rows, numeric=set(range(1, 7)), is_html_head=True)


def _moved(compared: Compared) -> str:
    head = [say("image"), *(escape(method) for method in METHODS)]
    rows = [
        [
            open_link(row.stimulus, row.file_name),
            *(
                _number(row.mos[m], 2)
                + ("" if not row.shift[m] else f"<small>{row.shift[m]:+.2f}</small>")
                for m in METHODS
            ),
        ]
        for row in compared.rows
    ]
    return table_html(head, rows, numeric=set(range(1, len(head))), is_html_head=True)


def _warnings(warnings: Mapping[str, Sequence[str]]) -> str:
    lines = "".join(
        f"<li><b>{escape(method)}</b>: {escape(text)}</li>"
        for method, texts in warnings.items()
        for text in dict.fromkeys(texts)
    )
    if not lines:
        return ""
    return f"<details><summary>{say('warnings')}</summary><ul>{lines}</ul></details>"


def _number(value: float | None, places: int) -> str:
    return '<span class="soft">–</span>' if value is None else f"{value:.{places}f}"


def runs_html(runs: Sequence[Run]) -> str:
    """Return the kept runs, and which one exports use."""
    is_none = not any(run.is_chosen for run in runs)
    plain = tag(say("chosen")) if is_none else button(say("choose"), do="choose", target="")
    rows = [[f"<b>{say('plain_means')}</b>", "mean", "", say("always_current"), plain]]
    rows += [
        [
            escape(run.name),
            escape(run.method),
            clock_time(run.computed_at),
            say("current") if run.is_current else tag(say("run_moved_on")),
            tag(say("chosen"))
            if run.is_chosen
            else button(say("choose"), do="choose", target=run.name),
        ]
        for run in reversed(runs)
    ]
    head = [say(f"run_{k}") for k in ("name", "method", "when", "state")] + [""]
    return (
        f'<div class="siqa desk"><h3>{say("runs_title")}</h3><p class="soft">{say("runs_about")}'
        f"</p>{table_html(head, rows, is_html_head=True)}</div>"
    )


class MethodsTab:
    """The tab."""

    def __init__(self, comparison: Comparison, jobs: Jobs, names: Mapping[str, str]) -> None:
        """Build it."""
        self._comparison, self._jobs = comparison, jobs
        choices = [(name, key) for key, name in names.items()]
        with gr.Tab(label("tab_methods"), id="methods") as self.tab:
            with gr.Row(elem_classes="bar"):
                compare = gr.Button(label("compare"), variant="primary", scale=0, min_width=190)
                self._dimension = gr.Dropdown(
                    choices, value=choices[0][1], label=label("dimension"), filterable=False
                )
            self._page = gr.State(1)
            self._job = clickable("methods-job")
            self.table = clickable("methods-page")
            with gr.Row(elem_classes="bar"):
                method = gr.Dropdown(
                    list(METHODS), value="mean", label=label("method"), filterable=False
                )
                name = gr.Textbox(label=label("run_name_new"), elem_id="run-name")
                keep = gr.Button(label("keep_run"), scale=0, min_width=190)
            self._run_job = clickable("run-job")
            self._runs = clickable("runs-page")
            self._clock = gr.Timer(1, active=False)
        everything = [self._job, self._run_job, self.table, self._runs, self._page, self._clock]
        asked = [self._dimension, self._page]
        shown, done = in_order("methods", again=True), in_order("methods")
        self.tab.select(self._show, asked, everything, **shown)
        self._clock.tick(self._show, asked, everything, **done)
        self._dimension.input(lambda d: self._turn(d, 1), self._dimension, everything, **shown)
        compare.click(self._start, asked, everything, **done)
        keep.click(self._keep, [method, name, *asked], everything, **done)
        for panel in (self._job, self._run_job, self._runs, self.table):
            panel.click(self._clicked, asked, everything, **shown)

    def _turn(self, dimension: str, page: int) -> list[Any]:
        return self._show(dimension, max(1, page))

    def _show(self, dimension: str, page: int) -> list[Any]:
        compared = self._comparison.page(dimension, page)
        jobs = [self._jobs.last("methods"), self._jobs.last("run")]
        is_running = any(job is not None and job.state == "running" for job in jobs)
        return [
            job_html(jobs[0], f"<p>{say('compared')}</p>"),
            job_html(jobs[1], f"<p>{say('run_kept')}</p>"),
            compared_html(compared),
            runs_html(self._comparison.runs()),
            compared.page if compared is not None else 1,
            gr.Timer(active=is_running),
        ]

    def _start(self, dimension: str, page: int, request: gr.Request) -> list[Any]:
        try:
            self._comparison.start(author_of(request))
        except UserError as error:
            return [refusal(error), *self._show(dimension, page)[1:]]
        return self._show(dimension, page)

    def _keep(
        self, method: str, name: str, dimension: str, page: int, request: gr.Request
    ) -> list[Any]:
        try:
            self._comparison.save(name, method, author_of(request))
        except UserError as error:
            shown = self._show(dimension, page)
            return [shown[0], refusal(error), *shown[2:]]
        return self._show(dimension, page)

    def _clicked(
        self, dimension: str, page: int, event: gr.EventData, request: gr.Request
    ) -> list[Any]:
        do, target = event._data["do"], event._data["target"]
        if do == "turn":
            return self._turn(dimension, int(target))
        if do == "choose":
            self._comparison.choose(target or None, author_of(request))
        elif do == "cancel":
            self._jobs.cancel(target)
        elif do == "dismiss":
            self._jobs.dismiss(target)
        return self._show(dimension, page)
