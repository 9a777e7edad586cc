"""The curator's desk: progress, table of stimuli, one stimulus, decisions with undo.

Each handler reads inputs, calls the reader, formats. What is looked at stands in the page's
components; nothing of a study is kept between events.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gradio as gr

from annotator.screens.desk_html import (
    header_html,
    mos_html,
    notice_html,
    overview_html,
    pending_html,
    stimulus_html,
)
from annotator.screens.desk_reader import DeskReader, MosQuery
from schemas.errors import UserError
from schemas.study import Study

__all__ = ["Desk", "build_desk"]

_CLICKS = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) trigger("click", JSON.parse(button.dataset.do));
});
"""


class Desk:
    """What happens when a curator does something; plain methods, called without a browser."""

    def __init__(self, reader: DeskReader, study: Study) -> None:
        """Serve the study that `reader` reads."""
        self.reader = reader
        self.dimensions = study.dimension_names
        self.names = {d.name: d.label for d in study.dimensions} | {
            c.name: c.label for c in study.composites
        }

    def show_overview(self) -> str:
        """Return the overview."""
        return overview_html(self.reader.overview())

    def show_mos(self, query: MosQuery) -> tuple[str, MosQuery]:
        """Return a page of the table, and the query with the page it turned out to be."""
        page = self.reader.mos_page(query)
        return mos_html(page, query, self.names), replace(query, page=page.page)

    def search(self, query: MosQuery, text: str) -> tuple[str, MosQuery]:
        """Return the first page of what matches."""
        return self.show_mos(replace(query, search=text.strip(), page=1))

    def turn(self, query: MosQuery, by: int) -> tuple[str, MosQuery]:
        """Return the page before or after."""
        return self.show_mos(replace(query, page=max(1, query.page + by)))

    def sort(self, query: MosQuery, by: str) -> tuple[str, MosQuery]:
        """Return the table sorted by a column; the same column again turns it round."""
        is_turned = query.sort == by and not query.descending
        return self.show_mos(replace(query, sort=by, descending=is_turned, page=1))

    def show_stimulus(self, name: str) -> tuple[str, str]:
        """Return the page of a stimulus and what went wrong, one of them empty."""
        if not name.strip():
            return "", notice_html("Type an id or a file name, or click an image in Results.")
        try:
            view = self.reader.stimulus(name.strip())
        except UserError as error:
            return "", notice_html(error.message)
        return stimulus_html(view, self.names, self.dimensions), ""

    def decide(self, pending: dict[str, str], reason: str, author: str) -> str:
        """Carry out a pending decision; return what happened. Raises UserError."""
        if pending["do"] == "reverse":
            self.reader.reverse(pending["target"], reason.strip(), author)
            return f"Taken back: {pending['about']}."
        self.reader.decide(pending["do"], pending["target"], reason.strip(), author)
        return f"Done: {pending['do']} {pending['about']}. It can be taken back under Decisions."


def build_desk(reader: DeskReader, study: Study) -> gr.Blocks:
    """Return the curator's page; mount it with `mount_arguments("desk")`.

    The name of the curator is what the mount's `auth_dependency` returns.
    """
    desk = Desk(reader, study)
    with gr.Blocks(title=study.title, analytics_enabled=False, fill_width=True) as screen:
        gr.HTML(header_html(study.title), apply_default_css=False)
        said = gr.HTML("", apply_default_css=False, elem_id="said")
        confirm = _Confirm()
        with gr.Tabs(selected="overview") as tabs:
            with gr.Tab("Overview", id="overview") as tab:
                overview = _clickable("overview-page")
            results = _Results(desk)
            with gr.Tab("Image", id="stimulus"):
                name = gr.Textbox(
                    label="Image", placeholder="id or file name", elem_id="stimulus-name"
                )
                stimulus = _clickable("stimulus-page")
        _wire(desk, screen, (tab, tabs, overview, results, name, stimulus, said, confirm))
    screen.queue(default_concurrency_limit=20, api_open=False)
    return screen


def _clickable(name: str) -> gr.HTML:
    return gr.HTML("", js_on_load=_CLICKS, apply_default_css=False, elem_id=name)


