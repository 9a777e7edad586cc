"""The results as they stand: one wide table of stimuli, brought up to date as ratings come in.

The scores come from sums in the database (`annotator.desk.sums`); single ratings are read only
for what needs them. It runs in a thread: a page waits a moment for it, then shows the table it
has and says that a newer one is coming.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from annotator.clock import iso, now
from annotator.desk.sums import OpinionSums, read_sums
from annotator.results import facts_hash, study_mos, study_ratings
from annotator.store import Store
from annotator.store.tallies import has_split_presentations, results_position
from pipelines.opinion.mos import MosResult
from pipelines.opinion.table import RatingTable

__all__ = ["Manifest", "Standing", "Standings", "wide_scores"]

_MOST_VALUES = 60
"""A manifest column with more different values than this is no filter."""
_TELLING = 1000
"""A column of captions shows itself in so many rows."""
_FEW = ("n", "mos", "sos", "ci95")


@dataclass(frozen=True)
class Manifest:
    """The stimuli and what the manifests said of them."""

    position: int
    stimuli: pa.Table
    """stimulus, file_name, details, is_retired, sha256, in the order of import."""
    columns: Mapping[str, pa.Array]
    """Manifest column that can filter -> its value for each stimulus, as text or null."""

    def values_of(self, column: str) -> list[str]:
        """Return the different values of a column, sorted."""
        values = self.columns[column].unique().drop_null().to_pylist()
        return sorted(values)


@dataclass(frozen=True)
class Standing:
    """The results as of one fact."""

    position: tuple[int, int]
    computed_at: str
    manifest: Manifest
    names: tuple[str, ...]
    """Dimensions, then composites."""
    table: pa.Table
    """Stimuli in order of import: the manifest's columns, n (submissions that count), for every
    NAME mos:NAME, sos:NAME, ci95:NAME, n:NAME, and is:COLUMN for what can filter."""


def wide_scores(result: MosResult, stimuli: pa.ChunkedArray) -> dict[str, pa.Array]:
    """Return mos:NAME, … of a result as columns in the order of `stimuli`; null where not rated."""
    long = result.stimuli_table()
    columns = {}
    for name in result.estimates:
        part = long.filter(pc.equal(long["dimension"], name))
        for what in _FEW:
            columns[f"{what}:{name}"] = _aligned(stimuli, part["stimulus"], part[what])
    return columns


def _aligned(
    wanted: pa.ChunkedArray, given: pa.ChunkedArray, values: pa.ChunkedArray
) -> pa.ChunkedArray:
    return values.take(pc.index_in(wanted, value_set=given.combine_chunks()))


class Standings:
    """Keeps the results of a store up to date."""

    def __init__(self, store: Store, patience_s: float = 0.6) -> None:
        """Read from `store`.

        Args:
            store: The open store.
            patience_s: How long a page waits for newer results before it shows older ones.
        """
        self._store = store
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="standing")
        self._hasher = ThreadPoolExecutor(1, thread_name_prefix="hash")
        self._pending: Future[Standing] | None = None
        self._wanted: tuple[int, int] = (-1, -1)
        self._last: Standing | None = None
        self._manifest: Manifest | None = None
        self._sums: OpinionSums | None = None
        self._hash: tuple[int, Future[str]] | None = None

    def now(self) -> tuple[Standing | None, bool]:
        """Return the newest results there are and whether newer ones are being computed.

        None before the first are ready.
        """
        position = results_position(self._store)
        with self._lock:
            if self._last is not None and self._last.position == position:
                return self._last, False
            pending = self._pending
            if pending is None or (
                pending.done() and (self._wanted != position or pending.exception() is not None)
            ):
                pending = self._worker.submit(self._compute)
                self._pending, self._wanted = pending, position
        try:
            standing = pending.result(self._patience_s)
            # Begun before the newest facts came in: those are counted by the next call.
            return standing, standing.position < position
        except NotYet:
            return self._last, True

    def prepare(self) -> None:
        """Begin to compute what `now` will ask for."""
        with self._lock:
            if self._last is None and self._pending is None:
                self._pending = self._worker.submit(self._compute)

    def wait(self) -> Standing:
        """Return results at least as new as the call, however long that takes."""
        while True:
            position = results_position(self._store)
            standing, is_old = self.now()
            if standing is not None and not is_old and standing.position >= position:
                return standing
            with self._lock:
                pending = self._pending
            if pending is not None:
                pending.result()

    def ratings(self) -> tuple[int, RatingTable]:
        """Return the last fact that changed scores and the single ratings that count by then.

        Takes seconds on a large study.
        """
        position, _ = results_position(self._store)
        return position, study_ratings(self._store)

    def facts(self) -> str | None:
        """Return the hash of the ratings, as runs keep it; None where a page cannot wait for it."""
        position, _ = results_position(self._store)
        with self._lock:
            if self._hash is None or self._hash[0] != position:
                self._hash = (position, self._hasher.submit(self._read_hash))
            pending = self._hash[1]
        try:
            return pending.result(self._patience_s)
        except NotYet:
            return None

    def manifest(self) -> Manifest:
        """Return the stimuli and their manifest columns."""
        return self._read_manifest(results_position(self._store)[1])

    def _read_hash(self) -> str:
        return facts_hash(self._store.ratings(), self._store.removed())

    def _compute(self) -> Standing:
        store = self._store
        position = results_position(store)
        manifest = self._read_manifest(position[1])
        table = manifest.stimuli
        self._sums = read_sums(store, table["stimulus"], position[0], self._sums)
        table = table.append_column("n", pa.array(self._sums.n))
        names = (*store.study.dimension_names, *store.study.composite_names)
        for name, column in self._columns(table["stimulus"], self._sums).items():
            table = table.append_column(name, column)
        for name, column in manifest.columns.items():
            table = table.append_column(f"is:{name}", column)
        self._last = Standing(position, iso(now()), manifest, names, table)
        return self._last

    def _columns(self, stimuli: pa.ChunkedArray, sums: OpinionSums) -> dict[str, pa.Array]:
        if has_split_presentations(self._store):
            return wide_scores(study_mos(self._store), stimuli)
        columns: dict[str, pa.Array] = {}
        for name in sums.of:
            scores = sums.scores(name)
            for what in _FEW:
                columns[f"{what}:{name}"] = pa.array(getattr(scores, what), from_pandas=True)
        return columns

    def _read_manifest(self, position: int) -> Manifest:
        retired = self._store.retired_stimuli()
        kept = self._manifest
        if kept is None or kept.position != position:
            table = self._store.stimuli().select(["stimulus", "file_name", "details", "sha256"])
            kept = Manifest(position, table, _filters(table["details"]))
            self._manifest = kept
        is_retired = pc.is_in(kept.stimuli["stimulus"], value_set=retired.combine_chunks())
        return Manifest(
            position, kept.stimuli.append_column("is_retired", is_retired), kept.columns
        )


def _filters(details: pa.ChunkedArray) -> dict[str, pa.Array]:
    """Return the manifest columns with few enough values, most telling first."""
    rows: list[dict[str, Any]] = [orjson.loads(text) for text in details.to_pylist()]
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        if len(set(map(str, values[:_TELLING]))) > _MOST_VALUES + 1:
            continue
        different = {value for value in values if isinstance(value, str | int | float)}
        if 1 <= len(different) <= _MOST_VALUES:
            texts = [None if value is None else str(value) for value in values]
            columns[name] = pa.array(texts, pa.string())
    return columns
