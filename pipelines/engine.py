"""Where work runs: in this process, or on all cores of this machine.

An engine maps one function over many items. The function is sent to each worker once, so it may
carry a large table; the items follow a few at a time. Results come in the order of the items,
whichever worker is faster, so that what is built from them does not depend on chance.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from typing import Any, Protocol, TypeVar

__all__ = ["Engine", "Failed", "InProcess", "LocalEngine", "end_with_parent"]

T = TypeVar("T")
R = TypeVar("R")

FEW = 12
"""Up to this many items are done in the calling process: sooner than workers can start."""
WAITING_CHUNKS = 16
"""Chunks per worker that may be under way or wait for an earlier one to be handed out."""


@dataclass(frozen=True, slots=True)
class Failed:
    """What stands in for the result of an item whose worker died."""

    reason: str
    """One sentence."""


class Engine(Protocol):
    """Anything that can map a function over items."""

    def map(
        self, function: Callable[[T], R], items: Iterable[T], *, chunk: int = 8
    ) -> Generator[R | Failed, None, None]:
        """Yield `function(item)` for each item, in the order of the items.

        Args:
            function: Must pickle, and its items and results too.
            items: Read as far as the work has come, not all at once.
            chunk: Items that are sent to a worker together.

        Closing the generator stops the work.

        Raises:
            Exception: whatever `function` raised; the rest of the work is dropped.
        """
        ...


class InProcess:
    """The engine for few items, for tests, and for a debugger."""

    def map(
        self, function: Callable[[T], R], items: Iterable[T], *, chunk: int = 8
    ) -> Generator[R | Failed, None, None]:
        """Yield `function(item)` for each item; see `Engine.map`."""
        del chunk
        for item in items:
            yield function(item)


class LocalEngine:
    """Processes on this machine, one for each core.

    Workers are started from a clean server process, never forked from the caller, who may hold
    threads and a database. Closing the iterator, or Ctrl-C, ends them; a worker whose parent
    is gone ends by itself. An item whose worker dies (killed, out of memory) yields `Failed`,
    and a new worker goes on with the next.
    """

    def __init__(self, n_workers: int | None = None, few: int = FEW) -> None:
        """Choose the number of workers.

        Args:
            n_workers: Default: the cores this process may use.
            few: Work of at most so many items stays in the calling process.
        """
        self.n_workers = n_workers or len(os.sched_getaffinity(0))
        self.few = few

    def map(
        self, function: Callable[[T], R], items: Iterable[T], *, chunk: int = 8
    ) -> Generator[R | Failed, None, None]:
        """Yield `function(item)` for each item; see `Engine.map`."""
        stream = iter(items)
        first = list(itertools.islice(stream, self.few + 1))
        if len(first) <= self.few:
            yield from InProcess().map(function, first)
            return
        crew = _Crew(function, self.n_workers)
        try:
            yield from crew.run(itertools.chain(first, stream), chunk)
        finally:
            crew.dismiss()


@dataclass(eq=False, slots=True)
class _Worker:
    process: ForkServerProcess
    pipe: Connection
    chunk: _Chunk | None = None


@dataclass(eq=False, slots=True)
class _Chunk:
    items: Sequence[object]
    results: list[object]

    @property
    def left(self) -> Sequence[object]:
        return self.items[len(self.results) :]


@dataclass(frozen=True, slots=True)
class _Raised:
    error: Exception


class _Crew:
    """The workers of one call of `map`."""

    def __init__(self, function: Callable[[T], R], n_workers: int) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._function = function
        self._workers = [self._hire() for _ in range(n_workers)]
        self._again: deque[_Chunk] = deque()

    def run(self, items: Iterable[object], chunk: int) -> Generator[R | Failed, None, None]:
        stream = iter(items)
        ordered: deque[_Chunk] = deque()
        window = WAITING_CHUNKS * len(self._workers)
        while True:
            self._employ(stream, ordered, window, chunk)
            while ordered and not ordered[0].left:
                yield from self._told(ordered.popleft())
            if not ordered and not self._busy():
                rest = list(itertools.islice(stream, 1))
                if not rest:
                    return
                stream = itertools.chain(rest, stream)
            else:
                self._listen()

    def dismiss(self) -> None:
        """End all workers now."""
        for worker in self._workers:
            worker.pipe.close()
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.process.close()
        self._workers = []

    def _hire(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, self._function), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.chunk is not None]

    def _employ(
        self, stream: Iterator[object], ordered: deque[_Chunk], window: int, chunk: int
    ) -> None:
        for worker in self._workers:
            if worker.chunk is not None:
                continue
            task = self._again.popleft() if self._again else None
            if task is None and len(ordered) < window:
                items = list(itertools.islice(stream, chunk))
                if items:
                    task = _Chunk(items, [])
                    ordered.append(task)
            if task is None:
                return
            worker.chunk = task
            try:
                worker.pipe.send(task.left)
            except (BrokenPipeError, ConnectionResetError):
                # It died while idle: no item is to blame, a new worker takes the chunk.
                self._again.append(task)
                self._replace(worker)

    def _listen(self) -> None:
        by_pipe = {worker.pipe: worker for worker in self._busy()}
        for pipe in wait(list(by_pipe)):
            worker = by_pipe[pipe]  # type: ignore[index]
            try:
                error, result = worker.pipe.recv()
            except (EOFError, ConnectionResetError):
                self._mourn(worker)
                continue
            self._note(worker, result if error is None else _Raised(error))

    def _told(self, chunk: _Chunk) -> Iterator[Any]:
        # In its turn, so that what went before an error is not lost with it.
        for result in chunk.results:
            if isinstance(result, _Raised):
                raise result.error
            yield result

    def _note(self, worker: _Worker, result: object) -> None:
        chunk = worker.chunk
        if chunk is None:
            raise RuntimeError("a worker answered without being asked")
        chunk.results.append(result)
        if not chunk.left:
            worker.chunk = None

    def _mourn(self, worker: _Worker) -> None:
        """Blame the item in hand for its worker's death and go on after it."""
        worker.process.join()
        chunk = worker.chunk
        code = worker.process.exitcode
        self._note(
            worker, Failed(f"The process that worked on it died (exit {code}); try it alone.")
        )
        if chunk is not None and chunk.left:
            self._again.append(chunk)
        self._replace(worker)

    def _replace(self, worker: _Worker) -> None:
        worker.pipe.close()
        worker.process.join()
        worker.process.close()
        self._workers[self._workers.index(worker)] = self._hire()


def _work(pipe: Connection, function: Callable[[object], object]) -> None:
    """Answer each item of each chunk until the parent hangs up."""
    # Ctrl-C reaches the whole process group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
    while True:
        try:
            items = pipe.recv()
        except (EOFError, ConnectionResetError):
            return
        for item in items:
            try:
                answer: tuple[Exception | None, object] = (None, function(item))
            except Exception as error:  # noqa: BLE001 - it is raised again in the caller
                error.add_note(f"In a worker:\n{traceback.format_exc()}")
                answer = (error, None)
            try:
                pipe.send(answer)
            except BrokenPipeError:
                return


def end_with_parent() -> None:
    """End this worker, in the middle of an item too, when the parent is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
