"""The tab Images: upload files or a zip, or name a folder of the server; what came of it stays."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from annotator.desk.images import Incoming
from annotator.jobs import Jobs
from annotator.screens.desk_html import open_link, table_html
from annotator.screens.desk_parts import author_of, clickable, in_order, job_html, refusal
from annotator.screens.desk_words import label, say
from schemas.errors import UserError

__all__ = ["ImagesTab", "import_result_html"]

_MOST_LINES = 200


def import_result_html(report: dict[str, Any]) -> str:
    """Return what came of an import: counts, duplicates, and what was rejected and why."""
    tiles = "".join(
        f"<div><b>{n:,}</b><span>{say(key)}</span></div>"
        for n, key in (
            (report["added"], "added"),
            (len(report["duplicates"]), "duplicates"),
            (len(report["rejected"]), "rejected"),
            (report["ignored"], "ignored"),
        )
    )
    rejected = [[escape(one["path"]), escape(one["reason"])] for one in report["rejected"]]
    twice = [
        [escape(one["path"]), open_link(one["stimulus"], one["stimulus"])]
        for one in report["duplicates"]
    ]
    return (
        f'<div class="tiles">{tiles}</div>{_list("rejected_title", rejected)}'
        f"{_list('duplicates_title', twice)}"
    )


def _list(key: str, rows: list[list[str]]) -> str:
    if not rows:
        return ""
    more = len(rows) - _MOST_LINES
    rest = f'<p class="soft">{say("and_more", n=f"{more:,}")}</p>' if more > 0 else ""
    is_open = " open" if key == "rejected_title" else ""
    return (
        f"<details{is_open}><summary>{say(key)}</summary>"
        f'<div class="short">{table_html(["", ""], rows[:_MOST_LINES])}</div>{rest}</details>'
    )


class ImagesTab:
    """The tab."""

    def __init__(self, incoming: Incoming, jobs: Jobs) -> None:
        """Build it."""
        self._incoming, self._jobs = incoming, jobs
        with gr.Tab(label("tab_images"), id="images") as self.tab:
            self.job = clickable("import-job")
            with gr.Row():
                with gr.Column():
                    files = gr.File(
                        label=label("upload_files"), file_count="multiple", height=180,
                        elem_id="upload-images",
                    )  # fmt: skip
                    table = gr.File(
                        label=label("upload_manifest"), height=150, elem_id="upload-manifest",
                        file_types=[".csv", ".jsonl", ".parquet"],
                    )  # fmt: skip
                    upload = gr.Button(label("take_in"), variant="primary", elem_id="take-in")
                with gr.Column():
                    folder = gr.Textbox(label=label("server_folder"), placeholder="/path/to/images")
                    manifest = gr.Textbox(
                        label=label("server_manifest"), placeholder="/path/to/manifest.csv"
                    )
                    take = gr.Button(label("take_in_folder"))
            self._clock = gr.Timer(1, active=False)
        everything = [self.job, self._clock]
        shown, done = in_order("images", again=True), in_order("images")
        self.tab.select(self.show, None, everything, **shown)
        self._clock.tick(self.show, None, everything, **done)
        for one in (files, table):
            one.upload(self.show, None, everything, **shown)
        upload.click(self._upload, [files, table], [*everything, files, table], **done)
        take.click(self._folder, [folder, manifest], everything, **done)
        self.job.click(self._clicked, None, everything, **shown)

    def show(self) -> list[Any]:
        """Return the import as it stands, and whether to look again."""
        job = self._jobs.last("import")
        result = import_result_html(job.result) if job is not None and job.result else ""
        is_running = job is not None and job.state == "running"
        return [job_html(job, result), gr.Timer(active=is_running)]

    def _upload(self, files: list[str] | None, table: str | None, request: gr.Request) -> list[Any]:
        try:
            self._incoming.upload(
                [Path(file) for file in files or []],
                Path(table) if table else None,
                author_of(request),
                uploads=Path(get_upload_folder()),
            )
        except UserError as error:
            return [refusal(error), gr.skip(), gr.skip(), gr.skip()]
        # Taken in, they are deleted; the boxes must not name them any more.
        return [*self.show(), None, None]

    def _folder(self, folder: str, manifest: str, request: gr.Request) -> list[Any]:
        try:
            self._incoming.folder(folder, manifest, author_of(request))
        except UserError as error:
            return [refusal(error), gr.skip()]
        return self.show()

    def _clicked(self, event: gr.EventData) -> list[Any]:
        if event._data["do"] == "cancel":
            self._jobs.cancel("import")
        elif event._data["do"] == "dismiss":
            self._jobs.dismiss("import")
        return self.show()
