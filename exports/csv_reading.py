"""Read back what `export csv` wrote."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from exports.csv_tables import FIXED_STIMULI_COLUMNS, QUESTION_COLUMNS
from exports.details import DetailColumn, details_of
from exports.package import read_manifest
from exports.source import DECISIONS, FEEDBACK, RATINGS, REMOVED, STIMULI
from exports.tabular import read_csv
from schemas.errors import UserError
from schemas.question import Question

__all__ = ["CsvExport", "read_csv_export"]


@dataclass(frozen=True)
class CsvExport:
    """A study as `export csv` wrote it. Raters may be pseudonyms."""

    study_text: str
    """The study file."""
    study_id: str | None
    """Id of the study; None where the manifest is gone."""
    stimuli: pa.Table
    """`STIMULI`."""
    ratings: pa.Table
    """`RATINGS`."""
    removed: pa.Table
    """`REMOVED` and the columns that came with it."""
    feedback: pa.Table
    """`FEEDBACK`."""
    decisions: pa.Table
    """`DECISIONS`."""
    questions: tuple[Question, ...]
    """Questions, in order."""
    regions: tuple[dict[str, Any], ...]
    """Regions, in order."""
    extra: dict[str, pa.Table]
    """Further tables that were given, by file stem."""
    splits: dict[str, tuple[str, ...]] | None
    """Split -> stimuli, where the study was split."""
    images: dict[str, Path]
    """Stimulus -> file; empty with `--no-images`."""


def read_csv_export(folder: Path) -> CsvExport:
    """Read a folder that `write_csv_tables` wrote.

    Raises:
        UserError: `not_a_package`, `file_missing`, `invalid_csv`, or `column_missing` naming
            file and column.
    """
    manifest = read_manifest(folder)
    stimuli = _read_stimuli(folder, manifest)
    late = set(read_csv(folder / "late.csv", {})["submission"].to_pylist())
    ratings = _read(folder, "ratings", RATINGS, set(RATINGS) - {"is_late"})
    is_late = pa.array([s in late for s in ratings["submission"].to_pylist()], pa.bool_())
    return CsvExport(
        study_text=_read_text(folder / "study.toml"),
        study_id=manifest.get("study", {}).get("study_id"),
        stimuli=stimuli,
        ratings=ratings.append_column("is_late", is_late).select(list(RATINGS)),
        removed=_read(folder, "removed", {**RATINGS, **REMOVED}, set(REMOVED)),
        feedback=_read(folder, "feedback", FEEDBACK),
        decisions=_read(folder, "decisions", DECISIONS),
        questions=_read_questions(folder),
        regions=_read_regions(folder),
        extra={
            stem: _read_extra(folder / f"{stem}.csv", kinds)
            for stem, kinds in manifest.get("tables", {}).items()
        },
        splits=_read_splits(folder),
        images=_read_images(folder),
    )


def _read(
    folder: Path,
    stem: str,
    types: Mapping[str, pa.DataType],
    required: Collection[str] | None = None,
) -> pa.Table:
    path = folder / f"{stem}.csv"
    table = read_csv(path, types)
    for name in types if required is None else sorted(required):
        if name not in table.column_names:
            raise UserError(
                "column_missing", f"{path} has no column '{name}'; export again or add it."
            )
    known = [name for name in types if name in table.column_names]
    more = [n for n in table.column_names if n not in types and n != "file_name"]
    return table.select(known + more)


def _read_text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError as error:
        raise UserError("file_missing", f"{path} is missing; name a complete export.") from error
    except UnicodeDecodeError as error:
        raise UserError("invalid_text", f"{path} is not UTF-8; save it as UTF-8.") from error


def _read_stimuli(folder: Path, manifest: Mapping[str, Any]) -> pa.Table:
    columns = [DetailColumn(**column) for column in manifest.get("details", ())]
    kinds = {
        column.column: pa.string() if column.kind == "json" else pa.type_for_alias(column.kind)
        for column in columns
    }
    path = folder / "stimuli.csv"
    table = read_csv(path, {**{n: STIMULI[n] for n in FIXED_STIMULI_COLUMNS}, **kinds})
    missing = [n for n in (*FIXED_STIMULI_COLUMNS, *kinds) if n not in table.column_names]
    if missing:
        raise UserError(
            "column_missing", f"{path} has no column '{missing[0]}'; export again or add it."
        )
    new = [n for n in table.column_names if n not in FIXED_STIMULI_COLUMNS and n not in kinds]
    columns += [DetailColumn(name, name, "string") for name in new]
    images = _read(folder, "images", {"image": pa.string(), **STIMULI}, set())
    table = table.append_column("details", pa.array(details_of(table, columns), pa.string()))
    fixed = table.select([*FIXED_STIMULI_COLUMNS, "details"])
    return (
        fixed.join(images.drop_columns(["image"]), keys="stimulus")
        .sort_by("stimulus")
        .select(list(STIMULI))
    )


def _read_images(folder: Path) -> dict[str, Path]:
    images = read_csv(folder / "images.csv", {})
    pairs = zip(images["stimulus"].to_pylist(), images["image"].to_pylist(), strict=True)
    return {stimulus: folder / name for stimulus, name in pairs if (folder / name).is_file()}


def _read_questions(folder: Path) -> tuple[Question, ...]:
    if not (folder / "questions.csv").exists():
        return ()
    rows = _read(folder, "questions", QUESTION_COLUMNS).to_pylist()
    return tuple(Question(**{**row, "options": tuple(json.loads(row["options"]))}) for row in rows)


def _read_regions(folder: Path) -> tuple[dict[str, Any], ...]:
    if not (folder / "regions.csv").exists():
        return ()
    return tuple(
        json.loads(text) for text in read_csv(folder / "regions.csv", {})["region"].to_pylist()
    )


def _read_splits(folder: Path) -> dict[str, tuple[str, ...]] | None:
    if not (folder / "splits.csv").exists():
        return None
    splits: dict[str, tuple[str, ...]] = {}
    for row in read_csv(folder / "splits.csv", {}).to_pylist():
        splits[row["split"]] = (*splits.get(row["split"], ()), row["stimulus"])
    return splits


def _read_extra(path: Path, kinds: Mapping[str, str]) -> pa.Table:
    types = {name: _scalar(kind) for name, kind in kinds.items()}
    table = read_csv(path, {name: kind or pa.string() for name, kind in types.items()})
    for name, kind in types.items():
        if kind is None:
            values = [None if t is None else json.loads(t) for t in table[name].to_pylist()]
            at = table.column_names.index(name)
            array = pa.array(values, _LISTS.get(kinds[name]))
            table = table.set_column(at, name, array)
    return table


_LISTS = {f"list<{name}: string>": pa.list_(pa.string()) for name in ("item", "element", "l")}


def _scalar(kind: str) -> pa.DataType | None:
    """Return the type of a CSV column, None for nested ones, which are JSON."""
    if kind.startswith("timestamp"):
        return pa.string()
    try:
        return pa.type_for_alias(kind)
    except ValueError:
        return None
