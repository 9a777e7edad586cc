"""Descriptions graded by a judge: marks 0-2 on several metrics, over one or more rounds."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from pipelines.evaluate.named import Gaps, Row
from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["judged_means"]

_HIGHEST = 2


def judged_means(
    rows: Sequence[Row], names: Sequence[str], expected: Sequence[str], metrics: Sequence[str]
) -> tuple[dict[str, Any], Gaps]:
    """Return the mean of each metric, their sum, and what does not fit.

    A cell is a mark, or a list of marks (rounds; JSON text is read). `METRIC_scores`, the list
    that VLMEvalKit writes beside its mean, counts before `METRIC`. Several rows of one name are
    rounds too. A round without a mark is left out of the mean of its item; an item without any
    is left out of the metric, as the published tools do, and is counted.

    Args:
        rows: One a graded description.
        names: Name of each row's item.
        expected: Names that should be there.
        metrics: Columns of marks.

    Raises:
        UserError: `invalid_mark`, naming item and metric.
    """
    known = set(expected)
    gaps = Gaps(unknown=[name for name in names if name not in known])
    marks: dict[str, defaultdict[str, list[float]]] = {m: defaultdict(list) for m in metrics}
    n_rows: defaultdict[str, int] = defaultdict(int)
    for name, row in zip(names, rows, strict=True):
        if name not in known:
            continue
        n_rows[name] += 1
        for metric in metrics:
            marks[metric][name] += _marks(row, metric, name)
    gaps.missing = [name for name in expected if name not in n_rows]
    means = {metric: _mean(list(found.values())) for metric, found in marks.items()}
    rounds = [len(m) for found in marks.values() for m in found.values() if m]
    total = None if None in means.values() else sum(m for m in means.values() if m is not None)
    return {
        "score": total,
        "out_of": _HIGHEST * len(metrics),
        "metrics": means,
        "n": len(n_rows),
        "rounds": {"min": min(rounds, default=0), "max": max(rounds, default=0)},
        "without_mark": {
            metric: sum(not m for m in found.values()) for metric, found in marks.items()
        },
    }, gaps


def _mean(items: Sequence[Sequence[float]]) -> float | None:
    means = [float(np.mean(marks)) for marks in items if marks]
    return float(np.mean(means)) if means else None


def _marks(row: Row, metric: str, name: str) -> list[float]:
    cell = row.get(f"{metric}_scores", row.get(metric))
    if isinstance(cell, str) and cell.strip().startswith("["):
        try:
            cell = json.loads(cell.replace("None", "null"))
        except json.JSONDecodeError as error:
            raise _invalid(name, metric, cell) from error
    cells = cell if isinstance(cell, list) else [cell]
    return [_mark(value, name, metric) for value in cells if not _is_empty(value)]


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _mark(value: Any, name: str, metric: str) -> float:
    try:
        mark = float(value)
    except (TypeError, ValueError) as error:
        raise _invalid(name, metric, value) from error
    if not 0 <= mark <= _HIGHEST:
        raise _invalid(name, metric, value)
    return mark


def _invalid(name: str, metric: str, value: Any) -> UserError:
    return UserError(
        "invalid_mark",
        f"The {metric} of '{one_line(name, 40)}' is '{one_line(value, 30)}'; a judge's mark is a "
        f"number from 0 to {_HIGHEST}.",
    )
