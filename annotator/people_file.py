"""A table of people to invite."""

from __future__ import annotations

import csv
from pathlib import Path

from schemas.errors import UserError

__all__ = ["parse_people", "read_people", "split_expertise"]

_NAMES = ("name", "rater")


def split_expertise(text: str) -> tuple[str, ...]:
    """Return the fields of a comma- or semicolon-separated list."""
    return tuple(part.strip() for part in text.replace(";", ",").split(",") if part.strip())


def read_people(path: Path) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return (name, role, expertise) of each row of a CSV `name[,role][,expertise]`.

    Raises:
        UserError: `people_file_invalid`, naming file and row.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            "people_file_invalid", f"{path} cannot be read: {error}; give a CSV file in UTF-8."
        ) from error
    return parse_people(text, str(path))


def parse_people(text: str, place: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return (name, role, expertise) of each row of a table `name[,role][,expertise]`.

    Cells may be parted by commas, semicolons or tabs, as spreadsheets paste them.

    Raises:
        UserError: `people_file_invalid`, naming `place` and row.
    """
    lines = text.splitlines()
    between = max("\t;,", key=lambda mark: lines[0].count(mark)) if lines else ","
    rows = list(csv.DictReader(lines, delimiter=between))
    column = next((name for name in _NAMES if rows and name in rows[0]), None)
    if column is None:
        raise UserError(
            "people_file_invalid",
            f"{place} has no column 'name'; the first line must be name[,role][,expertise].",
        )
    people = []
    for number, row in enumerate(rows, 2):
        name = row[column] or ""
        if not name.strip():
            raise UserError("people_file_invalid", f"{place}, line {number}: the name is empty.")
        role = (row.get("role") or "").strip() or "rater"
        people.append((name, role, split_expertise(row.get("expertise") or "")))
    return people
