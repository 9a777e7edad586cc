"""Comparing the three places a study lives in: journal, database, images."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from annotator.pool import Picture
from annotator.store import Reads, Store, open_study
from annotator.store.access import load_study
from annotator.store.check import table_differences
from annotator.store.mending import mend_journal
from annotator.store.snapshot import SnapshotStore
from schemas.errors import UserError
from schemas.layout import StudyFolder, has_thumbnail

__all__ = ["rebuild_database", "verify_study"]

Progress = Callable[[int, int], None]


def rebuild_database(root: Path, *, accept_loss: bool = False) -> list[str]:
    """Make the database anew from the journal; return what was done, for people.

    A damaged journal is mended from the database first; see `mend_journal`.

    Raises:
        UserError: `folder_in_use` where a server runs, `journal_damaged` where the database does
            not have what the journal lacks.
    """
    folder = StudyFolder(root)
    study = load_study(folder)
    try:
        mended = mend_journal(folder, accept_loss=accept_loss) if folder.journal.exists() else []
        store = Store(folder, study, rebuild=True)
    except UserError as error:
        if error.code == "folder_in_use":
            raise UserError(
                "folder_in_use",
                f"The server of {root} is running; stop it, then run `verify --rebuild` again.",
            ) from error
        raise
    store.close()
    return [*mended, *store.notices]


def verify_study(root: Path, *, quick: bool, progress: Progress) -> dict[str, Any]:
    """Compare everything.

    Args:
        root: The study folder.
        quick: Look at sizes of images, not at their bytes.
        progress: Called with images done and in all.

    Returns:
        `facts`, `images` (numbers) and `problems` (sentences; empty where all agrees).
    """
    with open_study(root) as study:
        seq, position = study.position()
        problems = list(table_differences(study, seq, position))
        stimuli = study.stimuli().to_pylist()
        for done, row in enumerate(stimuli, 1):
            problems += _image_faults(study, row, quick=quick)
            progress(done, len(stimuli))
        notices = [] if isinstance(study, SnapshotStore) else study.notices
    return {
        "facts": seq,
        "images": len(stimuli),
        "problems": problems,
        "notices": notices,
    }


def _image_faults(study: Reads, row: dict[str, Any], *, quick: bool) -> Iterator[str]:
    images = study.folder.images
    picture = Picture(
        row["sha256"], row["suffix"], row["rendition"] is not None, row["width"], row["height"]
    )
    name = f"image {row['stimulus']} ({row['file_name']})"
    original = images.original(picture.sha256, picture.suffix)
    if not original.exists():
        yield f"{name}: the original is missing ({original})"
    elif original.stat().st_size != row["n_bytes"]:
        yield f"{name}: the original has {original.stat().st_size} bytes, not {row['n_bytes']}"
    elif not quick and _sha256(original) != picture.sha256:
        yield f"{name}: the bytes of the original have changed ({original})"
    if picture.has_rendition:
        recorded = json.loads(row["rendition"]).get("sha256")
        yield from _rendition_faults(images.rendition(picture.sha256), recorded, name, quick=quick)
    thumbnail = images.thumbnail(picture.sha256)
    is_made = thumbnail.exists() and thumbnail.stat().st_size
    if has_thumbnail(picture.width, picture.height) and not is_made:
        yield f"{name}: the thumbnail is missing or empty"


def _rendition_faults(path: Path, recorded: str | None, name: str, *, quick: bool) -> Iterator[str]:
    if not path.exists() or not path.stat().st_size:
        yield f"{name}: the rendition that raters see is missing or empty ({path})"
    elif not quick and recorded is not None and _sha256(path) != recorded:
        yield f"{name}: the rendition that raters see has changed ({path})"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
