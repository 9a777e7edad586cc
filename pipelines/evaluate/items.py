"""Truth and predictions of SIQA files, and which belong together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.evaluate.columns import Columns, Document, columns_of
from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["Joined", "Predictions", "Truth", "join", "predictions_of", "truth_of"]

_ITEM_KEYS = frozenset({
    "id", "pid", "image", "image_path", "class", "category", "type", "question", "option",
    "answer", "annotation", "explantion", "explanation", "difficulty", "is_wrong", "precision",
    "perception_rating", "perception_raing", "knowledge_rating",
})  # fmt: skip
"""Keys of the items themselves; what else a toolkit file has is a model's."""
_ANSWER_KEYS = {"U": "precision", "S": "perception"}
"""Key by which an answer file or a submission is told from items."""


@dataclass(frozen=True)
class Truth:
    """What is right, in the order of the file."""

    items: Columns
    """Items as read."""
    ids: Sequence[Any]
    """Their ids: the answer file's own, else 1, 2, …"""
    is_answer_file: bool
    """The leaderboard's answer file, which knows neither images nor questions."""


@dataclass(frozen=True)
class Predictions:
    """What was predicted, in the order of the file."""

    items: Columns
    """Items as read."""
    key: str | None
    """Key of the model in a toolkit file; None for a submission, which has ids."""
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

    Args:
        document: The file as `read_columns` or as a JSON reader returns it.
        track: `U` or `S`.
        name: Name of the file, for messages.

    Raises:
        UserError: `invalid_truth`.
    """
    items, head = _checked(document, name, "truth")
    is_answer_file = head is not None
    wanted = (
        _ANSWER_KEYS[track] if is_answer_file else {"U": "answer", "S": "knowledge_rating"}[track]
    )
    if wanted not in items.keys:
        raise UserError(
            "invalid_truth",
            f"{name}: no item has '{wanted}', so it is no truth of track {track}; name the bench "
            "array, the data set's JSON lines, or the leaderboard's answer file.",
        )
    ids = items.values("id") if is_answer_file else range(1, len(items) + 1)
    return Truth(items, ids, is_answer_file)


def predictions_of(document: Any, track: str, name: str, model: str = "") -> Predictions:
    """Return the predictions of a toolkit file or of a submission.

    Args:
        document: The file as `read_columns` or as a JSON reader returns it.
        track: `U` or `S`.
        name: Name of the file, for messages.
        model: Key of the model in a toolkit file; found where there is exactly one.

    Raises:
        UserError: `invalid_predictions`, `wrong_track`, `model_not_found`, `model_not_named`.
    """
    items, head = _checked(document, name, "predictions")
    head = head or {}
    said = str(head.get("track", track)).upper()
    if said != track:
        raise UserError(
            "wrong_track", f"{name} is a submission to track {said}; use --track {said}."
        )
    first = items.head[0]
    if "id" in first and "image_path" not in first:
        label = " ".join(str(head[k]) for k in ("team", "method") if head.get(k))
        return Predictions(items, None, label or "submission")
    key = _model_key(items, track, name, model)
    return Predictions(items, key, key)


def _checked(document: Any, name: str, what: str) -> tuple[Columns, dict[str, Any] | None]:
    found = document if isinstance(document, Document) else columns_of(document)
    if found.fault:
        raise UserError(f"invalid_{what}", f"{name} {found.fault}.")
    return found.items, found.head


def _model_key(items: Columns, track: str, name: str, model: str) -> str:
    if model:
        if model not in items.keys:
            raise UserError(
                "model_not_found",
                f"{name}: no item has the key '{one_line(model, 60)}'; "
                f"{_candidates_said(_candidates(items, track))}.",
            )
        return model
    candidates = _candidates(items, track)
    if len(candidates) != 1:
        raise UserError(
            "model_not_named",
            f"{name}: {_candidates_said(candidates)}; name the model's key with --model.",
        )
    return candidates[0]


def _candidates(items: Columns, track: str) -> list[str]:
    """Return the keys that may be a model's, as the first items have them, else any item."""
    kind = str if track == "U" else dict
    names = [name for name in items.keys if name not in _ITEM_KEYS]
    found = [n for n in names if any(isinstance(row.get(n), kind) for row in items.head)]
    return found or [n for n in names if any(isinstance(v, kind) for v in items.values(n))]


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
    names: Sequence[Any] = range(1, len(predictions.items) + 1)
    strict: npt.NDArray[np.bool_] = np.ones(len(names), bool)
    warnings: list[str] = []
    if predictions.key is None:
        names = predictions.items.values("id")
        place, strict, warnings = _by_id(truth, names)
    elif _is_same(truth, predictions, track):
        # The usual case, in which there is nothing to look up.
        place = np.arange(len(names))
    else:
        keys = _keys(truth, predictions, track)
        if keys is None:
            place, warnings = _by_position(len(truth.items), len(names))
        else:
            names, place = keys[1], _by_key(*keys)
            if (place < 0).all():
                place = _by_key(*(list(map(_by_file_name, side)) for side in keys))
                warnings = ["No image path agrees; items were matched by the images' file names."]
    return _joined(truth, names, place, strict, warnings)


