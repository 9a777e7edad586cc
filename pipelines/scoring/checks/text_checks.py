"""Checks of texts wherever they stand: statistics, totals, units, size."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import numpy as np

from pipelines.scoring.checks.axes import number_of
from pipelines.scoring.checks.findings import Finding, finding
from pipelines.scoring.checks.page import Box, Page, Word
from pipelines.scoring.checks.quantities import INFORMAL_UNITS, SPELLED_UNITS, UNITS

__all__ = ["check_texts"]

_SURE = 0.9
_NUMBER = r"(?P<number>[-−–]?\d+[.:]\d+)"
_STATISTICS = (
    ("R²", re.compile(rf"\bR\s?[²2]\s?=\s?{_NUMBER}(?![\d.]*\s?[×x·e^])"), -math.inf, 1.0),
    ("r", re.compile(rf"(?<![\w^])[rρ]\s?=\s?{_NUMBER}(?!\s?[\w×·^%])"), -1.0, 1.0),
    ("p", re.compile(rf"(?<![\w^])[pP]\s?=\s?{_NUMBER}(?!\s?[\w×·^%])"), 0.0, 1.0),
)
_ABOUT_STATISTICS = re.compile(
    r"(?i)correlat|pearson|spearman|regression|p-?value|\bR\s?[²2]\s?=|\b[pn]\s?[<=]\s?0?\.\d"
)
_PARTS = re.compile(r"[/*·\s]|\bper\b")
_BRACKETED = re.compile(r"[(\[]([^()\[\]]+)[)\]]|/\s*([^/()]+)$")
_DIGITS = frozenset("0123456789.-−")
_FEWEST_DIGITS = 20
_FEWEST_KINDS = 5
"""Different digits; rows of zeros and ones are codes."""
_SURE_DIGITS = 0.6
_SUMMARY = re.compile(r"(?i)total|sum|mean|average|share|%")
"""Names of rows that are not added up."""
_SURE_STATISTIC = 0.85
_HALF_SURE = 0.75
_WIDE = 0.3
_FEWEST_WORDS = 4
_LETTER_SHARE = 0.48
"""Height of a capital to that of the box that the reader draws around it."""
_TINY_PX = 4.6
"""Capitals of a font of 6 px have 4.4 px; under that, experts enlarge or guess."""


def check_texts(page: Page) -> Iterator[Finding]:
    """Yield what is wrong with the texts of a figure."""
    for word in page.words:
        yield from _informal(word)
        yield from _run_together(page, word)
    yield from _statistics(page.words)
    yield from _totals(page.words)
    yield from _tiny(page)


def _statistics(words: Sequence[Word]) -> Iterator[Finding]:
    is_about_statistics = any(_ABOUT_STATISTICS.search(word.text) for word in words)
    for word in words:
        for name, pattern, low, high in _STATISTICS if word.sureness >= _SURE_STATISTIC else ():
            for match in pattern.finditer(word.text):
                value = float(re.sub("[−–]", "-", match["number"]).replace(":", "."))
                is_clear = is_about_statistics or _is_clear(match[0], value)
                if is_clear and not low <= value <= high:
                    bound = f"≤ {high:g}" if value > high else f"≥ {low:g}".replace("-", "−")
                    yield finding(
                        "impossible_statistic", [word], text=match[0], name=name, bound=bound
                    )


def _is_clear(text: str, value: float) -> bool:
    """Return whether a statistic is meant though nothing else in the image speaks of one.

    R² always is. An r above 1 may be a radius or a parameter, so it counts below −1 only; a p
    of one decimal may be a norm or a pressure.
    """
    if text[0] == "R":
        return True
    return value < 0 or (text[0] == "p" and len(re.split("[.:]", text)[-1]) > 1)


def _informal(word: Word) -> Iterator[Finding]:
    if word.sureness < _SURE:
        return
    for match in _BRACKETED.finditer(word.text):
        unit = (match[1] or match[2]).strip()
        for part in (unit, *_PARTS.split(unit)):
            symbol = _symbol(part.strip(" ."), unit)
            if symbol:
                yield finding("informal_unit", [word], text=part.strip(), symbol=symbol)
                return


def _symbol(part: str, unit: str) -> str | None:
    """Return the symbol of a unit that is written informally, else None.

    In capitals it may be an abbreviation of something else, as HR is.
    """
    if part.isupper():
        return None
    found = INFORMAL_UNITS.get(part.lower())
    others = [other.strip(" .") for other in _PARTS.split(unit)]
    if found is None and any(other in UNITS for other in others):
        found = SPELLED_UNITS.get(part.lower())
    return found if found != part else None


def _run_together(page: Page, word: Word) -> Iterator[Finding]:
    """Yield a wide text of many digits; where numbers overlap, some are taken for letters."""
    n_digits = sum(letter in _DIGITS for letter in word.text)
    is_wide = word.box.width > _WIDE * page.width and word.turn == 0
    is_number = len(set(word.text) & _DIGITS) >= _FEWEST_KINDS and (
        n_digits >= _FEWEST_DIGITS and n_digits > 0.9 * len(word.text) and " " not in word.text
    )
    if is_wide and is_number and word.sureness >= _SURE_DIGITS:
        yield finding("ticks_run_together", [word], text=f"{word.text[:24]}…")


# -- totals ----------------------------------------------------------------------------


def _totals(words: Sequence[Word]) -> Iterator[Finding]:
    """Yield totals of a table that are not the sum of the numbers above them."""
    heads = [w for w in words if re.fullmatch(r"(?i)(grand )?(total|sum)s?:?", w.text.strip())]
    if len(heads) != 1:
        return
    head = heads[0]
    numbers = [
        (w, value) for w in words if w.turn == 0 and (value := number_of(w.text)) is not None
    ]
    row = [(w, v) for w, v in numbers if _is_on_line(w.box, head.box) and w.box.left > head.box.x]
    above = [(w, v) for w, v in numbers if w.box.y < head.box.top]
    names = _names_above(words, head, min((w.box.y for w, _ in above), default=0.0))
    if any(_SUMMARY.search(word.text) for word in names):
        return
    for total, said in row:
        column = [(w, v) for w, v in above if abs(w.box.x - total.box.x) < 0.6 * head.box.width]
        yield from _total(total, said, column, len(names))


def _is_on_line(box: Box, other: Box) -> bool:
    return abs(box.y - other.y) < 0.5 * other.height


def _names_above(words: Sequence[Word], head: Word, first: float) -> list[Word]:
    """Return the names of rows over the word “Total”, from the first row with numbers on."""
    return [
        word
        for word in words
        if first - 0.5 * head.box.height < word.box.y < head.box.top
        and min(word.box.right, head.box.right) > max(word.box.left, head.box.left)
    ]


def _total(
    total: Word, said: float, column: Sequence[tuple[Word, float]], n_named: int
) -> Iterator[Finding]:
    read = [total, *(w for w, _ in column)]
    is_whole = len(column) >= 2 and len(column) == n_named
    if not is_whole or min(w.sureness for w in read) < 0.95 or any("%" in w.text for w in read):
        return
    found = sum(v for _, v in column)
    decimals = max(len(w.text.partition(".")[2]) for w in read)
    slack = 0.5 * 10.0**-decimals * (len(column) + 1)
    if abs(found - said) > max(slack, 1e-9) and not _is_other_sum(said, [v for _, v in column]):
        place = f"{found:.{decimals}f}"
        yield finding("wrong_total", read, value=total.text, sum=place)


def _is_other_sum(said: float, values: Sequence[float]) -> bool:
    """Return whether a total may be meant otherwise: as a mean, or of rows counted twice."""
    times = sum(values) / said if said else 0.0
    is_multiple = times > 1.5 and abs(times - round(times)) < 0.01 * times
    return is_multiple or min(values) <= said <= max(values)


# -- looks -----------------------------------------------------------------------------


def letter_height(word: Word) -> float:
    """Return the height of capitals, px of the original."""
    return _LETTER_SHARE * min(word.box.width, word.box.height)


def _tiny(page: Page) -> Iterator[Finding]:
    """Yield that most letters are tiny; a few small ones may be a watermark or a logo."""
    read = [word for word in page.words if word.sureness >= _HALF_SURE and len(word.text) > 1]
    if len(read) < _FEWEST_WORDS:
        return
    height = float(np.median([letter_height(word) for word in read]))
    if height < _TINY_PX:
        smallest = sorted(read, key=letter_height)[: len(read) // 2]
        yield finding("tiny_text", smallest, height=f"{height:.0f}")
