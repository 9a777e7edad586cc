"""`import --format F`: images, columns and ratings from files of other tools."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from annotator.foreign_files import Foreign, read_foreign
from annotator.images_import import take_in_images
from annotator.names import StimulusNames
from annotator.questions_import import Published, published_question, question_facts
from annotator.ratings_import import IMPORT_COLUMNS, rating_facts
from annotator.store import SnapshotStore, Store
from pipelines.intake.manifest import Manifest, Row
from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["import_foreign", "parse_map"]

_OPEN = (
    "{} rows are no multiple choice with one right answer among 2 to 4 different options; they "
    "stay as the column `questions` of their images"
)
_PLAIN = frozenset({"file_name", "sha256", "stimulus", "source_path", "width", "height"})


def parse_map(pairs: Sequence[str]) -> dict[str, str]:
    """Return column of the file -> our name, of texts `a=b`.

    Raises:
        UserError: `invalid_map`.
    """
    renamed: dict[str, str] = {}
    for pair in pairs:
        theirs, sign, ours = pair.partition("=")
        if not (theirs and sign and ours):
            raise UserError(
                "invalid_map",
                f"--map {one_line(pair, 40)} is not THEIRS=OURS, e.g. --map filename=image.",
            )
        renamed[theirs] = ours
    return renamed


def import_foreign(
    study: Store | SnapshotStore,
    paths: Sequence[Path],
    format_: str,
    renamed: Mapping[str, str],
    progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    with_images: bool = True,
) -> dict[str, Any]:
    """Import files of a format; folders among the paths are where their images lie.

    Without a folder, images are looked for where the file says, relative to it. What is in the
    study already stays.

    Returns:
        The JSON of `import`, with `ratings`, `feedback` and `notes`.

    Raises:
        UserError: what a file refuses.
    """
    files = [path for path in paths if path.is_file() or format_ == "hf"]
    folders = [path for path in paths if path not in files]
    if not files:
        raise UserError(
            "file_not_found",
            f"--format {format_} needs a file; {', '.join(map(str, paths))} is none. Name it, and "
            "the folder of its images where they lie elsewhere.",
        )
    report: dict[str, Any] = {"added": 0, "duplicates": [], "rejected": [], "ignored": 0}
    report |= {"ratings": 0, "feedback": 0, "questions": 0, "notes": []}
    for file in files:
        foreign = read_foreign(file, format_, study.study, renamed)
        published, n_open = _take_questions(foreign, format_)
        if n_open:
            foreign.notes.append(_OPEN.format(n_open))
        if foreign.images and with_images:
            _add(report, _images(study, foreign, file, folders, progress))
        if published:
            _ask(study, published, file, report)
        if foreign.ratings:
            _rate(study, foreign.ratings, report, may_change=format_ == "label-studio")
        report["notes"] += [f"{file.name}: {note}." for note in foreign.notes]
    return report


def _take_questions(foreign: Foreign, format_: str) -> tuple[list[Published], int]:
    """Take the questions of multiple choice out of the images' columns; count those that stay."""
    taken: list[Published] = []
    n_open = 0
    for image, columns in foreign.images.items():
        rows = columns.get("questions", [])
        read = [published_question(image, row, format_, n) for n, row in enumerate(rows)]
        taken += [one for one in read if one is not None]
        rest = [row for row, one in zip(rows, read, strict=True) if one is None]
        n_open += len(rest)
        if rest:
            columns["questions"] = rest
        elif rows:
            del columns["questions"]
    return taken, n_open


def _ask(
    study: Store | SnapshotStore,
    published: Sequence[Published],
    file: Path,
    report: dict[str, Any],
) -> None:
    found = _finder(study)
    placed, refused = [], []
    for one in published:
        try:
            placed.append((found(one.image, f"a question of {file.name}"), one.draft))
        except UserError as error:
            refused.append(error.message)
    facts, n_new = question_facts(study, placed, file.name)
    study.append_many(facts)
    report["questions"] += n_new
    if refused:
        report["notes"].append(
            f"{file.name}: {len(refused)} questions have no image here. {refused[0]}"
        )


def _finder(study: Store | SnapshotStore) -> Callable[[str, str], str]:
    """Return what gives the stimulus of an image as a file names it."""
    names = StimulusNames(study)
    known = set(study.names()["name"].to_pylist())

    def found(name: str, place: str) -> str:
        if name in known:
            return names.resolve(name, place)
        return names.resolve(name.replace("\\", "/").rsplit("/", 1)[-1], place)

    return found


def _images(
    study: Store | SnapshotStore,
    foreign: Foreign,
    file: Path,
    folders: Sequence[Path],
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    if not foreign.embedded:
        rows = _manifest(foreign, (file if file.is_dir() else file.parent) / file.name)
        return take_in_images(study, folders, rows, progress)
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        for name, content in foreign.embedded.items():
            place = Path(folder, *(part for part in Path(name).parts if part not in ("/", "..")))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content())
        manifest = _manifest(foreign, Path(folder, "rows"))
        return take_in_images(study, [], manifest, progress, (folder, str(file)))


def _manifest(foreign: Foreign, path: Path) -> Manifest:
    rows = (
        Row(n, name, "", "", False, {k: v for k, v in columns.items() if k not in _PLAIN})
        for n, (name, columns) in enumerate(foreign.images.items(), 1)
    )
    return Manifest(path.absolute(), tuple(rows))


def _add(report: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        report[name] = report[name] + value


def _rate(
    study: Store | SnapshotStore,
    ratings: Sequence[Mapping[str, Any]],
    report: dict[str, Any],
    *,
    may_change: bool,
) -> None:
    found = _finder(study)
    rows = [
        {**row, "stimulus": found(str(row.get("stimulus", row.get("item"))), f"rating {number}")}
        for number, row in enumerate(ratings, 1)
    ]
    columns = [name for name in IMPORT_COLUMNS if any(name in row for row in rows)]
    table = pa.table({c: pa.array([row.get(c) for row in rows], pa.string()) for c in columns})
    changed: list[str] = []
    facts, counts = rating_facts(table, study, changed if may_change else None)
    study.append_many(facts)
    if changed:
        report["notes"].append(
            f"{len(changed)} annotations were changed after they were taken in. The study keeps "
            f"what it has; void what is wrong: {', '.join(changed[:5])}."
        )
    report["ratings"] += counts.ratings
    report["feedback"] += counts.feedback
