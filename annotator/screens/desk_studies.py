"""The tab Studies: making one, and having another one served here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from annotator.desk.siblings import LANGUAGES, NewStudy, Sibling, Siblings
from annotator.founding import preset_names
from annotator.screens.desk_html import button, table_html, tag
from annotator.screens.desk_parts import author_of, clickable, in_order, refusal
from annotator.screens.desk_words import label, say
from schemas.errors import UserError

__all__ = ["StudiesTab", "studies_html"]


def studies_html(studies: Sequence[Sibling], room: str) -> str:
    """Return the studies there are, and which is open."""
    rows = [
        [
            f"<b>{escape(one.title)}</b>",
            f"<code>{escape(one.folder)}</code>",
            tag(say("study_open"))
            if one.is_served
            else button(say("study_open_it"), do="open-study", target=one.folder),
        ]
        for one in studies
    ]
    head = [say("study_title"), say("study_folder"), ""]
    return (
        f'<div class="siqa desk"><h3>{say("studies_title")}</h3>'
        f'<p class="soft">{say("studies_about", room=room)}</p>'
        f"{table_html(head, rows, is_html_head=True)}</div>"
    )


def opening_html(path: str, title: str) -> str:
    """Return what is shown while the server changes over; `desk.js` goes on by itself."""
    goes_to = escape(path, quote=True)
    return (
        f'<div class="siqa desk"><div class="job" data-goes-to="{goes_to}" role="status">'
        f"<h3>{say('study_opening', title=title)}</h3>"
        f'<div class="meter unknown"><i></i></div><p>{say("study_opening_then")}</p>'
        f'<p><a href="{goes_to}">{say("study_go")}</a></p></div></div>'
    )


class StudiesTab:
    """The tab."""

    def __init__(self, siblings: Siblings) -> None:
        """Build it."""
        self._siblings = siblings
        with gr.Tab(label("tab_studies"), id="studies") as self.tab:
            self._said = gr.HTML("", apply_default_css=False, elem_id="study-said")
            self._page = clickable("studies-page")
            gr.HTML(
                f'<div class="siqa desk"><h3>{say("study_new")}</h3></div>',
                apply_default_css=False,
            )
            with gr.Group(elem_id="new-study"):
                title = gr.Textbox(
                    label=label("study_title"), max_length=200, elem_id="study-title"
                )
                with gr.Row():
                    folder = gr.Textbox(
                        label=label("study_folder"), placeholder=label("study_folder_empty"),
                        elem_id="study-folder",
                    )  # fmt: skip
                    preset = gr.Dropdown(
                        preset_names(), value=preset_names()[0], label=label("study_preset"),
                        filterable=False,
                    )  # fmt: skip
                    language = gr.Dropdown(
                        [(label(f"language_{one}"), one) for one in LANGUAGES], value="en",
                        label=label("study_language"), filterable=False,
                    )  # fmt: skip
                    wanted = gr.Number(
                        9, precision=0, minimum=1, maximum=1000, label=label("study_wanted")
                    )
                make = gr.Button(label("study_make"), variant="primary", elem_id="make-study")
        outputs = [self._said, self._page]
        self.tab.select(self._show, None, self._page, **in_order("studies", again=True))
        asked = [title, folder, preset, language, wanted]
        for event in (make.click, title.submit):
            event(self._make, asked, outputs, **in_order("studies"))
        self._page.click(self._clicked, None, outputs, **in_order("studies"))

    def _show(self) -> str:
        return studies_html(self._siblings.studies(), str(self._siblings.room))

    def _make(
        self,
        title: str,
        folder: str,
        preset: str,
        language: str,
        wanted: float | None,
        request: gr.Request,
    ) -> list[Any]:
        new = NewStudy(title, folder, preset, language, wanted)
        try:
            made = self._siblings.found(new, author_of(request))
        except UserError as error:
            return [refusal(error), gr.skip()]
        return self._open(made, request)

    def _open(self, folder: str, request: gr.Request) -> list[Any]:
        titles = {one.folder: one.title for one in self._siblings.studies()}
        try:
            path = self._siblings.open(folder, author_of(request))
        except UserError as error:
            return [refusal(error), self._show()]
        return [opening_html(path, titles[folder]), ""]

    def _clicked(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        if event._data["do"] != "open-study":
            return [gr.skip(), gr.skip()]
        return self._open(event._data["target"], request)
