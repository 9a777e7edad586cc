"""One process, one study at a time: changing over to another, and remembering which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from annotator.store import Store
from annotator.store.access import load_study
from schemas.errors import UserError
from schemas.layout import StudyFolder

__all__ = ["Change", "opened_last"]


class _Stoppable(Protocol):
    should_exit: bool


def opened_last(start: StudyFolder) -> StudyFolder:
    """Return the study that was opened last from the desk, or `start` itself."""
    try:
        name = start.opens.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return start
    there = StudyFolder(start.root.resolve().parent / name)
    is_beside = bool(name) and Path(name).name == name and there.study_file.exists()
    return there if is_beside else start


class Change:
    """What the process serves next."""

    def __init__(self, start: StudyFolder, served: StudyFolder, *, remembers: bool) -> None:
        """Begin with nothing asked.

        Args:
            start: The study in the folder the process was started on.
            served: The study that it serves first.
            remembers: Whether a start without a folder's name shall serve the last one.
        """
        self._start, self._remembers = start, remembers
        self._server: _Stoppable | None = None
        self._wanted: Path | None = None
        self._served = served.root
        self.n_served = 0
        """Studies served before the present one."""

    def begins(self, server: _Stoppable) -> None:
        """Take note of the server that now runs."""
        self._server = server

    def ask(self, root: Path) -> None:
        """End the running server; the study in `root` comes next."""
        self._wanted = root
        if self._server is not None:
            self._server.should_exit = True

    def next_store(
        self, say: Callable[[str], None], open_: Callable[[StudyFolder, Any], Store]
    ) -> Store | None:
        """Return the store to serve next, None to end; the one before where it will not open."""
        before, wanted = self._served, self._wanted
        self._wanted = self._server = None
        if wanted is None:
            return None
        self.n_served += 1
        try:
            folder = StudyFolder(wanted)
            store = open_(folder, load_study(folder))
        except UserError as error:
            say(error.message)
            folder = StudyFolder(before)
            return open_(folder, load_study(folder))
        self._served = wanted
        self._remember(wanted)
        return store

    def _remember(self, root: Path) -> None:
        if not self._remembers:
            return
        if root.resolve() == self._start.root.resolve():
            self._start.opens.unlink(missing_ok=True)
        else:
            self._start.opens.write_text(root.name + "\n", encoding="utf-8")
