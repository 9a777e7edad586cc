"""Exports from the browser: counts before, the package after, kept until the server ends."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotator.clock import fresh_id
from annotator.desk.standing import Standings
from annotator.jobs import Advance, Job, Jobs
from annotator.results import export_source
from annotator.runs import chosen_run, find_run
from annotator.store import Store
from exports.formats import FORMATS, write_export
from exports.source import ExportOptions
from schemas.errors import UserError

__all__ = ["Before", "Made", "Packages"]


@dataclass(frozen=True, slots=True)
class Before:
    """What an export would hold."""

    n_stimuli: int
    """Without retired ones."""
    n_ratings: int
    n_raters: int
    n_removed: int
    """Ratings taken out by decisions; listed in the package with the reason."""
    n_texts: int


@dataclass(frozen=True, slots=True)
class Made:
    """An export that is ready."""

    package: str
    """Its id, in the address of the download."""
    format: str
    folder: Path
    n_files: int
    n_bytes: int
    counts: dict[str, Any]
    left_out: Sequence[str]
    """What is not in it, and why."""
    warnings: Sequence[str]


class Packages:
    """Exports of a running server."""

    def __init__(self, store: Store, standings: Standings, jobs: Jobs) -> None:
        """Read `store`; export as a job of `jobs`."""
        self._store, self._standings, self._jobs = store, standings, jobs
        self._lock = threading.Lock()
        self._made: dict[str, Made] = {}

    def formats(self) -> list[str]:
        """Return the names of the formats."""
        return sorted(FORMATS)

    def before(self) -> Before:
        """Return what there is to export."""
        counts = self._store.counts()
        return Before(
            n_stimuli=counts["stimuli"] - counts["retired"],
            n_ratings=counts["ratings"],
            n_raters=counts["raters"],
            n_removed=counts["removed"],
            n_texts=counts["feedback"],
        )

    def start(
        self, format_: str, run: str, author: str, *, with_images: bool, with_names: bool
    ) -> Job:
        """Make a package.

        Args:
            format_: One of `formats()`.
            run: Name of the run whose scores are exported; the chosen one where empty.
            author: Who asked for it.
            with_images: Copy the images into it.
            with_names: Raters' names instead of pseudonyms.

        Raises:
            UserError: `unknown_format`, `unknown_run` or `job_running`.
        """
        if format_ not in FORMATS:
            raise UserError("unknown_format", f"There is no format '{format_[:40]}'.")
        used = find_run(self._store, run) if run else None

        def work(advance: Advance) -> Made:
            advance(0, 0)
            kept = used or chosen_run(self._store)
            if kept is None:
                source = export_source(self._store)
            else:
                told = {"name": kept.name, "as_of": kept.as_of, "facts": kept.facts}
                source = export_source(self._store, None, kept.result(self._store), told)
            package = fresh_id("p")
            out = self._store.folder.temporary / package / f"{self._store.study.name}-{format_}"
            options = ExportOptions(
                with_images=with_images, with_names=with_names, progress=advance
            )
            report = write_export(format_, source, out, options)
            warnings = list(report.warnings)
            if kept is not None and not kept.is_current:
                warnings.append(f"The ratings have moved on since run '{kept.name}' was computed.")
            left_out = [str(item._asdict()) for item in report.left_out]
            made = Made(
                package, format_, out, report.n_files, _size(out), dict(report.counts),
                left_out, warnings,
            )  # fmt: skip
            with self._lock:
                self._made[package] = made
            return made

        return self._jobs.start("export", f"Exporting as {format_}", author, work)

    def find(self, package: str) -> Made:
        """Return an export that is ready.

        Raises:
            UserError: `unknown_package`.
        """
        with self._lock:
            made = self._made.get(package)
        if made is None:
            raise UserError(
                "unknown_package",
                "This export is no longer there: exports last until the server is restarted. "
                "Make it again at the desk.",
                status=404,
            )
        return made


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
