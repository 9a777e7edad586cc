"""A scorer's predictions beside people's MOS, dimension by dimension."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.opinion.correlation import ScorerFigures, scorer_figures
from pipelines.opinion.mos import MosResult
from pipelines.opinion.table import Floats
from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["PREDICTION_COLUMNS", "ScorerPairs", "compare_scorer"]

PREDICTION_COLUMNS = ("stimulus", "item", "dimension", "mean", "score", "prediction")
"""Columns read from a table of predictions; the first of the last three that is there counts."""


@dataclass(frozen=True)
class ScorerPairs:
    """Predictions and MOS of the stimuli that have both."""

    predicted: Floats
    """Shape (n,)."""
    mos: Floats
    """Shape (n,), of the method that ran."""
    figures: ScorerFigures
    """How well the first follow the second."""
    n_without: int
    """Stimuli with a MOS and no prediction."""


def compare_scorer(
    mos: MosResult, predictions: pa.Table, replicates: int = 1000, seed: int = 0
) -> dict[str, ScorerPairs]:
    """Compare predictions with the MOS of every dimension and composite they name.

    Args:
        mos: The scores of people.
        predictions: Columns `stimulus` (or `item`), `mean` (or `score` or `prediction`), and
            `dimension` where there is more than one; blank predictions are left out.
        replicates: Bootstrap replicates of the intervals.
        seed: Seed of the bootstrap.

    Raises:
        UserError: `missing_column`, `invalid_prediction`, `unknown_dimension` or
            `duplicate_prediction`.
    """
    names, stimulus, value = _columns(predictions, mos)
    found = {}
    for name in dict.fromkeys(names):
        of: dict[str, float] = {}
        for at, number in enumerate(value):
            if names[at] != name or number is None:
                continue
            if stimulus[at] in of:
                raise UserError(
                    "duplicate_prediction",
                    f"The predictions have '{one_line(stimulus[at], 60)}' twice on '{name}' "
                    f"(row {at + 1}); keep one.",
                )
            of[stimulus[at]] = number
        found[name] = _pairs(mos, name, of, replicates, seed)
    return found


def _pairs(
    mos: MosResult, name: str, of: dict[str, float], replicates: int, seed: int
) -> ScorerPairs:
    scores = mos.estimates[name].scores.mos
    predicted = np.array([of.get(stimulus, np.nan) for stimulus in mos.stimuli], float)
    both = np.isfinite(scores) & np.isfinite(predicted)
    x, y = predicted[both], scores[both]
    figures = scorer_figures(x, y, replicates=replicates, seed=seed)
    return ScorerPairs(x, y, figures, int(np.count_nonzero(np.isfinite(scores) & ~both)))


def _columns(table: pa.Table, mos: MosResult) -> tuple[list[str], list[str], list[float | None]]:
    there = table.column_names
    key = next((name for name in ("stimulus", "item") if name in there), None)
    value = next((name for name in ("mean", "score", "prediction") if name in there), None)
    if key is None or value is None:
        raise UserError(
            "missing_column",
            f"The predictions have the columns {one_line(', '.join(there), 120)}; give stimulus "
            "and mean (or score or prediction).",
        )
    known = list(mos.estimates)
    if "dimension" in there:
        names = [str(name) for name in table["dimension"].to_pylist()]
    elif len(known) == 1:
        names = known * table.num_rows
    else:
        raise UserError(
            "missing_column", f"The predictions need a column dimension ({', '.join(known)})."
        )
    unknown = next((row for row, name in enumerate(names) if name not in known), None)
    if unknown is not None:
        raise UserError(
            "unknown_dimension",
            f"Row {unknown + 1} of the predictions is about '{one_line(names[unknown], 60)}'; the "
            f"dimensions are {', '.join(known)}.",
        )
    texts = table[value].to_pylist()
    values = [_number(text, row + 1) for row, text in enumerate(texts)]
    return names, [str(name) for name in table[key].to_pylist()], values


def _number(text: object, row: int) -> float | None:
    if text is None or text == "":
        return None
    try:
        number = float(str(text))
    except ValueError:
        number = float("nan")
    if not np.isfinite(number):
        raise UserError(
            "invalid_prediction",
            f"Row {row} of the predictions is '{one_line(str(text), 40)}', not a number; correct "
            "it or leave it empty.",
        )
    return number
