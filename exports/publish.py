"""What all formats share: images, sidecar files, card, manifest, and the report back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.compute as pc

from exports.card import card_text, citation_text
from exports.card_panel import simulated_note
from exports.images import copy_images
from exports.opinions import write_opinions
from exports.overview import overview_of, overview_svg
from exports.package import MANIFEST, FileEntry, Package, building
from exports.pictures import Picture, Plan, plan_picture
from exports.source import ExportOptions, ExportSource
from schemas.errors import UserError

__all__ = [
    "CARD",
    "OVERVIEW",
    "Contents",
    "ExportReport",
    "LeftOut",
    "copy_into",
    "exported_splits",
    "name_unscored",
    "publish",
    "put_images",
]

CARD = "README.md"
"""Name of the data card."""
OVERVIEW = "overview.svg"
"""Name of the overview figure."""
FORMAT_VERSION = 1
"""Version of the package layout; goes up when a reader must know."""


class LeftOut(NamedTuple):
    """Something the study has and the package has not."""

    item: str
    """Stimulus or question."""
    file_name: str
    """File it came as."""
    reason: str
    """Stable code of why."""


@dataclass
class Contents:
    """What a format wrote, for manifest and card."""

    reading: str
    """Python that reads the package in at most five lines, run in its folder."""
    files: dict[str, str] = field(default_factory=dict)
    """File -> what it holds, one line."""
    splits: dict[str, int] = field(default_factory=dict)
    """Split -> number of images in it."""
    counts: dict[str, int] = field(default_factory=dict)
    """Whatever else can be counted."""
    pictures: dict[str, Picture] = field(default_factory=dict)
    """Stimulus -> picture."""
    left_out: list[LeftOut] = field(default_factory=list)
    """Everything left out."""
    warnings: list[str] = field(default_factory=list)
    """What a reader must know, one sentence each."""
    front_matter: str = ""
    """YAML that a hosting site reads at the top of the card, with its `---` lines."""
    facts: dict[str, Any] = field(default_factory=dict)
    """More for the manifest: constants that a reader needs."""


class ExportReport(NamedTuple):
    """What an export did."""

    format: str
    out: Path
    splits: dict[str, int]
    counts: dict[str, int]
    left_out: list[LeftOut]
    warnings: list[str]
    n_files: int


def publish(
    name: str,
    source: ExportSource,
    out: Path,
    options: ExportOptions,
    fill: Callable[[Package], Contents],
    *,
    with_opinions: bool = True,
) -> ExportReport:
    """Write a package: what `fill` writes, then scores beside it, card and manifest.

    Args:
        name: Name of the format.
        source: The study.
        out: Folder to make.
        options: The curator's choices.
        fill: Writes the format's own files and says what it wrote.
        with_opinions: Put `mos.csv` (n, SD, CI, votes) and the ratings beside them.

    Raises:
        UserError: nothing is left behind; see `exports.package.building`.
    """
    with building(out) as package:
        contents = fill(package)
        about_questions = source.question_notes if "questions" in contents.counts else ()
        contents.warnings[:0] = [*source.notes, *simulated_note(source), *about_questions]
        if with_opinions:
            contents.files |= write_opinions(package, source, options, contents.pictures)
        if source.leak_report is not None:
            package.write_json("leaks.json", source.leak_report)
            contents.files["leaks.json"] = "what the search for leaks between splits found"
        package.write_text(OVERVIEW, overview_svg(overview_of(source), source.study.title))
        contents.files[OVERVIEW] = "figure: images by discipline and MOS, questions by type"
        package.write_text("CITATION.cff", citation_text(source))
        package.write_text(CARD, card_text(name, source, options, contents))
        package.write_json(MANIFEST, _manifest(name, source, options, contents, package))
        n_files = len(package.files)
    return ExportReport(
        name, out, contents.splits, contents.counts, contents.left_out, contents.warnings, n_files
    )


def exported_splits(source: ExportSource, contents: Contents) -> dict[str, tuple[str, ...]]:
    """Return split -> stimuli to export; name retired stimuli and those in no split as left out.

    Raises:
        UserError: `unknown_stimulus` or `split_overlap` where a split is not one of this study.
    """
    splits = source.split_stimuli()
    names = source.file_names()
    seen: Counter[str] = Counter(s for members in splits.values() for s in members)
    for stimulus, times in seen.items():
        if stimulus not in names or times > 1:
            fault = "is in two splits" if stimulus in names else "is not in the study"
            raise UserError(
                "split_overlap" if stimulus in names else "unknown_stimulus",
                f"Stimulus {stimulus} of the splits {fault}; make the splits again.",
            )
    retired = set(source.stimuli.filter(pc.field("is_retired"))["stimulus"].to_pylist())
    for stimulus in sorted(set(names) - set(seen)):
        reason = "retired" if stimulus in retired else "in_no_split"
        contents.left_out.append(LeftOut(stimulus, names[stimulus], reason))
    return splits


def name_unscored(
    source: ExportSource,
    splits: Mapping[str, Collection[str]],
    scored: Collection[str],
    contents: Contents,
    reason: str = "no_score",
) -> None:
    """Name the stimuli of the splits that have no score as left out."""
    names = source.file_names()
    unscored = sorted(s for members in splits.values() for s in members if s not in scored)
    contents.left_out += [LeftOut(stimulus, names[stimulus], reason) for stimulus in unscored]
    n_members = sum(map(len, splits.values()))
    contents.counts["images_scored"] = n_members - len(unscored)


def put_images(
    package: Package,
    source: ExportSource,
    options: ExportOptions,
    stimuli: Collection[str],
    contents: Contents,
) -> dict[str, Picture]:
    """Copy the pictures that were judged into `images/` and count how they were treated."""

    def plan(row: dict[str, Any]) -> Plan:
        return plan_picture(row, source.images, keep_metadata=options.keep_metadata)

    return copy_into(package, source, options, stimuli, contents, plan)


def copy_into(
    package: Package,
    source: ExportSource,
    options: ExportOptions,
    stimuli: Collection[str],
    contents: Contents,
    plan: Callable[[dict[str, Any]], Plan],
) -> dict[str, Picture]:
    """Copy what `plan` makes of every stimulus; count how they were treated."""
    contents.pictures = copy_images(package, source, options, stimuli, plan)
    contents.counts["images"] = len(contents.pictures)
    treatments = Counter(picture.treatment for picture in contents.pictures.values())
    contents.counts |= {f"images_{name}": n for name, n in sorted(treatments.items())}
    return contents.pictures


def _manifest(
    name: str,
    source: ExportSource,
    options: ExportOptions,
    contents: Contents,
    package: Package,
) -> dict[str, Any]:
    return {
        "format": name,
        "format_version": FORMAT_VERSION,
        "study": {
            "name": source.study.name,
            "title": source.study.title,
            "study_id": source.study_id,
        },
        "seed": source.seed,
        "run": dict(source.run),
        "versions": dict(sorted(source.versions.items())),
        "options": {
            "with_images": options.with_images,
            "with_names": options.with_names,
            "with_ratings": options.with_ratings,
            "keep_metadata": options.keep_metadata,
        },
        "splits": contents.splits,
        "counts": contents.counts,
        "left_out": [entry._asdict() for entry in contents.left_out],
        "warnings": contents.warnings,
        **contents.facts,
        "files": _files(package.files, contents.pictures),
    }


def _files(
    files: Mapping[str, FileEntry], pictures: Mapping[str, Picture]
) -> dict[str, dict[str, Any]]:
    origin = {f"images/{picture.name}": picture for picture in pictures.values()}
    listing: dict[str, dict[str, Any]] = {}
    for path, entry in sorted(files.items()):
        listing[path] = {"bytes": entry.n_bytes, "sha256": entry.sha256}
        if path in origin:
            picture = origin[path]
            listing[path] |= {
                "stimulus": picture.stimulus,
                "original_sha256": picture.original_sha256,
                "treatment": picture.treatment,
            }
    return listing
