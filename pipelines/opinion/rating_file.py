"""Ratings from a CSV, Parquet or JSON-lines file, ids exactly as written."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from pipelines.opinion.coding import COLUMNS
from pipelines.opinion.memory import check_memory
from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["read_ratings_file"]

_BLOCK_BYTES = 1 << 24
"""Part of a CSV held as text at one time."""
_REPEATED = pa.dictionary(pa.int32(), pa.string())
"""Ids repeat; kept as codes a 5 GB file of ratings fits in memory."""


def read_ratings_file(path: Path, columns: Sequence[str] = COLUMNS) -> pa.Table:
    """Read the columns of a ratings file that are known.

    CSV (comma, semicolon or tab; UTF-8 with or without byte order mark) is streamed, and
    every field stays the text it is, so that the id `007` does not become 7. JSON lines
    keep numbers as they are written.

    Args:
        path: File ending in `.csv`, `.tsv`, `.txt`, `.parquet`, `.jsonl`, `.ndjson` or `.json`.
        columns: Names to read; others are ignored.

    Returns:
        The table for `coding.rating_table`, which checks the values.

    Raises:
        UserError: `file_not_found`, `unknown_file_type`, `unreadable_file`, `no_ratings` or
            `too_many_ratings`.
    """
    if not path.is_file():
        raise UserError("file_not_found", f"There is no file {path}; check the path.", status=404)
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv", ".txt"):
        table = _read_csv(path, columns)
    elif suffix in (".parquet", ".pq"):
        table = _read_parquet(path, columns)
    elif suffix in (".jsonl", ".ndjson", ".json"):
        table = _read_json(path, columns)
    else:
        raise UserError(
            "unknown_file_type",
            f"{path.name}: ratings are read from .csv, .parquet or .jsonl; convert the file.",
        )
    if not table.num_rows:
        raise UserError("no_ratings", f"{path.name} holds no ratings; give a file with rows.")
    return table


def _read_csv(path: Path, known_names: Sequence[str]) -> pa.Table:
    delimiter, names = _header(path)
    check_memory(path)
    known = [name for name in names if name.strip() in known_names]
    bad_rows: list[tuple[int | None, int, int]] = []

    def remember(row: Any) -> str:
        bad_rows.append((row.number, row.expected_columns, row.actual_columns))
        return "error"

    types = {name: _REPEATED for name in known if name.strip() != "rated_at"}
    types |= {name: pa.string() for name in known if name.strip() == "rated_at"}
    try:
        with pa_csv.open_csv(
            path,
            # One thread keeps row numbers in messages right.
            read_options=pa_csv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=remember
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=types, include_columns=known, strings_can_be_null=False
            ),
        ) as reader:
            return pa.Table.from_batches(list(reader), schema=reader.schema)
    except pa.ArrowInvalid as error:
        raise _csv_fault(path, error, bad_rows) from error


def _header(path: Path) -> tuple[str, list[str]]:
    """Return the delimiter and the column names as written."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = file.readline()
    except UnicodeDecodeError as error:
        raise UserError(
            "unreadable_file", f"{path.name} is not UTF-8 text; save it as CSV in UTF-8."
        ) from error
    if not line.strip():
        raise UserError("no_ratings", f"{path.name} is empty; give a file with a header and rows.")
    delimiter = max(",;\t", key=line.count)
    names = next(csv.reader([line], delimiter=delimiter))
    return delimiter, [name.rstrip("\r\n") for name in names]


def _csv_fault(
    path: Path, error: pa.ArrowInvalid, bad_rows: list[tuple[int | None, int, int]]
) -> UserError:
    if bad_rows:
        number, expected, actual = bad_rows[0]
        where = f"row {number - 1}" if number is not None else "a row"
        return UserError(
            "unreadable_file",
            f"{path.name}: {where} has {actual} fields where the header has {expected}; "
            "correct that row.",
        )
    fault = one_line(error, 160)
    cure = "save it as UTF-8" if "UTF8" in fault else "correct it"
    return UserError("unreadable_file", f"{path.name} cannot be read as CSV ({fault}); {cure}.")


def _read_parquet(path: Path, known_names: Sequence[str]) -> pa.Table:
    try:
        names = pa_parquet.read_schema(path).names
        return pa_parquet.read_table(path, columns=[n for n in names if n.strip() in known_names])
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(
            "unreadable_file",
            f"{path.name} cannot be read as Parquet ({one_line(error, 120)}); write it again.",
        ) from error


def _read_json(path: Path, known_names: Sequence[str]) -> pa.Table:
    columns: dict[str, list[str | None]] = {}
    n_rows = 0
    for n_rows, record in enumerate(_records(path), start=1):
        if n_rows == 1 and not set(record) & set(known_names):
            raise UserError(
                "missing_column",
                f"{path.name}: its objects have {one_line(', '.join(record), 200) or 'no fields'}; "
                "give objects with stimulus, rater and score, one a line or in one array.",
            )
        for name, value in record.items():
            if name not in known_names:
                continue
            column = columns.setdefault(name, [])
            column.extend([None] * (n_rows - 1 - len(column)))
            column.append(None if value is None else str(value))
    for column in columns.values():
        column.extend([None] * (n_rows - len(column)))
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON-lines file or of one JSON array, numbers as their text."""
    where = "the array"
    try:
        with path.open(encoding="utf-8-sig") as file:
            start = file.read(1)
            file.seek(0)
            if start == "[":
                for record in json.load(file, parse_int=str, parse_float=str):
                    yield _record(record, path, where)
                return
            for number, line in enumerate(file, start=1):
                if line.strip():
                    where = f"line {number}"
                    yield _record(json.loads(line, parse_int=str, parse_float=str), path, where)
    except UnicodeDecodeError as error:
        raise UserError(
            "unreadable_file", f"{path.name} is not UTF-8; save it as UTF-8."
        ) from error
    except json.JSONDecodeError as error:
        raise UserError(
            "unreadable_file",
            f"{path.name}: {where} is not JSON ({error.msg} at column {error.colno}); "
            "write one object a line.",
        ) from error


def _record(record: Any, path: Path, where: str) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise UserError(
            "unreadable_file", f"{path.name}: {where} is not an object; one object a line."
        )
    return record