class _Results:
    """The tab with the table: search box, page buttons, table."""

    def __init__(self, desk: Desk) -> None:
        with gr.Tab("Results", id="results") as self.tab:
            self.query = gr.State(MosQuery())
            with gr.Row(elem_classes="bar"):
                self.search = gr.Textbox(
                    placeholder="Search file name, id or manifest column",
                    show_label=False, container=False, scale=4, elem_id="search",
                )  # fmt: skip
                self.before = gr.Button("← Previous", size="sm", scale=0, min_width=110)
                self.after = gr.Button("Next →", size="sm", scale=0, min_width=110)
            self.table = _clickable("mos-page")
        shown = {"outputs": [self.table, self.query], **_IN_ORDER}
        self.tab.select(desk.show_mos, [self.query], **shown)
        self.search.submit(desk.search, [self.query, self.search], **shown)
        self.before.click(lambda query: desk.turn(query, -1), [self.query], **shown)
        self.after.click(lambda query: desk.turn(query, 1), [self.query], **shown)


class _Confirm:
    """The form in which a decision gets its reason."""

    def __init__(self) -> None:
        self.pending = gr.State({})
        with gr.Column(visible=False, elem_id="confirm") as self.group:
            self.question = gr.HTML("", apply_default_css=False)
            self.reason = gr.Textbox(label="Reason", placeholder="Kept with the decision")
            with gr.Row():
                self.cancel = gr.Button("Cancel", size="sm")
                self.go = gr.Button("Do it", size="sm", variant="primary")


_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
# One after the other: an older, slower answer must not replace a newer one.
_IN_ORDER: dict[str, Any] = {**_QUIET, "concurrency_id": "results", "concurrency_limit": 1}


def _wire(desk: Desk, screen: gr.Blocks, parts: tuple[Any, ...]) -> None:
    tab, tabs, overview, results, name, stimulus, said, confirm = parts
    pages = [overview, results.table, results.query, stimulus]

    def clicked(query: MosQuery, event: gr.EventData) -> list[Any]:
        return _answer_click(desk, query, event._data)

    def decide(
        pending: dict[str, str], reason: str, query: MosQuery, shown: str, request: gr.Request
    ) -> list[Any]:
        try:
            message = desk.decide(pending, reason, request.username or "")
        except UserError as error:
            return [notice_html(error.message), *[gr.skip()] * 6]
        page = desk.show_stimulus(shown)[0] if shown else ""
        shut = [gr.update(visible=False), ""]
        return [notice_html(message), *shut, desk.show_overview(), *desk.show_mos(query), page]

    screen.load(desk.show_overview, None, overview, **_QUIET)
    tab.select(desk.show_overview, None, overview, **_QUIET)
    name.submit(desk.show_stimulus, name, [stimulus, said], **_QUIET)
    answers = [results.table, results.query, tabs, name, stimulus, said]
    form = [confirm.group, confirm.question, confirm.pending]
    for page in (overview, results.table, stimulus):
        page.click(clicked, results.query, [*answers, *form], **_IN_ORDER)
    confirm.cancel.click(lambda: gr.update(visible=False), None, confirm.group, **_QUIET)
    asked = [confirm.pending, confirm.reason, results.query, name]
    for event in (confirm.go.click, confirm.reason.submit):
        event(decide, asked, [said, confirm.group, confirm.reason, *pages], **_IN_ORDER)


def _answer_click(desk: Desk, query: MosQuery, said: dict[str, str]) -> list[Any]:
    """Return table, query, tabs, name, stimulus page, message, and the decision's form."""
    same = gr.skip()
    if said["do"] == "sort":
        return [*desk.sort(query, said["target"]), same, same, same, "", same, same, same]
    if said["do"] == "open":
        page, message = desk.show_stimulus(said["target"])
        to = gr.Tabs(selected="stimulus")
        return [same, same, to, said["target"], page, message, same, same, same]
    question = pending_html(said["do"], said["about"])
    return [same, same, same, same, same, "", gr.update(visible=True), question, said]
