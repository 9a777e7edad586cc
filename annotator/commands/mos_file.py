"""Scores as a document, and into a file by its ending."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from pipelines.opinion.labels import Labels
from pipelines.opinion.mos import MosResult
from schemas.errors import UserError

__all__ = ["check_target", "mos_document", "write_mos"]

_ENDINGS = (".csv", ".parquet", ".json")


def check_target(out: Path) -> None:
    """Raise UserError where a file of this name cannot be written: before any work is done."""
    if out.suffix not in _ENDINGS:
        raise UserError(
            "unknown_file_type",
            f"{out} ends in none of {', '.join(_ENDINGS)}; choose one of them.",
        )
    if not out.parent.is_dir():
        raise UserError("no_such_path", f"There is no folder {out.parent}; make it first.")


def mos_document(result: MosResult, labels: Labels | None) -> dict[str, Any]:
    """Return the document of `mos --json`, with levels where they were asked for."""
    document = result.as_json()
    if labels is not None:
        document |= {"stimuli": labels.table.to_pylist(), "levels": labels.as_json()}
    return document


def write_mos(
    result: MosResult, labels: Labels | None, document: dict[str, Any], out: Path
) -> None:
    """Write the scores: .json the whole document, .csv and .parquet the table of stimuli.

    Vote shares are a list in .parquet and one field with semicolons in .csv.
    """
    table = result.stimuli_table() if labels is None else labels.table
    part = out.with_name(f".{out.name}.part")
    try:
        if out.suffix == ".json":
            text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
            part.write_text(text + "\n", encoding="utf-8")
        elif out.suffix == ".csv":
            pa_csv.write_csv(_flat(table), part)
        else:
            pa_parquet.write_table(table, part)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _flat(table: pa.Table) -> pa.Table:
    for index, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            texts = table[field.name].combine_chunks().cast(pa.list_(pa.string()))
            table = table.set_column(index, field.name, pc.binary_join(texts, ";"))
    return table
