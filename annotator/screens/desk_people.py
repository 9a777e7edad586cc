"""The tab People: adding, links shown once, access."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from annotator.desk.people import Link, People, Person
from annotator.screens.desk_html import button, clock_time, empty, rater_link, table_html
from annotator.screens.desk_parts import author_of, clickable, in_order, refusal
from annotator.screens.desk_words import label, say
from schemas.errors import UserError

__all__ = ["PeopleTab", "links_html", "people_html"]


def people_html(people: Sequence[Person], search: str = "") -> str:
    """Return one line for each person, with what can be done."""
    if not people:
        nothing = ("nobody_found", "nobody_found_then") if search else ("nobody", "nobody_then")
        return f'<div class="siqa desk">{empty(say(nothing[0]), say(nothing[1]))}</div>'
    rows = [
        [
            _name(one),
            say(f"role_{one.role}"),
            escape(", ".join(one.expertise)),
            f"{one.n_submissions:,}",
            clock_time(one.last_at),
            say(f"state_{one.state}"),
            _actions(one),
        ]
        for one in people
    ]
    head = [say(f"people_{k}") for k in ("name", "role", "fields", "n", "last", "state")] + [""]
    return f'<div class="siqa desk">{table_html(head, rows, numeric={3}, is_html_head=True)}</div>'


def _name(one: Person) -> str:
    return escape(one.rater) if one.role != "rater" else rater_link(one.rater)


def _actions(one: Person) -> str:
    link = button(say("new_link"), do="link", target=one.rater)
    if one.state == "imported":
        return link
    if one.state == "disabled":
        return button(say("enable"), do="enable", target=one.rater)
    return link + " " + button(say("disable"), do="disable", target=one.rater)


def links_html(links: Sequence[Link]) -> str:
    """Return invite links with a button that copies each, and all of them."""
    if not links:
        return ""
    rows = [
        [escape(one.rater), say(f"role_{one.role}"), f"<code>{escape(one.url)}</code>",
         _copy(one.url)]
        for one in links
    ]  # fmt: skip
    every = "\n".join(f"{one.rater}\t{one.url}" for one in links)
    all_of_them = f" {_copy(every, 'copy_all')}" if len(links) > 1 else ""
    return (
        f'<div class="siqa desk"><div class="job"><h3>{say("links_title")}</h3>'
        f"<p>{say('links_once')}{all_of_them}</p>{table_html(['', '', '', ''], rows)}</div></div>"
    )


def _copy(text: str, key: str = "copy") -> str:
    return (
        f'<button type="button" class="small copy" data-copy="{escape(text, quote=True)}">'
        f"{say(key)}</button>"
    )


class PeopleTab:
    """The tab."""

    def __init__(self, people: People, address: Callable[[gr.Request], str]) -> None:
        """Build it; `address` returns where links lead."""
        self._people, self._address = people, address
        with gr.Tab(label("tab_people"), id="people") as self.tab:
            self.links = gr.HTML("", apply_default_css=False, elem_id="links")
            with gr.Row(elem_classes="bar"):
                name = gr.Textbox(label=label("people_name"), scale=3, elem_id="new-name")
                role = gr.Dropdown(
                    [(label("role_rater"), "rater"), (label("role_curator"), "curator")],
                    value="rater", label=label("people_role"), scale=1, filterable=False,
                )  # fmt: skip
                fields = gr.Textbox(label=label("people_fields"), scale=2)
                add = gr.Button(label("people_add"), scale=0, min_width=120, variant="primary")
            with gr.Accordion(label("people_many"), open=False):
                table = gr.Textbox(
                    label=label("people_paste"), lines=6, placeholder=label("people_example"),
                    elem_id="many-people",
                )  # fmt: skip
                file = gr.File(
                    label=label("people_file"), file_types=[".csv", ".tsv", ".txt"], height=150
                )
                add_many = gr.Button(label("people_add_all"), variant="primary")
            search = gr.Textbox(
                label=label("people_search"), placeholder=label("people_search"),
                show_label=False, container=False,
                elem_id="people-search",
            )  # fmt: skip
            self.page = clickable("people-page")
        shown, done = in_order("people", again=True), in_order("people")
        self.tab.select(self.show, search, self.page, **shown)
        search.change(self.show, search, self.page, **shown)
        for event in (add.click, name.submit):
            event(self._add, [name, role, fields], [self.links, self.page, name, fields], **done)
        add_many.click(self._add_many, [table, file], [self.links, self.page, table, file], **done)
        self.page.click(self._clicked, search, [self.links, self.page], **shown)

    def show(self, search: str = "") -> str:
        """Return the list."""
        return people_html(self._people.everybody(search), search)

    def _add(self, name: str, role: str, fields: str, request: gr.Request) -> list[Any]:
        try:
            links = self._people.add(name, role, fields, self._address(request))
        except UserError as error:
            return [refusal(error), gr.skip(), gr.skip(), gr.skip()]
        return [links_html(links), self.show(), "", ""]

    def _add_many(self, table: str, file: str | None, request: gr.Request) -> list[Any]:
        try:
            text = _text_of(file) if file else table
            links = self._people.add_table(text, self._address(request))
        except UserError as error:
            return [refusal(error), gr.skip(), gr.skip(), gr.skip()]
        return [links_html(links), self.show(), "", None]

    def _clicked(self, search: str, event: gr.EventData, request: gr.Request) -> list[Any]:
        do, name = event._data["do"], event._data["target"]
        try:
            if do == "link":
                links = [self._people.new_link(name, self._address(request))]
                return [links_html(links), self.show(search)]
            if do in ("enable", "disable"):
                self._people.set_access(name, author_of(request), enabled=do == "enable")
                return ["", self.show(search)]
        except UserError as error:
            return [refusal(error), self.show(search)]
        return [gr.skip(), gr.skip()]


def _text_of(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            "people_file_invalid", "The file is not UTF-8 text; save it as CSV in UTF-8."
        ) from error
