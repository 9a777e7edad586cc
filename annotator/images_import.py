"""Images into a study: intake, then facts, a batch at a time, so that it can be interrupted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from annotator.clock import iso, now
from annotator.csv_restore import is_csv_export, restore_csv
from annotator.store import SnapshotStore, Store
from pipelines.engine import Engine, LocalEngine
from pipelines.intake import Batch, Manifest, facts_of, intake, read_manifest, sync_folder
from schemas.errors import UserError
from schemas.facts import Fact, Sighted

__all__ = ["import_into"]

Progress = Callable[[int, int], None]


def import_into(
    study: Store | SnapshotStore,
    paths: Sequence[Path],
    manifest: Path | None,
    format_: str,
    progress: Progress = lambda done, total: None,
    engine: Engine | None = None,
) -> dict[str, Any]:
    """Import images, or a whole csv export, and return the JSON of the command.

    Args:
        study: The open study.
        paths: Files and folders; none where the manifest names the files.
        manifest: File that describes them, or None.
        format_: `images`, `csv`, or empty to tell by the folder.
        progress: Called with files done and in all.
        engine: Where images are hashed and decoded; default: processes on this machine.

    Raises:
        UserError: what intake or the csv reader refuses as a whole.
    """
    if paths and not any(path.exists() or path.is_symlink() for path in paths):
        raise UserError("no_such_path", f"There is no file or folder {paths[0]}; correct the path.")
    is_export = len(paths) == 1 and manifest is None and is_csv_export(paths[0])
    if format_ == "csv" or (not format_ and is_export):
        return restore_csv(study, paths[0], progress)
    return take_in_images(study, paths, manifest, progress, engine=engine)


def take_in_images(
    study: Store | SnapshotStore,
    paths: Sequence[Path],
    manifest: Path | Manifest | None,
    progress: Progress,
    known_as: tuple[str, str] = ("", ""),
    engine: Engine | None = None,
) -> dict[str, Any]:
    """Take images in; see `import_into`.

    `known_as` is the start of their paths and what is kept and told instead of it: uploads lie
    in a temporary folder that says nothing to people.
    """
    images = study.folder.images
    described = read_manifest(manifest) if isinstance(manifest, Path) else manifest
    sighted = study.sighted_paths()
    report: dict[str, Any] = {"added": 0, "duplicates": [], "rejected": [], "ignored": 0}
    where = engine or LocalEngine()
    for batch in intake(paths, described, images, study.known_hashes(), where, progress):
        batch = _renamed(batch, *known_as)
        facts = _news(facts_of(batch, iso(now())), sighted)
        if facts:
            sync_folder(images.root)
            study.append(facts)
        _count(report, batch)
    return report


def _renamed(batch: Batch, start: str, instead: str) -> Batch:
    if not start:
        return batch

    def path(text: str) -> str:
        return instead + text.removeprefix(start) if text.startswith(start) else text

    return replace(
        batch,
        sightings=tuple(replace(s, source_path=path(s.source_path)) for s in batch.sightings),
        duplicates=tuple(replace(d, path=path(d.path)) for d in batch.duplicates),
        refused=tuple(replace(r, path=path(r.path)) for r in batch.refused),
    )


def _news(facts: list[Fact], sighted: set[tuple[str, str, str]]) -> list[Fact]:
    """Leave out sightings the study has; remember the others."""
    news = []
    for fact in facts:
        if isinstance(fact, Sighted):
            key = (fact.stimulus, fact.source_path, fact.relative_path)
            if key in sighted:
                continue
            sighted.add(key)
        news.append(fact)
    return news


def _count(report: dict[str, Any], batch: Batch) -> None:
    report["added"] += len(batch.new)
    report["ignored"] += batch.n_ignored
    report["duplicates"] += [{"path": d.path, "stimulus": d.stimulus} for d in batch.duplicates]
    report["rejected"] += [{"path": r.path, "reason": r.reason} for r in batch.refused]
