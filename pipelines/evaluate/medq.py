"""MedQ-Bench: accuracy of perception by type and modality, and graded descriptions.

Source: VLMEvalKit, `medqbench_mcq.py` and `medqbench_caption.py`; the paper's tables are percent.
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
from schemas.question import LETTERS

__all__ = ["METRICS", "evaluate_medq", "option_letter"]

METRICS = ("completeness", "preciseness", "consistency", "quality_accuracy")
"""What a judge grades, each 0-2; the score is their sum."""
_TYPES = ("question_type", "type")
_USUAL = ("prediction",)
_TRUTH_KEYS = (
    "index", "image", "image_path", "image_a", "image_b", "question", *LETTERS, "answer",
    "modality", "category", "split", "question_type", "type", "description", "hit",
)  # fmt: skip
_ISOLATED = re.compile(r"(?:^|[^A-Z])([A-D])(?:[^A-Z]|$)")


def option_letter(reply: Any) -> str:
    """Return the letter that the benchmark's rule reads from a reply, else the reply.

    The rule as it runs: a bare letter; a letter first, followed by `.`, `)` or blank; a letter
    first, followed by `-` or `:`; else the first of A-D that stands alone, be it the article "a".
    (The rule also names "answer is X", in lower case, which never matches upper-cased text.)

    >>> option_letter(" b "), option_letter("(C) Low"), option_letter("It is a blur: D")
    ('B', 'C', 'A')
    """
    text = str(reply).strip().upper()
    if text in tuple(LETTERS):
        return text
    first = re.match(r"([A-D])(?:[.)\s]|\s*[-:])", text)
    if first:
        return first.group(1)
    alone = _ISOLATED.search(text)
    return alone.group(1) if alone else text


def evaluate_medq(
    truth: Sequence[Row],
    predicted: Sequence[Row],
    model: str = "",
    bootstrap: int | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Return perception's accuracies, or the sum of a judge's marks where predictions hold those.

    Args:
        truth: Rows of the benchmark's TSV; `index` names them.
        predicted: Rows with `index` and `prediction`, or with `index` and `METRICS`.
        model: Column of the answers.
        bootstrap: Replicates; None chooses by size.
        seed: Seed of the bootstrap.

    Raises:
        UserError: a column is missing.
    """
    for rows, what in ((truth, "The truth"), (predicted, "The predictions file")):
        column_of(rows, ("index",), what)
    if any(metric in row for row in predicted for metric in METRICS):
        names = [_index(row) for row in predicted]
        graded, gaps = judged_means(predicted, names, [_index(row) for row in truth], METRICS)
        is_pair = any("image_a" in row for row in truth)
        task = "comparison" if is_pair else "description"
        return {"track": "medq", "task": task, **graded, **gaps.as_json(),
                "warnings": gaps.warnings()}  # fmt: skip
    return _perception(truth, predicted, model, replicates_for(2, bootstrap), seed)


def _index(row: Row) -> str:
    value = row.get("index")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _perception(
    truth: Sequence[Row], predicted: Sequence[Row], model: str, replicates: int, seed: int
) -> dict[str, Any]:
    column_of(truth, ("answer",), "The truth")
    key = model_of(predicted, _TRUTH_KEYS, model, _USUAL)
    matches = match_rows(truth, predicted, _index)
    kind = next((name for name in _TYPES if any(name in row for row in truth)), None)
    by_type: defaultdict[str, list[bool]] = defaultdict(list)
    by_modality: defaultdict[str, list[bool]] = defaultdict(list)
    right, n_loose = [], 0
    for row, reply in matches.pairs:
        given = None if reply is None else reply.get(key)
        letter = "" if given is None else option_letter(given)
        n_loose += given is not None and str(given).strip().upper() != letter
        right.append(letter == _answer(row.get("answer")))
        if kind is not None:
            by_type[str(row.get(kind, ""))].append(right[-1])
        if "modality" in row:
            by_modality[str(row["modality"])].append(right[-1])
    said = matches.gaps.warnings()
    if matches.gaps.missing:
        said.append("Items without prediction count as wrong.")
    if n_loose:
        said.append(
            f"{n_loose} replies are more than a letter; the letter was read by the benchmark's "
            "rule, which takes the article 'a' for an answer."
        )
    if kind is None:
        said.append("The truth has no column question_type, so there is no accuracy by type.")
    return {
        "track": "medq",
        "task": "perception",
        "score": percent(right),
        "accuracy": percent(right),
        "correct": sum(right),
        "n": len(right),
        "by_type": {name: percent(values) for name, values in by_type.items()},
        "by_modality": {name: percent(values) for name, values in by_modality.items()},
        "ci95": accuracy_interval(right, replicates, seed),
        **matches.gaps.as_json(),
        "warnings": said,
    }


def _answer(value: Any) -> str:
    """Return the right letter; numbers 0-3 stand for A-D."""
    text = str(value).strip().upper()
    return LETTERS[int(text)] if text in tuple("0123") else text
