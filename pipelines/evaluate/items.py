"""Truth and predictions of SIQA files, and which belong together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["Joined", "Predictions", "Truth", "join", "predictions_of", "truth_of"]

_ITEM_KEYS = frozenset({
    "id", "pid", "image", "image_path", "class", "category", "type", "question", "option",
    "answer", "annotation", "explantion", "explanation", "difficulty", "is_wrong", "precision",
    "perception_rating", "perception_raing", "knowledge_rating",
})  # fmt: skip
"""Keys of the items themselves; what else a toolkit file has is a model's."""
_NONE: dict[str, Any] = {}
_SAMPLE = 1000
"""Items looked at first for the keys of models."""
_ANSWER_KEYS = {"U": "precision", "S": "perception"}
"""Key by which an answer file or a submission is told from items."""


@dataclass(frozen=True)
class Truth:
    """What is right, in the order of the file."""

    rows: list[dict[str, Any]]
    """Items as read."""
    ids: list[Any]
    """Their ids: the answer file's own, else 1, 2, …"""
    is_answer_file: bool
    """The leaderboard's answer file, which knows neither images nor questions."""


@dataclass(frozen=True)
class Predictions:
    """What was predicted, in the order of the file."""

    rows: list[dict[str, Any]]
    """Items as read."""
    values: list[Any]
    """U: the answer; S: (perception, knowledge), None where the item has no such object."""
    ids: list[Any] | None
    """Ids of a submission; None for a toolkit file."""
    model: str
    """Key of the model, or team and method."""


class Joined(NamedTuple):
    """Which prediction belongs to which item of the truth."""

    place: npt.NDArray[np.intp]
    """Place in the truth of each prediction, -1 where unknown, shape (n_predictions,)."""
    is_strict: npt.NDArray[np.bool_]
    """Whether the leaderboard matches the id too, which compares ids as they are written."""
    first: npt.NDArray[np.intp]
    """For each item of the truth its first prediction, -1 where missing, shape (n_truth,)."""
    missing: list[Any]
    """Ids of items without prediction."""
    duplicate: list[Any]
    """Ids predicted more than once."""
    unknown: list[Any]
    """What was predicted and is not in the truth."""
    warnings: list[str]
    """How things were matched, where a person should know."""


def truth_of(document: Any, track: str, name: str) -> Truth:
    """Return the truth of a bench array, the data set's JSON lines or the answer file.

    Raises:
        UserError: `invalid_truth`.
    """
    is_answer_file = isinstance(document, dict) and "predictions" in document
    rows = document["predictions"] if is_answer_file else document
    if isinstance(rows, dict):
        rows = [rows]
    _check_rows(rows, name, "truth")
    wanted = (
        _ANSWER_KEYS[track] if is_answer_file else {"U": "answer", "S": "knowledge_rating"}[track]
    )
    if not any(wanted in row for row in rows):
        raise UserError(
            "invalid_truth",
            f"{name}: no item has '{wanted}', so it is no truth of track {track}; name the bench "
            "array, the data set's JSON lines, or the leaderboard's answer file.",
        )
    ids = [row.get("id") for row in rows] if is_answer_file else list(range(1, len(rows) + 1))
    return Truth(rows, ids, is_answer_file)


def predictions_of(document: Any, track: str, name: str, model: str = "") -> Predictions:
    """Return the predictions of a toolkit file or of a submission.

    Args:
        document: The file, read.
        track: `U` or `S`.
        name: Name of the file, for messages.
        model: Key of the model in a toolkit file; found where there is exactly one.

    Raises:
        UserError: `invalid_predictions`, `wrong_track`, `model_not_found`, `model_not_named`.
    """
    label = "submission"
    if isinstance(document, dict) and "predictions" in document:
        said = str(document.get("track", track)).upper()
        if said != track:
            raise UserError(
                "wrong_track", f"{name} is a submission to track {said}; use --track {said}."
            )
        label = " ".join(str(document[k]) for k in ("team", "method") if document.get(k)) or label
        document = document["predictions"]
    elif isinstance(document, dict):
        document = [document]
    rows = document
    _check_rows(rows, name, "predictions")
    if "id" in rows[0] and "image_path" not in rows[0]:
        return Predictions(rows, _submitted(rows, track), [row.get("id") for row in rows], label)
    key = _model_key(rows, track, name, model)
    return Predictions(rows, _predicted(rows, track, key), None, key)


def _check_rows(rows: Any, name: str, what: str) -> None:
    if not isinstance(rows, list) or not rows:
        raise UserError(f"invalid_{what}", f"{name} holds no list of items; name another file.")
    if set(map(type, rows)) != {dict}:
        raise UserError(
            f"invalid_{what}", f"{name} holds something that is no object; write one an item."
        )


def _submitted(rows: list[dict[str, Any]], track: str) -> list[Any]:
    if track == "U":
        return [row.get("precision", "") for row in rows]
    return [(row.get("perception"), row.get("knowledge")) for row in rows]


def _predicted(rows: list[dict[str, Any]], track: str, key: str) -> list[Any]:
    if track == "U":
        return [row.get(key, "") for row in rows]
    scores = [row.get(key, _NONE) for row in rows]
    return [
        (one.get("perception"), one.get("knowledge")) if type(one) is dict else None
        for one in scores
    ]


def _model_key(rows: list[dict[str, Any]], track: str, name: str, model: str) -> str:
    if model:
        if not any(model in row for row in rows):
            raise UserError(
                "model_not_found",
                f"{name}: no item has the key '{one_line(model, 60)}'; "
                f"{_candidates_said(_candidates(rows, track))}.",
            )
        return model
    candidates = _candidates(rows, track)
    if len(candidates) != 1:
        raise UserError(
            "model_not_named",
            f"{name}: {_candidates_said(candidates)}; name the model's key with --model.",
        )
    return candidates[0]


