"""Descriptions graded by a judge model: what it is asked, how its marks are read and summed."""

from __future__ import annotations

import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import mean, median_low
from typing import Any, NamedTuple

from pipelines.questions.recipes import Unreadable
from schemas.errors import UserError

__all__ = [
    "Mark",
    "Rubric",
    "agreement_with_people",
    "load_rubric",
    "mark_table",
    "parse_mark",
    "quadratic_kappa",
    "rubric_messages",
]

HIGHEST = 2
_FILE = Path(__file__).with_name("prompts") / "rubrics.toml"


@dataclass(frozen=True)
class Rubric:
    """One rubric of the file."""

    name: str
    version: str
    images: str
    """What is described, for the judge."""
    rounds: int
    """As published."""
    dimensions: Mapping[str, str]
    """Dimension -> what 2, 1 and 0 mean."""
    system: str


class Mark(NamedTuple):
    """One reply of the judge."""

    item: str
    dimension: str
    round: int
    score: float | None
    """0 to 2; None where the reply could not be read."""
    model: str = ""
    """Whose description it is."""


@cache
def load_rubric(name: str) -> Rubric:
    """Return a rubric by its name.

    Raises:
        UserError: `unknown_rubric`.
    """
    told = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    system = str(told.pop("system")).strip()
    if name not in told:
        raise UserError(
            "unknown_rubric", f"There is no rubric '{name}'; use one of {', '.join(told)}."
        )
    found = {key: value for key, value in told[name].items() if key != "dimensions"}
    dimensions = {key: text.strip() for key, text in told[name]["dimensions"].items()}
    return Rubric(name, **found, dimensions=dimensions, system=system)


def rubric_messages(
    rubric: Rubric, dimension: str, reference: str, description: str
) -> list[dict[str, Any]]:
    """Return the messages that ask for one mark. Both texts stand in JSON strings."""
    system = (
        rubric.system.replace("{images}", rubric.images)
        .replace("{dimension}", dimension)
        .replace("{levels}", rubric.dimensions[dimension])
    )
    told = json.dumps({"reference": reference, "description": description}, ensure_ascii=False)
    return [{"role": "system", "content": system}, {"role": "user", "content": told}]


_MARKS = (
    re.compile(r"score\W{0,4}[:：=]\W{0,3}(\d+(?:\.\d+)?)(?![\d.]*\d)", re.IGNORECASE),
    re.compile(r"^\W*(\d+(?:\.\d+)?)\W*$"),
)


def parse_mark(raw: str) -> float:
    """Return the mark of a reply: `Score: 1`, JSON with `score`, or a bare number.

    Raises:
        Unreadable: none, several that differ, or one that is not between 0 and 2.
    """
    for pattern in _MARKS:
        found = {float(text) for text in pattern.findall(raw.strip())}
        if len(found) > 1:
            raise Unreadable("several marks")
        if found:
            score = found.pop()
            if score > HIGHEST:
                raise Unreadable(f"{score} is no mark")
            return score
    raise Unreadable("no mark")


def mark_table(marks: Iterable[Mark], dimensions: Sequence[str]) -> list[dict[str, Any]]:
    """Return, for each model, the means of the dimensions and their sum, as published.

    The mean of an item is over its readable rounds, that of a dimension over its items; the sum
    is over dimensions. Items without a readable reply are in no mean, and are counted.

    Rows have `model`, `items`, `sum`, `out_of` and `dimensions`: for each `mean`, `n`,
    `rounds`, `unreadable` (replies) and `without_mark` (items). Means and sums are None where
    nothing could be read.
    """
    by_model: dict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        by_model[mark.model].append(mark)
    return [_model_row(model, by_model[model], dimensions) for model in sorted(by_model)]


def _model_row(model: str, marks: Sequence[Mark], dimensions: Sequence[str]) -> dict[str, Any]:
    told = {name: _dimension([m for m in marks if m.dimension == name]) for name in dimensions}
    means = [row["mean"] for row in told.values()]
    return {
        "model": model,
        "items": len({mark.item for mark in marks}),
        "sum": None if None in means else sum(means),
        "out_of": HIGHEST * len(dimensions),
        "dimensions": told,
    }


def _dimension(marks: Sequence[Mark]) -> dict[str, Any]:
    means = item_means(marks)
    items = {mark.item for mark in marks}
    return {
        "mean": mean(means.values()) if means else None,
        "n": len(means),
        "rounds": len(marks),
        "unreadable": sum(mark.score is None for mark in marks),
        "without_mark": len(items) - len(means),
    }


def item_means(marks: Iterable[Mark]) -> dict[str, float]:
    """Return item -> mean over its readable rounds; items without any are left out."""
    read: dict[str, list[float]] = defaultdict(list)
    for mark in marks:
        if mark.score is not None:
            read[mark.item].append(mark.score)
    return {item: mean(scores) for item, scores in read.items()}


def quadratic_kappa(pairs: Iterable[tuple[int, int]]) -> float | None:
    """Return Cohen's kappa with quadratic weights of two people's marks on the same things.

    None where they share nothing, or both gave one and the same mark throughout.

    Source: Cohen, Psychol. Bull. 70 (1968), 213–220: 1 - sum (a-b)^2 O / sum (a-b)^2 E.

    >>> round(quadratic_kappa([(0, 0), (1, 1), (2, 2), (2, 1)]), 4)
    0.8
    """
    given = list(pairs)
    observed = sum((a - b) ** 2 for a, b in given) * len(given)
    expected = sum((a - b) ** 2 for a, _ in given for _, b in given)
    return 1 - observed / expected if expected else None


def agreement_with_people(
    marks: Iterable[Mark], people: Mapping[tuple[str, str, str], Mapping[str, int]]
) -> list[dict[str, Any]]:
    """Return how far the judge agrees with people, by dimension.

    The judge's mark is the mean of its rounds, rounded (halves up); that of several people is
    their lower median. Each person is also compared alone.

    Args:
        marks: Of the judge.
        people: (model, item, dimension) -> person -> mark 0 to 2.

    Returns:
        Rows with `dimension`, `rater` (None for all together), `n`, `accuracy` (share of equal
        marks) and `kappa_quadratic`.
    """
    read: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for mark in marks:
        if mark.score is not None:
            read[mark.model, mark.item, mark.dimension].append(mark.score)
    pairs: dict[tuple[str, str | None], list[tuple[int, int]]] = defaultdict(list)
    for key, given in people.items():
        if key not in read:
            continue
        judged = int(mean(read[key]) + 0.5)
        pairs[key[2], None].append((judged, median_low(given.values())))
        for person, score in given.items():
            pairs[key[2], person].append((judged, score))
    return [
        {
            "dimension": dimension,
            "rater": person,
            "n": len(found),
            "accuracy": mean(a == b for a, b in found),
            "kappa_quadratic": quadratic_kappa(found),
        }
        for (dimension, person), found in sorted(
            pairs.items(), key=lambda p: (p[0][0], p[0][1] or "")
        )
    ]
