"""ISRG-Q: 0.6 SRCC + 0.4 PLCC of predicted scores with the MOS.

Source: VQualA 2025 challenge on super-resolved images, equation 1. Whether the organisers fit a
polynomial before PLCC is not published; the plain PLCC counts here, the fitted one stands beside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.evaluate.correlations import (
    Correlations,
    correlations,
    defined,
    resampled_correlations,
)
from pipelines.evaluate.named import Row, column_of, match_rows
from pipelines.evaluate.reading import read_rows
from pipelines.evaluate.resampling import compared, interval, replicates_for, resampled
from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["evaluate_isrgq", "read_isrgq_scores", "read_isrgq_truth"]

Floats = npt.NDArray[np.float64]
_NAMES = ("name", "Image_name", "image_name", "image", "image_path", "file_name")
_MOS = ("MOS", "mos", "score")
_SCORES = ("score", "prediction", "pred", "mos", "MOS")


def read_isrgq_truth(path: Path) -> list[Row]:
    """Read `{"name", "score"}` rows from the published txt (`#`, either order), xlsx or a CSV.

    Raises:
        UserError: `invalid_truth`, naming the line, or what the file refuses.
    """
    if path.suffix.lower() == ".txt":
        return _lines(path)
    rows = read_rows(path)
    name, mos = column_of(rows, _NAMES, path.name), column_of(rows, _MOS, path.name)
    return _scores(path, rows, name, mos)


def read_isrgq_scores(path: Path, model: str = "") -> list[Row]:
    """Read predicted `{"name", "score"}` rows from a CSV (or any table); `model` names the column.

    Raises:
        UserError: as `read_isrgq_truth`.
    """
    rows = read_rows(path)
    name = column_of(rows, _NAMES, path.name)
    score = column_of(rows, [model] if model else _SCORES, path.name)
    return _scores(path, rows, name, score)


def _lines(path: Path) -> list[Row]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UserError("unreadable_file", f"{path.name} is not UTF-8; save it so.") from error
    except FileNotFoundError as error:
        raise UserError("file_not_found", f"There is no file {path}; check the path.") from error
    rows: list[Row] = []
    for number, line in enumerate(lines, 1):
        if not line.strip("#\t "):
            continue
        parts = [part.strip() for part in line.split("#")]
        # Published as SR#MOS#LR (train, val) and SR#LR#MOS (test).
        numbers = [value for value in map(_number, parts[1:]) if value is not None]
        if len(numbers) != 1 or not parts[0]:
            raise UserError(
                "invalid_truth",
                f"{path.name}: line {number} is neither SR#MOS#LR nor SR#LR#MOS "
                f"('{one_line(line, 60)}'); correct it.",
            )
        rows.append({"name": parts[0], "score": numbers[0]})
    return rows


def _number(text: Any) -> float | None:
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _scores(path: Path, rows: Sequence[Row], name: str, score: str) -> list[Row]:
    found: list[Row] = []
    for number, row in enumerate(rows, 1):
        if row.get(name) is None and row.get(score) is None:
            continue
        value = _number(row.get(score))
        if value is None or row.get(name) is None:
            raise UserError(
                "invalid_score",
                f"{path.name}: row {number} ({one_line(row.get(name), 40)}) has the {score} "
                f"'{one_line(row.get(score), 30)}', which is no finite number; correct it.",
            )
        found.append({"name": str(row[name]).strip(), "score": value})
    return found


def evaluate_isrgq(
    truth: Sequence[Row],
    predicted: Sequence[Row],
    against: Sequence[Row] | None = None,
    bootstrap: int | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the challenge's score.

    Args:
        truth: `{"name", "score"}` rows.
        predicted: The same, of the submission.
        against: The same, of another submission.
        bootstrap: Replicates; None chooses by size.
        seed: Seed of the bootstrap.
    """
    matches = match_rows(truth, predicted, lambda row: row["name"])
    kept = [(t, p) for t, p in matches.pairs if p is not None]
    true = np.array([t["score"] for t, _ in kept], np.float64)
    given = np.array([p["score"] for _, p in kept], np.float64)
    pair = correlations(true, given)
    replicates = replicates_for(len(kept), bootstrap)
    said = matches.gaps.warnings()
    if np.isnan(pair.srcc):
        said.append("All predictions, or all true scores, are equal: there is no correlation.")
    result: dict[str, Any] = {
        "track": "isrgq",
        "score": defined(_weighted(pair)),
        "srcc": defined(pair.srcc),
        "plcc": defined(pair.plcc),
        "plcc_fitted": _fitted(true, given),
        "n": len(kept),
        "ci95": _interval(true, given, replicates, seed),
        **matches.gaps.as_json(),
        "warnings": said,
    }
    if against is not None:
        result["against"] = _compare(matches.pairs, truth, against, replicates, seed)
    return result


def _weighted(pair: Correlations) -> float:
    return 0.6 * pair.srcc + 0.4 * pair.plcc


def _fitted(true: Floats, given: Floats) -> float | None:
    """Return PLCC after a polynomial of degree 4, which the organisers draw in their figure."""
    if len(np.unique(given)) < 6:
        return None
    centred = (given - given.mean()) / given.std()
    fit = np.polynomial.Polynomial.fit(centred, true, 4)
    return defined(correlations(true, fit(centred)).plcc)


def _drawn(true: Floats, given: Floats, places: npt.NDArray[np.intp]) -> Floats:
    srcc, plcc = resampled_correlations(true, given, places)
    return 0.6 * srcc + 0.4 * plcc


def _interval(true: Floats, given: Floats, replicates: int, seed: int) -> list[float] | None:
    if not replicates or len(true) < 3:
        return None
    (scores,) = resampled(
        len(true), replicates, seed, lambda places: (_drawn(true, given, places),)
    )
    return interval(scores)


def _compare(
    pairs: Sequence[tuple[Row, Row | None]],
    truth: Sequence[Row],
    against: Sequence[Row],
    replicates: int,
    seed: int,
) -> dict[str, Any]:
    others = match_rows(truth, against, lambda row: row["name"])
    rows = [
        (true["score"], own["score"], other["score"])
        for (true, own), (_, other) in zip(pairs, others.pairs, strict=True)
        if own is not None and other is not None
    ]
    true, own, other = np.array(rows, np.float64).reshape(-1, 3).T
    scores = [_weighted(correlations(true, side)) for side in (own, other)]
    if len(true) < 3 or not replicates or np.isnan(scores).any():
        return {"n": len(true), "score": defined(scores[1]),
                "difference": defined(scores[0] - scores[1]), "ci95": None, "p": None}  # fmt: skip
    drawn = resampled(
        len(true), replicates, seed, lambda at: (_drawn(true, own, at), _drawn(true, other, at))
    )
    return {"n": len(true)} | compared(drawn[0], drawn[1], scores[0], scores[1])
