"""The curator's desk: a tab for each thing a curator does, one form for every decision.

Each handler reads inputs, calls the reader, formats. What is looked at stands in the page's
components; nothing of a study is kept between events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from annotator.screens.desk_agreement import AgreementTab
from annotator.screens.desk_checks import findings_html, marks_html
from annotator.screens.desk_exports import ExportTab
from annotator.screens.desk_figures import FiguresTab
from annotator.screens.desk_html import (
    header_html,
    mos_html,
    notice_html,
    overview_html,
    pending_html,
    stimulus_html,
)
from annotator.screens.desk_images import ImagesTab
from annotator.screens.desk_methods import MethodsTab
from annotator.screens.desk_model import ModelTab
from annotator.screens.desk_overview import ClosingForm
from annotator.screens.desk_parts import address_of, clickable, in_order
from annotator.screens.desk_people import PeopleTab
from annotator.screens.desk_progress import ProgressTab
from annotator.screens.desk_rater import RaterTab
from annotator.screens.desk_reader import DeskReader, MosQuery
from annotator.screens.desk_results import ResultsTab
from annotator.screens.desk_studies import StudiesTab
from annotator.screens.desk_words import Words, label, refused, say, words_of
from annotator.screens.review import ReviewTab
from schemas.errors import UserError
from schemas.study import Study

if TYPE_CHECKING:
    from annotator.store_desk import StoreDesk

__all__ = ["Desk", "build_desk"]


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

    def turn(self, query: MosQuery, page: int) -> tuple[str, MosQuery]:
        """Return another page."""
        return self.show_mos(replace(query, page=max(1, page)))

    def sort(self, query: MosQuery, by: str) -> tuple[str, MosQuery]:
        """Return the table sorted by a column; the same column again turns it round."""
        is_turned = query.sort == by and not query.descending
        return self.show_mos(replace(query, sort=by, descending=is_turned, page=1))

    def show_stimulus(self, name: str) -> tuple[str, str]:
        """Return the page of a stimulus and what went wrong, one of them empty."""
        if not name.strip():
            return "", notice_html(say("image_which"))
        try:
            view = self.reader.stimulus(name.strip())
        except UserError as error:
            return "", notice_html(refused(error))
        marks = marks_html(view.findings or ())
        findings = findings_html(view.findings, self.names)
        html = stimulus_html(view, self.names, self.dimensions, marks=marks, findings=findings)
        return html, ""

    def decide(self, pending: dict[str, str], reason: str, author: str) -> str:
        """Carry out a pending decision; return what happened, as HTML. Raises UserError."""
        if pending["do"] == "reverse":
            self.reader.reverse(pending["target"], reason.strip(), author)
        else:
            self.reader.decide(pending["do"], pending["target"], reason.strip(), author)
        return say(f"{pending['do']}_done", about=pending["about"])


def build_desk(
    store: StoreDesk, study: Study, public_url: Callable[[], str | None] = lambda: None
) -> gr.Blocks:
    """Return the curator's page; mount it with `mount_arguments("desk")`.

    The name of the curator is what the mount's `auth_dependency` returns.

    Args:
        store: What the tabs show and do.
        study: The study.
        public_url: Returns the address for invite links where one is kept.
    """
    desk = Desk(store, study)
    with gr.Blocks(
        title=study.title,
        analytics_enabled=False,
        fill_width=True,
        # Uploads that nobody took in: looked for every hour, deleted after a day.
        delete_cache=(3600, 86_400),
    ) as screen:
        gr.HTML(header_html(study.title), apply_default_css=False)
        said = gr.HTML("", apply_default_css=False, elem_id="said")
        confirm = _Confirm()
        with gr.Tabs(selected="overview") as tabs:
            with gr.Tab(label("tab_overview"), id="overview") as tab:
                closing = ClosingForm(store)
                overview = clickable("overview-page")
            progress = ProgressTab(store.progress)
            results = ResultsTab(desk, store)
            methods = MethodsTab(store.comparison, store.jobs, desk.names)
            AgreementTab(store.agreement, store.jobs, desk.names)
            FiguresTab(store.figures, store.jobs, desk.names)
            model = ModelTab(store.model, study, desk.names)
            with gr.Tab(label("tab_image"), id="stimulus"):
                name = gr.Textbox(
                    label=label("image_name"), placeholder=label("image_name"),
                    show_label=False, container=False,
                    elem_id="stimulus-name",
                )  # fmt: skip
                stimulus = clickable("stimulus-page")
            rater = RaterTab(desk, store, sorted(float(s) for s in study.scale.scores))
            ReviewTab(store.review)
            people = PeopleTab(store.people, lambda request: address_of(request, public_url()))
            images = ImagesTab(store.incoming, store.jobs)
            ExportTab(store.packages, store.comparison, store.jobs)
            StudiesTab(store.siblings)
        panels = (progress.page, methods.table, people.page, images.job, model.page)
        _wire(
            desk, screen, (tab, tabs, overview, results, name, stimulus, said, confirm, rater),
            panels,
        )  # fmt: skip
        closing.wire(screen, tab)
    screen.queue(default_concurrency_limit=20, api_open=False)
    return screen


class _Confirm:
    """The form in which a decision gets its reason."""

    def __init__(self) -> None:
        self.pending = gr.State({})
        with gr.Column(visible=False, elem_id="confirm") as self.group:
            self.question = gr.HTML("", apply_default_css=False)
            self.reason = gr.Textbox(label=label("reason"), placeholder=label("reason_kept"))
            with gr.Row():
                self.cancel = gr.Button(label("cancel"), size="sm")
                self.go = gr.Button(label("do_it"), size="sm", variant="primary")


def _wire(
    desk: Desk, screen: gr.Blocks, parts: tuple[Any, ...], panels: tuple[gr.HTML, ...]
) -> None:
    tab, tabs, overview, results, name, stimulus, said, confirm, rater = parts
    pages = [overview, results.table, results.query, stimulus, rater.page, rater.given]

    def clicked(query: MosQuery, event: gr.EventData, request: gr.Request) -> list[Any]:
        return _answer_click(desk, rater, query, event._data, words_of(request))

    def decide(
        pending: dict[str, str],
        reason: str,
        query: MosQuery,
        shown: str,
        person: str | None,
        number: int,
        request: gr.Request,
    ) -> list[Any]:
        try:
            message = desk.decide(pending, reason, request.username or "")
        except UserError as error:
            return [notice_html(refused(error)), *[gr.skip()] * 8]
        page = desk.show_stimulus(shown)[0] if shown else ""
        shut = [gr.update(visible=False), ""]
        of_rater = rater.decided(person, number) if person else [gr.skip()] * 2
        overview_now = desk.show_overview()
        return [notice_html(message), *shut, overview_now, *desk.show_mos(query), page, *of_rater]

    shown, done = in_order("desk", again=True), in_order("desk")
    screen.load(desk.show_overview, None, overview, **shown)
    screen.load(results.prepare, None, None, **in_order("prepare"))
    tab.select(desk.show_overview, None, overview, **shown)
    name.submit(desk.show_stimulus, name, [stimulus, said], **shown)
    answers = [results.table, results.query, tabs, name, stimulus, said]
    form = [confirm.group, confirm.question, confirm.pending]
    everything = [*answers, *form, *rater.outputs]
    for page in (overview, results.table, stimulus, rater.page, rater.given, *panels):
        page.click(clicked, results.query, everything, **shown)
    confirm.cancel.click(lambda: gr.update(visible=False), None, confirm.group, **shown)
    asked = [confirm.pending, confirm.reason, results.query, name, rater.name, rater.number]
    for event in (confirm.go.click, confirm.reason.submit):
        event(decide, asked, [said, confirm.group, confirm.reason, *pages], **done)


_DECISIONS = ("void", "exclude", "retire", "reverse")


def _answer_click(
    desk: Desk, rater: RaterTab, query: MosQuery, said: dict[str, str], words: Words
) -> list[Any]:
    """Return table, query, tabs, name, stimulus page, message, the form's three, the rater's seven.

    Clicks that belong to one tab alone are answered there.
    """
    same = [gr.skip()] * 16
    if said["do"] == "sort":
        return [*desk.sort(query, said["target"]), *same[2:]]
    if said["do"] == "tab":
        return [*same[:2], gr.Tabs(selected=said["target"]), *same[3:]]
    if said["do"] == "open":
        page, message = desk.show_stimulus(said["target"])
        to = gr.Tabs(selected="stimulus")
        return [*same[:2], to, said["target"], page, message, *same[6:]]
    if said["do"] == "rater":
        shown = [gr.update(choices=[said["target"]], value=said["target"])]
        shown += rater.show(said["target"], 1, words)[1:]
        return [*same[:2], gr.Tabs(selected="rater"), *same[3:9], *shown]
    if said["do"] in _DECISIONS:
        question = pending_html(said["do"], said["about"])
        return [*same[:5], "", gr.update(visible=True), question, said, *same[9:]]
    return same
