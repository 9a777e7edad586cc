"""The one writer: collects what has queued up, makes it durable, acknowledges, then indexes."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from annotator.store.index import apply_entries
from annotator.store.journal import Entry, Journal, encode
from schemas.errors import UserError
from schemas.facts import Fact

__all__ = ["Observer", "Writer"]

Observer = Callable[[Sequence[Entry]], None]

_LARGEST_GROUP = 512
_LARGEST_BACKLOG = 4000
_INDEX_DELAY_S = 0.25


@dataclass
class _Request:
    facts: Sequence[Fact]
    encoded: Sequence[bytes] = ()
    """The facts as the journal keeps them."""
    done: Future[list[Entry]] = field(default_factory=Future)
    index: bool = False
    """Also bring the database up to date before answering."""


class Writer:
    """A thread that owns journal and database connection.

    Facts are durable, and told to the observers, when their future is done; the database
    follows at the latest a quarter of a second later, or at once for `settle`.
    """

    def __init__(
        self, journal: Journal, connection: duckdb.DuckDBPyConnection, last_seq: int
    ) -> None:
        """Start the thread; `last_seq` is the last fact in journal and database."""
        self._journal = journal
        self._connection = connection
        self.last_seq = last_seq
        self.observers: list[Observer] = []
        self._backlog: list[Entry] = []
        self._backlog_since = 0.0
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._closed = False
        self._thread.start()

    def append(self, facts: Sequence[Fact]) -> Future[list[Entry]]:
        """Queue facts; the future is done when they are on disk, or holds the UserError."""
        try:
            # Here, because what cannot be stored must not reach the thread that serves everyone.
            request = _Request(facts, [encode(fact) for fact in facts])
        except UserError as error:
            refused: Future[list[Entry]] = Future()
            refused.set_exception(error)
            return refused
        return self._ask(request)

    def settle(self) -> None:
        """Return when the database holds every fact queued so far."""
        self._ask(_Request((), index=True)).result()

    def close(self) -> None:
        """Finish what is queued, bring the database up to date, stop the thread."""
        if not self._closed:
            self._closed = True
            self._requests.put(None)
            self._thread.join()

    def _ask(self, request: _Request) -> Future[list[Entry]]:
        if self._closed:
            raise _stopping()
        self._requests.put(request)
        return request.done

    def _run(self) -> None:
        open_ = True
        while open_:
            group, open_ = self._collect()
            if group:
                self._write(group)
            wanted = [request for request in group if request.index]
            if wanted or not open_ or self._is_index_due():
                self._index(wanted)
        self._refuse_rest()

    def _refuse_rest(self) -> None:
        """Answer those who asked while the thread was ending."""
        while not self._requests.empty():
            request = self._requests.get()
            if request is not None:
                request.done.set_exception(_stopping())

    def _collect(self) -> tuple[list[_Request], bool]:
        """Wait for work; return what has queued up and whether more may come."""
        group: list[_Request] = []
        timeout: float | None = None
        if self._backlog:
            timeout = max(0.0, self._backlog_since + _INDEX_DELAY_S - time.monotonic())
        try:
            while len(group) < _LARGEST_GROUP:
                request = (
                    self._requests.get(timeout=timeout)
                    if not group
                    else (self._requests.get_nowait())
                )
                if request is None:
                    return group, False
                group.append(request)
        except queue.Empty:
            pass
        return group, True

    def _is_index_due(self) -> bool:
        if not self._backlog:
            return False
        waited = time.monotonic() - self._backlog_since
        return waited >= _INDEX_DELAY_S or len(self._backlog) >= _LARGEST_BACKLOG

    def _write(self, group: list[_Request]) -> None:
        facts = [fact for request in group for fact in request.facts]
        encoded = [body for request in group for body in request.encoded]
        try:
            entries = self._journal.append(self.last_seq + 1, facts, encoded) if facts else []
        except UserError as error:
            for request in group:
                if request.facts:
                    request.done.set_exception(error)
            return
        if entries:
            self.last_seq = entries[-1].seq
            if not self._backlog:
                self._backlog_since = time.monotonic()
            self._backlog.extend(entries)
            for observer in self.observers:
                observer(entries)
        start = 0
        for request in group:
            stop = start + len(request.facts)
            if not request.index:
                request.done.set_result(entries[start:stop])
            start = stop

    def _index(self, wanted: list[_Request]) -> None:
        failure: UserError | None = None
        if self._backlog:
            try:
                apply_entries(self._connection, self._backlog)
                self._backlog = []
            except (duckdb.Error, pa.ArrowException, TypeError, ValueError) as error:
                # The facts are safe in the journal; the next call tries again.
                self._backlog_since = time.monotonic()
                failure = UserError(
                    "index_unwritable",
                    f"Everything is saved in the journal, but the database could not follow: "
                    f"{error}. Make room on the disk; it catches up by itself.",
                    status=507,
                )
        for request in wanted:
            if failure is None:
                request.done.set_result([])
            else:
                request.done.set_exception(failure)


def _stopping() -> UserError:
    return UserError("stopping", "The server is stopping; try again in a moment.", status=503)
