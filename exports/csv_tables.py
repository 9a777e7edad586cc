"""csv: the whole study as tables and original files; reading it back gives the same study.

Images are the files that came in, byte for byte: a stimulus is its bytes. Whoever publishes
this format publishes their metadata too; the card counts the files that carry some.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from exports.details import spread_details
from exports.images import copy_images
from exports.metadata import anatomy
from exports.opinions import mos_table
from exports.package import Package
from exports.pictures import Picture, Plan, plan_original
from exports.pseudonyms import pseudonyms
from exports.publish import Contents, ExportReport, publish
from exports.source import (
    DECISIONS,
    FEEDBACK,
    RATINGS,
    REMOVED,
    ExportOptions,
    ExportSource,
    conform,
)
from exports.tabular import json_cell, write_csv

__all__ = ["FIXED_STIMULI_COLUMNS", "QUESTION_COLUMNS", "write_csv_tables"]

FIXED_STIMULI_COLUMNS = ("stimulus", "file_name", "source_path", "sha256", "width", "height")
"""Columns of `stimuli.csv` before the manifest's."""

_IMAGES = ("suffix", "format", "n_bytes", "mode", "n_pages", "phash", "rendition", "is_retired")
_PEOPLE = ("rater", "author")
_NAMED = {"ratings": RATINGS, "removed": REMOVED, "feedback": FEEDBACK}
QUESTION_COLUMNS = {
    name: pa.string()
    for name in (
        "question_id", "stimulus", "type", "question", "options", "answer", "explanation",
        "difficulty", "dimension", "category", "discipline", "concern", "modality",
    )
}  # fmt: skip
"""Columns of `questions.csv`; `options` is a JSON list."""

_OWN = {
    "stimuli", "images", "ratings", "late", "removed", "feedback", "decisions", "questions",
    "regions", "mos", "splits",
}  # fmt: skip

_MEANING = {
    "stimuli": "every image with what the import manifest said about it",
    "images": "file of every image in this package, its format, and whether it is retired",
    "ratings": "the ratings that count, one a row",
    "late": "submissions that came in after their lease had ended",
    "removed": "ratings taken out, with the reason",
    "feedback": "what raters wrote",
    "decisions": "what curators took out or put back, who, why, when",
    "mos": "computed scores, for convenience; not read back",
    "questions": "questions; `options` is a JSON list",
    "regions": "marked regions, one JSON object a row",
    "splits": "which split an image belongs to",
}

_READING = """
import pandas as pd
ratings = pd.read_csv("ratings.csv", dtype={"stimulus": str, "rater": str, "session": str})
stimuli = pd.read_csv("stimuli.csv", dtype={"stimulus": str})
print(ratings.merge(stimuli, on="stimulus").groupby("dimension")["score"].mean())
"""


def write_csv_tables(source: ExportSource, out: Path, options: ExportOptions) -> ExportReport:
    """Write the whole study as CSV files and original images.

    Raises:
        UserError: those of `publish`.
        ValueError: a table of `source.extra` has the name of one of the format's own.
    """
    clash = sorted(_OWN & set(source.extra))
    if clash:
        raise ValueError(f"the extra table '{clash[0]}' has the name of a file of this format")
    return publish(
        "csv",
        source,
        out,
        options,
        lambda package: _Writing(package, source, options).fill(),
        with_opinions=False,
    )


