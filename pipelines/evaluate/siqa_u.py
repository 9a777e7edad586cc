"""SIQA-U: accuracy by type of question, in three conventions.

Website: 0.2 yes-or-no + 0.3 what + 0.5 how, 0-100; items without an answer count as wrong.
Leaderboard: the same, rounded, over what was submitted. Toolkit: mean of the types present, 0-1.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.evaluate.columns import Part, unpacked
from pipelines.evaluate.items import Joined, Truth
from pipelines.evaluate.resampling import compared, interval, multinomial, replicates_for
from pipelines.evaluate.submission import Choices, Submission
from schemas.question import LETTERS, QUESTION_TYPES
from schemas.text import one_line

__all__ = ["CONVENTIONS", "evaluate_u"]

CONVENTIONS = ("website", "leaderboard", "toolkit")
"""Ways to compute the score of the SIQA tracks."""
_WEIGHTS = dict(zip(QUESTION_TYPES, (0.2, 0.3, 0.5), strict=True))
_ALIASES = {"yes/no": "yes-or-no", "yes-no": "yes-or-no", "yesorno": "yes-or-no"}
Codes = npt.NDArray[np.int8]


class _Counts(NamedTuple):
    """Right answers and items by type."""

    correct: npt.NDArray[np.int64]
    total: npt.NDArray[np.int64]

    @property
    def accuracy(self) -> list[float]:
        pairs = zip(self.correct.tolist(), self.total.tolist(), strict=True)
        return [c / t if t else 0.0 for c, t in pairs]


class _Matched(NamedTuple):
    """One submission beside the truth."""

    joined: Joined
    is_right: npt.NDArray[np.bool_]
    """For each prediction, in the order of its file."""
    toolkit_stops: str
    """Why the toolkit would stop with an error, or nothing."""
    n_odd: int
    """Answers that are not one letter."""


def evaluate_u(
    truth: Truth, own: Submission, choices: Choices, against: Submission | None = None
) -> dict[str, Any]:
    """Return the score of a submission to SIQA-U, every convention beside it.

    Args:
        truth: Items with type and answer.
        own: The answers to score.
        choices: Convention, bootstrap and seed.
        against: Another submission to compare with, on the same items.
    """
    types = _types(truth)
    matched = _match(truth, own, types["toolkit"])
    counts = {
        "website": _website(types["website"], matched),
        "leaderboard": _counted(types["leaderboard"], matched, is_strict=True),
        "toolkit": _counted(types["toolkit"], matched, is_strict=False),
    }
    scores: dict[str, float | None] = {name: _score(name, counts[name]) for name in CONVENTIONS}
    if matched.toolkit_stops:
        scores["toolkit"] = None
    chosen = counts[choices.convention]
    n_drawn = replicates_for(6, choices.bootstrap)
    result = {
        "track": "U",
        "convention": choices.convention,
        "model": own.predictions.model,
        "score": scores[choices.convention],
        "accuracy": _accuracy(choices.convention, chosen),
        "n": dict(zip(QUESTION_TYPES, chosen.total.tolist(), strict=True)),
        "ci95": _interval(types["website"], matched, n_drawn, choices.seed),
        "conventions": scores,
        **own.ids(),
        "warnings": own.joined.warnings + _warnings(truth, matched, types, counts, scores),
    }
    if against is not None:
        other = _match(truth, against, types["toolkit"])
        compared_with = _compare(types["website"], matched, other, n_drawn, choices.seed)
        result["against"] = against.as_rival(compared_with)
    return result


def _types(truth: Truth) -> dict[str, Codes]:
    """Return the code of each item's type as each convention reads it, -1 where it does not."""
    codes = {name: code for code, name in enumerate(QUESTION_TYPES)}
    seen = _Seen()
    given = seen.codes(truth.items.parts("type"))
    known: dict[str, list[int]] = {name: [] for name in CONVENTIONS}
    for kind in seen.values:
        text = kind if isinstance(kind, str) else ""
        plain = text.strip().lower()
        known["website"].append(codes.get(_ALIASES.get(plain, plain), -1))
        known["leaderboard"].append(codes.get(text, -1))
        known["toolkit"].append(codes.get(plain, -1))
    return {name: np.array(table, np.int8)[given] for name, table in known.items()}


