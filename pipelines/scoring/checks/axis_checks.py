"""Checks of axes: their units, labels and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from pipelines.scoring.checks.axes import Axis, Label, Tick, find_axes, number_of, y_labels
from pipelines.scoring.checks.findings import Finding, finding
from pipelines.scoring.checks.number_checks import check_numbers
from pipelines.scoring.checks.page import Box, Page, Word
from pipelines.scoring.checks.quantities import PLAIN_WORDS, QUANTITIES
from pipelines.scoring.checks.value_checks import check_order, check_reach

__all__ = ["check_axes", "needs_unit"]

_SURE = 0.9
_WORD = re.compile(r"[A-Za-z]+(?: [A-Za-z]+)*")
_PANEL_LETTERS = 3
_YEARS = 1500, 2100
_SHORTEST = 0.3
"""Share of a side between the first and the last number of an axis."""


def check_axes(page: Page) -> Iterator[Finding]:
    """Yield what is wrong with the axes of a figure."""
    x, y = find_axes(page)
    labels = [("y", label) for label in y_labels(page)]
    if x is not None and x.label is not None:
        labels.append(("x", x.label))
    for name, label in labels:
        yield from _without_unit(page, name, label)
    are_axes = False
    if x is not None and y is not None and _belong(x, y):
        are_axes = True
        yield from _without_label(page, x, y)
    yield from check_numbers(page, x, y)
    for axis in (x, y):
        if axis is not None:
            if are_axes or axis.label is not None:
                yield from check_order(axis)
            yield from check_reach(axis)


# -- units -----------------------------------------------------------------------------


def _without_unit(page: Page, name: str, label: Label) -> Iterator[Finding]:
    is_alone = not _has_more_ink(page, label)
    if label.sureness >= _SURE and is_alone and needs_unit(label.text):
        yield finding("axis_without_unit", label.words, axis=name, text=label.text)


def needs_unit(text: str) -> bool:
    """Return whether a label names a quantity that has a dimension, and nothing beside it.

    >>> needs_unit("Heat capacity"), needs_unit("Time (s)"), needs_unit("Number of cells")
    (True, False, False)
    """
    if not _WORD.fullmatch(text.strip()):
        return False
    lower = text.lower().split()
    for n in (2, 1):
        if " ".join(lower[-n:]) in QUANTITIES and len(lower) >= n:
            return all(word in PLAIN_WORDS for word in lower[:-n])
    return False


def _has_more_ink(page: Page, label: Label) -> bool:
    """Return whether something stands on the label's line that was not read."""
    box = label.box
    if label.words[0].turn:
        thick = box.width
        around = (
            Box(box.left, box.top - 3 * thick, box.right, box.top - 0.2 * thick),
            Box(box.left, box.bottom + 0.2 * thick, box.right, box.bottom + 3 * thick),
        )
    else:
        thick = box.height
        around = (
            Box(box.left - 3 * thick, box.top, box.left - 0.2 * thick, box.bottom),
            Box(box.right + 0.2 * thick, box.top, box.right + 3 * thick, box.bottom),
        )
    return any(page.inked(one) > 0.01 for one in around)


# -- labels ----------------------------------------------------------------------------


def _belong(x: Axis, y: Axis) -> bool:
    """Return whether the row lies beneath and to the right of the column."""
    return (
        x.box.y > y.box.y
        and x.box.top > y.box.bottom - 2 * y.ticks[-1].word.box.height
        and (x.box.right > y.box.right and x.box.left > y.box.left - x.box.width * 0.2)
    )


def _without_label(page: Page, x: Axis, y: Axis) -> Iterator[Finding]:
    height = max(tick.word.box.height for tick in x.ticks)
    if any(_covers(word, x) or _covers(word, y) for word in page.words):
        return
    if x.label is None and _is_whole(x, page.width) and not _say_what_they_are(x):
        band = Box(y.box.left, x.box.bottom + 1, page.width, page.height)
        if _is_blank(page, band, min_side=0.35 * height):
            yield finding("axis_without_label", _words(x), axis="x")
    is_bare = y.label is None and not _stands_above(page, x, y)
    if is_bare and _is_whole(y, page.height) and not _say_what_they_are(y):
        band = Box(0, y.box.top - 2 * height, y.box.left - 1, y.box.bottom + 2 * height)
        if _is_blank(page, band, min_side=0.35 * height):
            yield finding("axis_without_label", _words(y), axis="y")


def _covers(word: Word, axis: Axis) -> bool:
    """Return whether a text, perhaps the label, lies over the numbers of an axis."""
    box = axis.box
    is_over = box.left < word.box.x < box.right and box.top < word.box.y < box.bottom
    return is_over and number_of(word.text) is None


def _stands_above(page: Page, x: Axis, y: Axis) -> bool:
    """Return whether a text begins above the y axis, where some styles put its label."""
    reach = y.box.right + 0.15 * x.box.width
    return any(
        word.turn == 0
        and len(word.text) > _PANEL_LETTERS
        and word.box.left < reach
        and word.box.y < y.box.top + 0.5 * word.box.height
        and number_of(word.text) is None
        for word in page.words
    )


def _is_whole(axis: Axis, side: int) -> bool:
    """Return whether numbers surely are those of an axis: read well, far apart, in order."""
    steps = np.diff([tick.value for tick in axis.ticks])
    is_ordered = bool((steps > 0).all() or (steps < 0).all())
    reach = axis.ticks[-1].place - axis.ticks[0].place
    return is_ordered and reach > _SHORTEST * side and _is_sure(axis.ticks)


def _say_what_they_are(axis: Axis) -> bool:
    """Return whether numbers need no label: years, or degrees of a map."""
    are_years = all(_YEARS[0] <= t.value <= _YEARS[1] and t.value % 1 == 0 for t in axis.ticks)
    return are_years or any("°" in tick.word.text for tick in axis.ticks)


def _is_blank(page: Page, band: Box, min_side: float) -> bool:
    return min(band.width, band.height) >= min_side and page.inked(band) < 0.0005


def _is_sure(ticks: Sequence[Tick]) -> bool:
    return float(np.mean([tick.word.sureness for tick in ticks])) >= _SURE


def _words(axis: Axis) -> list[Word]:
    return [tick.word for tick in axis.ticks]
