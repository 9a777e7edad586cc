"""Predictions as people and scripts get them: JSON, CSV, Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from annotator.scoring_files import PENDING, SEEN, SILENT, UNREADABLE, Card, Predictions
from annotator.store import Reads
from pipelines.scoring.checks.findings import Finding
from schemas.errors import UserError

__all__ = [
    "check_predictions_target", "file_names", "model_json", "prediction_rows", "write_predictions",
]  # fmt: skip

_REASONS = {
    UNREADABLE: "The image cannot be read, so nothing can be said of it; run `verify`, or retire "
    "it.",
    SILENT: "The model gave no answer: what it would say is no level word.",
    PENDING: "The image was not looked at yet; run `score` again.",
}
_SUFFIXES = (".json", ".csv", ".parquet")
_SCHEMA = pa.schema(
    [("stimulus", pa.string()), ("file_name", pa.string()), ("dimension", pa.string()),
     ("mean", pa.float64()), ("sd", pa.float64()), ("predictable", pa.bool_()),
     ("reason", pa.string())]
)  # fmt: skip
_CHECKS = pa.field("checks", pa.list_(pa.string()))
_CHUNK = 50_000

Findings = Mapping[str, Sequence[Finding]]


def prediction_rows(
    study: Reads, predictions: Predictions, card: Card, findings: Findings | None = None
) -> Iterator[dict[str, Any]]:
    """Yield one row for every stimulus and target, stimulus by stimulus.

    Args:
        study: The study.
        predictions: Of the version.
        card: Of the version.
        findings: What checks found; where given, rows have the sentences as `checks`.
    """
    names = file_names(study)
    verdicts = [
        (target, bool(card.evidence[target]["is_predictable"]), card.evidence[target]["reason"])
        for target in predictions.targets
    ]
    for place, stimulus in enumerate(predictions.stimuli.to_pylist()):
        state = int(predictions.state[place])
        said = {} if findings is None else {
            "checks": [one.sentence for one in findings.get(stimulus, ())]
        }  # fmt: skip
        for column, (target, is_predictable, reason) in enumerate(verdicts):
            yield {
                "stimulus": stimulus,
                "file_name": names[stimulus],
                "dimension": target,
                "mean": round(float(predictions.mean[place, column]), 6),
                "sd": round(float(predictions.sd[place, column]), 6),
                "predictable": is_predictable and state == SEEN,
                "reason": _REASONS.get(state, reason),
                **said,
            }


def file_names(study: Reads) -> dict[str, str]:
    """Return stimulus -> file name."""
    rows = study.stimuli().select(["stimulus", "file_name"])
    return dict(zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True))


def model_json(card: Card) -> dict[str, Any]:
    """Return what is known of the model, for `--json`."""
    return asdict(card)


def check_predictions_target(out: Path) -> None:
    """Check that predictions can be written there.

    Raises:
        UserError: `unknown_suffix`, or `no_such_folder`.
    """
    if out.suffix.lower() not in _SUFFIXES:
        raise UserError(
            "unknown_suffix",
            f"{out} cannot be written: its name must end in {', '.join(_SUFFIXES)}.",
        )
    if not out.parent.is_dir():
        raise UserError("no_such_folder", f"There is no folder {out.parent}; make it first.")


def write_predictions(
    rows: Iterator[dict[str, Any]], card: Card, out: Path, *, with_checks: bool = False
) -> int:
    """Write predictions as .json, .csv or .parquet, a piece at a time; return how many.

    Args:
        rows: From `prediction_rows`.
        card: Of the version.
        out: Its suffix says the format.
        with_checks: Whether the rows have `checks`; in .csv its sentences stand in one cell,
            ` | ` between them.
    """
    part = out.with_name(f"{out.name}.part")
    writer = {".json": _write_json, ".csv": _write_csv, ".parquet": _write_parquet}
    try:
        schema = _SCHEMA.append(_CHECKS) if with_checks else _SCHEMA
        n = writer[out.suffix.lower()](rows, card, part, schema)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return n


def _write_json(rows: Iterator[dict[str, Any]], card: Card, out: Path, schema: pa.Schema) -> int:
    del schema
    n = 0
    with out.open("w", encoding="utf-8") as file:
        file.write('{"predictions": [')
        for row in rows:
            file.write(("," if n else "") + "\n" + json.dumps(row, ensure_ascii=False))
            n += 1
        model = json.dumps(model_json(card), ensure_ascii=False, allow_nan=False)
        file.write(f'\n], "model": {model}}}\n')
    return n


def _tables(rows: Iterator[dict[str, Any]], schema: pa.Schema) -> Iterator[pa.Table]:
    piece: list[dict[str, Any]] = []
    for row in rows:
        piece.append(row)
        if len(piece) == _CHUNK:
            yield pa.Table.from_pylist(piece, schema)
            piece = []
    yield pa.Table.from_pylist(piece, schema)


def _write_csv(rows: Iterator[dict[str, Any]], card: Card, out: Path, schema: pa.Schema) -> int:
    import csv

    del card
    n = 0
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, schema.names)
        writer.writeheader()
        for row in rows:
            cells = {"predictable": str(row["predictable"]).lower()}
            if "checks" in row:
                cells["checks"] = " | ".join(row["checks"])
            writer.writerow(row | cells)
            n += 1
    return n


def _write_parquet(rows: Iterator[dict[str, Any]], card: Card, out: Path, schema: pa.Schema) -> int:
    import pyarrow.parquet as pq

    model = json.dumps(model_json(card), ensure_ascii=False, allow_nan=False)
    schema = schema.with_metadata({"model": model})
    n = 0
    with pq.ParquetWriter(out, schema) as file:
        for table in _tables(rows, schema):
            file.write_table(table)
            n += table.num_rows
    return n
