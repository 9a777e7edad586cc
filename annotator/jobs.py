"""Long work in threads: one of a kind at a time, with progress, cancel and a result that stays.

State is in memory: a job ends with the server, and what it had appended to the study stays.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from annotator.clock import fresh_id, iso, now
from schemas.errors import UserError

__all__ = ["Advance", "Cancelled", "Job", "Jobs"]

_LOG = logging.getLogger("annotator")

Advance = Callable[[int, int], None]
"""Told what is done and how much there is; raises `Cancelled` where somebody has cancelled."""


class Cancelled(Exception):
    """Unwinds the work of a job that somebody has cancelled."""


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of long work as it stands."""

    job: str
    kind: str
    """What sort of work; one of a kind runs at a time."""
    title: str
    """What is done, for people, in English."""
    author: str
    started_at: str
    state: str = "running"
    """`running`, `done`, `failed` or `cancelled`."""
    n_done: int = 0
    n_total: int = 0
    """0 while that is not known."""
    result: Any = None
    """What the work returned; None unless `done`."""
    message: str = ""
    """Why it failed."""
    code: str = ""
    """Stable name of the error it failed by."""
    key: str = ""
    """Name of the title in the catalogue of texts; empty where it is only there in English."""
    values: Mapping[str, object] = field(default_factory=dict)
    """What the title's `{name}` stand for."""
    ended_at: str | None = None
    is_cancelling: bool = False
    """Somebody has cancelled it and it has not come to its next step yet."""


class Jobs:
    """The jobs of a running server: the last of every kind."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._last: dict[str, Job] = {}

    def start(
        self,
        kind: str,
        title: str,
        author: str,
        work: Callable[[Advance], Any],
        key: str = "",
        **values: object,
    ) -> Job:
        """Run `work` in a thread of its own.

        Args:
            kind: What sort of work.
            title: What is done, for people, in English.
            author: Who asked for it.
            work: Called with a function that takes items done and in all.
            key: Name of the title in the catalogue of texts.
            values: What the `{name}` in that text stand for.

        Raises:
            UserError: `job_running` where one of the kind has not ended.
        """
        with self._lock:
            there = self._last.get(kind)
            if there is not None and there.state == "running":
                raise UserError(
                    "job_running",
                    f"{there.title} is still running (begun by {there.author}); wait for it or "
                    "cancel it.",
                    status=409,
                )
            job = Job(fresh_id("j"), kind, title, author, iso(now()), key=key, values=values)
            self._last[kind] = job
        threading.Thread(
            target=self._run, args=(job, work), name=f"job-{kind}", daemon=True
        ).start()
        return job

    def last(self, kind: str) -> Job | None:
        """Return the last job of a kind, running or ended, or None."""
        with self._lock:
            return self._last.get(kind)

    def cancel(self, kind: str) -> None:
        """Ask the running job of a kind to stop at its next step; nothing where none runs."""
        with self._lock:
            job = self._last.get(kind)
            if job is not None and job.state == "running":
                self._last[kind] = replace(job, is_cancelling=True)

    def dismiss(self, kind: str) -> None:
        """Forget the ended job of a kind."""
        with self._lock:
            job = self._last.get(kind)
            if job is not None and job.state != "running":
                del self._last[kind]

    def _run(self, job: Job, work: Callable[[Advance], Any]) -> None:
        def advance(done: int, total: int) -> None:
            if self._change(job.kind, n_done=done, n_total=total).is_cancelling:
                raise Cancelled

        try:
            result = work(advance)
        except Cancelled:
            self._end(job.kind, state="cancelled")
        except UserError as error:
            self._end(job.kind, state="failed", message=error.message, code=error.code)
        except Exception as error:  # noqa: BLE001 - the thread's last word; it is shown and logged
            _LOG.exception("%s failed", job.title, exc_info=error)
            self._end(
                job.kind,
                state="failed",
                code="server_mistake",
                message="The server made a mistake; its log says more. Try again.",
            )
        else:
            self._end(job.kind, state="done", result=result)

    def _end(self, kind: str, **changes: Any) -> None:
        self._change(kind, ended_at=iso(now()), **changes)

    def _change(self, kind: str, **changes: Any) -> Job:
        with self._lock:
            job = self._last[kind] = replace(self._last[kind], **changes)
            return job
