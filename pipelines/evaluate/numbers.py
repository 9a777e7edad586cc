"""Scores as files write them: numbers, numbers as text, nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.evaluate.columns import Columns, Part, unpacked

__all__ = ["Pairs", "Scores", "paired", "pairs_of", "true_scores"]

DIMENSIONS = ("perception", "knowledge")
Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]


class Scores(NamedTuple):
    """One score an item; shapes (n,)."""

    number: Floats
    """As Python's float() reads it, NaN where it does not."""
    is_there: Truths
    """It is not null."""
    is_number: Truths
    """It is a number, not text."""
    is_readable: Truths
    """float() takes it."""


class Pairs(NamedTuple):
    """Perception and knowledge of every item; shapes (n, 2) and (n,)."""

    number: Floats
    is_there: Truths
    """Both are."""
    is_number: Truths
    """Both are."""
    is_readable: Truths
    """Both are."""
    is_object: Truths
    """The item holds an object with scores."""


def true_scores(items: Columns, *, is_answer_file: bool) -> Floats:
    """Return the true perception and knowledge, shape (n, 2), NaN where absent."""
    if is_answer_file:
        parts = [items.parts(name) for name in DIMENSIONS]
    else:
        parts = [_either(items, "perception_rating", "perception_raing")]
        parts.append(items.parts("knowledge_rating"))
    return np.stack([_scores(column).number for column in parts], axis=1)


def _either(items: Columns, name: str, other: str) -> list[Part]:
    """Return the values of a key, of the other where an item lacks it."""
    if name not in items.keys or other not in items.keys:
        return items.parts(name if name in items.keys else other)
    absent = object()
    own = [value for part in items.parts(name, absent) for value in unpacked(part)]
    pairs = zip(own, items.values(other), strict=True)
    return [[theirs if value is absent else value for value, theirs in pairs]]


def pairs_of(items: Columns, key: str | None) -> Pairs:
    """Return the predictions below the key of a model; of a submission where it is None."""
    if key is None:
        columns = [_scores(items.parts(name)) for name in DIMENSIONS]
        return paired(columns, np.ones(len(items), bool))
    below = [_below(part) for part in items.parts(key)]
    columns = [_scores([two[at] for two, _ in below]) for at in (0, 1)]
    return paired(columns, np.concatenate([is_object for _, is_object in below]))


def paired(columns: Sequence[Scores], is_object: Truths) -> Pairs:
    """Return two columns beside each other."""
    one, two = columns
    return Pairs(
        np.stack([one.number, two.number], axis=1),
        one.is_there & two.is_there,
        one.is_number & two.is_number,
        one.is_readable & two.is_readable,
        is_object,
    )


def _below(part: Part) -> tuple[list[Part], Truths]:
    if isinstance(part, dict):
        size = len(next(iter(part.values())))
        return [part.get(name, [None] * size) for name in DIMENSIONS], np.ones(size, bool)
    values = unpacked(part)
    is_object = np.fromiter((type(value) is dict for value in values), bool, len(values))
    return [
        [value.get(name) if type(value) is dict else None for value in values]
        for name in DIMENSIONS
    ], is_object


def _scores(parts: Sequence[Part]) -> Scores:
    return Scores(*map(np.concatenate, zip(*map(_part, parts), strict=True)))


def _part(part: Part) -> Scores:
    if isinstance(part, np.ndarray):
        yes = np.ones(len(part), bool)
        return Scores(part.astype(np.float64), yes, yes, yes)
    values = unpacked(part)
    is_there = np.fromiter((value is not None for value in values), bool, len(values))
    is_number = np.fromiter((isinstance(v, int | float) for v in values), bool, len(values))
    numbers = [_float(value) for value in values]
    is_readable = np.fromiter((number is not None for number in numbers), bool, len(values))
    return Scores(np.array(numbers, np.float64), is_there, is_number, is_readable)


def _float(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None
