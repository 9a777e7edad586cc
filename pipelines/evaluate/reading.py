"""JSON documents and tables from files of other tools."""

from __future__ import annotations

import csv
import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["read_document", "read_rows", "without_collection"]


def read_document(path: Path) -> Any:
    """Read a JSON document; a file of JSON lines becomes a list.

    NaN and Infinity, which Python writes though JSON has no word for them, are read.

    Raises:
        UserError: `file_not_found` or `unreadable_file`, naming the place.
    """
    content = _content(path)
    with without_collection():
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError:
            return _lenient(path, content)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read a table as one object a row: CSV, TSV, xlsx (first sheet), Parquet, JSON, JSON lines.

    Cells of CSV and TSV are text; what is empty is left out of its row.

    Raises:
        UserError: `file_not_found`, `unreadable_file` or `unknown_file_type`.
    """
    suffix = path.suffix.lower()
    if suffix in (".json", ".jsonl", ".ndjson"):
        return _objects(path, read_document(path))
    readers = {".csv": _delimited, ".tsv": _delimited, ".xlsx": _sheet, ".parquet": _parquet}
    if suffix not in readers:
        raise UserError(
            "unknown_file_type",
            f"{path.name} ends in none of .csv, .tsv, .xlsx, .parquet, .json, .jsonl; "
            "convert the file.",
        )
    if not path.is_file():
        raise _not_found(path)
    return [
        {name: value for name, value in row.items() if value is not None and value != ""}
        for row in readers[suffix](path)
    ]


@contextmanager
def without_collection() -> Iterator[None]:
    """Switch the garbage collector off: among millions of new objects it would only search."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _not_found(path: Path) -> UserError:
    return UserError("file_not_found", f"There is no file {path}; check the path.", status=404)


def _unreadable(path: Path, fault: str) -> UserError:
    return UserError("unreadable_file", f"{path.name} {fault}; correct the file.")


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise _not_found(path)
    content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if not content.strip():
        raise _unreadable(path, "is empty")
    return content


def _lenient(path: Path, content: bytes) -> Any:
    """Read what holds NaN, or one object a line."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _unreadable(path, f"is not UTF-8 in line {line}") from error
    if not text.startswith("{"):
        return _json(path, text, 1)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if "\n" not in text.strip() or (error.lineno == 1 and error.msg != "Extra data"):
            raise _fault(path, error, 1) from error
    lines = enumerate(text.split("\n"), 1)
    return [_line(path, line, number) for number, line in lines if line.strip()]


def _line(path: Path, line: str, number: int) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return _json(path, line, number)


def _json(path: Path, text: str, first_line: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _fault(path, error, first_line) from error


def _fault(path: Path, error: json.JSONDecodeError, first_line: int) -> UserError:
    line = error.lineno + first_line - 1
    return _unreadable(path, f"is not JSON in line {line} ({error.msg} at column {error.colno})")


def _objects(path: Path, document: Any) -> list[dict[str, Any]]:
    if isinstance(document, dict):
        document = document.get("predictions", [document])
    if not isinstance(document, list) or not all(isinstance(row, dict) for row in document):
        raise _unreadable(path, "is no list of objects")
    return document


def _delimited(path: Path) -> list[dict[str, Any]]:
    # A cell may hold a whole picture in base64.
    csv.field_size_limit(max(csv.field_size_limit(), path.stat().st_size + 1))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            heading = file.readline()
            file.seek(0)
            separator = max("\t,;", key=heading.count)
            return list(csv.DictReader(file, delimiter=separator))
    except UnicodeDecodeError as error:
        raise _unreadable(path, "is not UTF-8") from error
    except csv.Error as error:
        raise _unreadable(path, f"cannot be read as a table ({error})") from error


def _sheet(path: Path) -> list[dict[str, Any]]:
    import zipfile

    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        lines = iter(list(book.worksheets[0].iter_rows(values_only=True)))
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        openpyxl.utils.exceptions.InvalidFileException,
    ) as error:
        raise _unreadable(path, f"cannot be read as xlsx ({one_line(error, 80)})") from error
    names = ["" if name is None else str(name) for name in next(lines, ())]
    return [dict(zip(names, line, strict=False)) for line in lines]


def _parquet(path: Path) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    except pa.ArrowInvalid as error:
        raise _unreadable(path, f"cannot be read as Parquet ({one_line(error, 80)})") from error
    return rows