def _joined(
    truth: Truth,
    names: Sequence[Any],
    place: npt.NDArray[np.intp],
    strict: npt.NDArray[np.bool_],
    warnings: list[str],
) -> Joined:
    known = np.flatnonzero(place >= 0)
    first = np.full(len(truth.items), -1, np.intp)
    # Written backwards, so that the first of several stays.
    first[place[known[::-1]]] = known[::-1]
    times = np.bincount(place[known], minlength=len(truth.items))
    unknown = [_said(names[at]) for at in np.flatnonzero(place < 0)]
    missing = [truth.ids[at] for at in np.flatnonzero(first < 0)]
    duplicate = [truth.ids[at] for at in np.flatnonzero(times > 1)]
    return Joined(place, strict, first, missing, duplicate, unknown, warnings)


def _said(name: Any) -> Any:
    return ": ".join(map(str, name)) if isinstance(name, tuple) else name


def _by_id(
    truth: Truth, ids: Sequence[Any]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_], list[str]]:
    if _are_whole(truth.ids) and _are_whole(ids):
        place = _by_number(np.array(truth.ids), np.array(ids))
        return place, place >= 0, []
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


def _are_whole(ids: Sequence[Any]) -> bool:
    is_one_kind = isinstance(ids, range) or set(map(type, ids)) == {int}
    return is_one_kind and max(map(abs, (max(ids), min(ids)))) < 2**63


def _by_number(
    truth_ids: npt.NDArray[np.int64], ids: npt.NDArray[np.int64]
) -> npt.NDArray[np.intp]:
    known, first = np.unique(truth_ids, return_index=True)
    at = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    return np.where(known[at] == ids, first[at], -1)


def _key_names(track: str) -> tuple[str, ...]:
    return ("image_path", "question") if track == "U" else ("image_path",)


def _is_same(truth: Truth, predictions: Predictions, track: str) -> bool:
    """Whether both sides name the same images (and questions) in the same order."""
    for name in _key_names(track):
        sides = truth.items.texts(name), predictions.items.texts(name)
        if sides[0] is None or sides[1] is None or not sides[0].equals(sides[1]):
            return False
    return True


def _keys(truth: Truth, predictions: Predictions, track: str) -> tuple[list[Any], list[Any]] | None:
    """Return the key of every item of both sides, or None where one has an item without."""
    sides = [
        [items.values(name) for name in _key_names(track)]
        for items in (truth.items, predictions.items)
    ]
    if any(None in column for side in sides for column in side):
        return None
    keys = [list(zip(*side, strict=True)) if len(side) > 1 else side[0] for side in sides]
    return keys[0], keys[1]


def _by_file_name(key: Any) -> Any:
    """Return a key with the file name in place of the path."""
    path, *rest = key if isinstance(key, tuple) else (key,)
    return (str(path).replace("\\", "/").rsplit("/", 1)[-1], *rest)


def _by_key(truth_keys: list[Any], keys: list[Any]) -> npt.NDArray[np.intp]:
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


def _by_position(n_truth: int, n: int) -> tuple[npt.NDArray[np.intp], list[str]]:
    place = np.arange(n)
    place[n_truth:] = -1
    warnings = ["Items were matched by position: not all of both files name image and question."]
    if n != n_truth:
        warnings.append(f"The truth has {n_truth} items, the predictions have {n}.")
    return place, warnings
