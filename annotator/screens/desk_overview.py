"""On the overview: whether rating is open, closing it, opening it again, and who did that."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from annotator.screens.desk_html import clock_time
from annotator.screens.desk_parts import author_of, in_order
from annotator.screens.desk_words import label, say

if TYPE_CHECKING:
    from annotator.store_desk import Closing, StoreDesk

__all__ = ["ClosingForm", "closing_html"]

_MOST_LINES = 20


def closing_html(closings: Sequence[Closing]) -> str:
    """Return how it stands, and who closed and opened it when; newest first."""
    is_closed = bool(closings) and closings[0].is_closed
    kind = "said" if is_closed else "soft"
    state = f'<p class="{kind}">{say("is_closed" if is_closed else "is_open")}</p>'
    lines = "".join(
        f"<li>{clock_time(one.at)} {say('closed_by' if one.is_closed else 'opened_by')} "
        f"{escape(one.author or '–')}</li>"
        for one in closings[:_MOST_LINES]
    )
    history = f"<details><summary>{say('closings')}</summary><ul>{lines}</ul></details>"
    return f'<div class="siqa desk">{state}{history if lines else ""}</div>'


class ClosingForm:
    """How it stands, and below it the question before closing.

    What is asked and how it stands are written by different events, so that an answer that
    comes late never takes the question away.
    """

    def __init__(self, store: StoreDesk) -> None:
        """Build it."""
        self._store = store
        small: dict[str, Any] = {"size": "sm", "scale": 0, "min_width": 150}
        with gr.Row(elem_classes="bar", elem_id="closing"):
            self._text = gr.HTML("", apply_default_css=False)
            self._close = gr.Button(label("close_study"), visible=False, **small)
            self._reopen = gr.Button(label("reopen_study"), visible=False, **small)
        with gr.Row(elem_classes="bar", visible=False, elem_id="close-sure") as self._question:
            sure = (
                f'<div class="siqa desk"><p class="said" role="alert">{say("close_sure")}</p></div>'
            )
            gr.HTML(sure, apply_default_css=False)
            self._yes = gr.Button(label("close_yes"), variant="stop", **small)
            self._no = gr.Button(label("keep_open"), **small)

    def wire(self, screen: gr.Blocks, tab: gr.Tab) -> None:
        """Show it on load and when its tab is opened."""
        standing = [self._text, self._close, self._reopen]
        shown = in_order("closing", again=True)
        screen.load(self.show, None, standing, **shown)
        tab.select(self.show, None, standing, **shown)
        self._close.click(lambda: gr.update(visible=True), None, self._question, **shown)
        self._no.click(lambda: gr.update(visible=False), None, self._question, **shown)
        decided = [*standing, self._question]
        self._yes.click(self._close_now, None, decided, **in_order("closing"))
        self._reopen.click(self._open_now, None, decided, **in_order("closing"))

    def show(self) -> list[Any]:
        """Return the text and which of its two buttons there is."""
        closings = self._store.closings()
        is_closed = bool(closings) and closings[0].is_closed
        return [
            closing_html(closings),
            gr.update(visible=not is_closed),
            gr.update(visible=is_closed),
        ]

    def _close_now(self, request: gr.Request) -> list[Any]:
        self._store.set_closed(author_of(request), closed=True)
        return [*self.show(), gr.update(visible=False)]

    def _open_now(self, request: gr.Request) -> list[Any]:
        self._store.set_closed(author_of(request), closed=False)
        return [*self.show(), gr.update(visible=False)]
