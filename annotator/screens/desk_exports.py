"""The tab Export: what to export; counts, leaks and card before; progress; a download."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from annotator.desk.comparison import Comparison
from annotator.desk.packages import Choice, Packages
from annotator.jobs import Jobs
from annotator.screens.desk_outlook import before_html, made_html, outlook_html
from annotator.screens.desk_parts import author_of, clickable, in_order, job_html, refusal
from annotator.screens.desk_words import label
from schemas.errors import UserError

__all__ = ["ExportTab"]

_SHARES = ("train=0.8,val=0.1,test=0.1", "train=0.9,test=0.1", "train=0.8,test=0.2")
_SHOWN: dict[str, Callable[[Any], str]] = {"export": made_html, "outlook": outlook_html}
"""Job -> what its result looks like, in the order of the page."""


class ExportTab:
    """The tab."""

    def __init__(self, packages: Packages, comparison: Comparison, jobs: Jobs) -> None:
        """Build it."""
        self._packages, self._comparison, self._jobs = packages, comparison, jobs
        with gr.Tab(label("tab_export"), id="export") as self.tab:
            self._before = gr.HTML("", apply_default_css=False)
            with gr.Row(elem_classes="bar"):
                format_ = gr.Dropdown(
                    packages.formats(), value="siqa", label=label("format"), filterable=False,
                    elem_id="export-format",
                )  # fmt: skip
                splits = gr.Dropdown(
                    [(label("splits_none"), ""), *((shares, shares) for shares in _SHARES),
                     (label("splits_manifest"), "manifest")],
                    value="", label=label("splits"), allow_custom_value=True,
                    elem_id="export-splits",
                )  # fmt: skip
                self._run = gr.Dropdown(
                    [(label("run_chosen"), "")], value="", label=label("run"), filterable=False
                )
                reason = gr.Textbox(label=label("accept_leaks"), elem_id="export-reason")
            with gr.Row(elem_classes="bar"):
                images = gr.Checkbox(True, label=label("with_images"))
                names = gr.Checkbox(False, label=label("with_names"))
                unreviewed = gr.Checkbox(False, label=label("with_unreviewed"))
                look = gr.Button(label("look_first"), scale=0, min_width=220, elem_id="look-export")
                make = gr.Button(
                    label("make_export"), variant="primary", scale=0, min_width=150,
                    elem_id="make-export",
                )  # fmt: skip
            self._job = clickable("export-job")
            self._clock = gr.Timer(1, active=False)
        shown = [self._job, self._clock]
        chosen = [format_, self._run, splits, reason, images, names, unreviewed]
        again, once = in_order("export", again=True), in_order("export")
        self.tab.select(self._open, None, [self._before, self._run, *shown], **again)
        self._clock.tick(self.show, None, shown, **once)
        look.click(self._look, chosen, shown, **once)
        make.click(self._start, chosen, shown, **once)
        self._job.click(self._clicked, None, shown, **again)

    def show(self) -> list[Any]:
        """Return the look and the export as they stand, and whether to look again."""
        jobs = {kind: self._jobs.last(kind) for kind in _SHOWN}
        parts = [
            job_html(job, _SHOWN[kind](job.result) if job is not None and job.result else "")
            for kind, job in jobs.items()
        ]
        is_running = any(job is not None and job.state == "running" for job in jobs.values())
        return ["".join(parts), gr.Timer(active=is_running)]

    def _open(self) -> list[Any]:
        runs = [(run.name, run.name) for run in self._comparison.runs()]
        choices = gr.update(choices=[(label("run_chosen"), ""), *runs])
        return [before_html(self._packages.before()), choices, *self.show()]

    def _look(self, request: gr.Request, *chosen: Any) -> list[Any]:
        try:
            self._packages.look(_choice(*chosen), author_of(request))
        except UserError as error:
            return [refusal(error), gr.skip()]
        return self.show()

    def _start(self, request: gr.Request, *chosen: Any) -> list[Any]:
        try:
            self._packages.start(_choice(*chosen), author_of(request))
        except UserError as error:
            return [refusal(error), gr.skip()]
        return self.show()

    def _clicked(self, event: gr.EventData) -> list[Any]:
        kind = event._data["target"]
        if event._data["do"] == "cancel":
            self._jobs.cancel(kind)
        elif event._data["do"] == "dismiss":
            self._jobs.dismiss(kind)
        return self.show()


def _choice(
    format_: str, run: str, splits: str, reason: str, images: bool, names: bool, unreviewed: bool
) -> Choice:
    return Choice(
        format_, run or "", (splits or "").strip(), reason or "", images, names, unreviewed
    )
