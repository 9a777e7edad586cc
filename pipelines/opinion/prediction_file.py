"""Predictions of a scorer from a file."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa

from pipelines.opinion.rating_file import read_ratings_file
from pipelines.opinion.scorer import PREDICTION_COLUMNS
from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["read_predictions"]


def read_predictions(path: Path) -> pa.Table:
    """Read a table of predictions, or the document that `score --json` gives.

    Args:
        path: CSV, Parquet or JSON lines with the columns of `PREDICTION_COLUMNS`, or `.json`
            with the list `predictions`; those that are not predictable are left out there.

    Raises:
        UserError: as `read_ratings_file`.
    """
    if path.suffix.lower() == ".json" and path.is_file():
        try:
            document = json.loads(path.read_text(encoding="utf-8-sig"))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise UserError(
                "unreadable_file", f"{path.name} is not JSON ({one_line(error, 100)}); correct it."
            ) from error
        if isinstance(document, dict) and isinstance(document.get("predictions"), list):
            rows = [
                {name: row[name] for name in PREDICTION_COLUMNS if name in row}
                for row in document["predictions"]
                if isinstance(row, dict) and row.get("predictable", True)
            ]
            return pa.Table.from_pylist(rows)
    return read_ratings_file(path, PREDICTION_COLUMNS)
