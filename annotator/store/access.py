"""Opening a study, whether or not a server runs on it."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import httpx

from annotator.store.snapshot import SnapshotStore, read_server_address
from annotator.store.store import Store
from schemas.errors import UserError
from schemas.layout import StudyFolder
from schemas.study import Study, parse_study

__all__ = ["load_study", "open_study"]

_PATIENCE_S = 20.0
_LOG = logging.getLogger("annotator.store")


def load_study(folder: StudyFolder) -> Study:
    """Read the study file of a folder.

    Raises:
        UserError: `no_study` where there is none, `study_file_invalid`, `study_unreadable`.
    """
    try:
        text = folder.study_file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError("no_study", _no_study(folder.root)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            "study_unreadable",
            f"The study file {folder.study_file} cannot be read ({error}); mend its permissions "
            "or put it back from a backup.",
        ) from error
    return parse_study(text, place=str(folder.study_file))


def _no_study(root: Path) -> str:
    make = f"`python app.py --data {root} study init --preset siqa`"
    if not root.exists():
        return f"There is no study in {root} (no such folder); make one with {make}."
    if not root.is_dir():
        return f"{root} is a file, not a study folder; name a folder, or make one with {make}."
    if any(root.iterdir()):
        return (
            f"{root} is not a study: it holds other files and no study.toml; "
            "name another folder with --data."
        )
    return f"There is no study in {root} (the folder is empty); make one with {make}."


def open_study(root: Path) -> Store | SnapshotStore:
    """Open the study in `root`: itself, or through the server that owns it.

    Raises:
        UserError: no study, or another command holds the folder for longer than 20 s.
    """
    folder = StudyFolder(root)
    study = load_study(folder)
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        # The lock first: a server that was killed leaves its address behind, and another study's
        # server may answer there by now.
        try:
            store = Store(folder, study, wait_s=0)
        except UserError as error:
            if error.code != "folder_in_use":
                raise
            snapshot = _through_server(folder, study)
            if snapshot is not None:
                return snapshot
            if time.monotonic() > deadline:
                raise
        else:
            for notice in store.notices:
                _LOG.warning(notice)
            return store
        time.sleep(0.1)


def _through_server(folder: StudyFolder, study: Study) -> SnapshotStore | None:
    """Return the study as its server has it, or None where none answers for this folder."""
    server = read_server_address(folder)
    if server is None:
        return None
    try:
        return SnapshotStore(folder, study, server)
    except httpx.TransportError:
        return None
    except UserError as error:
        if error.code == "wrong_token":
            return None
        raise
