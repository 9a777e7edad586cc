"""Axes as their words show them: numbers in a row or column, and the label beyond them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from pipelines.scoring.checks.page import Box, Page, Word, box_around

__all__ = ["Axis", "Label", "Tick", "find_axes", "number_of", "y_labels"]

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s?[%°]?")
_DASHES = str.maketrans({"−": "-", "–": "-", "—": "-", "‐": "-", "，": ","})
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(\D|$))")
_FEWEST_TICKS = 3


class Tick(NamedTuple):
    """A number beside an axis."""

    value: float
    place: float
    """Centre along the axis, px."""
    word: Word


class Label(NamedTuple):
    """The text that names an axis, joined where it was read in pieces."""

    text: str
    words: tuple[Word, ...]
    box: Box

    @property
    def sureness(self) -> float:
        """Of the piece that is least sure."""
        return min(word.sureness for word in self.words)


class Axis(NamedTuple):
    """One axis."""

    name: str
    """`x` or `y`."""
    ticks: tuple[Tick, ...]
    """In the order of their places; three or more."""
    label: Label | None
    box: Box
    """Around the ticks."""


def number_of(text: str) -> float | None:
    """Return the number that a text is, or None where it is none.

    >>> number_of("−1,250.5"), number_of("80 %"), number_of("S1")
    (-1250.5, 80.0, None)
    """
    plain = _THOUSANDS.sub("", text.translate(_DASHES).strip())
    if not _NUMBER.fullmatch(plain) or not plain.rstrip("°").isascii():
        return None
    value = float(plain.rstrip("%° "))
    return value if abs(value) < 1e12 else None


def find_axes(page: Page) -> tuple[Axis | None, Axis | None]:
    """Return the x and the y axis of a figure with one of each at most; None for others.

    Numbers are ticks of y where three or more stand below each other at the left, and of x
    where three or more stand in a row beneath. Several such rows or columns (panels, tables)
    give None: what is beside what could not be told.
    """
    ticks = [
        Tick(value, 0.0, word)
        for word in page.words
        if word.turn == 0 and (value := number_of(word.text)) is not None
    ]
    columns = _lines(ticks, lambda box: box.right, lambda box: box.y)
    rows = _lines(ticks, lambda box: box.y, lambda box: box.x)
    left = [line for line in columns if box_around(_boxes(line)).x < 0.4 * page.width]
    beneath = [line for line in rows if box_around(_boxes(line)).y > 0.5 * page.height]
    y = left[0] if len(left) == 1 else None
    x = beneath[0] if len(beneath) == 1 and len(rows) == 1 else None
    return (
        None if x is None else _axis("x", x, _x_label(page, x)),
        None if y is None else _axis("y", y, _y_label(page, y)),
    )


def _axis(name: str, line: Sequence[Tick], label: Label | None) -> Axis:
    return Axis(name, tuple(line), label, box_around(_boxes(line)))


def _boxes(line: Iterable[Tick]) -> list[Box]:
    return [tick.word.box for tick in line]


def _lines(
    ticks: Sequence[Tick], across: Callable[[Box], float], along: Callable[[Box], float]
) -> list[list[Tick]]:
    """Return groups of three or more ticks that agree `across`, each in the order `along`."""
    lines: list[list[Tick]] = []
    for tick in sorted(ticks, key=lambda one: across(one.word.box)):
        box = tick.word.box
        last = lines[-1] if lines else None
        if last and across(box) - across(last[-1].word.box) < 0.4 * box.height:
            last.append(tick)
        else:
            lines.append([tick])
    return [
        sorted((t._replace(place=along(t.word.box)) for t in line), key=lambda one: one.place)
        for line in lines
        if len(line) >= _FEWEST_TICKS
    ]


def _x_label(page: Page, line: Sequence[Tick]) -> Label | None:
    """Return the texts on the first line beneath the numbers."""
    ticks = box_around(_boxes(line))
    height = max(box.height for box in _boxes(line))
    beneath = [
        word
        for word in page.words
        if word.turn == 0
        and word.box.top < ticks.bottom + 1.2 * height
        and ticks.left - 2 * height < word.box.x < ticks.right + 2 * height
        and word.box.y > ticks.y + 0.5 * height
        and number_of(word.text) is None
    ]
    if not beneath:
        return None
    first = min(beneath, key=lambda word: word.box.y)
    same = [word for word in beneath if abs(word.box.y - first.box.y) < 0.5 * first.box.height]
    return _joined(sorted(same, key=lambda word: word.box.left))


def _y_label(page: Page, line: Sequence[Tick]) -> Label | None:
    """Return the turned text nearest to the numbers on their left."""
    ticks = box_around(_boxes(line))
    found = [label for label in y_labels(page) if label.box.x < ticks.left + 2]
    return max(found, key=lambda label: label.box.x, default=None)


def y_labels(page: Page) -> list[Label]:
    """Return texts at the left that read upwards, pieces one above the other joined."""
    turned = sorted(
        (w for w in page.words if w.turn == 90 and w.box.x < 0.3 * page.width),
        key=lambda word: -word.box.bottom,
    )
    groups: list[list[Word]] = []
    for word in turned:
        for group in groups:
            last = group[-1].box
            is_beside = abs(word.box.x - last.x) < 0.5 * word.box.width
            if is_beside and -0.5 * word.box.width < last.top - word.box.bottom < word.box.width:
                group.append(word)
                break
        else:
            groups.append([word])
    return [_joined(group) for group in groups]


def _joined(words: Sequence[Word]) -> Label:
    text = unicodedata.normalize("NFC", " ".join(word.text for word in words))
    return Label(text, tuple(words), box_around(word.box for word in words))
