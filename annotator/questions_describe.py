"""Descriptions graded by a judge model; every reply is kept as a call."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from annotator.names import StimulusNames
from annotator.questions_calls import Way
from annotator.store import SnapshotStore, Store
from annotator.store.questions import answered_calls, calls
from pipelines.evaluate.reading import read_rows
from pipelines.questions.recipes import Unreadable
from pipelines.questions.replies import Asking
from pipelines.questions.rubrics import HIGHEST, Mark, Rubric, parse_mark, rubric_messages
from schemas.errors import UserError

__all__ = ["Described", "Graded", "grade_descriptions", "read_descriptions", "read_people"]


class Described(NamedTuple):
    """A description to grade."""

    item: str
    model: str
    """Who described; empty where the file does not say."""
    reference: str
    description: str


class Graded(NamedTuple):
    """What came of grading."""

    marks: tuple[Mark, ...]
    outcomes: Counter[str]
    """Outcome of this run's calls -> how many."""
    n_unanswered: int
    """Marks without an answered call yet."""


def read_descriptions(study: Store | SnapshotStore, path: Path) -> list[Described]:
    """Read a table: `description`, `reference` or `stimulus`, and perhaps `item` and `model`.

    Without `reference`, what experts wrote about the stimulus is the reference. Without `item`,
    the stimulus is, else `index`, else the number of the row.

    Raises:
        UserError: `column_missing`, `no_reference`, `unknown_stimulus`, and those of reading.
    """
    names = StimulusNames(study)
    texts: dict[str, list[str]] = defaultdict(list)
    for row in study.feedback().to_pylist():
        texts[row["stimulus"]].append(row["text"])
    return [_described(row, n, names, texts, path) for n, row in enumerate(read_rows(path), 1)]


def _described(
    row: Mapping[str, Any], n: int, names: StimulusNames, texts: Mapping[str, list[str]], path: Path
) -> Described:
    if "description" not in row:
        raise UserError(
            "column_missing", f"Row {n} of {path} has no 'description'; put the text there."
        )
    stimulus = str(row["stimulus"]) if "stimulus" in row else ""
    reference = str(row.get("reference", ""))
    if not reference and stimulus:
        reference = "\n".join(texts.get(names.resolve(stimulus, f"row {n}"), ()))
    if not reference:
        raise UserError(
            "no_reference",
            f"Row {n} of {path} has no reference to grade against; fill the column 'reference', "
            "or name in 'stimulus' an image that experts wrote about.",
        )
    item = str(row.get("item") or stimulus or row.get("index") or n)
    return Described(item, str(row.get("model", "")), reference, str(row["description"]))


def read_people(path: Path) -> dict[tuple[str, str, str], dict[str, int]]:
    """Read people's marks: `item`, `dimension`, `score` 0 to 2, and perhaps `rater`, `model`.

    Returns:
        (model, item, dimension) -> rater -> mark.

    Raises:
        UserError: `invalid_mark`, and those of reading.
    """
    found: dict[tuple[str, str, str], dict[str, int]] = defaultdict(dict)
    for n, row in enumerate(read_rows(path), 1):
        try:
            score = float(row["score"])
            item = row["item"] if "item" in row else row["stimulus"]
            key = (str(row.get("model", "")), str(item), str(row["dimension"]))
        except (KeyError, ValueError) as error:
            raise _invalid(path, n) from error
        if score not in range(HIGHEST + 1):
            raise _invalid(path, n)
        found[key][str(row.get("rater", ""))] = int(score)
    return dict(found)


def _invalid(path: Path, n: int) -> UserError:
    return UserError(
        "invalid_mark",
        f"Row {n} of {path} needs 'item', 'dimension' and a 'score' of 0, 1 or 2; mend it.",
    )


def grade_descriptions(
    study: Store | SnapshotStore,
    way: Way,
    rubric: Rubric,
    rounds: int,
    items: Sequence[Described],
    progress: Callable[[int, int], None],
) -> Graded:
    """Ask the judge for every mark it has not given yet; return all its marks.

    A mark is asked once for each description, reference, dimension and round; a description
    that has changed is another one.

    Raises:
        UserError: the endpoint refuses or fails; what it had answered is kept.
    """
    wanted = {
        (_subject(item, dimension), round_): (item, dimension)
        for item in items
        for dimension in rubric.dimensions
        for round_ in range(rounds)
    }
    done = answered_calls(study, "judge", rubric.version, way.asker.model)
    left = {key: what for key, what in wanted.items() if key not in done}
    askings = _askings(rubric, rounds, left)
    outcomes = way.ask(study, "judge", rubric.version, askings, len(left), progress)
    raw = {
        (call["subject"], call["round"]): call["raw"]
        for call in calls(study, "judge")
        if (call["prompt"], call["model"], call["outcome"])
        == (rubric.version, way.asker.model, "answered")
    }
    marks = tuple(
        Mark(item.item, dimension, round_, _score(raw[subject, round_]), item.model)
        for item in items
        for dimension in rubric.dimensions
        for round_ in range(rounds)
        if ((subject := _subject(item, dimension)), round_) in raw
    )
    n = len(items) * len(rubric.dimensions) * rounds
    return Graded(marks, outcomes, n - len(marks))


def _subject(item: Described, dimension: str) -> str:
    digest = hashlib.sha256(repr((item.reference, item.description)).encode()).hexdigest()
    return f"{digest[:16]}:{dimension}"


def _askings(
    rubric: Rubric, rounds: int, wanted: Mapping[tuple[str, int], tuple[Described, str]]
) -> Iterator[Asking]:
    for (subject, round_), (item, dimension) in wanted.items():
        messages = rubric_messages(rubric, dimension, item.reference, item.description)
        # One round wants the likeliest mark; several want the judge's own spread.
        chance = {"temperature": 1.0, "seed": round_} if rounds > 1 else {}
        yield Asking(subject, messages, round_, max_tokens=64, parameters=chance)


def _score(raw: str) -> float | None:
    try:
        return parse_mark(raw)
    except Unreadable:
        return None
