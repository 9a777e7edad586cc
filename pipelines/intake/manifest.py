"""Reading a manifest: a table with a row per image."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import UserError
from schemas.text import clean_text

__all__ = ["PATH_COLUMNS", "Manifest", "Row", "read_manifest"]

PATH_COLUMNS = ("source_path", "path", "image_path", "image", "file", "file_name")
"""Where a row's path is looked for; the first column there is counts."""

_OWN = frozenset({"stimulus", "sha256", "width", "height", "file_name", "source_path"})
"""Columns of our own `stimuli.csv` that are facts about the file, not descriptions."""
_SUFFIXES = ".csv, .tsv, .jsonl, .ndjson or .parquet"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a manifest."""

    number: int
    """Counted from 1, without the heading."""
    path: str
    """Value of the path column, "" if absent."""
    file_name: str
    """Value of `file_name`, "" if absent."""
    sha256: str
    """Value of `sha256` if it can be one, else ""."""
    is_ours: bool
    """Whether the row stems from `export csv`, whose names for the image then hold."""
    values: dict[str, Any]
    """All other columns as given, JSON values; what is empty is left out."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest, read."""

    path: Path
    """Where it lies, absolute; relative paths in it count from its folder."""
    rows: tuple[Row, ...]


def read_manifest(path: Path) -> Manifest:
    """Read a manifest by its ending: CSV or TSV, JSONL, Parquet.

    Raises:
        UserError: `manifest_missing`, `manifest_invalid`, `manifest_encoding`,
            `manifest_columns`.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise _invalid(path, f"has the ending '{path.suffix}'; give it as {_SUFFIXES}")
    try:
        table = reader(path)
    except OSError as error:
        raise UserError(
            "manifest_missing",
            f"The manifest {path} cannot be read: {error.strerror or error}; check the path.",
        ) from error
    return Manifest(path.absolute(), tuple(_rows(path, table)))


def _rows(path: Path, table: list[dict[str, Any]]) -> Iterable[Row]:
    columns = {name for line in table for name in line}
    column = next((name for name in PATH_COLUMNS if name in columns), None)
    if column is None and table:
        raise UserError(
            "manifest_columns",
            f"The manifest {path} does not say which images it is about; it needs a column "
            f"called {', '.join(PATH_COLUMNS[:-1])} or {PATH_COLUMNS[-1]}.",
        )
    is_ours = {"stimulus", "sha256", "file_name", "source_path"} <= columns
    for number, line in enumerate(table, start=1):
        filled = {name: value for name, value in line.items() if not _is_empty(value)}
        sha256 = str(filled.get("sha256", "")).lower()
        yield Row(
            number=number,
            path=str(filled.get(column or "", "")),
            file_name=str(filled.get("file_name", "")),
            sha256=sha256 if re.fullmatch("[0-9a-f]{64}", sha256) else "",
            is_ours=is_ours,
            values={
                clean_text(name): _as_json(value)
                for name, value in filled.items()
                if name != column and name not in _OWN
            },
        )


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _as_json(value: Any) -> Any:
    """Return a cell as JSON can hold it: what JSON has no word for as text."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(key)): _as_json(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(part) for part in value]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return clean_text(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))


def _read_csv(path: Path) -> list[dict[str, Any]]:
    text = _text(path)
    heading = text.split("\n", 1)[0]
    # Spreadsheets of many countries separate by semicolons.
    separator = next((sign for sign in ",;\t" if sign in heading), ",")
    # Captions may be longer than the module's limit of 128 KiB; a cell cannot exceed the file.
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        names = [name.strip() for name in next(reader, [])]
        _check_names(path, names)
        table = []
        for cells in reader:
            if len(cells) > len(names):
                where = f"has {len(cells)} cells in line {reader.line_num}, {len(names)} columns"
                raise _invalid(path, f"{where}; put quotes around text with '{separator}'")
            if cells:
                table.append(dict(zip(names, cells, strict=False)))
    except csv.Error as error:
        raise _invalid(path, f"is no valid CSV in line {reader.line_num}: {error}") from error
    return table


def _check_names(path: Path, names: list[str]) -> None:
    for name in names:
        if name and names.count(name) > 1:
            raise _invalid(path, f"has two columns '{name}'; give each its own name")
    if not any(names):
        raise _invalid(path, "has no heading; its first line must name the columns")


def _read_jsonl(path: Path) -> list[dict[str, Any]]:
    table = []
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _invalid(path, f"is no valid JSON in line {number}: {error}") from error
        if not isinstance(row, dict):
            raise _invalid(path, f"has no object in line {number}; write {{…}} on each line")
        table.append(row)
    return table


def _read_parquet(path: Path) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, partitioning=None)
    except pa.ArrowInvalid as error:
        raise _invalid(path, f"is no valid Parquet: {error}") from error
    _check_names(path, table.column_names)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _text(path: Path) -> str:
    content = path.read_bytes()
    try:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise ValueError("it is UTF-16")
        return content.decode("utf-8-sig")
    except ValueError as error:
        line = content[: getattr(error, "start", 0)].count(b"\n") + 1
        raise UserError(
            "manifest_encoding",
            f"The manifest {path} is not UTF-8 (line {line}); save it again as 'CSV UTF-8'.",
        ) from error


def _invalid(path: Path, fault: str) -> UserError:
    return UserError("manifest_invalid", f"The manifest {path} {fault}.")


_READERS = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".parquet": _read_parquet,
}
