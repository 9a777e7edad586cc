"""The manifest's columns of a study (JSON objects) as typed columns of a table, and back."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

__all__ = ["DetailColumn", "details_of", "spread_details"]

_TYPES: dict[type, pa.DataType] = {str: pa.string(), bool: pa.bool_(), float: pa.float64()}
_MISSING = object()


class DetailColumn(NamedTuple):
    """One column that a manifest brought."""

    column: str
    """Name in the table; differs from `key` only where the table has a column of that name."""
    key: str
    """Name in the manifest."""
    kind: str
    """`string`, `double`, `bool`, `int64`, or `json` where values are of several types."""


def spread_details(
    texts: Sequence[str | None], reserved: Collection[str]
) -> tuple[dict[str, pa.Array], list[DetailColumn]]:
    """Return a column for each key of the JSON objects, and what is needed to undo it.

    Args:
        texts: One JSON object (or null) a row.
        reserved: Names that are taken.
    """
    rows: list[Mapping[str, Any]] = [json.loads(text) if text else {} for text in texts]
    keys = dict.fromkeys(key for row in rows for key in row)
    taken = set(reserved)
    arrays: dict[str, pa.Array] = {}
    columns: list[DetailColumn] = []
    for key in keys:
        name = key
        while name in taken or not name:
            name = f"details.{name}"
        taken.add(name)
        values = [row.get(key, _MISSING) for row in rows]
        kind, arrays[name] = _column(values)
        columns.append(DetailColumn(name, key, kind))
    return arrays, columns


def details_of(table: pa.Table, columns: Sequence[DetailColumn]) -> list[str | None]:
    """Return the JSON objects that `spread_details` was given; null where nothing is there."""
    values = {column.column: table[column.column].to_pylist() for column in columns}
    texts: list[str | None] = []
    for at in range(table.num_rows):
        row = {
            column.key: json.loads(cell) if column.kind == "json" else cell
            for column in columns
            if (cell := values[column.column][at]) is not None
        }
        texts.append(json.dumps(row, ensure_ascii=False) if row else None)
    return texts


def _column(values: Sequence[Any]) -> tuple[str, pa.Array]:
    present = {type(value) for value in values if value is not _MISSING}
    cells = [None if value is _MISSING else value for value in values]
    if len(present) == 1 and (only := next(iter(present))) in _TYPES:
        return str(_TYPES[only]), pa.array(cells, _TYPES[only])
    if present == {int} and all(cell is None or -(2**63) <= cell < 2**63 for cell in cells):
        return "int64", pa.array(cells, pa.int64())
    texts = [
        None if value is _MISSING else json.dumps(value, ensure_ascii=False, sort_keys=True)
        for value in values
    ]
    return "json", pa.array(texts, pa.string())
