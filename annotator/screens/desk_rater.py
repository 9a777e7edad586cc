"""The tab Rater: what one person gave, use of the scale, pace; excluding and taking back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from annotator.desk.raters import RaterView
from annotator.desk.readings import ReadingsPage
from annotator.screens.desk_html import (
    button,
    clock_time,
    empty,
    history_html,
    open_link,
    pager,
    table_html,
    tag,
    thumbnail,
)
from annotator.screens.desk_parts import clickable, in_order, refusal
from annotator.screens.desk_plots import bars_figure, use_figure
from annotator.screens.desk_reader import Decision
from annotator.screens.desk_readings import readings_html
from annotator.screens.desk_words import Words, english, label, say, words_of
from schemas.errors import UserError

if TYPE_CHECKING:
    from annotator.screens.desk import Desk
    from annotator.store_desk import StoreDesk

__all__ = ["RaterTab", "given_html", "rater_html"]


def rater_html(
    view: RaterView, decisions: Sequence[Decision], readings: ReadingsPage | None,
    names: Mapping[str, str],
) -> str:  # fmt: skip
    """Return the head of a rater's page: state, decisions, and the rater as an instrument."""
    one = view.person
    exclude = "" if one.state == "excluded" else button(
        say("exclude"), do="exclude", target=one.rater, about=one.rater
    )  # fmt: skip
    head = (
        f'<div class="row"><h2>{escape(one.rater)}</h2>{tag(say("state_" + one.state))}'
        f'<span class="soft">{escape(", ".join(one.expertise))}</span>{exclude}</div>'
    )
    about = say("rater_about", n=f"{one.n_submissions:,}")
    told = readings_html(readings, names) if view.given else ""
    return (
        f'<div class="siqa desk">{head}<p class="soft">{about}</p>{history_html(decisions)}'
        f"{told}</div>"
    )


def given_html(view: RaterView, names: Mapping[str, str], dimensions: Sequence[str]) -> str:
    """Return a page of what the rater gave, newest first."""
    if not view.given:
        nothing = empty(say("gave_nothing"), say("gave_nothing_then"))
        return f'<div class="siqa desk">{nothing}</div>'
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
    numeric = set(range(2, 2 + len(dimensions)))
    muted = {i for i, r in enumerate(view.given) if r.removed_because or r.is_corrected}
    turn = pager(view.page, view.n_pages)
    table = table_html(head, rows, numeric=numeric, muted=muted, is_html_head=True)
    again = f'<div class="row end">{turn}</div>' if turn else ""
    return (
        f'<div class="siqa desk"><div class="row"><h3>{say("given_title")}</h3>{turn}</div>'
        f"{table}{again}</div>"
    )


def _state(removed_because: str | None, submission: str, rater: str, is_corrected: bool) -> str:
    if removed_because:
        return tag(say("taken_out")) + f"<small>{escape(removed_because)}</small>"
    if is_corrected:
        return tag(say("corrected"))
    return button(say("void"), do="void", target=submission, about=rater)


_NO_PLOT: dict[str, Any] = gr.update(visible=False)
_NOTHING_GIVEN: list[Any] = [_NO_PLOT, _NO_PLOT, "", 1, gr.Timer(active=False)]


def _plot(figure: Any) -> dict[str, Any]:
    shown: dict[str, Any] = gr.update(value=figure, visible=True)
    return shown