class _Seen:
    """Values numbered as they come; a million answers are a handful of different ones."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._codes: dict[Any, int] = {}

    def codes(self, parts: Sequence[Part]) -> npt.NDArray[np.intp]:
        """Return the number of each value, shape (n,); True and 1 are different values."""
        return np.concatenate([self._part(part) for part in parts])

    def _part(self, part: Part) -> npt.NDArray[np.intp]:
        if isinstance(part, pa.Array):
            encoded = part.dictionary_encode()
            numbers = np.array([self._code(text) for text in encoded.dictionary.to_pylist()])
            # The buffer, since to_numpy() imports pandas.
            at = np.frombuffer(encoded.indices.buffers()[1], np.int32, len(part))
            return np.asarray(numbers[at], np.intp)
        values = unpacked(part)
        return np.fromiter(map(self._code, values), np.intp, len(values))

    def _code(self, value: Any) -> int:
        key = value if type(value) is str else (type(value), repr(value))
        if key not in self._codes:
            self._codes[key] = len(self.values)
            self.values.append(value)
        return self._codes[key]


def _letter(value: Any) -> str:
    return str(value).strip().upper()


def _match(truth: Truth, submission: Submission, types: Codes) -> _Matched:
    predictions, joined = submission
    key = "precision" if truth.is_answer_file else "answer"
    seen, letters = _Seen(), _Seen()
    right = seen.codes(truth.items.parts(key))
    given = seen.codes(predictions.items.parts(predictions.key or "precision", ""))
    letter_of = letters.codes([[_letter(value) for value in seen.values]])
    place = joined.place
    is_right = (place >= 0) & (letter_of[right][place] == letter_of[given])
    is_odd = np.array([letter not in tuple(LETTERS) for letter in letters.values])
    is_text = np.array([isinstance(value, str) for value in seen.values])
    # The toolkit looks at answers to items of a type it knows only.
    stopping = np.flatnonzero(~is_text[given] & (place >= 0) & (types[place] >= 0))
    stops = ""
    if stopping.size:
        stops = f"an answer is {one_line(seen.values[given[stopping[0]]], 20)}, no text"
    return _Matched(joined, is_right, stops, int(is_odd[letter_of[given]].sum()))


def _website(types: Codes, matched: _Matched) -> _Counts:
    """Count every item of the truth once, the first answer to it; none is wrong."""
    first = matched.joined.first
    is_right = (first >= 0) & matched.is_right[first]
    return _counts(types, is_right)


def _counted(types: Codes, matched: _Matched, *, is_strict: bool) -> _Counts:
    """Count every answer that was given, duplicates too."""
    taken = matched.joined.place >= 0
    if is_strict:
        taken &= matched.joined.is_strict
    return _counts(types[matched.joined.place[taken]], matched.is_right[taken])


def _counts(types: Codes, is_right: npt.NDArray[np.bool_]) -> _Counts:
    known = types >= 0
    size = len(QUESTION_TYPES)
    total = np.bincount(types[known], minlength=size)
    return _Counts(np.bincount(types[known & is_right], minlength=size), total)


def _score(convention: str, counts: _Counts) -> float:
    if convention == "leaderboard":
        yes_or_no, what, how = counts.accuracy
        # In floats and in this order, as the leaderboard does, whose rounding depends on it.
        return round((0.2 * yes_or_no + 0.3 * what + 0.5 * how) * 100, 2)
    pairs = list(zip(counts.correct.tolist(), counts.total.tolist(), strict=True))
    exact = [Fraction(correct, total) if total else Fraction(0) for correct, total in pairs]
    if convention == "toolkit":
        n_present = sum(total > 0 for _, total in pairs)
        return float(sum(exact) / n_present) if n_present else 0.0
    weights = [Fraction(str(weight)) for weight in _WEIGHTS.values()]
    return float(100 * sum(w * a for w, a in zip(weights, exact, strict=True)))


def _accuracy(convention: str, counts: _Counts) -> dict[str, float | None]:
    values: list[float | None] = list(counts.accuracy)
    if convention == "leaderboard":
        values = [round(a * 100, 2) for a in counts.accuracy]
    elif convention == "website":
        pairs = zip(counts.accuracy, counts.total.tolist(), strict=True)
        values = [a * 100 if n else None for a, n in pairs]
    return dict(zip(QUESTION_TYPES, values, strict=True))


def _weighted(
    correct: npt.NDArray[np.int64], total: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return the website's score of each replicate; shapes (replicates, types)."""
    accuracy = np.divide(correct, total, out=np.zeros(correct.shape), where=total > 0)
    scores: npt.NDArray[np.float64] = accuracy @ np.array(list(_WEIGHTS.values())) * 100
    return scores