class _Writing:
    """One export in the making."""

    def __init__(self, package: Package, source: ExportSource, options: ExportOptions) -> None:
        self.package = package
        self.source = source
        self.options = options
        self.contents = Contents(_READING)
        self.kinds: dict[str, dict[str, str]] = {}
        names = _people(source)
        self.shown = (
            {name: name for name in names} if options.with_names else pseudonyms(names, source.salt)
        )

    def fill(self) -> Contents:
        """Write everything; return what was written."""
        source = self.source
        self.package.write_text("study.toml", source.study_text)
        self.contents.files["study.toml"] = "the study file: scale, rubric, rules"
        pictures = self._images()
        self._stimuli(pictures)
        file_names = source.file_names()
        for stem, columns in _NAMED.items():
            table = self._named(getattr(source, stem).sort_by(_order(stem)), file_names)
            promised = [name for name in columns if name != "is_late"]
            promised.insert(2, "file_name")
            more = [n for n in table.column_names if n not in columns and n not in promised]
            self._write(stem, table.select(promised + (more if stem == "removed" else [])))
        late = source.ratings.filter(pc.field("is_late"))["submission"].unique().sort()
        self._write("late", pa.table({"submission": late}))
        self._decisions()
        self._write("mos", mos_table(source, pictures))
        self._questions_and_regions()
        for stem, table in source.extra.items():
            self._extra(stem, table)
        self._splits()
        self.contents.facts["tables"] = self.kinds
        return self.contents

    def _write(self, stem: str, table: pa.Table) -> None:
        write_csv(self.package, f"{stem}.csv", table)
        self.contents.files[f"{stem}.csv"] = _MEANING.get(stem, "a table of the study")

    def _images(self) -> dict[str, Picture]:
        source, marked = self.source, []

        def plan(row: dict[str, Any]) -> Plan:
            planned = plan_original(row, source.images)
            parts = anatomy(planned.pieces[0])
            if parts is not None and parts.n_dropped:
                marked.append(row["stimulus"])
            return planned

        stimuli = source.stimuli["stimulus"].to_pylist()
        pictures = copy_images(self.package, source, self.options, stimuli, plan)
        self.contents.pictures = pictures
        self.contents.counts["images"] = len(pictures)
        if self.options.with_images:
            self.contents.files["images/"] = "the files that came in, byte for byte, by stimulus"
        if marked and self.options.with_images:
            self.contents.warnings.append(
                f"{len(marked)} images carry metadata of their makers (such as place, camera, "
                "author), because this format keeps files as they came in."
            )
        return pictures

    def _stimuli(self, pictures: Mapping[str, Picture]) -> None:
        table = self.source.stimuli.sort_by("stimulus")
        arrays, columns = spread_details(table["details"].to_pylist(), FIXED_STIMULI_COLUMNS)
        wide = table.select(list(FIXED_STIMULI_COLUMNS))
        for name, array in arrays.items():
            wide = wide.append_column(name, array)
        self._write("stimuli", wide)
        self.contents.facts["details"] = [column._asdict() for column in columns]
        names = [f"images/{pictures[s].name}" for s in table["stimulus"].to_pylist()]
        images = table.select(["stimulus", *_IMAGES])
        self._write("images", images.add_column(1, "image", pa.array(names, pa.string())))

    def _decisions(self) -> None:
        table = self._renamed(self.source.decisions.sort_by(_order("decisions")))
        targets = [
            self.shown[target] if action == "exclude" else target
            for action, target in zip(
                table["action"].to_pylist(), table["target"].to_pylist(), strict=True
            )
        ]
        at = table.column_names.index("target")
        table = table.set_column(at, "target", pa.array(targets, pa.string()))
        self._write("decisions", table.select(list(DECISIONS)))

    def _questions_and_regions(self) -> None:
        if len(self.source.questions):
            rows = [
                {**dataclasses.asdict(q), "options": json.dumps(q.options, ensure_ascii=False)}
                for q in self.source.questions
            ]
            schema = pa.schema(list(QUESTION_COLUMNS.items()))
            self._write("questions", pa.Table.from_pylist(rows, schema=schema))
            self.contents.counts["questions"] = len(rows)
        if len(self.source.regions):
            rows = [self._region_row(region) for region in self.source.regions]
            schema = pa.schema([("stimulus", pa.string()), ("region", pa.string())])
            self._write("regions", pa.Table.from_pylist(rows, schema=schema))
            self.contents.counts["regions"] = len(rows)

    def _region_row(self, region: Mapping[str, Any]) -> dict[str, str]:
        rater = region.get("rater")
        named = {} if rater is None else {"rater": self.shown[rater]}
        return {"stimulus": region["stimulus"], "region": json_cell({**region, **named})}

    def _extra(self, stem: str, table: pa.Table) -> None:
        flat = {name: _flat(table[name]) for name in table.column_names}
        self.kinds[stem] = {name: str(table.schema.field(name).type) for name in flat}
        renamed = self._renamed(pa.table(flat))
        order = [(n, "ascending") for n in renamed.column_names]
        self._write(stem, renamed.sort_by(order) if order else renamed)

    def _splits(self) -> None:
        splits = self.source.splits
        if splits is None:
            return
        pairs = [(stimulus, split) for split, members in splits.items() for stimulus in members]
        schema = pa.schema([("stimulus", pa.string()), ("split", pa.string())])
        rows = [{"stimulus": stimulus, "split": split} for stimulus, split in pairs]
        self._write("splits", pa.Table.from_pylist(rows, schema=schema))
        self.contents.splits = {split: len(members) for split, members in splits.items()}

    def _named(self, table: pa.Table, file_names: Mapping[str, str]) -> pa.Table:
        names = [file_names.get(stimulus) for stimulus in table["stimulus"].to_pylist()]
        return self._renamed(table).append_column("file_name", pa.array(names, pa.string()))

    def _renamed(self, table: pa.Table) -> pa.Table:
        for person in _PEOPLE:
            if person in table.column_names:
                names = [None if n is None else self.shown[n] for n in table[person].to_pylist()]
                at = table.column_names.index(person)
                table = table.set_column(at, person, pa.array(names, pa.string()))
        return table


def _order(stem: str) -> list[tuple[str, str]]:
    columns = {
        "ratings": ("submission", "dimension"),
        "removed": ("submission", "dimension", "reason"),
        "feedback": ("submission", "dimension", "written_at", "text"),
        "decisions": ("at", "decision"),
    }
    return [(name, "ascending") for name in columns[stem]]


def _people(source: ExportSource) -> set[str]:
    tables = [source.ratings, source.removed, source.feedback, source.decisions]
    tables += source.extra.values()
    names = {
        name
        for table in tables
        for column in _PEOPLE
        if column in table.column_names
        for name in table[column].to_pylist()
        if name is not None
    }
    names |= {region["rater"] for region in source.regions if region.get("rater") is not None}
    excluded = source.decisions.filter(pc.field("action") == "exclude")
    return names | set(excluded["target"].to_pylist())


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        return conform(pa.table({"at": column}), {"at": pa.string()}, "extra")["at"]
    if pa.types.is_nested(column.type):
        texts = [None if value is None else json_cell(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    return column
