"""The tab Results: filters over a table, histograms and one dimension against another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from annotator.desk.distributions import Distributions
from annotator.screens.desk_parts import clickable, in_order
from annotator.screens.desk_plots import histogram_figure, pairs_figure
from annotator.screens.desk_reader import MosQuery
from annotator.screens.desk_words import label, words_of

if TYPE_CHECKING:
    from annotator.screens.desk import Desk
    from annotator.store_desk import StoreDesk

__all__ = ["ResultsTab", "filter_columns"]

_FIRST = ("discipline", "category", "source", "journal", "modality", "group")
_FILTERS = 3


def filter_columns(filters: dict[str, list[str]]) -> list[str]:
    """Return the manifest columns offered as filters, the usual ones first."""
    usable = [name for name, values in filters.items() if len(values) > 1]
    usual = [name for name in _FIRST if name in usable]
    return [*usual, *(name for name in usable if name not in usual)][:_FILTERS]


class ResultsTab:
    """The tab."""

    def __init__(self, desk: Desk, store: StoreDesk) -> None:
        """Build it."""
        self._desk, self._store = desk, store
        self._plots: Distributions = store.distributions
        choices = [(name, key) for key, name in desk.names.items()]
        with gr.Tab(label("tab_results"), id="results") as self.tab:
            self.query = gr.State(MosQuery())
            self._columns = gr.State([])
            with gr.Row(elem_classes="bar"):
                self._search = gr.Textbox(
                    label=label("search_images"), placeholder=label("search_images"),
                    show_label=False, container=False,
                    scale=4, elem_id="search",
                )  # fmt: skip
                self._filters = [
                    gr.Dropdown([], label=label("filter"), visible=False, container=False,
                                show_label=False, scale=2,
                                elem_classes="filter")
                    for _ in range(_FILTERS)
                ]  # fmt: skip
            with gr.Tabs():
                with gr.Tab(label("tab_table")):
                    self.table = clickable("mos-page")
                with gr.Tab(label("tab_histograms")) as histograms:
                    self._histograms = gr.Plot(show_label=False, elem_id="histograms")
                with gr.Tab(label("tab_scatter")) as scatter:
                    with gr.Row(elem_classes="bar"):
                        keys = list(desk.names)
                        self._x = gr.Dropdown(
                            choices, value=keys[0], label=label("axis_x"), filterable=False
                        )
                        self._y = gr.Dropdown(
                            choices, value=keys[min(1, len(keys) - 1)], label=label("axis_y"),
                            filterable=False,
                        )  # fmt: skip
                    self._scatter = gr.Plot(show_label=False, elem_id="scatter")
            self._again = gr.Timer(2, active=False)
        self._wire(histograms, scatter)

    def _wire(self, histograms: Any, scatter: Any) -> None:
        desk = self._desk
        order = in_order("desk", again=True)
        shown = {"outputs": [self.table, self.query], **order}
        opened = [*self._filters, self._columns, self.table, self.query, self._again]
        self.tab.select(self._open, [self.query], opened, **order)
        self._again.tick(self._refresh, [self.query], [self.table, self._again], **in_order("desk"))
        self._search.submit(desk.search, [self.query, self._search], **shown)
        self.table.click(self._turn, [self.query], **shown)
        plots = [self._histograms, self._scatter]
        axes = [self._x, self._y]
        for one in self._filters:
            one.input(
                self._filter, [self.query, self._columns, *axes, *self._filters],
                [self.table, self.query, *plots], **order,
            )  # fmt: skip
        histograms.select(self.show_histograms, [self.query], self._histograms, **order)
        for event in (scatter.select, self._x.input, self._y.input):
            event(self.show_pairs, [self.query, *axes], self._scatter, **order)

    def prepare(self) -> None:
        """Begin with what the first plots need while the overview is read."""
        import plotly.subplots  # noqa: F401 - a second on a busy machine

        self._store.standings.prepare()

    def show_histograms(self, query: MosQuery, request: gr.Request) -> Any:
        """Return the figure of what the filters let through."""
        found = self._plots.histograms(query.where)
        if not found:
            return None
        return histogram_figure(found, self._desk.names, words_of(request))

    def show_pairs(self, query: MosQuery, x: str, y: str, request: gr.Request) -> Any:
        """Return one dimension against another."""
        pairs = self._plots.pairs(x, y, query.where)
        if pairs is None:
            return None
        scale = (self._plots.low, self._plots.high)
        return pairs_figure(pairs, self._desk.names, scale, words_of(request))

    def _turn(self, query: MosQuery, event: gr.EventData) -> list[Any]:
        if event._data["do"] != "turn":
            return [gr.skip(), gr.skip()]
        return list(self._desk.turn(query, int(event._data["target"])))

    def _open(self, query: MosQuery, request: gr.Request) -> list[Any]:
        words = words_of(request)
        filters = self._store.filters()
        columns = filter_columns(filters)
        boxes = [
            gr.update(
                choices=[
                    (words("filter_all", name=name), ""),
                    *((f"{name}: {v}", v) for v in filters[name]),
                ],
                value=query.where.get(name, ""),
                visible=True,
            )
            for name in columns
        ]
        boxes += [gr.update(visible=False)] * (_FILTERS - len(columns))
        table, query = self._desk.show_mos(query)
        return [*boxes, columns, table, query, gr.Timer(active=self._is_waiting())]

    def _refresh(self, query: MosQuery) -> list[Any]:
        table, _ = self._desk.show_mos(query)
        return [table, gr.Timer(active=self._is_waiting())]

    def _is_waiting(self) -> bool:
        standing, is_old = self._store.standings.now()
        return standing is None or is_old

    def _filter(
        self,
        query: MosQuery,
        columns: list[str],
        x: str,
        y: str,
        request: gr.Request,
        *values: str,
    ) -> list[Any]:
        where = {name: v for name, v in zip(columns, values, strict=False) if v}
        table, query = self._desk.show_mos(replace(query, where=where, page=1))
        return [
            table,
            query,
            self.show_histograms(query, request),
            self.show_pairs(query, x, y, request),
        ]
