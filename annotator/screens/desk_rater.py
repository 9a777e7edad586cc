"""The tab Rater: what one person gave, use of the scale, pace; excluding and taking back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from annotator.desk.raters import RaterView
from annotator.screens.desk_html import (
    button,
    clock_time,
    empty,
    history_html,
    open_link,
    table_html,
    tag,
    thumbnail,
)
from annotator.screens.desk_parts import clickable, in_order, refusal
from annotator.screens.desk_plots import bars_figure, use_figure
from annotator.screens.desk_reader import Decision
from annotator.screens.desk_words import Words, english, label, say, words_of
from schemas.errors import UserError

if TYPE_CHECKING:
    from annotator.screens.desk import Desk
    from annotator.store_desk import StoreDesk

__all__ = ["RaterTab", "rater_html"]


def rater_html(
    view: RaterView, decisions: Sequence[Decision], names: Mapping[str, str],
    dimensions: Sequence[str],
) -> str:  # fmt: skip
    """Return a rater's page without its figures."""
    one = view.person
    exclude = "" if one.state == "excluded" else button(
        say("exclude"), do="exclude", target=one.rater, about=f"rater {one.rater}"
    )  # fmt: skip
    head = (
        f'<div class="row"><h2>{escape(one.rater)}</h2>{tag(say("state_" + one.state))}'
        f'<span class="soft">{escape(", ".join(one.expertise))}</span>{exclude}</div>'
    )
    about = say("rater_about", n=f"{one.n_submissions:,}")
    given = _given(view, names, dimensions)
    return (
        f'<div class="siqa desk">{head}<p class="soft">{about}</p>{history_html(decisions)}'
        f"{given}</div>"
    )


def _given(view: RaterView, names: Mapping[str, str], dimensions: Sequence[str]) -> str:
    if not view.given:
        return empty(say("gave_nothing"), say("gave_nothing_then"))
    rows = [
        [
            thumbnail(row.stimulus),
            open_link(row.stimulus, row.file_name),
            *("–" if row.scores.get(d) is None else f"{row.scores[d]:g}" for d in dimensions),
            "".join(f'<p class="text">{escape(text)}</p>' for text in row.texts),
            clock_time(row.at)
            + ("" if row.duration_ms is None else f"<small>{row.duration_ms / 1000:.0f} s</small>"),
            _state(row.removed_because, row.submission, view.person.rater, row.is_corrected),
        ]
        for row in view.given
    ]
    head = ["", say("image"), *(escape(names[d]) for d in dimensions), say("text"), say("when"), ""]
    pages = say("page_of", page=f"{view.page:,}", pages=f"{view.n_pages:,}")
    numeric = set(range(2, 2 + len(dimensions)))
    muted = {i for i, r in enumerate(view.given) if r.removed_because or r.is_corrected}
    return f'<p class="soft">{pages}</p>' + table_html(
        head, rows, numeric=numeric, muted=muted, is_html_head=True
    )


def _state(removed_because: str | None, submission: str, rater: str, is_corrected: bool) -> str:
    if removed_because:
        return tag(say("taken_out")) + f"<small>{escape(removed_because)}</small>"
    if is_corrected:
        return tag(say("corrected"))
    return button(say("void"), do="void", target=submission, about=f"the submission of {rater}")


_NO_PLOT: dict[str, Any] = gr.update(visible=False)


def _plot(figure: Any) -> dict[str, Any]:
    shown: dict[str, Any] = gr.update(value=figure, visible=True)
    return shown


class RaterTab:
    """The tab."""

    def __init__(self, desk: Desk, store: StoreDesk, levels: Sequence[float]) -> None:
        """Build it; `levels` are the scores of the scale."""
        self._desk, self._store, self._levels = desk, store, levels
        with gr.Tab(label("tab_rater"), id="rater") as self.tab:
            with gr.Row(elem_classes="bar"):
                self.name = gr.Dropdown(
                    [], show_label=False, container=False, scale=4, elem_id="rater-name"
                )
                before = gr.Button(label("newer"), size="sm", scale=0, min_width=110)
                after = gr.Button(label("older"), size="sm", scale=0, min_width=110)
            self._number = gr.State(1)
            with gr.Row():
                use = gr.Plot(show_label=False, visible=False, elem_id="use-of-scale")
            self.page = clickable("rater-page")
            days = gr.Plot(show_label=False, visible=False, elem_id="rater-days")
        self.outputs = [self.name, self.page, use, days, self._number]
        shown = in_order("desk", again=True)
        self.tab.select(self._open, self.name, self.outputs, **shown)
        self.name.input(self._choose, self.name, self.outputs, **shown)
        asked = [self.name, self._number]
        before.click(self._newer, asked, self.outputs, **shown)
        after.click(self._older, asked, self.outputs, **shown)

    def _newer(self, name: str, page: int, request: gr.Request) -> list[Any]:
        return self.show(name, page - 1, words_of(request))

    def _older(self, name: str, page: int, request: gr.Request) -> list[Any]:
        return self.show(name, page + 1, words_of(request))

    def _choose(self, name: str, request: gr.Request) -> list[Any]:
        return self.show(name, 1, words_of(request))

    def _open(self, name: str | None, request: gr.Request) -> list[Any]:
        people = [one for one in self._store.people.everybody() if one.role == "rater"]
        if not people:
            nobody = f'<div class="siqa desk">{empty(say("nobody"), say("nobody_then"))}</div>'
            return [gr.update(choices=[]), nobody, _NO_PLOT, _NO_PLOT, 1]
        busiest = max(people, key=lambda one: one.n_submissions).rater
        people_names = [one.rater for one in people]
        chosen = name if name in people_names else busiest
        shown = self.show(chosen, 1, words_of(request))
        return [gr.update(choices=people_names, value=chosen), *shown[1:]]

    def show(self, name: str, page: int = 1, words: Words = english) -> list[Any]:
        """Return name, page, two figures in the language of `words`, and the page's number."""
        try:
            view = self._store.raters.view(name, page)
        except UserError as error:
            return [gr.skip(), refusal(error), _NO_PLOT, _NO_PLOT, 1]
        html = self.html(view)
        if not view.given:
            return [gr.skip(), html, _NO_PLOT, _NO_PLOT, 1]
        ordered = {d: view.use[d] for d in self._desk.dimensions if d in view.use}
        use = use_figure(ordered, view.use_of_all, self._desk.names, self._levels, words)
        n = sum(count for _, count in view.per_day)
        title = words("plot_per_day", n=f"{n:,}")
        days = bars_figure(view.per_day, title, words("plot_utc"), words("plot_submissions"))
        return [gr.skip(), html, _plot(use), _plot(days), view.page]

    def html(self, view: RaterView) -> str:
        """Return the page of a rater."""
        decisions = [
            one for one in self._store.overview().decisions if one.target == view.person.rater
        ]
        return rater_html(view, decisions, self._desk.names, self._desk.dimensions)