class RaterTab:
    """The tab."""

    def __init__(self, desk: Desk, store: StoreDesk, levels: Sequence[float]) -> None:
        """Build it; `levels` are the scores of the scale."""
        self._desk, self._store, self._levels = desk, store, levels
        with gr.Tab(label("tab_rater"), id="rater") as self.tab:
            self.name = gr.Dropdown(
                [], label=label("tab_rater"), show_label=False, container=False,
                elem_id="rater-name",
                elem_classes="bar",
            )  # fmt: skip
            self.page = clickable("rater-page")
            with gr.Row():
                use = gr.Plot(show_label=False, visible=False, elem_id="use-of-scale")
            with gr.Row():
                days = gr.Plot(show_label=False, visible=False, elem_id="rater-days")
            self.given = clickable("rater-given")
            self.number = gr.State(1)
            self._again = gr.Timer(2, active=False)
        self.outputs = [
            self.name, self.page, use, days, self.given, self.number, self._again,
        ]  # fmt: skip
        shown = in_order("desk", again=True)
        self.tab.select(self._open, self.name, self.outputs, **shown)
        self.name.input(self._choose, self.name, self.outputs, **shown)
        self.given.click(self._turn, self.name, [self.given, self.number], **shown)
        told = [self.page, self._again]
        self._again.tick(self._tell, self.name, told, **in_order("desk"))

    def _turn(self, name: str, event: gr.EventData) -> list[Any]:
        if event._data["do"] != "turn":
            return [gr.skip(), gr.skip()]
        view = self._store.raters.view(name, int(event._data["target"]))
        return [given_html(view, self._desk.names, self._desk.dimensions), view.page]

    def _choose(self, name: str, request: gr.Request) -> list[Any]:
        return self.show(name, 1, words_of(request))

    def _tell(self, name: str | None) -> list[Any]:
        if not name:
            return [gr.skip(), gr.Timer(active=False)]
        html, is_waiting = self._head(self._store.raters.view(name))
        return [html, gr.Timer(active=is_waiting)]

    def _open(self, name: str | None, request: gr.Request) -> list[Any]:
        people = [one for one in self._store.people.everybody() if one.role == "rater"]
        if not people:
            nobody = f'<div class="siqa desk">{empty(say("nobody"), say("nobody_then"))}</div>'
            return [gr.update(choices=[]), nobody, *_NOTHING_GIVEN]
        busiest = max(people, key=lambda one: one.n_submissions).rater
        people_names = [one.rater for one in people]
        chosen = name if name in people_names else busiest
        shown = self.show(chosen, 1, words_of(request))
        return [gr.update(choices=people_names, value=chosen), *shown[1:]]

    def show(self, name: str, page: int = 1, words: Words = english) -> list[Any]:
        """Return what goes into `outputs`, figures in the language of `words`."""
        try:
            view = self._store.raters.view(name, page)
        except UserError as error:
            return [gr.skip(), refusal(error), *_NOTHING_GIVEN]
        html, is_waiting = self._head(view)
        given = given_html(view, self._desk.names, self._desk.dimensions)
        if not view.given:
            return [gr.skip(), html, _NO_PLOT, _NO_PLOT, given, 1, gr.Timer(active=False)]
        ordered = {d: view.use[d] for d in self._desk.dimensions if d in view.use}
        use = use_figure(ordered, view.use_of_all, self._desk.names, self._levels, words)
        n = sum(count for _, count in view.per_day)
        title = words("plot_per_day", n=f"{n:,}")
        days = bars_figure(view.per_day, title, words("plot_utc"), words("plot_submissions"))
        again = gr.Timer(active=is_waiting)
        return [gr.skip(), html, _plot(use), _plot(days), given, view.page, again]

    def decided(self, name: str, number: int) -> list[Any]:
        """Return head and table of the page that is shown, after a decision."""
        view = self._store.raters.view(name, number)
        given = given_html(view, self._desk.names, self._desk.dimensions)
        return [self._head(view)[0], given]

    def _head(self, view: RaterView) -> tuple[str, bool]:
        """Return the head of the page, and whether newer readings are being computed."""
        name = view.person.rater
        readings = self._store.readings.of(name) if view.given else None
        decisions = [one for one in self._store.overview().decisions if one.target == name]
        html = rater_html(view, decisions, readings, self._desk.names)
        return html, bool(view.given) and (readings is None or readings.is_old)
