"""Files of other tools and data sets, read as images with columns, and ratings where there are."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.evaluate.isrgq import read_isrgq_truth
from pipelines.evaluate.reading import read_rows
from schemas.errors import UserError
from schemas.study import Study
from schemas.text import one_line

__all__ = ["READERS", "Foreign", "read_foreign"]

Row = dict[str, Any]

_VOTE = re.compile(r"P\d+")
_NO_VOTES = (
    "published scores have no single votes, so they became columns of the images ({}), not ratings"
)


@dataclass
class Foreign:
    """What a file holds, in our words."""

    images: dict[str, Row] = field(default_factory=dict)
    """Path as the file writes it -> columns."""
    embedded: dict[str, Callable[[], bytes]] = field(default_factory=dict)
    """Path -> what gives the picture, where the file holds it; decoded one at a time."""
    ratings: list[Row] = field(default_factory=list)
    """Long rows: stimulus (a path of `images`), rater, dimension, score, …"""
    notes: list[str] = field(default_factory=list)
    """What people should know."""

    def describe(self, path: str, **columns: Any) -> Row:
        """Add columns to an image and return them all."""
        row = self.images.setdefault(path, {})
        row.update({k: v for k, v in columns.items() if v is not None})
        return row


def read_foreign(path: Path, format_: str, study: Study, renamed: Mapping[str, str]) -> Foreign:
    """Read one file (or, for `hf`, a folder).

    Args:
        path: The file.
        format_: One of `READERS`.
        study: Whose dimensions ratings are about.
        renamed: Column of the file -> our name.

    Raises:
        UserError: what the reader refuses, naming the place.
    """
    return READERS[format_](path, study, renamed)


def _rows(path: Path, renamed: Mapping[str, str]) -> list[Row]:
    rows = read_rows(path)
    known = {name for row in rows for name in row}
    for name in renamed:
        if name not in known and name != "votes":
            raise UserError(
                "missing_column",
                f"{path.name} has no column '{one_line(name, 40)}' to map; it has "
                f"{', '.join(sorted(map(str, known)))}.",
            )
    return [{renamed.get(name, name): value for name, value in row.items()} for row in rows]


def _image_of(row: Row, names: Sequence[str], path: Path, number: int) -> str:
    for name in names:
        if row.get(name):
            return str(row[name])
    raise UserError(
        "missing_column",
        f"{path.name}: item {number} names no image ({', '.join(names)}); use --map to say which "
        "column does.",
    )


def _siqa(path: Path, study: Study, renamed: Mapping[str, str]) -> Foreign:
    del study
    found = Foreign()
    has_scores = False
    for number, row in enumerate(_rows(path, renamed), 1):
        image = _image_of(row, ("image_path",), path, number)
        rest = {k: v for k, v in row.items() if k not in ("image_path", "image")}
        if "question" in rest:
            found.describe(image).setdefault("questions", []).append(rest)
            continue
        has_scores = True
        if "perception_raing" in rest:
            rest["perception_rating"] = rest.pop("perception_raing")
        found.describe(image, **rest)
    if has_scores:
        found.notes.append(_NO_VOTES.format("perception_rating, knowledge_rating"))
    return found


def _isrgq(path: Path, study: Study, renamed: Mapping[str, str]) -> Foreign:
    found = Foreign()
    if path.suffix.lower() == ".txt":
        for row in read_isrgq_truth(path):
            found.describe(row["name"], MOS=row["score"])
        found.notes.append(_NO_VOTES.format("MOS"))
        return found
    dimension = _voted_dimension(study, renamed)
    for number, row in enumerate(_rows(path, {}), 1):
        if not row.get("Image_name"):
            continue
        image = _image_of(row, ("Image_name",), path, number)
        found.describe(image, **{k: row.get(k) for k in ("LR_ref", "HR_ref", "MOS")})
        found.ratings += [
            {"stimulus": image, "rater": name, "dimension": dimension, "score": f"{vote:g}"}
            for name, vote in row.items()
            if _VOTE.fullmatch(name) and isinstance(vote, int | float)
        ]
    return found


def _voted_dimension(study: Study, renamed: Mapping[str, str]) -> str:
    name = renamed.get("votes")
    if name is None and len(study.dimension_names) == 1:
        return str(study.dimension_names[0])
    if name in study.dimension_names:
        return str(name)
    raise UserError(
        "unknown_dimension",
        "Say which dimension the votes are about with --map votes=DIMENSION; this study rates "
        f"{', '.join(study.dimension_names)}.",
    )


def _llava(path: Path, study: Study, renamed: Mapping[str, str]) -> Foreign:
    del study
    found = Foreign()
    scored = False
    for number, row in enumerate(_rows(path, renamed), 1):
        image = _image_of(row, ("image", "img_path"), path, number)
        told = str(row.get("id", "")).partition("->")[2]
        score = row.get("gt_score", told or None)
        scored |= score is not None
        columns = found.describe(image, gt_score=score)
        if row.get("conversations"):
            columns.setdefault("conversations", []).append(row["conversations"])
    if scored:
        found.notes.append(_NO_VOTES.format("gt_score"))
    return found


def _medq(path: Path, study: Study, renamed: Mapping[str, str]) -> Foreign:
    del study
    found = Foreign()
    rows = {str(row.get("index")): row for row in _rows(path, renamed)}
    for index, row in rows.items():
        rest = {k: v for k, v in row.items() if not k.startswith("image")}
        for column in ("image", "image_a", "image_b"):
            if column not in row:
                continue
            name, content = _picture(path, rows, index, column)
            found.embedded[name] = content
            found.describe(name).setdefault("questions", []).append(rest)
        if "image_path" in row and "image" not in row:
            found.describe(str(row["image_path"])).setdefault("questions", []).append(rest)
    return found


def _picture(
    path: Path, rows: Mapping[str, Row], index: str, column: str
) -> tuple[str, Callable[[], bytes]]:
    """Return name and bytes of a picture; a text of up to 64 characters names another row."""
    text = str(rows[index][column]).strip()
    if len(text) <= 64 and text in rows:
        return _picture(path, {k: v for k, v in rows.items() if k != index}, text, column)

    def decoded(part: str) -> bytes:
        try:
            return base64.b64decode(part, validate=True)
        except binascii.Error as error:
            raise UserError(
                "unreadable_file",
                f"{path.name}: the {column} of index {one_line(index, 30)} is no base64; get the "
                "file again.",
            ) from error

    encoded = text.rpartition(",")[2]
    name = f"{index}{column.removeprefix('image')}{_suffix(decoded(encoded[:16]))}"
    return name, lambda: decoded(encoded)


def _suffix(content: bytes) -> str:
    starts = {b"\x89PNG": ".png", b"\xff\xd8": ".jpg", b"GIF8": ".gif", b"II*\0": ".tif"}
    return next((end for start, end in starts.items() if content.startswith(start)), ".img")


def _hf(path: Path, study: Study, renamed: Mapping[str, str]) -> Foreign:
    del study
    found = Foreign()
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    if not files:
        tables = [p for n in ("csv", "jsonl", "parquet") for p in path.rglob(f"metadata.{n}")]
        for table in tables:
            for number, row in enumerate(_rows(table, renamed), 1):
                name = str(table.parent / _image_of(row, ("file_name",), table, number))
                found.describe(name, **{k: v for k, v in row.items() if k != "file_name"})
        if not tables:
            raise UserError(
                "not_hf",
                f"{path} holds neither Parquet files nor metadata.csv, .jsonl; name the folder of "
                "a Hugging Face data set.",
            )
    by_stimulus: dict[str, str] = {}
    for file in files:
        split = re.split(r"[-_.]", file.name)[0]
        for number, row in enumerate(_rows(file, renamed), 1):
            picture = _hf_row(found, row, split, file, number)
            stimulus = str(row.get("stimulus") or "")
            if picture:
                by_stimulus[stimulus] = picture
            elif "question" in row and stimulus in by_stimulus:
                # Our tables of questions name the image by its id.
                about = found.describe(by_stimulus[stimulus])
                about.setdefault("questions", []).append(row)
    return found


def _hf_row(found: Foreign, row: Row, split: str, file: Path, number: int) -> str:
    """Take in the pictures of a row; return the path of the last one."""
    pictures = {
        name: value
        for name, value in row.items()
        if isinstance(value, dict) and isinstance(value.get("bytes"), bytes)
    }
    rest = {k: v for k, v in row.items() if k not in pictures} | {"split": split}
    rest |= _columns(rest.pop("details", None))
    path = ""
    for name, picture in pictures.items():
        path = str(row.get("image_path") or _own_name(found, row) or picture.get("path") or "")
        path = path or f"{file.stem}-{number}-{name}{_suffix(picture['bytes'])}"
        found.embedded[path] = partial(bytes, picture["bytes"])
        if "question" in rest:
            found.describe(path).setdefault("questions", []).append(rest)
        else:
            found.describe(path, **rest)
    return path


def _own_name(found: Foreign, row: Row) -> str:
    """Return the name a picture had, where no other has it and it can be a file's."""
    name = str(row.get("file_name") or "")
    is_fit = name not in (".", "..") and not set(name) & set("/\\\0") and len(name) < 80
    return name if is_fit and name not in found.embedded else ""


