"""Check of axes without numbers: a label so near to the axis that none fit between."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.checks.axes import Axis, Label, y_labels
from pipelines.scoring.checks.findings import Finding, finding
from pipelines.scoring.checks.page import Box, Page, Word

__all__ = ["check_numbers"]

_SURE = 0.9
_PANEL_LETTERS = 3
_LINE = 0.4
"""Share of a side that a line of an axis covers."""
_BESIDE = 0.12
"""Most ink just outside of such a line: its ticks."""
_NO_ROOM = 0.6
"""Gap between label and axis, in heights of its letters, that numbers do not fit into."""


def check_numbers(page: Page, x: Axis | None, y: Axis | None) -> Iterator[Finding]:
    """Yield axes that have a label right at their line, with no room for numbers between."""
    labels = y_labels(page)
    if y is None and len(labels) == 1:
        yield from _y_without_numbers(page, labels[0])
    if x is None and (y is not None or len(labels) == 1):
        left = y.box.right if y is not None else labels[0].box.right
        yield from _x_without_numbers(page, left)


def _y_without_numbers(page: Page, label: Label) -> Iterator[Finding]:
    line = _line_beside(page, label.box)
    letters = label.box.width
    is_near = (
        line is not None
        and line.left - label.box.right < _NO_ROOM * letters
        and not _is_as_letters(line.width, letters)
    )
    beside = (word.box.left for word in page.words if word.turn == 0 and _has_digit(word.text))
    is_bare = all(left > label.box.right + letters for left in beside)
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
        if _is_as_letters(line.height, word.box.height):
            continue
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


def _line_beside(page: Page, box: Box) -> Box | None:
    """Return the first block of ink right of a box that is as high as 40 % of the page."""
    scale = page.width / page.ink.shape[1]
    share = page.ink.mean(axis=0)
    first = max(0, round((box.right - 0.3 * box.width) / scale))
    lines = first + np.flatnonzero(share[first:] > _LINE)
    if not lines.size or not _is_line(page.ink.T, share, int(lines[0]), -1):
        return None
    return Box(lines[0] * scale, 0, (lines[0] + _thickness(lines)) * scale, page.height)


def _line_above(page: Page, left: float) -> Box | None:
    """Return the lowest block of ink that is as wide as 40 % of the page, from `left` on."""
    across, down = page.width / page.ink.shape[1], page.height / page.ink.shape[0]
    share = page.ink.mean(axis=1)
    lines = np.flatnonzero(share > _LINE)[::-1]
    if not lines.size or not _is_line(page.ink, share, int(lines[0]), 1):
        return None
    inked = np.flatnonzero(page.ink[lines[0]])
    begin, bottom = max(left, float(inked[0] * across)), (lines[0] + 1) * down
    return Box(begin, bottom - _thickness(lines) * down, float(inked[-1] * across), bottom)


def _is_line(ink: NDArray[np.bool_], share: NDArray[np.float64], place: int, outwards: int) -> bool:
    """Return whether ink is unbroken there and ends at once, unlike that of letters."""
    beside = place + 2 * outwards
    broken = np.flatnonzero(~ink[place])
    longest = np.diff(np.concatenate([[-1], broken, [ink.shape[1]]])).max() - 1
    ends = 0 <= beside < share.size and float(share[beside]) < _BESIDE
    return ends and bool(longest > _LINE * ink.shape[1])


def _thickness(places: NDArray[np.intp]) -> int:
    """Return how many of the first places follow each other."""
    gaps = np.flatnonzero(np.abs(np.diff(places)) > 1)
    return int(gaps[0]) + 1 if gaps.size else int(places.size)


def _is_as_letters(thickness: float, letters: float) -> bool:
    """Return whether a block is as thick as crowded numbers: lines are thinner, bars thicker."""
    return 0.25 * letters < thickness < 1.2 * letters
