"""isrgq: ISRGen-QA's files: `#`-separated lists and a workbook with every rater's vote.

The published lists have two orders of columns: train and val `SR#MOS#LR`, test `SR#LR#MOS`; so
do these. Images keep the name they came under where it is unique and safe, since the names carry
method and scale. With several dimensions each has a folder of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from exports.opinions import counted_ratings, shown_raters
from exports.package import Package
from exports.pictures import Plan, plan_picture
from exports.publish import (
    Contents,
    ExportReport,
    copy_into,
    exported_splits,
    name_unscored,
    publish,
)
from exports.source import ExportOptions, ExportSource
from exports.workbook import workbook_bytes
from schemas.errors import UserError

__all__ = ["IsrgqRow", "read_isrgq", "write_isrgq"]

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,150}")

_READING = """
from pathlib import Path
path = sorted(Path(".").rglob("test.txt"))[0]
for line in path.read_text("utf-8").split("\\n")[:3]:
    name, low_resolution, mos = line.split("#")
    print("images/" + name, float(mos))
"""


class IsrgqRow(NamedTuple):
    """One line of a list."""

    image: str
    """File name of the super-resolved image."""
    mos: float
    """Mean opinion score."""
    reference: str
    """File name of the low-resolution image; may be empty."""


def write_isrgq(source: ExportSource, out: Path, options: ExportOptions) -> ExportReport:
    """Write lists and workbooks of every rated dimension.

    Raises:
        UserError: those of `publish`.
    """
    return publish("isrgq", source, out, options, lambda package: _fill(package, source, options))


def _fill(package: Package, source: ExportSource, options: ExportOptions) -> Contents:
    contents = Contents(_READING)
    splits = exported_splits(source, contents)
    dimensions = source.study.dimension_names
    scores = {name: source.mos_by_stimulus(name) for name in dimensions}
    scored = set().union(*scores.values())
    name_unscored(source, splits, scored, contents)
    used = {s for members in splits.values() for s in members if s in scored}
    _copy_named(package, source, options, used, contents)
    votes = _votes(source)
    references = {s: _references(d) for s, d in source.details().items()}
    for name in dimensions:
        folder = "" if len(dimensions) == 1 else f"{name}/"
        raters = sorted({rater for _, dimension, rater in votes if dimension == name})
        for split, members in splits.items():
            have = [s for s in members if s in scores[name]]
            rows = [_line_of(s, scores[name], references, contents) for s in have]
            _write_list(package, contents, f"{folder}{split}.txt", split, rows)
            sheet = [
                (row.image, *references[s], *(votes.get((s, name, r)) for r in raters), row.mos)
                for s, row in zip(have, rows, strict=True)
            ]
            _write_book(package, contents, f"{folder}{split}.xlsx", len(raters), sheet)
        _write_raters(package, contents, folder, source, options, raters)
    contents.splits = {split: len([s for s in m if s in used]) for split, m in splits.items()}
    return contents


def _copy_named(
    package: Package,
    source: ExportSource,
    options: ExportOptions,
    used: Iterable[str],
    contents: Contents,
) -> None:
    stimuli = set(used)
    names = source.file_names()
    times = Counter(names[stimulus].casefold() for stimulus in stimuli)

    def plan(row: dict[str, Any]) -> Plan:
        planned = plan_picture(row, source.images, keep_metadata=options.keep_metadata)
        name = row["file_name"]
        same_kind = Path(name).suffix.lower() == Path(planned.picture.name).suffix
        if _SAFE.fullmatch(name) and times[name.casefold()] == 1 and same_kind:
            return planned._replace(picture=planned.picture._replace(name=name))
        return planned

    copy_into(package, source, options, stimuli, contents, plan)
    contents.files["images/"] = "the pictures as experts judged them"


def _votes(source: ExportSource) -> dict[tuple[str, str, str], float]:
    rows = counted_ratings(source)
    keys = zip(
        rows["stimulus"].to_pylist(),
        rows["dimension"].to_pylist(),
        rows["rater"].to_pylist(),
        strict=True,
    )
    return dict(zip(keys, rows["score"].to_pylist(), strict=True))


def _references(details: Mapping[str, Any]) -> tuple[str, str]:
    lower = {key.casefold(): str(value) for key, value in details.items() if value is not None}
    found = [lower.get(key, "") for key in ("lr_ref", "hr_ref")]
    low, high = (name if _SAFE.fullmatch(name) else "" for name in found)
    return low, high


def _line_of(
    stimulus: str,
    scores: Mapping[str, float],
    references: Mapping[str, tuple[str, str]],
    contents: Contents,
) -> IsrgqRow:
    picture = contents.pictures[stimulus]
    return IsrgqRow(picture.name, scores[stimulus], references[stimulus][0])


def _write_list(
    package: Package, contents: Contents, path: str, split: str, rows: Sequence[IsrgqRow]
) -> None:
    """Write one line a picture, without a header and without a line break at the end."""
    lines = [
        "#".join(
            (row.image, row.reference, _number(row.mos))
            if split == "test"
            else (row.image, _number(row.mos), row.reference)
        )
        for row in rows
    ]
    package.write_text(path, "\n".join(lines))
    order = "SR#LR#MOS" if split == "test" else "SR#MOS#LR"
    contents.files[path] = f"{len(rows)} lines `{order}`"


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")


def _write_book(
    package: Package, contents: Contents, path: str, n_raters: int, rows: Sequence[Sequence[Any]]
) -> None:
    people = (f"P{number}" for number in range(1, n_raters + 1))
    head = ("Image_name", "LR_ref", "HR_ref", *people, "MOS")
    with package.writing(path) as file:
        file.write(workbook_bytes([head, *rows]))
    contents.files[path] = "every rater's vote, empty where there is none"


def _write_raters(
    package: Package,
    contents: Contents,
    folder: str,
    source: ExportSource,
    options: ExportOptions,
    raters: Sequence[str],
) -> None:
    shown = shown_raters(source, options)
    lines = [f"P{number},{_quoted(shown[rater])}" for number, rater in enumerate(raters, start=1)]
    package.write_text(f"{folder}raters.csv", "\n".join(["column,rater", *lines]) + "\n")
    contents.files[f"{folder}raters.csv"] = "who P1, P2, … are"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def read_isrgq(path: Path) -> list[IsrgqRow]:
    """Read a list in either order of columns.

    Raises:
        UserError: `file_missing` or `invalid_isrgq` naming the line.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise UserError("file_missing", f"{path} is missing; name an existing file.") from error
    except UnicodeDecodeError as error:
        raise UserError("invalid_isrgq", f"{path} is not UTF-8; save it as UTF-8.") from error
    lines = enumerate(text.split("\n"), start=1)
    return [_parsed(line.strip(), f"Line {n} of {path}") for n, line in lines if line.strip()]


def _parsed(line: str, place: str) -> IsrgqRow:
    cells = line.split("#")
    if len(cells) == 3:
        for at in (1, 2):
            try:
                return IsrgqRow(cells[0], float(cells[at]), cells[3 - at])
            except ValueError:
                continue
    raise UserError(
        "invalid_isrgq", f"{place} is not IMAGE#MOS#LR or IMAGE#LR#MOS; mend that line."
    )