def _columns(details: Any) -> Row:
    """Return the columns that our export packs into one text."""
    try:
        columns = json.loads(details) if isinstance(details, str) else None
    except json.JSONDecodeError:
        columns = None
    if isinstance(columns, dict):
        return columns
    return {} if details is None else {"details": details}


def _q_bench(path: Path, study: Study, renamed: Mapping[str, str]) -> Foreign:
    from exports.q_bench import read_q_bench

    del study, renamed
    found = Foreign()
    for question in read_q_bench(path):
        asked = found.describe(question.stimulus).setdefault("questions", [])
        asked.append(dataclasses.asdict(question))
    return found


def _label_studio(path: Path, study: Study, renamed: Mapping[str, str]) -> Foreign:
    from exports.label_studio import read_label_studio

    del renamed
    found = Foreign()
    n_seen: Counter[tuple[str, str]] = Counter()
    # One person may annotate a task again; the order of time keeps numbers when more come.
    for one in sorted(read_label_studio(path, study), key=lambda one: one.at or ""):
        image = one.image.partition("?d=")[2] or one.image
        found.describe(image)
        stimulus = one.stimulus or image
        n_seen[stimulus, one.rater] += 1
        number = n_seen[stimulus, one.rater]
        head = {
            "stimulus": stimulus, "rater": one.rater, "rated_at": one.at,
            "session": "label-studio" if number == 1 else f"label-studio-{number}",
        }  # fmt: skip
        found.ratings += [
            {**head, "dimension": name, "score": f"{score:g}"} for name, score in one.scores.items()
        ]
        found.ratings += [
            {**head, "dimension": about or study.dimension_names[0], "feedback": text,
             "feedback_dimension": about}
            for about, text in one.texts
        ]  # fmt: skip
    return found


def _csv(path: Path, study: Study, renamed: Mapping[str, str]) -> Foreign:
    from pipelines.intake.manifest import PATH_COLUMNS

    del study
    found = Foreign()
    for number, row in enumerate(_rows(path, renamed), 1):
        image = _image_of(row, ("stimulus", *PATH_COLUMNS), path, number)
        found.describe(image, **{k: v for k, v in row.items() if str(v) != image})
    return found


def _ratings(path: Path, study: Study, renamed: Mapping[str, str]) -> Foreign:
    del study
    rows = [{k: _text(v) for k, v in row.items()} for row in _rows(path, renamed)]
    return Foreign(ratings=rows)


def _text(value: Any) -> str | None:
    return None if value is None else f"{value:g}" if isinstance(value, float) else str(value)


READERS: dict[str, Callable[[Path, Study, Mapping[str, str]], Foreign]] = {
    "siqa": _siqa,
    "isrgq": _isrgq,
    "llava": _llava,
    "q-instruct": _llava,
    "q-align": _llava,
    "q-bench": _q_bench,
    "medq": _medq,
    "hf": _hf,
    "label-studio": _label_studio,
    "csv": _csv,
    "ratings": _ratings,
}
"""Format -> reader."""
