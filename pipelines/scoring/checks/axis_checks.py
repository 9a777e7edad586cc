"""Checks of axes: label, unit, numbers, their order and what they can be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.checks.axes import (
    Axis,
    Label,
    Tick,
    find_axes,
    number_of,
    y_labels,
)
from pipelines.scoring.checks.findings import Finding, finding
from pipelines.scoring.checks.page import Box, Page, Word
from pipelines.scoring.checks.quantities import (
    PER_CENT_QUANTITIES,
    PLAIN_WORDS,
    QUANTITIES,
)

__all__ = ["check_axes", "needs_unit"]

Numbers = NDArray[np.float64]

_SURE = 0.9
_WORD = re.compile(r"[A-Za-z]+(?: [A-Za-z]+)*")
_BEYOND_PER_CENT = 140
_FEWEST_IN_ORDER = 4
_PANEL_LETTERS = 3
_YEARS = 1500, 2100
_SHORTEST = 0.3
"""Share of a side between the first and the last number of an axis."""
_LINE = 0.4
"""Share of a side that a line of an axis covers."""
_BESIDE = 0.12
"""Most ink just outside of such a line: its ticks."""
_NO_ROOM = 0.6
"""Gap between label and axis, in heights of its letters, that numbers do not fit into."""
_EVEN = 0.12
"""Part of a step by which places or values may be off."""


def check_axes(page: Page) -> Iterator[Finding]:
    """Yield what is wrong with the axes of a figure."""
    x, y = find_axes(page)
    labels = [("y", label) for label in y_labels(page)]
    if x is not None and x.label is not None:
        labels.append(("x", x.label))
    for name, label in labels:
        yield from _without_unit(page, name, label)
    if x is not None and y is not None and _belong(x, y):
        yield from _without_label(page, x, y)
    yield from _without_numbers(page, x, y)
    are_axes = x is not None and y is not None and _belong(x, y)
    for axis in (x, y):
        if axis is not None:
            if are_axes or axis.label is not None:
                yield from _out_of_order(axis)
            yield from _beyond(axis)


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


# -- labels and numbers that are missing -----------------------------------------------


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


def _without_numbers(page: Page, x: Axis | None, y: Axis | None) -> Iterator[Finding]:
    labels = y_labels(page)
    if y is None and len(labels) == 1:
        yield from _y_without_numbers(page, labels[0])
    if x is None and (y is not None or len(labels) == 1):
        left = y.box.right if y is not None else labels[0].box.right
        yield from _x_without_numbers(page, left)


def _y_without_numbers(page: Page, label: Label) -> Iterator[Finding]:
    line = _line_beside(page, label.box)
    is_near = line is not None and line - label.box.right < _NO_ROOM * label.box.width
    beside = (word.box.left for word in page.words if word.turn == 0 and _has_digit(word.text))
    is_bare = all(left > label.box.right + label.box.width for left in beside)
    if is_near and is_bare and label.sureness >= _SURE and _is_name(label.text):
        yield finding("axis_without_numbers", label.words, axis="y", text=label.text)


def _x_without_numbers(page: Page, left: float) -> Iterator[Finding]:
    """Yield the text under the lowest long line, in its middle, with no room for numbers."""
    line = _line_above(page, left)
    if line is None:
        return
    middle = (line.left + line.right) / 2
    if any(one.box.bottom > line.bottom and _has_digit(one.text) for one in page.words):
        return
    for word in page.words:
        gap = word.box.top - line.bottom
        is_label = (
            word.turn == 0
            and word.sureness >= _SURE
            and len(word.text) > _PANEL_LETTERS
            and _is_name(word.text)
            and abs(word.box.x - middle) < 0.06 * line.width
        )
        if (
            is_label
            and _is_alone(page, word)
            and -0.5 * word.box.height < gap < _NO_ROOM * word.box.height
        ):
            yield finding("axis_without_numbers", [word], axis="x", text=word.text)


def _is_alone(page: Page, word: Word) -> bool:
    """Return whether no other text stands on the same line, as names of categories do."""
    beside = (one for one in page.words if one is not word and one.turn == 0)
    return all(abs(one.box.y - word.box.y) > 0.5 * word.box.height for one in beside)


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def _is_name(text: str) -> bool:
    """Return whether a text is mostly letters: numbers that were read as one text are not."""
    return 2 * sum(letter.isalpha() for letter in text) > len(text.replace(" ", ""))


def _line_beside(page: Page, box: Box) -> float | None:
    """Return where the first line right of a box is that is as high as 40 % of the page."""
    scale = page.width / page.ink.shape[1]
    share = page.ink.mean(axis=0)
    first = max(0, round((box.right - 0.3 * box.width) / scale))
    lines = first + np.flatnonzero(share[first:] > _LINE)
    if not lines.size or not _is_line(page.ink.T, share, int(lines[0]), -1):
        return None
    return float(lines[0] * scale)


def _line_above(page: Page, left: float) -> Box | None:
    """Return the lowest line that is as wide as 40 % of the page, from `left` on."""
    across, down = page.width / page.ink.shape[1], page.height / page.ink.shape[0]
    share = page.ink.mean(axis=1)
    lines = np.flatnonzero(share > _LINE)
    if not lines.size or not _is_line(page.ink, share, int(lines[-1]), 1):
        return None
    inked = np.flatnonzero(page.ink[lines[-1]])
    begin = max(left, float(inked[0] * across))
    return Box(begin, lines[-1] * down, float(inked[-1] * across), (lines[-1] + 1) * down)


def _is_line(ink: NDArray[np.bool_], share: Numbers, place: int, outwards: int) -> bool:
    """Return whether ink is unbroken there and ends at once, unlike that of letters."""
    beside = place + 2 * outwards
    broken = np.flatnonzero(~ink[place])
    longest = np.diff(np.concatenate([[-1], broken, [ink.shape[1]]])).max() - 1
    ends = 0 <= beside < share.size and float(share[beside]) < _BESIDE
    return ends and bool(longest > _LINE * ink.shape[1])


# -- values ----------------------------------------------------------------------------


def _out_of_order(axis: Axis) -> Iterator[Finding]:
    ticks = axis.ticks
    if len(ticks) >= _FEWEST_IN_ORDER and all(t.word.sureness >= _SURE for t in ticks):
        values = np.array([tick.value for tick in ticks])
        if _is_permuted(values, np.array([tick.place for tick in ticks])):
            text = ", ".join(tick.word.text for tick in ticks)
            yield finding("ticks_out_of_order", _words(axis), axis=axis.name, text=text)


def _is_permuted(values: Numbers, places: Numbers) -> bool:
    """Return whether evenly spaced numbers stand at evenly spaced places in another order.

    A number that was misread, or whose minus was not seen, is not evenly spaced with the others;
    whole numbers one apart may be names (leaves of a tree, columns sorted by likeness).
    """
    steps = np.diff(values)
    if (steps > 0).all() or (steps < 0).all():
        return False
    ordered = np.diff(np.sort(values))
    step = float(ordered.min())
    is_index = step == 1 and bool((values == values.round()).all())
    return step > 0 and not is_index and _is_even(ordered) and _is_even(np.diff(places))


def _is_even(steps: Numbers) -> bool:
    """Return whether steps are whole multiples of the smallest, most of them one."""
    step = float(np.abs(steps).min())
    if step <= 0:
        return False
    times = steps / step
    return bool(np.abs(times - times.round()).max() < _EVEN) and bool(times.max() < 2.5)


def _beyond(axis: Axis) -> Iterator[Finding]:
    label = axis.label
    if label is None or label.sureness < _SURE:
        return
    far = max(axis.ticks, key=lambda tick: abs(tick.value))
    names = set(re.findall(r"[a-z]+", label.text.lower()))
    if far.word.sureness < _SURE:
        return
    words, value = (*label.words, far.word), far.word.text.rstrip("% ")
    if names & PER_CENT_QUANTITIES and "%" in label.text and far.value >= _BEYOND_PER_CENT:
        yield finding("impossible_percentage", words, text=label.text, value=value)
    if "latitude" in names and "longitude" not in names and abs(far.value) > 90:
        yield finding("impossible_latitude", words, text=label.text, value=value)
