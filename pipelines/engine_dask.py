"""Where work runs past one machine: on the workers of a Dask cluster.

Same contract as `pipelines.engine`: results come in the order of the items, whoever is faster. A
chunk can be done again without harm, so a worker that is killed costs its chunk's time and
nothing else; the scheduler gives the chunk to another one. Results come back to the one caller.

Workers need this program and its packages, and the study folder under the same path (a shared
file system); `docs/slurm.md` shows how.
"""

from __future__ import annotations

import itertools
import socket
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from pipelines.engine import Failed
from schemas.errors import UserError

__all__ = ["DaskEngine"]

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 4
"""Chunks per worker thread that are under way or wait for an earlier one."""
_LEAST_AHEAD = 32
_CONNECT_S = 20
_TRIES = 5


class DaskEngine:
    """Workers of a cluster whose scheduler somebody has started.

    An item whose chunk has killed several workers is tried alone; if it kills again it yields
    `Failed`. Closing the iterator, or Ctrl-C, takes back what waits. The function is sent to
    each worker once, to those that join later too.
    """

    def __init__(self, scheduler: str, shared: Path | None = None, wait_s: float = 600) -> None:
        """Name the cluster; nothing is connected yet.

        Args:
            scheduler: Address as `dask scheduler` prints it, or the path of its scheduler file.
            shared: Folder that every worker must see under the same path.
            wait_s: How long to wait for a first worker, which a busy SLURM may start late.
        """
        self.scheduler = scheduler
        self.shared = None if shared is None else shared.absolute()
        self.wait_s = wait_s

    def map(
        self, function: Callable[[T], R], items: Iterable[T], *, chunk: int = 8
    ) -> Generator[R | Failed, None, None]:
        """Yield `function(item)` for each item; see `Engine.map`.

        Raises:
            UserError: `no_scheduler` (absent, or gone in the middle), `no_workers`, or
                `worker_differs` where workers lack this program or do not see the shared folder.
        """
        stream = iter(items)
        first = list(itertools.islice(stream, 1))
        if not first:
            return
        client = self._connect()
        name = f"map-{uuid.uuid4().hex}"
        try:
            self._equip(client, _plugin(function, self.shared), name)
            yield from _Stream(client, name, chunk).run(itertools.chain(first, stream))
        except (CancelledError, _SchedulerGone) as error:
            raise self._gone() from error
        finally:
            # Waiting chunks are forgotten with their client.
            with suppress(OSError, TimeoutError):  # a scheduler that is gone keeps nothing
                client.unregister_worker_plugin(name)
            client.close()

    def _equip(self, client: Any, plugin: Any, name: str) -> None:
        for left in reversed(range(_TRIES)):
            try:
                client.register_plugin(plugin, name=name)
            except OSError as error:
                # A worker died while it was told; the scheduler tells those that come next.
                if not left or client.status != "running":
                    raise self._gone() from error
            else:
                return

    def _gone(self) -> UserError:
        return UserError(
            "no_scheduler",
            f"The Dask scheduler at {self.scheduler} is gone; start it and run the same again, "
            "what was done stays.",
        )

    def _connect(self) -> Any:
        from distributed import Client

        is_file = self.scheduler.endswith(".json")
        where = {"scheduler_file": self.scheduler} if is_file else {"address": self.scheduler}
        try:
            client = Client(**where, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise UserError(
                "no_scheduler",
                f"No Dask scheduler answers at {self.scheduler}; start one (`dask scheduler`) and "
                "give the address it prints.",
            ) from error
        try:
            client.wait_for_workers(1, timeout=self.wait_s)
        except TimeoutError as error:
            client.close()
            raise UserError(
                "no_workers",
                f"No worker has joined the scheduler at {self.scheduler} within "
                f"{self.wait_s:.0f} s; start some (`dask worker {self.scheduler}`).",
            ) from error
        return client


def _plugin(function: Callable[[Any], Any], shared: Path | None) -> Any:
    from distributed import WorkerPlugin

    class Carrier(WorkerPlugin):  # type: ignore[misc]
        """Holds the function on a worker; what it loads lives as long as it does."""

        def __init__(self) -> None:
            """Take along the function and the folder it needs."""
            self.function, self.shared = function, shared

    return Carrier()


def _do_chunk(name: str, items: Sequence[Any]) -> list[Any]:
    """Return the result of each item, in a worker."""
    from distributed import get_worker

    carrier = get_worker().plugins[name]
    if carrier.shared is not None and not carrier.shared.is_dir():
        # Without this every file would be taken for one that cannot be read.
        raise UserError(
            "worker_differs",
            f"The worker on {socket.gethostname()} does not see {carrier.shared}; keep the study "
            "on a file system that all machines share, under the same path.",
        )
    return [carrier.function(item) for item in items]


class _SchedulerGone(Exception):
    """It could not be asked; an error of the work itself looks different."""


class _Stream:
    """Chunks under way, handed out in order."""

    def __init__(self, client: Any, name: str, chunk: int) -> None:
        self._client, self._name, self._chunk = client, name, chunk

    def run(self, items: Iterator[Any]) -> Iterator[Any]:
        under_way: deque[tuple[Sequence[Any], Any]] = deque()
        while True:
            while len(under_way) < self._window():
                part: Sequence[Any] = list(itertools.islice(items, self._chunk))
                if not part:
                    break
                under_way.append((part, self._submit(part)))
            if not under_way:
                return
            part, future = under_way.popleft()
            yield from self._results(part, future)

    def _window(self) -> int:
        # Asked anew each time: workers come and go.
        try:
            threads = sum(self._client.nthreads().values())
        except OSError as error:
            raise _SchedulerGone from error
        return max(_LEAST_AHEAD, _AHEAD * int(threads))

    def _submit(self, part: Sequence[Any]) -> Any:
        return self._client.submit(_do_chunk, self._name, part, pure=False)

    def _results(self, part: Sequence[Any], future: Any) -> Iterator[Any]:
        from distributed import KilledWorker

        try:
            yield from future.result()
        except KilledWorker:
            yield from self._one_by_one(part)
        except ModuleNotFoundError as error:
            raise UserError(
                "worker_differs",
                f"The cluster's workers cannot import {error.name}; start them in this program's "
                "folder, with its Python.",
            ) from error

    def _one_by_one(self, part: Sequence[Any]) -> Iterator[Any]:
        """Find the item that kills; a chunk of one has been tried alone already."""
        if len(part) == 1:
            yield Failed("Every worker that worked on it died; try it alone.")
            return
        for item in part:
            yield from self._results([item], self._submit([item]))
