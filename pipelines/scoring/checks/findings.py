"""What checks say: one sentence, the dimension it is about, where it stands and how sure it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pipelines.scoring.checks.page import Box, Word, box_around

__all__ = ["CHECKS", "Check", "Finding", "finding"]


class Check(NamedTuple):
    """One check."""

    dimension: str
    """validity, completeness, clarity or conformity."""
    sentence: str
    """For people; `{name}` stands for a value of the finding."""
    precision: float
    """Share of its findings that were right where it was measured (docs/scoring.md), with one more
    right and one more wrong, so that few findings do not make it sure."""


CHECKS: dict[str, Check] = {
    "axis_without_unit": Check(
        "completeness", "The {axis} axis has no unit: its label says only “{text}”.", 0.97
    ),
    "axis_without_label": Check(
        "completeness", "The {axis} axis has numbers and no label.", 0.96
    ),
    "axis_without_numbers": Check(
        "completeness", "The {axis} axis has the label “{text}” and no numbers.", 0.90
    ),
    "ticks_out_of_order": Check(
        "validity", "The numbers along the {axis} axis are not in order: {text}.", 0.96
    ),
    "impossible_statistic": Check("validity", "“{text}” cannot be: {name} {bound}.", 0.95),
    "impossible_percentage": Check(
        "validity", "“{text}” cannot exceed 100 %, but its axis goes to {value} %.", 0.86
    ),
    "impossible_latitude": Check(
        "validity", "Latitudes end at 90°, but the axis “{text}” has {value}.", 0.91
    ),
    "wrong_total": Check(
        "validity",
        "The total {value} is not the sum of the numbers above it, {sum}.", 0.98,
    ),
    "tiny_text": Check(
        "clarity", "Letters are about {height} px high: too small to read without enlarging.", 0.92
    ),
    "ticks_run_together": Check(
        "clarity", "Numbers along an axis run into each other: “{text}”.", 0.94
    ),
    "informal_unit": Check(
        "conformity", "“{text}” is not how the unit is written; its symbol is {symbol}.", 0.90
    ),
}  # fmt: skip
"""Name -> check."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found in an image."""

    check: str
    """Name of the check."""
    values: Mapping[str, str]
    """What the `{name}` of the sentence stand for."""
    box: Box
    """Where, px of the picture that was read."""
    words: tuple[str, ...]
    """What was read, one or more; where something is missing, what is beside it."""
    sureness: float
    """0–1: how sure the words were read, times how often the check is right."""
    size: tuple[int, int] = (0, 0)
    """Width and height of the picture that was read, px."""

    @property
    def dimension(self) -> str:
        """The dimension it is about."""
        return CHECKS[self.check].dimension

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        return CHECKS[self.check].sentence.format(**self.values)


def finding(check: str, words: Iterable[Word], box: Box | None = None, **values: str) -> Finding:
    """Return a finding.

    Args:
        check: Name of the check.
        words: What it rests on, one or more.
        box: Where it is; default: around the words.
        values: Of the sentence.
    """
    read = tuple(words)
    sureness = min(word.sureness for word in read) * CHECKS[check].precision
    return Finding(
        check,
        values,
        box or box_around(word.box for word in read),
        tuple(word.text for word in read),
        round(sureness, 3),
    )
