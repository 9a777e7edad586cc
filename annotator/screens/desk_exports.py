"""The tab Export: format, options, run; counts before, progress, and a download that stays."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from annotator.desk.comparison import Comparison
from annotator.desk.packages import Before, Made, Packages
from annotator.jobs import Jobs
from annotator.screens.desk_parts import author_of, clickable, in_order, job_html, refusal
from annotator.screens.desk_words import label, say
from schemas.errors import UserError

__all__ = ["ExportTab", "before_html", "made_html"]


def before_html(before: Before) -> str:
    """Return what an export would hold."""
    tiles = "".join(
        f"<div><b>{n:,}</b><span>{say(key)}</span></div>"
        for n, key in (
            (before.n_stimuli, "images"),
            (before.n_ratings, "ratings"),
            (before.n_texts, "texts"),
            (before.n_raters, "people"),
            (before.n_removed, "taken_out_submissions"),
        )
    )
    return f'<div class="siqa desk"><div class="tiles">{tiles}</div></div>'


def made_html(made: Made) -> str:
    """Return a finished export: download, size, what it holds and what it does not."""
    size = f"{made.n_bytes / 1e6:,.1f} MB"
    counts = "".join(
        f"<li>{escape(str(name))}: {escape(str(n))}</li>" for name, n in made.counts.items()
    )
    notes = "".join(f"<li>{escape(text)}</li>" for text in (*made.warnings, *made.left_out[:50]))
    return (
        f'<p><a class="button go" href="/exports/{made.package}.zip" download>'
        f"{say('download')}</a> {say('export_about', n=f'{made.n_files:,}', size=size)}</p>"
        f'<ul>{counts}</ul><ul class="bad">{notes}</ul><p class="soft">{say("export_stays")}</p>'
    )


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
                self._run = gr.Dropdown(
                    [(label("run_chosen"), "")], value="", label=label("run"), filterable=False
                )
                images = gr.Checkbox(True, label=label("with_images"))
                names = gr.Checkbox(False, label=label("with_names"))
                make = gr.Button(
                    label("make_export"), variant="primary", scale=0, min_width=150,
                    elem_id="make-export",
                )  # fmt: skip
            self._job = clickable("export-job")
            self._clock = gr.Timer(1, active=False)
        panel = [self._job, self._clock]
        shown, done = in_order("export", again=True), in_order("export")
        self.tab.select(self._open, None, [self._before, self._run, *panel], **shown)
        self._clock.tick(self.show, None, panel, **done)
        make.click(self._start, [format_, self._run, images, names], panel, **done)
        self._job.click(self._clicked, None, panel, **shown)

    def show(self) -> list[Any]:
        """Return the export as it stands, and whether to look again."""
        job = self._jobs.last("export")
        result = made_html(job.result) if job is not None and job.result else ""
        is_running = job is not None and job.state == "running"
        return [job_html(job, result), gr.Timer(active=is_running)]

    def _open(self) -> list[Any]:
        runs = [(run.name, run.name) for run in self._comparison.runs()]
        choices = gr.update(choices=[(label("run_chosen"), ""), *runs])
        return [before_html(self._packages.before()), choices, *self.show()]

    def _start(
        self, format_: str, run: str, images: bool, names: bool, request: gr.Request
    ) -> list[Any]:
        try:
            self._packages.start(
                format_, run or "", author_of(request), with_images=images, with_names=names
            )
        except UserError as error:
            return [refusal(error), gr.skip()]
        return self.show()

    def _clicked(self, event: gr.EventData) -> list[Any]:
        if event._data["do"] == "cancel":
            self._jobs.cancel("export")
        elif event._data["do"] == "dismiss":
            self._jobs.dismiss("export")
        return self.show()