def _cells(types: Codes, *sides: _Matched) -> npt.NDArray[np.int64]:
    """Return how many items of each type fall into each combination of right and wrong."""
    known = types >= 0
    code = types[known].astype(np.intp)
    for side in sides:
        first = side.joined.first
        code = code * 2 + ((first >= 0) & side.is_right[first])[known]
    return np.bincount(code, minlength=len(QUESTION_TYPES) * 2 ** len(sides))


def _interval(types: Codes, matched: _Matched, replicates: int, seed: int) -> list[float] | None:
    cells = _cells(types, matched)
    if not replicates or not cells.sum():
        return None
    drawn = multinomial(cells, replicates, seed).reshape(replicates, -1, 2)
    return interval(_weighted(drawn[..., 1], drawn.sum(axis=2)))


def _compare(
    types: Codes, own: _Matched, other: _Matched, replicates: int, seed: int
) -> dict[str, Any]:
    cells = _cells(types, own, other)
    drawn = multinomial(cells, replicates, seed).reshape(replicates, -1, 2, 2)
    total = drawn.sum(axis=(2, 3))
    return {"convention": "website"} | compared(
        _weighted(drawn[:, :, 1, :].sum(axis=2), total),
        _weighted(drawn[:, :, :, 1].sum(axis=2), total),
        _score("website", _website(types, own)),
        _score("website", _website(types, other)),
    )


def _warnings(
    truth: Truth,
    matched: _Matched,
    types: dict[str, Codes],
    counts: dict[str, _Counts],
    scores: dict[str, float | None],
) -> list[str]:
    said = [*_type_warnings(truth, types), *_gap_warnings(matched.joined, counts)]
    if matched.toolkit_stops:
        said.append(f"The toolkit stops with an error: {matched.toolkit_stops}.")
    if matched.n_odd:
        said.append(
            f"{matched.n_odd} answers are not one letter A-D and count as wrong in every "
            "convention ('A. Yes' is wrong, ' a ' is read as A)."
        )
    absent = [
        name for name, n in zip(QUESTION_TYPES, counts["website"].total, strict=True) if not n
    ]
    if absent:
        said.append(
            f"There are no questions of type {', '.join(absent)}: website and leaderboard count "
            "their share as 0, the toolkit takes the mean of the types present."
        )
    website, toolkit = scores["website"], scores["toolkit"]
    if website is not None and toolkit is not None and abs(website / 100 - toolkit) > 1e-9:
        said.append(
            "Website and leaderboard weigh 0.2 yes-or-no + 0.3 what + 0.5 how on 0-100 "
            f"({website:.4g}); the toolkit takes the plain mean of the types on 0-1 "
            f"({toolkit:.4g})."
        )
    return said


def _type_warnings(truth: Truth, types: dict[str, Codes]) -> list[str]:
    said = []
    for name in ("toolkit", "leaderboard"):
        n = int(((types["website"] >= 0) & (types[name] < 0)).sum())
        if n:
            said.append(
                f"The {name} leaves out {n} items, because their type is not written as "
                f"{', '.join(QUESTION_TYPES)}."
            )
    odd = np.flatnonzero(types["website"] < 0)
    if odd.size:
        kind = one_line(truth.items.values("type")[odd[0]], 30)
        said.append(f"{odd.size} items have no known type (e.g. '{kind}') and are in no score.")
    return said


def _gap_warnings(joined: Joined, counts: dict[str, _Counts]) -> Sequence[str]:
    said = []
    if joined.missing:
        said.append(
            f"{len(joined.missing)} items have no answer: the website's accuracy counts them as "
            f"wrong, leaderboard and toolkit count the {int(counts['leaderboard'].total.sum())} "
            "that were answered."
        )
    if joined.duplicate:
        said.append(
            f"{len(joined.duplicate)} items are answered more than once: the first answer counts "
            "here, leaderboard and toolkit count each."
        )
    if joined.unknown:
        said.append(f"{len(joined.unknown)} answers belong to no item of the truth.")
    return said
