"""Learning while people rate: a worker process makes versions, a thread keeps the order fresh.

Neither is in the way of the app: the worker has its own interpreter and a low priority, the
thread hands over what arrow and numpy hold. Whatever goes wrong here is logged, and the queue
goes on with the order it has, or at random.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

from annotator.ordering import Ordering
from annotator.queue import Counts
from annotator.scoring import Material, compute_features, make_version, material_of, study_scorer
from annotator.scoring_files import ScoringFolder
from annotator.store import Store
from annotator.store.journal import Entry
from pipelines.engine import InProcess, end_with_parent
from schemas.errors import UserError
from schemas.facts import Imported, Reversed, Submitted

__all__ = ["Refitter"]

_LOG = logging.getLogger("annotator.scoring")

_TICK_S = 0.5
_AT_ONCE = 256
"""New images that the worker looks at before it makes a version again."""
_GROWTH = 20
"""The more ratings there are, the rarer one more matters: refit after a twentieth at least."""
_REORDER_AFTER = 40
_REORDER_SHARE = 200
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 600.0


class Refitter:
    """Runs beside the queue of a server."""

    def __init__(self, store: Store, counts: Callable[[], Counts], ordering: Ordering) -> None:
        """Begin to watch what is appended; `start` begins to work.

        Args:
            store: The open store.
            counts: Returns how often each stimulus was served, from the queue.
            ordering: Kept fresh.
        """
        self._store, self._counts, self.ordering = store, counts, ordering
        self._files = ScoringFolder(store.folder.scoring)
        self._every = store.study.scoring.refit_every
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="refitter", daemon=True)
        self._lock = threading.Lock()
        self._n_new, self._n_since_order, self._has_new_images = 0, 0, True
        self._worker: _Worker | None = None
        self._pause_s, self._not_before = _FIRST_PAUSE_S, 0.0
        store.observe(self._note)

    def start(self) -> None:
        """Begin to work."""
        cards = self._files.cards()
        n_ratings = self._store.counts()["ratings"]
        behind = n_ratings - (cards[-1].n_ratings if cards else 0)
        self._n_new += max(0, behind) // len(self._store.study.dimensions)
        self._thread.start()

    def close(self) -> None:
        """End worker and thread."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(5)
        if self._worker is not None:
            self._worker.end()

    def _note(self, entries: Sequence[Entry]) -> None:
        submitted = sum(isinstance(entry.fact, Submitted) for entry in entries)
        has_images = any(isinstance(entry.fact, Imported | Reversed) for entry in entries)
        with self._lock:
            self._n_new += submitted
            self._n_since_order += submitted
            self._has_new_images |= has_images

    def _run(self) -> None:
        while not self._ending.wait(_TICK_S):
            try:
                self._keep_order()
                self._keep_version()
            except UserError as error:
                self._fail(error.message)
            except Exception as error:  # noqa: BLE001 - the thread's edge: ordering is a help only
                _LOG.exception("The scorer made a mistake", exc_info=error)
                self._fail(f"The scorer made a mistake ({type(error).__name__}).")

    def _keep_order(self) -> None:
        is_new = self._files.current() != self.ordering.version
        if not is_new and self._n_since_order < _REORDER_AFTER:
            return
        counts = self._counts()
        if is_new or self._n_since_order * _REORDER_SHARE >= len(counts.stimuli):
            with self._lock:
                self._n_since_order = 0
            fault = self.ordering.refresh(counts)
            if fault:
                self._fail(fault)

    def _keep_version(self) -> None:
        if self._worker is not None and self._worker.is_busy:
            self._listen(self._worker)
        elif time.monotonic() >= self._not_before and self._is_due():
            self._ask()

    def _is_due(self) -> bool:
        if self._has_new_images or self._files.current() is None:
            return True
        if self._n_new < self._every:
            return False
        cards = self._files.cards()
        n_ratings = cards[-1].n_ratings if cards else 0
        return self._n_new * len(self._store.study.dimensions) * _GROWTH >= n_ratings

    def _ask(self) -> None:
        with self._lock:
            self._n_new, self._has_new_images = 0, False
        if self._worker is None:
            self._worker = _Worker()
        try:
            self._worker.ask(material_of(self._store))
        except (BrokenPipeError, ConnectionResetError):
            self._bury("the worker had ended")

    def _listen(self, worker: _Worker) -> None:
        try:
            answer = worker.answer()
        except (EOFError, ConnectionResetError):
            self._bury("the worker died")
            return
        if answer is None:
            return
        message, n_looked_at = answer
        if message:
            self._fail(message)
        else:
            self._pause_s = _FIRST_PAUSE_S
            self._files.note_failure("")
            if n_looked_at == _AT_ONCE:
                self._has_new_images = True

    def _bury(self, why: str) -> None:
        if self._worker is not None:
            self._worker.end()
            self._worker = None
        self._fail(f"Learning was cut off: {why}; it is tried again.")

    def _fail(self, message: str) -> None:
        self._files.note_failure(message)
        _LOG.warning("%s The queue goes on without it.", message)
        self._not_before = time.monotonic() + self._pause_s
        self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S)
        with self._lock:
            self._has_new_images = True


class _Worker:
    """The process that learns."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("forkserver")
        self._pipe, theirs = context.Pipe()
        self.process: ForkServerProcess = context.Process(
            target=_work, args=(theirs,), name="scorer", daemon=True
        )
        self.process.start()
        theirs.close()
        self.is_busy = False

    def ask(self, material: Material) -> None:
        """Begin a version."""
        self._pipe.send(material)
        self.is_busy = True

    def answer(self) -> tuple[str, int] | None:
        """Return (fault or nothing, images looked at), or None while it works."""
        if not self._pipe.poll():
            return None
        answer: tuple[str, int] = self._pipe.recv()
        self.is_busy = False
        return answer

    def end(self) -> None:
        """End it now."""
        self._pipe.close()
        self.process.kill()
        self.process.join()


def _work(pipe: Connection) -> None:
    """Make a version for each study that comes in, until the server is gone."""
    # Ctrl-C reaches the whole process group; the server decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
    os.nice(10)
    scorer: Any = None
    while True:
        try:
            material: Material = pipe.recv()
        except (EOFError, ConnectionResetError):
            return
        n = 0
        try:
            if scorer is None:
                scorer = study_scorer(material.study, material.folder.root)
            n = compute_features(material, scorer, InProcess(), lambda done, total: None, _AT_ONCE)
            make_version(material, scorer)
            message = ""
        except UserError as error:
            message = error.message
        except Exception as error:  # noqa: BLE001 - the worker's edge: it is told and logged above
            message = f"The scorer made a mistake ({type(error).__name__}: {error})."
        try:
            pipe.send((message, n))
        except BrokenPipeError:
            return
