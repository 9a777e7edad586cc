"""The tab Agreement: one row a dimension, with n and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import gradio as gr

from annotator.desk.agreement import AgreementPage, AgreementView
from annotator.jobs import Jobs
from annotator.screens.desk_html import clock_time, empty, table_html
from annotator.screens.desk_parts import author_of, clickable, in_order, job_html, refusal
from annotator.screens.desk_words import label, say
from schemas.errors import UserError

__all__ = ["AgreementTab", "agreement_html"]

_COLUMNS = (
    "dimension", "stimuli", "raters", "ratings", "missing", "alpha_ordinal", "alpha_interval",
    "icc", "icc_k", "ac2", "kappa", "srcc", "sos",
)  # fmt: skip


def agreement_html(page: AgreementPage | None, names: Mapping[str, str], *, is_now: bool) -> str:
    """Return the table; `is_now` tells that the ratings are still those it is of."""
    if page is None:
        return (
            f'<div class="siqa desk">{empty(say("no_agreement"), say("no_agreement_then"))}</div>'
        )
    rows = [_row(names[name], entry) for name, entry in page.document["dimensions"].items()]
    head = [say(f"agree_{column}") for column in _COLUMNS]
    table = table_html(head, rows, numeric=set(range(1, len(head))), is_html_head=True)
    old = "" if is_now else f'<p class="said">{say("moved_on")}</p>'
    notes = "".join(f"<li>{escape(text)}</li>" for text in page.document["warnings"])
    return (
        f'<div class="siqa desk">{old}<p class="soft">{say("agree_about")} '
        f"{say('as_of')} {clock_time(page.computed_at)}</p>{table}<ul>{notes}</ul></div>"
    )


def _row(name: str, entry: dict[str, Any]) -> list[str]:
    alpha, icc = entry["krippendorff_alpha"], entry["icc"]
    cells = entry["n_stimuli"] * entry["n_raters"]
    share = f"<small>{entry['missing'] / cells:.0%}</small>" if cells else ""
    return [
        f"<b>{escape(name)}</b>",
        *(f"{entry[key]:,}" for key in ("n_stimuli", "n_raters", "n_ratings")),
        f"{entry['missing']:,}{share}",
        _number(alpha["ordinal"]) + _limits(alpha["ci95"]["ordinal"]),
        _number(alpha["interval"]) + _limits(alpha["ci95"]["interval"]),
        _number(icc["incomplete"]["a_1"]),
        _number(icc["a_k"]) + _n(icc["n_complete"]),
        _number(entry["gwet_ac2"]["quadratic"]),
        _number(entry["weighted_kappa"]["quadratic"]) + _n(entry["weighted_kappa"]["pairs"]),
        _number(entry["leave_one_out_srcc"]["mean"]),
        _number(entry["sos_a"]),
    ]


def _number(value: float | None) -> str:
    return '<span class="soft">–</span>' if value is None else f"{value:.2f}"


def _n(count: int) -> str:
    return f"<small>n {count:,}</small>"


def _limits(limits: list[float | None]) -> str:
    low, high = limits
    return "" if low is None or high is None else f"<small>{low:.2f} – {high:.2f}</small>"


class AgreementTab:
    """The tab."""

    def __init__(self, view: AgreementView, jobs: Jobs, names: Mapping[str, str]) -> None:
        """Build it."""
        self._view, self._jobs, self._names = view, jobs, names
        with gr.Tab(label("tab_agreement"), id="agreement") as self.tab:
            compute = gr.Button(label("compute_agreement"), variant="primary", scale=0)
            self._job = clickable("agreement-job")
            self._page = gr.HTML("", apply_default_css=False, elem_id="agreement-page")
            self._clock = gr.Timer(1, active=False)
        everything = [self._job, self._page, self._clock]
        shown, done = in_order("agreement", again=True), in_order("agreement")
        self.tab.select(self._show, None, everything, **shown)
        self._clock.tick(self._show, None, everything, **done)
        compute.click(self._start, None, everything, **done)
        self._job.click(self._clicked, None, everything, **shown)

    def _show(self) -> list[Any]:
        page, is_now = self._view.page()
        job = self._jobs.last("agreement")
        is_running = job is not None and job.state == "running"
        shown = "" if job is not None and job.state == "done" else job_html(job)
        table = agreement_html(page, self._names, is_now=is_now)
        return [shown, table, gr.Timer(active=is_running)]

    def _start(self, request: gr.Request) -> list[Any]:
        try:
            self._view.start(author_of(request))
        except UserError as error:
            return [refusal(error), gr.skip(), gr.Timer(active=True)]
        return self._show()

    def _clicked(self, event: gr.EventData) -> list[Any]:
        if event._data["do"] == "cancel":
            self._jobs.cancel("agreement")
        else:
            self._jobs.dismiss("agreement")
        return self._show()
