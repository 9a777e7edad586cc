"""Q-Bench: accuracy on LLVisionQA by type and concern, and graded descriptions of LLDescribe.

Q-Bench's own scores come from a language model as judge; the rule here is the deterministic one
of Q-SiT: the letter, the letter with a full stop, the option's text, or a letter alone on a line.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from pipelines.evaluate.accuracies import accuracy_interval, percent
from pipelines.evaluate.judged import judged_means
from pipelines.evaluate.named import Row, column_of, match_rows, model_of
from pipelines.evaluate.resampling import replicates_for
from schemas.errors import UserError
from schemas.question import LETTERS, QUESTION_TYPES
from schemas.text import one_line

__all__ = ["CONCERNS", "METRICS", "chosen_option", "evaluate_qbench"]

CONCERNS = ("distortion", "other", "in-context distortion", "in-context other")
"""Names of the numbers 0-3 of `concern`, inferred from the benchmark's one example."""
METRICS = ("completeness", "preciseness", "relevance")
"""What a judge grades in LLDescribe, each 0-2; the score is their sum, of 6."""
_TRUTH_KEYS = (
    "id",
    "img_path",
    "image",
    "question",
    "candidates",
    "correct_ans",
    "type",
    "concern",
)
_USUAL = ("response", "pred_ans", "prediction", "output")


def chosen_option(reply: Any, options: Sequence[str]) -> str | None:
    """Return the option that a reply chooses, or None.

    >>> chosen_option("B. Low", ["High", "Low"]), chosen_option("high", ["High", "Low"])
    ('Low', 'High')
    """
    text = str(reply).strip()
    by_letter = dict(zip(LETTERS, options, strict=False))
    if text.upper() in by_letter:
        return by_letter[text.upper()]
    same = [option for option in options if _plain(option) == _plain(text)]
    if same:
        return same[0]
    named = {letter for letter in by_letter if re.search(rf"(?<![A-Za-z]){letter}\.", text)}
    named = named or {line.strip() for line in text.splitlines() if line.strip() in by_letter}
    return by_letter[named.pop()] if len(named) == 1 else None


def _plain(text: str) -> str:
    return " ".join(text.split()).rstrip(".").casefold()


def evaluate_qbench(
    truth: Sequence[Row],
    predicted: Sequence[Row],
    model: str = "",
    bootstrap: int | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Return LLVisionQA's accuracies, or LLDescribe's sum where predictions hold a judge's marks.

    Args:
        truth: Items with `img_path`, and for LLVisionQA question, candidates, correct_ans.
        predicted: Items with the model's reply, or with `METRICS`.
        model: Key of the replies.
        bootstrap: Replicates; None chooses by size.
        seed: Seed of the bootstrap.

    Raises:
        UserError: a key is missing or an answer is none of its candidates.
    """
    predicted = [_respelt(row) for row in predicted]
    if any(metric in row for row in predicted for metric in METRICS):
        column_of(truth, ("img_path", "image"), "The truth")
        names = [_image(row) for row in predicted]
        expected = list(dict.fromkeys(_image(row) for row in truth))
        graded, gaps = judged_means(predicted, names, expected, METRICS)
        return {"track": "qbench", "task": "description", **graded, **gaps.as_json(),
                "warnings": gaps.warnings()}  # fmt: skip
    return _questions(truth, predicted, model, replicates_for(2, bootstrap), seed)


def _respelt(row: Row) -> Row:
    return {("preciseness" if key == "precision" else key): value for key, value in row.items()}


def _image(row: Row) -> str:
    return str(row.get("img_path", row.get("image", row.get("id"))))


def _item(row: Row) -> str:
    return f"{_image(row)}: {row.get('question', '')}"


def _questions(
    truth: Sequence[Row], predicted: Sequence[Row], model: str, replicates: int, seed: int
) -> dict[str, Any]:
    for column in ("question", "candidates", "correct_ans"):
        column_of(truth, (column,), "The truth")
    key = model_of(predicted, _TRUTH_KEYS, model, _USUAL)
    matches = match_rows(truth, predicted, _item)
    groups: dict[str, defaultdict[str, list[bool]]] = {
        name: defaultdict(list) for name in ("type", "concern")
    }
    right, n_unread = [], 0
    for row, reply in matches.pairs:
        options = [str(option) for option in row.get("candidates") or ()]
        answer = _right_option(row, options)
        given = None if reply is None else reply.get(key)
        chosen = None if given is None else chosen_option(given, options)
        n_unread += given is not None and chosen is None
        right.append(chosen == answer)
        groups["type"][_named(row.get("type"), QUESTION_TYPES)].append(right[-1])
        groups["concern"][_named(row.get("concern"), CONCERNS)].append(right[-1])
    said = matches.gaps.warnings()
    if matches.gaps.missing:
        said.append("Items without prediction count as wrong.")
    if n_unread:
        said.append(f"{n_unread} replies choose no option, or several, and count as wrong.")
    said.append(
        "Replies are read by a fixed rule; Q-Bench's published numbers come from a language model "
        "as judge, others from rules that differ."
    )
    return {
        "track": "qbench",
        "task": "questions",
        "score": percent(right),
        "accuracy": percent(right),
        "n": len(right),
        "by_type": {name: percent(values) for name, values in groups["type"].items()},
        "by_concern": {name: percent(values) for name, values in groups["concern"].items()},
        "ci95": accuracy_interval(right, replicates, seed),
        **matches.gaps.as_json(),
        "warnings": said,
    }


def _right_option(row: Row, options: Sequence[str]) -> str:
    given = str(row.get("correct_ans", ""))
    if given in options:
        return given
    if given.strip().upper() in LETTERS[: len(options)] and len(given.strip()) == 1:
        return options[LETTERS.index(given.strip().upper())]
    raise UserError(
        "invalid_truth",
        f"The right answer '{one_line(given, 40)}' of '{one_line(_item(row), 60)}' is none of its "
        "candidates; correct the truth.",
    )


def _named(value: Any, names: Sequence[str]) -> str:
    text = str(value)
    return names[int(text)] if text.isdigit() and int(text) < len(names) else text
