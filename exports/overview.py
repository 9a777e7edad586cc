"""The overview figure of a data set: disciplines, MOS distributions, types of questions.

Plain SVG, so that the same study gives the same bytes on every machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc

from exports.source import ExportSource
from schemas.question import QUESTION_TYPES
from schemas.text import one_line

__all__ = ["DISCIPLINE_KEYS", "Overview", "overview_of", "overview_svg"]

DISCIPLINE_KEYS = ("discipline", "field", "subject", "class")
"""Manifest columns that say what an image is about, the first that is there."""
_BINS = 10
_SHOWN = 12
_WIDTH, _ROW, _LABEL, _PAD = 960, 22, 190, 24
_INK, _SOFT, _BAR = "#1f2933", "#61707f", "#2f6f9f"


class Overview(NamedTuple):
    """What the figure shows."""

    disciplines: dict[str, int]
    """Discipline -> images, most first; `not stated` last."""
    edges: tuple[float, ...]
    """Edges of the bins of the scale, one more than there are bins."""
    mos: dict[str, tuple[int, ...]]
    """Dimension -> images with a MOS in each bin, the last bin closed."""
    questions: dict[str, int]
    """Type -> questions; empty where there are none."""


def overview_of(source: ExportSource) -> Overview:
    """Count what is in the splits of a study."""
    inside = {stimulus for members in source.split_stimuli().values() for stimulus in members}
    details = source.details()
    fields = Counter(_discipline(details[stimulus]) for stimulus in inside)
    unstated = fields.pop("", 0)
    disciplines = dict(sorted(fields.items(), key=lambda pair: (-pair[1], pair[0])))
    if unstated:
        disciplines["not stated"] = unstated
    scale = source.study.scale
    edges = tuple(np.linspace(scale.low, scale.high, _BINS + 1).tolist())
    types = Counter(q.type for q in source.questions if q.stimulus in inside)
    return Overview(
        disciplines,
        edges,
        _distributions(source, inside, edges),
        {name: types[name] for name in QUESTION_TYPES if types[name]},
    )


def _discipline(details: Mapping[str, Any]) -> str:
    lower = {name.casefold(): value for name, value in details.items()}
    return one_line(next((lower[key] for key in DISCIPLINE_KEYS if lower.get(key)), ""), 60)


def _distributions(
    source: ExportSource, inside: set[str], edges: Sequence[float]
) -> dict[str, tuple[int, ...]]:
    names = [*source.study.dimension_names, *source.study.composite_names]
    found = {}
    for name in names:
        rows = source.mos.filter(pc.equal(source.mos["dimension"], name))
        pairs = zip(rows["stimulus"].to_pylist(), rows["mos"].to_pylist(), strict=True)
        values = [mos for stimulus, mos in pairs if mos is not None and stimulus in inside]
        if values:
            found[name] = tuple(np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0])
    return {name: tuple(map(int, counts)) for name, counts in found.items()}


def overview_svg(overview: Overview, title: str) -> str:
    """Return the figure as a document of its own, white behind."""
    drawing = _Drawing()
    drawing.text(_PAD, 20, one_line(title, 90), size=18, weight=600)
    drawing.top = 64
    if overview.disciplines:
        shown = dict(list(overview.disciplines.items())[:_SHOWN])
        rest = sum(overview.disciplines.values()) - sum(shown.values())
        shown |= {f"{len(overview.disciplines) - len(shown)} more": rest} if rest else {}
        drawing.bars("Images by discipline", shown)
    if overview.mos:
        drawing.histograms("Images by MOS", overview)
    if overview.questions:
        drawing.bars("Questions by type", overview.questions)
    return drawing.document()


class _Drawing:
    """A figure that grows downwards."""

    def __init__(self) -> None:
        self.top = 0
        self._parts: list[str] = []

    def text(
        self, x: float, y: float, text: str, *, size: int = 13, weight: int = 400,
        anchor: str = "start", colour: str = _INK,
    ) -> None:  # fmt: skip
        self._parts.append(
            f'<text x="{x:g}" y="{y + size:g}" font-size="{size}" font-weight="{weight}" '
            f'text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
        )

    def bar(self, x: float, y: float, width: float, height: float, told: str) -> None:
        self._parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill="{_BAR}"><title>{escape(told)}</title></rect>'
        )

    def heading(self, text: str) -> None:
        self.text(_PAD, self.top, text, size=15, weight=600)
        self.top += 30

    def bars(self, title: str, counts: Mapping[str, int]) -> None:
        self.heading(title)
        room = _WIDTH - _LABEL - 2 * _PAD - 80
        most = max(counts.values())
        for name, n in counts.items():
            width = max(1.0, room * n / most)
            self.text(_PAD + _LABEL - 10, self.top, one_line(name, 26), anchor="end")
            self.bar(_PAD + _LABEL, self.top + 1, width, _ROW - 6, f"{name}: {n:,}")
            self.text(_PAD + _LABEL + width + 8, self.top, f"{n:,}", colour=_SOFT)
            self.top += _ROW
        self.top += 24

    def histograms(self, title: str, overview: Overview) -> None:
        self.heading(title)
        columns = 3
        across, height = (_WIDTH - 2 * _PAD) / columns, 96
        for at, (name, counts) in enumerate(overview.mos.items()):
            left, top = _PAD + at % columns * across, self.top + at // columns * (height + 58)
            self.text(left, top, f"{one_line(name, 24)} ({sum(counts):,})")
            self._histogram(left, top + 20, across - 36, height, counts, overview.edges)
        self.top += -(-len(overview.mos) // columns) * (height + 58) + 10

    def _histogram(
        self, left: float, top: float, width: float, height: float, counts: Sequence[int],
        edges: Sequence[float],
    ) -> None:  # fmt: skip
        step = width / len(counts)
        for at, (n, (low, high)) in enumerate(zip(counts, pairwise(edges), strict=True)):
            tall = height * n / max(counts)
            told = f"{low:g} to {high:g}: {n:,}"
            self.bar(left + at * step, top + height - tall, step - 2, tall, told)
        self.bar(left, top + height, width, 1, "")
        for x, edge, anchor in ((left, edges[0], "start"), (left + width, edges[-1], "end")):
            self.text(x, top + height + 3, f"{edge:g}", size=11, anchor=anchor, colour=_SOFT)

    def document(self) -> str:
        size = f'viewBox="0 0 {_WIDTH} {self.top}"'
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" '
            'font-family="system-ui, sans-serif">'
        )
        ground = f'<rect width="{_WIDTH}" height="{self.top}" fill="#ffffff"/>'
        return "\n".join([head, ground, *self._parts, "</svg>"]) + "\n"
