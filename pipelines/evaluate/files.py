"""A score from two files: each track's readers and scorer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.evaluate.baselines import published
from pipelines.evaluate.columns import read_columns
from pipelines.evaluate.items import Truth, join, predictions_of, truth_of
from pipelines.evaluate.reading import read_rows
from pipelines.evaluate.submission import Choices, Submission
from schemas.errors import UserError

__all__ = ["TRACKS", "Choices", "evaluate_files"]

TRACKS = ("U", "S", "isrgq", "medq", "qbench", "regions")
"""Tracks that have a score."""


def evaluate_files(
    track: str,
    truth: Path,
    predictions: Path,
    choices: Choices | None = None,
    against: Path | None = None,
) -> dict[str, Any]:
    """Return the JSON of `evaluate`.

    Args:
        track: One of `TRACKS`.
        truth: What is right.
        predictions: What was predicted.
        choices: Convention, model, bootstrap, seed.
        against: Another submission, compared on the same items (U, S, isrgq).

    Raises:
        UserError: what a file refuses, or `no_comparison`.
    """
    choices = choices or Choices()
    if track in ("U", "S"):
        result = _siqa(track, truth, predictions, choices, against)
    elif track == "isrgq":
        result = _isrgq(truth, predictions, choices, against)
    elif against is not None:
        raise UserError("no_comparison", f"--against is for U, S and isrgq, not for {track}.")
    else:
        result = _of_rows(track)(truth, predictions, choices)
    return result | {"published": published(track, result.get("task"))}


def _siqa(
    track: str, truth: Path, predictions: Path, choices: Choices, against: Path | None
) -> dict[str, Any]:
    from pipelines.evaluate.siqa_s import evaluate_s
    from pipelines.evaluate.siqa_u import evaluate_u

    score = evaluate_u if track == "U" else evaluate_s
    right = truth_of(read_columns(truth), track, truth.name)
    own = _submission(right, track, predictions, choices.model)
    other = None if against is None else _submission(right, track, against, "")
    return score(right, own, choices, other)


def _submission(truth: Truth, track: str, path: Path, model: str) -> Submission:
    found = predictions_of(read_columns(path), track, path.name, model)
    return Submission(found, join(truth, found, track))


def _isrgq(
    truth: Path, predictions: Path, choices: Choices, against: Path | None
) -> dict[str, Any]:
    from pipelines.evaluate.isrgq import evaluate_isrgq, read_isrgq_scores, read_isrgq_truth

    return evaluate_isrgq(
        read_isrgq_truth(truth),
        read_isrgq_scores(predictions, choices.model),
        None if against is None else read_isrgq_scores(against),
        choices.bootstrap,
        choices.seed,
    )


def _of_rows(track: str) -> Callable[[Path, Path, Choices], dict[str, Any]]:
    def score(truth: Path, predictions: Path, choices: Choices) -> dict[str, Any]:
        rows = read_rows(truth), read_rows(predictions)
        if track == "regions":
            from pipelines.evaluate.regions import evaluate_regions

            return evaluate_regions(*rows, choices.bootstrap, choices.seed)
        from pipelines.evaluate.medq import evaluate_medq
        from pipelines.evaluate.qbench import evaluate_qbench

        scorer = evaluate_medq if track == "medq" else evaluate_qbench
        return scorer(*rows, choices.model, choices.bootstrap, choices.seed)

    return score