def _candidates(rows: list[dict[str, Any]], track: str) -> list[str]:
    found = _candidates_of(rows[:_SAMPLE], track)
    return found or _candidates_of(rows, track)


def _candidates_of(rows: Sequence[dict[str, Any]], track: str) -> list[str]:
    keys = dict.fromkeys(key for row in rows for key in row)
    kind = str if track == "U" else dict
    return [
        key
        for key in keys
        if key not in _ITEM_KEYS and any(isinstance(row.get(key), kind) for row in rows)
    ]


def _candidates_said(candidates: Sequence[str]) -> str:
    if not candidates:
        return "no key of the items looks like a model's answers"
    names = ", ".join(f"'{one_line(name, 40)}'" for name in candidates[:8])
    return f"keys that may be a model's are {names}"


def join(truth: Truth, predictions: Predictions, track: str) -> Joined:
    """Match predictions with the truth.

    Submissions are matched by id. Toolkit files are matched on image (and question, for U) where
    both sides have them, the k-th of equal items with the k-th; else by position.
    """
    if predictions.ids is not None:
        place, strict, warnings = _by_id(truth, predictions.ids)
        names: list[Any] = predictions.ids
    else:
        keys = _keys(truth, predictions, track)
        if keys is None:
            place, warnings = _by_position(truth, predictions)
            names = list(range(1, len(place) + 1))
        else:
            place, warnings = _by_key(*keys), []
            if (place < 0).all():
                place = _by_key(*(list(map(_by_file_name, side)) for side in keys))
                warnings = ["No image path agrees; items were matched by the images' file names."]
            names = keys[1]
        strict = np.ones(len(place), bool)
    return _joined(truth, names, place, strict, warnings)


def _joined(
    truth: Truth,
    names: Sequence[Any],
    place: npt.NDArray[np.intp],
    strict: npt.NDArray[np.bool_],
    warnings: list[str],
) -> Joined:
    known = np.flatnonzero(place >= 0)
    first = np.full(len(truth.rows), -1, np.intp)
    # Written backwards, so that the first of several stays.
    first[place[known[::-1]]] = known[::-1]
    times = np.bincount(place[known], minlength=len(truth.rows))
    unknown = [_said(names[at]) for at in np.flatnonzero(place < 0)]
    missing = [truth.ids[at] for at in np.flatnonzero(first < 0)]
    duplicate = [truth.ids[at] for at in np.flatnonzero(times > 1)]
    return Joined(place, strict, first, missing, duplicate, unknown, warnings)


def _said(name: Any) -> Any:
    return ": ".join(map(str, name)) if isinstance(name, tuple) else name


def _by_id(
    truth: Truth, ids: Sequence[Any]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_], list[str]]:
    exact = _hashable({}, truth.ids)
    loose = {str(key): at for key, at in exact.items()}
    place = np.empty(len(ids), np.intp)
    strict = np.ones(len(ids), bool)
    for at, given in enumerate(ids):
        found = exact.get(given) if isinstance(given, int | float | str) else None
        if found is None:
            strict[at] = False
            found = loose.get(str(given).strip())
        place[at] = -1 if found is None else found
    warnings = []
    n_loose = int((~strict & (place >= 0)).sum())
    if n_loose:
        warnings.append(
            f"{n_loose} ids are not the whole numbers of the truth but text of the same digits; "
            "they were matched here, but the leaderboard leaves these items out."
        )
    return place, strict, warnings


def _hashable(found: dict[Any, int], ids: Sequence[Any]) -> dict[Any, int]:
    for at, given in enumerate(ids):
        if isinstance(given, int | float | str):
            found.setdefault(given, at)
    return found


def _keys(truth: Truth, predictions: Predictions, track: str) -> tuple[list[Any], list[Any]] | None:
    """Return the key of every item of both sides, or None where one has an item without."""
    names = ("image_path", "question") if track == "U" else ("image_path",)
    sides = [
        [[row.get(name) for row in rows] for name in names]
        for rows in (truth.rows, predictions.rows)
    ]
    if any(None in column for side in sides for column in side):
        return None
    if sides[0] == sides[1]:
        # The usual case, in which there is nothing to look up.
        sides[1] = sides[0]
    keys = [list(zip(*side, strict=True)) if len(side) > 1 else side[0] for side in sides]
    return keys[0], keys[0] if sides[0] is sides[1] else keys[1]


def _by_file_name(key: Any) -> Any:
    """Return a key with the file name in place of the path."""
    path, *rest = key if isinstance(key, tuple) else (key,)
    return (str(path).replace("\\", "/").rsplit("/", 1)[-1], *rest)


def _by_key(truth_keys: list[Any], keys: list[Any]) -> npt.NDArray[np.intp]:
    if truth_keys is keys or truth_keys == keys:
        return np.arange(len(keys))
    places: defaultdict[Any, list[int]] = defaultdict(list)
    for at, key in enumerate(truth_keys):
        places[key].append(at)
    times: defaultdict[Any, int] = defaultdict(int)
    found = np.empty(len(keys), np.intp)
    for at, key in enumerate(keys):
        there = places.get(key)
        found[at] = -1 if there is None else there[min(times[key], len(there) - 1)]
        times[key] += 1
    return found


def _by_position(truth: Truth, predictions: Predictions) -> tuple[npt.NDArray[np.intp], list[str]]:
    n, n_truth = len(predictions.rows), len(truth.rows)
    place = np.arange(n)
    place[n_truth:] = -1
    warnings = ["Items were matched by position: not all of both files name image and question."]
    if n != n_truth:
        warnings.append(f"The truth has {n_truth} items, the predictions have {n}.")
    return place, warnings
