"""On the overview: whether rating is open, closing it, opening it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from annotator.screens.desk_parts import QUIET
from annotator.screens.desk_words import label, say

if TYPE_CHECKING:
    from annotator.store_desk import StoreDesk

__all__ = ["ClosingForm", "closing_html"]


def closing_html(*, is_closed: bool, is_asking: bool = False) -> str:
    """Return how it stands, or what closing means."""
    key = "close_sure" if is_asking else "is_closed" if is_closed else "is_open"
    kind = "said" if is_closed or is_asking else "soft"
    return f'<div class="siqa desk"><p class="{kind}">{say(key)}</p></div>'


class ClosingForm:
    """Text and buttons."""

    def __init__(self, store: StoreDesk) -> None:
        """Build it."""
        self._store = store
        with gr.Row(elem_classes="bar", elem_id="closing"):
            self._text = gr.HTML("", apply_default_css=False)
            small: dict[str, Any] = {"size": "sm", "scale": 0, "min_width": 150, "visible": False}
            self._ask = gr.Button(label("close_study"), **small)
            self._yes = gr.Button(label("close_yes"), variant="stop", **small)
            self._no = gr.Button(label("keep_open"), **small)
            self._reopen = gr.Button(label("reopen_study"), **small)

    def wire(self, screen: gr.Blocks, tab: gr.Tab) -> None:
        """Show it on load and when its tab is opened."""
        everything = [self._text, self._ask, self._yes, self._no, self._reopen]
        screen.load(self.show, None, everything, **QUIET)
        tab.select(self.show, None, everything, **QUIET)
        self._ask.click(lambda: self.show(is_asking=True), None, everything, **QUIET)
        self._no.click(lambda: self.show(), None, everything, **QUIET)
        self._yes.click(lambda: self._set(closed=True), None, everything, **QUIET)
        self._reopen.click(lambda: self._set(closed=False), None, everything, **QUIET)

    def show(self, *, is_asking: bool = False) -> list[Any]:
        """Return the text and which buttons there are."""
        is_closed = self._store.is_closed()
        asking = is_asking and not is_closed
        return [
            closing_html(is_closed=is_closed, is_asking=asking),
            gr.update(visible=not is_closed and not asking),
            gr.update(visible=asking),
            gr.update(visible=asking),
            gr.update(visible=is_closed),
        ]

    def _set(self, *, closed: bool) -> list[Any]:
        self._store.set_closed(closed=closed)
        return self.show()
