"""Facts into DuckDB: which rows a fact becomes, and how the tables are made."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import duckdb
import pyarrow as pa

from annotator.store.journal import Entry
from schemas.facts import Fact, Submitted
from schemas.migrations import FACT_TABLES, MIGRATIONS

__all__ = ["applied_position", "apply_entries", "connect", "migrate", "table_of"]

_SETTINGS = {
    # Extensions would be looked for on the network.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "preserve_insertion_order": "true",
}

Row = dict[str, Any]


def connect(database: str, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file, or `:memory:`, with the settings of the house."""
    connection: duckdb.DuckDBPyConnection = duckdb.connect(
        database, read_only=read_only, config=dict(_SETTINGS)
    )
    return connection


def migrate(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """Run the migrations that have not run yet, each in one transaction with its record.

    Returns:
        Numbers of those that ran.
    """
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (number INTEGER, name VARCHAR, ran_at TIMESTAMPTZ)"
    )
    done = {number for (number,) in connection.execute("SELECT number FROM migrations").fetchall()}
    ran = []
    for migration in MIGRATIONS:
        if migration.number in done:
            continue
        connection.begin()
        try:
            for statement in migration.statements:
                connection.execute(statement)
            connection.execute(
                "INSERT INTO migrations VALUES (?, ?, now())", [migration.number, migration.name]
            )
            connection.commit()
        except duckdb.Error:
            connection.rollback()
            raise
        ran.append(migration.number)
    return ran


def applied_position(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Return (last fact in the database, byte of the journal after it); (0, 0) when empty."""
    row = connection.execute(
        "SELECT coalesce(max(seq), 0), coalesce(max(journal_end), 0) FROM applied"
    ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def apply_entries(connection: duckdb.DuckDBPyConnection, entries: list[Entry]) -> None:
    """Add the rows of some facts and the position reached, in one transaction."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for entry in entries:
        for table, row in _rows(entry.seq, entry.fact):
            rows[table].append(row)
    connection.begin()
    try:
        for table, table_rows in rows.items():
            _insert(connection, table, table_rows)
        connection.execute("INSERT INTO applied VALUES (?, ?)", [entries[-1].seq, entries[-1].end])
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def table_of(kind: str) -> str:
    """Return the table of a kind of fact; texts of a submission are in `feedback` besides."""
    return "submissions" if kind == Submitted.kind else _SHAPES[kind][0]


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[Row]) -> None:
    schema = connection.table(table).limit(0).to_arrow_table().schema
    columns = {name: [row.get(name) for row in rows] for name in schema.names}
    batch = pa.table(columns, schema=schema)
    connection.from_arrow(batch).insert_into(table)


def _rows(seq: int, fact: Fact) -> Iterable[tuple[str, Row]]:
    if isinstance(fact, Submitted):
        return _submission_rows(seq, fact)
    table, shape = _SHAPES[fact.kind]
    row = {name: getattr(fact, name) for name in fact.__dataclass_fields__}
    row["seq"], row["recorded_at"] = seq, row.pop("at")
    return [(table, shape(row))]


def _plain(row: Row) -> Row:
    return row


def _lists(*names: str) -> Callable[[Row], Row]:
    return lambda row: {**row, **{name: list(row[name]) for name in names}}


def _json(name: str) -> Callable[[Row], Row]:
    return lambda row: {**row, name: None if row[name] is None else to_json(row[name])}


def to_json(value: object) -> str:
    """Return JSON with sorted keys, so that equal values give equal text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


_SHAPES: dict[str, tuple[str, Callable[[Row], Row]]] = {
    "founded": ("founded", _plain),
    "setting": ("settings", _plain),
    "imported": ("stimuli", _json("rendition")),
    "sighted": ("sightings", _plain),
    "described": ("descriptions", _json("values")),
    "rater_added": ("raters", _lists("expertise")),
    "invited": ("invites", _plain),
    "claimed": ("claims", _plain),
    "access": ("access", _plain),
    "assigned": ("assignments", _lists("asked")),
    "skipped": ("skips", _plain),
    "decided": ("decisions", _plain),
    "reversed": ("reversals", _plain),
    "computed": ("runs", _json("options")),
    "discarded": ("discards", _plain),
    "called": ("calls", _json("parameters")),
    "batched": ("batches", _lists("requests")),
    "drafted": ("drafts", lambda row: _json("body")(_json("verdicts")(row))),
    "reviewed": ("reviews", _json("changes")),
}
"""Kind of fact -> table, and what its row needs beyond the fields."""

if not {table for table, _ in _SHAPES.values()} | {"submissions", "feedback"} == set(FACT_TABLES):
    raise ImportError("every fact table must be filled by a kind of fact")


def _submission_rows(seq: int, fact: Submitted) -> Iterable[tuple[str, Row]]:
    rated_at = fact.rated_at if fact.rated_at is not None or fact.assignment is None else fact.at
    yield (
        "submissions",
        {
            "seq": seq,
            "recorded_at": fact.at,
            "submission": fact.submission,
            "rater": fact.rater,
            "stimulus": fact.stimulus,
            "dimensions": list(fact.scores),
            "scores": list(fact.scores.values()),
            "n_feedback": len(fact.feedback),
            "assignment": fact.assignment,
            "client_id": fact.client_id,
            "duration_ms": fact.duration_ms,
            "is_late": fact.late,
            "session": fact.session,
            "arm": fact.arm,
            "probability": fact.probability,
            "corrects": fact.corrects,
            "rated_at": rated_at,
            "view": to_json(fact.view),
        },
    )
    for position, feedback in enumerate(fact.feedback):
        yield (
            "feedback",
            {
                "seq": seq,
                "recorded_at": fact.at,
                "submission": fact.submission,
                "rater": fact.rater,
                "stimulus": fact.stimulus,
                "position": position,
                "dimension": feedback.dimension,
                "text": feedback.text,
            },
        )
