"""Every method side by side, and the runs kept of them."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from annotator.desk.standing import Standings, wide_scores
from annotator.jobs import Advance, Job, Jobs
from annotator.runs import Run, choose_run, compute_run, list_runs, save_run
from annotator.store import Store
from annotator.store.tallies import results_position
from pipelines.opinion.comparison import Shift, shifts
from pipelines.opinion.mos import MosResult, compute_mos
from pipelines.opinion.options import METHODS, Method
from schemas.errors import UserError

__all__ = ["Compared", "Comparison", "MovedRow"]

PAGE = 25


@dataclass(frozen=True)
class _Kept:
    position: int
    """Last fact that was counted."""
    n_ratings: int
    results: Mapping[Method, MosResult]
    shifts: Mapping[Method, Sequence[Shift]]
    table: pa.Table
    """stimulus, file_name, and METHOD:DIMENSION, and moved:DIMENSION (largest change)."""


@dataclass(frozen=True, slots=True)
class MovedRow:
    """One stimulus by every method."""

    stimulus: str
    file_name: str
    mos: Mapping[str, float | None]
    """Method -> MOS."""
    shift: Mapping[str, float | None]
    """Method -> its change against the plain mean; None on another scale."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One page of the comparison on one dimension."""

    dimension: str
    n_ratings: int
    shifts: Mapping[str, Shift]
    """Method -> what it does on this dimension."""
    warnings: Mapping[str, Sequence[str]]
    rows: Sequence[MovedRow]
    page: int
    n_pages: int
    is_old: bool
    """Ratings came in since it was computed."""


class Comparison:
    """Methods compared on the ratings of a study."""

    def __init__(self, store: Store, standings: Standings, jobs: Jobs) -> None:
        """Compare on what `standings` has; compute as a job of `jobs`."""
        self._store, self._standings, self._jobs = store, standings, jobs
        self._lock = threading.Lock()
        self._kept: _Kept | None = None

    def start(self, author: str) -> Job:
        """Compute all methods; see `Jobs.start`."""
        return self._jobs.start(
            "methods", "Comparing the methods", author, self._compute, "methods"
        )

    def page(self, dimension: str, page: int = 1) -> Compared | None:
        """Return one page, most moved first; None before it was computed once."""
        with self._lock:
            kept = self._kept
        if kept is None:
            return None
        table = kept.table
        table = table.filter(pc.is_valid(table[f"mean:{dimension}"])).sort_by(
            [(f"moved:{dimension}", "descending"), ("stimulus", "ascending")]
        )
        n_pages = max(1, math.ceil(table.num_rows / PAGE))
        page = min(max(1, page), n_pages)
        return Compared(
            dimension=dimension,
            n_ratings=kept.n_ratings,
            shifts={
                method: next(s for s in found if s.dimension == dimension)
                for method, found in kept.shifts.items()
            },
            warnings={method: result.warnings for method, result in kept.results.items()},
            rows=[_row(row, dimension) for row in table.slice((page - 1) * PAGE, PAGE).to_pylist()],
            page=page,
            n_pages=n_pages,
            is_old=results_position(self._store)[0] > kept.position,
        )

    def runs(self) -> list[Run]:
        """Return the kept runs, oldest first."""
        rows = self._store.runs()
        if not rows:
            return []
        newest, _ = results_position(self._store)
        # A run that has counted every fact has kept the hash of the ratings of now. Where none
        # has, and hashing takes long, all are said to be old until it is done.
        facts = next((row["facts"] for row in rows if row["as_of"] >= newest), None)
        return list_runs(self._store, facts or self._standings.facts() or "")

    def save(self, name: str, method: str, author: str) -> Job:
        """Compute `method` with its defaults and keep it as run `name`, as a job.

        Raises:
            UserError: `invalid_name`, `unknown_method` or `job_running`.
        """
        name = name.strip()
        if not name or len(name) > 100 or not name.isprintable():
            raise UserError("invalid_name", "A run's name is 1 to 100 printable characters.")
        chosen = next((known for known in METHODS if known == method), None)
        if chosen is None:
            raise UserError("unknown_method", f"There is no method '{method[:40]}'.")

        def work(advance: Advance) -> str:
            advance(0, 1)
            save_run(self._store, name, *compute_run(self._store, chosen))
            return name

        return self._jobs.start("run", f"Keeping run {name}", author, work, "run", name=name)

    def choose(self, name: str | None, author: str = "") -> None:
        """Make exports use a run, or plain means; raises `unknown_run`."""
        choose_run(self._store, name, author)

    def _compute(self, advance: Advance) -> list[str]:
        advance(0, len(METHODS))
        position, ratings = self._standings.ratings()
        results: dict[Method, MosResult] = {}
        for done, method in enumerate(METHODS):
            advance(done, len(METHODS))
            results[method] = compute_mos(ratings, method, None, self._store.study.composites)
        found = {m: shifts(results["mean"], result) for m, result in results.items()}
        stimuli = self._standings.manifest().stimuli.select(["stimulus", "file_name"])
        table = _side_by_side(stimuli, results)
        with self._lock:
            self._kept = _Kept(position, ratings.n, results, found, table)
        advance(len(METHODS), len(METHODS))
        return list(results)


def _side_by_side(table: pa.Table, results: Mapping[Method, MosResult]) -> pa.Table:
    """Append METHOD:DIMENSION and moved:DIMENSION to stimulus and file_name."""
    base = results["mean"]
    wide = {method: wide_scores(result, table["stimulus"]) for method, result in results.items()}
    for name in base.estimates:
        moved = []
        for method, columns in wide.items():
            mos = columns[f"mos:{name}"]
            table = table.append_column(f"{method}:{name}", mos)
            if results[method].mos_scale == base.mos_scale:
                change = pc.abs(pc.subtract(mos, wide["mean"][f"mos:{name}"]))
                moved.append(pc.fill_null(change, 0.0))
        table = table.append_column(f"moved:{name}", pc.max_element_wise(*moved))
    return table


def _row(row: dict[str, float | str | None], dimension: str) -> MovedRow:
    mos = {method: row[f"{method}:{dimension}"] for method in METHODS}
    base = mos["mean"]
    return MovedRow(
        stimulus=str(row["stimulus"]),
        file_name=str(row["file_name"]),
        mos={m: v if isinstance(v, float) else None for m, v in mos.items()},
        shift={
            m: v - base
            if isinstance(v, float) and isinstance(base, float) and m not in ("mean", "zscore")
            else None
            for m, v in mos.items()
        },
    )
