r"""CSV that loses nothing: a missing value and an empty text are two things.

UTF-8, `\n` line ends, a header, commas. Texts are quoted, numbers are not; an empty cell without
quotes is a missing value, one with quotes (`""`) an empty text. Cells are written as they are,
also those that begin with `=`, `+`, `-` or `@`: ids and texts must come back exactly. In a
spreadsheet, import the columns as text instead of opening the file by a click.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from exports.package import Package
from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["json_cell", "read_csv", "write_csv"]

_ROWS = 50_000
_BLOCK = 64 << 20


def write_csv(package: Package, path: str, table: pa.Table) -> int:
    """Write a table of texts, numbers and truth values; return the number of rows."""
    header = ",".join(_header_cell(name) for name in table.column_names)
    options = pacsv.WriteOptions(include_header=False)
    with package.writing(path) as file:
        file.write(f"{header}\n".encode())
        for start in range(0, table.num_rows, _ROWS):
            rows = pa.BufferOutputStream()
            pacsv.write_csv(table.slice(start, _ROWS), rows, options)
            file.write(rows.getvalue().to_pybytes())
    return int(table.num_rows)


def read_csv(path: Path, types: Mapping[str, pa.DataType]) -> pa.Table:
    """Read what `write_csv` wrote, or what another program made of it.

    Args:
        path: The file; a byte-order mark is accepted.
        types: Column -> type; columns not named here are read as text.

    Raises:
        UserError: `file_missing` or `invalid_csv`, naming file and place.
    """
    try:
        columns = _column_names(path)
        wanted = {name: types.get(name, pa.string()) for name in columns}
        table = pacsv.read_csv(
            path,
            read_options=pacsv.ReadOptions(block_size=_BLOCK, use_threads=False),
            parse_options=pacsv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=pacsv.ConvertOptions(
                column_types=wanted,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                true_values=["true", "True", "TRUE"],
                false_values=["false", "False", "FALSE"],
            ),
        )
    except FileNotFoundError as error:
        raise UserError("file_missing", f"{path} is missing; name a complete export.") from error
    except (pa.ArrowInvalid, UnicodeDecodeError, StopIteration, csv.Error) as error:
        raise UserError(
            "invalid_csv",
            f"{path} cannot be read: {one_line(error, 200)}. Save it as comma-separated UTF-8.",
        ) from error
    return table


def _header_cell(name: str) -> str:
    is_plain = name and not set(name) & set(',"\n\r') and name == name.strip()
    return name if is_plain else '"' + name.replace('"', '""') + '"'


def _column_names(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        columns = next(csv.reader(file))
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise pa.ArrowInvalid(f"the column '{twice}' is there twice")
    return columns


def json_cell(value: object) -> str:
    """Return a value as one JSON text, the same for equal values.

    >>> json_cell({"b": 1, "a": "é"})
    '{"a": "é", "b": 1}'
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
