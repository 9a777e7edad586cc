"""Exports from the browser: counts before, the package after, kept until the server ends."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotator.clock import fresh_id
from annotator.desk.standing import Standings
from annotator.jobs import Advance, Job, Jobs
from annotator.results import export_source
from annotator.runs import chosen_run, find_run
from annotator.splitting import keep_splits, searched_splits, with_splits
from annotator.store import Store
from exports.formats import FORMATS, write_export
from exports.publish import CARD, OVERVIEW, LeftOut
from exports.source import ExportOptions, ExportSource
from schemas.errors import UserError

__all__ = ["LEAKS_SHOWN", "Before", "Choice", "Made", "Outlook", "Packages"]

LEAKS_SHOWN = 50
"""Leaking pairs that are shown with their pictures."""


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
class Choice:
    """What the curator chose."""

    format: str
    run: str = ""
    """Name of the run whose scores are exported; the chosen one where empty."""
    splits: str = ""
    """As `export --splits`; everything is `test` where empty."""
    accept_leaks: str = ""
    """Why splits that leak are exported all the same."""
    with_images: bool = True
    with_names: bool = False
    """Raters' names instead of pseudonyms."""
    include_unreviewed: bool = False
    """Also questions nobody has reviewed."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an export of a choice would be."""

    choice: Choice
    splits: dict[str, int]
    """Split -> images."""
    counts: dict[str, int]
    n_left_out: int
    warnings: Sequence[str]
    leaks: Mapping[str, Any] | None
    """The report on leaks; None without splits."""
    file_names: Mapping[str, str]
    """Stimulus -> file name, of the leaking pairs."""
    figure: str
    """The overview figure, SVG."""
    card: str
    """The data card, Markdown."""


@dataclass(frozen=True, slots=True)
class Made:
    """An export that is ready."""

    package: str
    """Its id, in the address of the download."""
    format: str
    folder: Path
    n_files: int
    n_bytes: int
    splits: dict[str, int]
    """Split -> images."""
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

    def look(self, choice: Choice, author: str) -> Job:
        """Find out what an export would hold: counts, leaks, figure and card; nothing stays.

        Raises:
            UserError: `unknown_format`, `unknown_run` or `job_running`.
        """
        self._check(choice)

        def work(advance: Advance) -> Outlook:
            advance(0, 0)
            source, _ = self._source(choice)
            if choice.splits:
                source = searched_splits(source, self._store, choice.splits)
            folder = self._store.folder.temporary / fresh_id("p")
            options = ExportOptions(choice.with_images, choice.with_names, is_rehearsal=True)
            try:
                report = write_export(choice.format, source, folder, options)
                card = (folder / CARD).read_text("utf-8")
                figure = (folder / OVERVIEW).read_text("utf-8")
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            ends = [pair[end] for pair in _pairs(source) for end in ("first", "second")]
            names = source.file_names()
            return Outlook(
                choice, report.splits, report.counts, len(report.left_out), report.warnings,
                source.leak_report, {end: names[end] for end in ends}, figure, card,
            )  # fmt: skip

        return self._jobs.start(
            "outlook",
            f"Looking at an export as {choice.format}",
            author,
            work,
            "outlook",
            format=choice.format,
        )

    def start(self, choice: Choice, author: str) -> Job:
        """Make a package.

        Args:
            choice: What it holds.
            author: Who asked for it.

        Raises:
            UserError: `unknown_format`, `unknown_run` or `job_running`.
        """
        self._check(choice)

        def work(advance: Advance) -> Made:
            advance(0, 0)
            source, notes = self._source(choice)
            if choice.splits:
                source = with_splits(source, self._store, choice.splits, choice.accept_leaks)
            package = fresh_id("p")
            name = f"{self._store.study.name}-{choice.format}"
            out = self._store.folder.temporary / package / name
            options = ExportOptions(choice.with_images, choice.with_names, progress=advance)
            report = write_export(choice.format, source, out, options)
            keep_splits(source, self._store, choice.splits)
            made = Made(
                package, choice.format, out, report.n_files, _size(out), report.splits,
                dict(report.counts), [_left_out(item) for item in report.left_out],
                [*report.warnings, *notes],
            )  # fmt: skip
            with self._lock:
                self._made[package] = made
            return made

        return self._jobs.start(
            "export", f"Exporting as {choice.format}", author, work, "export", format=choice.format
        )

    def _check(self, choice: Choice) -> None:
        if choice.format not in FORMATS:
            raise UserError("unknown_format", f"There is no format '{choice.format[:40]}'.")
        if choice.run:
            find_run(self._store, choice.run)

    def _source(self, choice: Choice) -> tuple[ExportSource, list[str]]:
        """Return the study with the scores of the run, and what to say of the run."""
        unreviewed = choice.include_unreviewed
        used = find_run(self._store, choice.run) if choice.run else chosen_run(self._store)
        if used is None:
            return export_source(self._store, include_unreviewed=unreviewed), []
        told = {"name": used.name, "as_of": used.as_of, "facts": used.facts}
        result = used.result(self._store)
        source = export_source(self._store, None, result, told, include_unreviewed=unreviewed)
        stale = f"The ratings have moved on since run '{used.name}' was computed."
        return source, [] if used.is_current else [stale]

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


def _pairs(source: ExportSource) -> Sequence[Mapping[str, Any]]:
    report = source.leak_report or {}
    pairs: Sequence[Mapping[str, Any]] = report.get("pairs", ())[:LEAKS_SHOWN]
    return pairs


def _left_out(left: LeftOut) -> str:
    name = f"{left.item} ({left.file_name})" if left.file_name else left.item
    return f"{name}: {left.reason.replace('_', ' ')}"


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
