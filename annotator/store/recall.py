"""Facts back from the rows they became: the way of `index`, walked backwards."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

import duckdb

from annotator.store.index import table_of
from schemas.facts import FACTS, Fact, fact_from

__all__ = ["recall_facts"]

_JSON = {
    "imported": ("rendition",),
    "described": ("values",),
    "computed": ("options",),
    "called": ("parameters",),
    "drafted": ("body", "verdicts"),
    "reviewed": ("changes",),
}
"""Kind of fact -> fields that its row holds as JSON."""


def recall_facts(connection: duckdb.DuckDBPyConnection, numbers: Iterable[int]) -> dict[int, Fact]:
    """Return the facts of these numbers that the database has.

    They become the same rows again; the text of their lines may differ from what was written.
    """
    wanted = sorted(numbers)
    found: dict[int, Fact] = {}
    for kind, cls in FACTS.items():
        names = [field.name for field in dataclasses.fields(cls)]
        for row in _rows(connection, table_of(kind), wanted):
            if kind == "submitted":
                fields = _submission_fields(connection, row)
            else:
                fields = {name: row[name] for name in names if name != "at"}
            for name in _JSON.get(kind, ()):
                fields[name] = None if fields[name] is None else json.loads(fields[name])
            found[row["seq"]] = fact_from({"kind": kind, "at": row["recorded_at"], **fields})
    return found


def _rows(
    connection: duckdb.DuckDBPyConnection, table: str, numbers: list[int]
) -> list[dict[str, Any]]:
    if not numbers:
        return []
    is_wanted = duckdb.ColumnExpression("seq").isin(*map(duckdb.ConstantExpression, numbers))
    rows: list[dict[str, Any]] = (
        connection.table(table).filter(is_wanted).to_arrow_table().to_pylist()
    )
    return rows


def _submission_fields(
    connection: duckdb.DuckDBPyConnection, row: dict[str, Any]
) -> dict[str, Any]:
    same = ("submission", "rater", "stimulus", "assignment", "client_id", "duration_ms", "session",
            "arm", "probability", "corrects", "rated_at")  # fmt: skip
    texts = sorted(_rows(connection, "feedback", [row["seq"]]), key=lambda text: text["position"])
    scores = [int(score) if score.is_integer() else score for score in row["scores"]]
    return {
        **{name: row[name] for name in same},
        "scores": dict(zip(row["dimensions"], scores, strict=True)),
        "feedback": [{"text": text["text"], "dimension": text["dimension"]} for text in texts],
        "late": row["is_late"],
        "view": json.loads(row["view"]),
    }
