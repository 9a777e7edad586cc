"""Raters as instruments: every reading of every rater, brought up to date when a page asks."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.clock import iso, now
from annotator.results import study_ratings
from annotator.store import Store
from annotator.store.tallies import results_position
from pipelines.opinion.instruments import rater_readings
from pipelines.opinion.reading import Reading

__all__ = ["RaterReadings", "ReadingsPage"]

_GROUP = "discipline"


class ReadingsPage(NamedTuple):
    """What is known of one rater as of a fact."""

    readings: Sequence[Reading]
    computed_at: str
    is_old: bool
    """Ratings have come since; newer readings are being computed."""


class _Kept(NamedTuple):
    position: int
    computed_at: str
    of: Mapping[str, Sequence[Reading]]


class RaterReadings:
    """Computes the readings of all raters at once, since each is held against the others."""

    def __init__(self, store: Store, patience_s: float) -> None:
        """Read from `store`; a page waits `patience_s` before it shows what there is."""
        self._store, self._patience_s = store, patience_s
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="readings")
        self._pending: Future[_Kept] | None = None
        self._last: _Kept | None = None

    def of(self, rater: str) -> ReadingsPage | None:
        """Return the readings of a rater; None before the first are computed."""
        position, _ = results_position(self._store)
        with self._lock:
            last = self._last
            if last is None or last.position < position:
                if self._pending is None or self._pending.done():
                    self._pending = self._worker.submit(self._compute)
                pending = self._pending
            else:
                pending = None
        if pending is not None:
            try:
                last = pending.result(self._patience_s)
            except NotYet:
                pass  # shown as of when they are; the page asks again
        if last is None:
            return None
        return ReadingsPage(last.of.get(rater, ()), last.computed_at, last.position < position)

    def _compute(self) -> _Kept:
        store = self._store
        position, _ = results_position(store)
        at = iso(now())
        table = study_ratings(store, _timed(store.ratings(), store.submissions()))
        of: dict[str, list[Reading]] = {}
        for reading in rater_readings(table, store.detail(_GROUP)):
            of.setdefault(reading.rater, []).append(reading)
        self._last = _Kept(position, at, of)
        return self._last


def _timed(ratings: pa.Table, submissions: pa.Table) -> pa.Table:
    """Return the ratings with the time their submission took, ms, at the first rating of each.

    The ratings of a submission stand together.
    """
    places = pc.index_in(ratings["submission"], value_set=submissions["submission"])
    found = places.combine_chunks() if isinstance(places, pa.ChunkedArray) else places
    is_first = np.ediff1d(found.fill_null(-1).to_numpy(), to_begin=1) != 0
    times = submissions["duration_ms"].take(found)
    once = pc.if_else(pa.array(is_first), times, None)
    return ratings.append_column("duration_ms", once)
