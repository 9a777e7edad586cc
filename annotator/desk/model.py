"""The scorer as its curator sees it: how well it predicts, whether it stayed out of sight.

Numbers come from the newest version's files and from the ratings; computed in a thread, so that
a page of a large study does not wait for them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from annotator.clock import iso, now
from annotator.desk.checks import CheckView, Found
from annotator.desk.standing import Standings
from annotator.scoring_files import UNREADABLE, Card, Predictions, ScoringFolder
from annotator.store import Store
from annotator.store.tallies import results_position
from pipelines.scoring.blindness import BlindnessTest, blindness_test
from pipelines.scoring.drift import Era, errors_by_era
from pipelines.scoring.reweighting import PoolEstimate, pool_mean, pool_srcc, stimulus_weights
from pipelines.scoring.triage import propose
from pipelines.splits import Member, find_links

__all__ = ["Disagreement", "Doubt", "ModelPage", "ModelView", "Points", "TargetView"]

_MOST_POINTS = 400
_MOST_DISAGREEMENTS = 12
_FEWEST_RATINGS = 2
_MOST_DOUBTS = 200

Numbers = NDArray[np.float64]


class Points(NamedTuple):
    """Left-out prediction against MOS, some stimuli."""

    file_names: Sequence[str]
    predicted: Sequence[float]
    mos: Sequence[float]
    ci95: Sequence[float | None]
    """Half-width of the MOS's 95 % interval; None with one rating."""


class Disagreement(NamedTuple):
    """An image of which model and people think differently."""

    stimulus: str
    file_name: str
    dimension: str
    n: int
    mos: float
    ci95: float | None
    predicted: float
    sd: float


class TargetView(NamedTuple):
    """One dimension or composite."""

    evidence: Mapping[str, Any]
    """`pipelines.scoring.head.Evidence`."""
    points: Points
    eras: Sequence[Era]
    """Errors of left-out stimuli, by when they were rated."""
    blindness: BlindnessTest | None
    """None for composites: they are not rated."""
    pool_mean: PoolEstimate | None
    pool_srcc: PoolEstimate | None


class Doubt(NamedTuple):
    """An image proposed for a look."""

    stimulus: str
    file_name: str
    reason: str
    other: str
    other_name: str


@dataclass(frozen=True, slots=True)
class ModelPage:
    """The whole page."""

    card: Card
    n_versions: int
    computed_at: str
    targets: Mapping[str, TargetView]
    curve: Sequence[Mapping[str, Any]]
    """Learning curve: n, target, srcc, prior_srcc."""
    disagreements: Sequence[Disagreement]
    doubts: Sequence[Doubt]
    n_doubts: int
    n_model: int
    """Submissions that the model's arm served."""
    n_random: int
    found: Found
    """What reading the images found."""


class ModelView:
    """Keeps the page up to date with version and ratings."""

    def __init__(
        self, store: Store, standings: Standings, checks: CheckView, patience_s: float = 0.6
    ) -> None:
        """Read from `store` and its scorer's files.

        Args:
            store: The open store.
            standings: The results.
            checks: What reading the images found.
            patience_s: How long a page waits for newer numbers before it shows older ones.
        """
        self._store, self._standings, self._patience_s = store, standings, patience_s
        self._checks = checks
        self._files = ScoringFolder(store.folder.scoring)
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="model-page")
        self._pending: tuple[object, Future[ModelPage]] | None = None
        self._last: ModelPage | None = None

    def failure(self) -> str:
        """Return why the server could not learn last time, for people; empty where it could."""
        return self._files.failure()

    def page(self) -> tuple[ModelPage | None, bool]:
        """Return the page and whether a newer one is being computed; None before any version.

        Raises:
            UserError: the newest version cannot be read.
        """
        version = self._files.current()
        if version is None:
            return None, False
        key = (version, results_position(self._store))
        with self._lock:
            is_old = self._pending is None or (
                self._pending[1].done()
                and (self._pending[0] != key or self._pending[1].exception() is not None)
            )
            if self._pending is None or is_old:
                self._pending = key, self._worker.submit(self._compute, version)
            pending_key, pending = self._pending
        try:
            self._last = pending.result(self._patience_s)
        except NotYet:
            return self._last, True
        return self._last, pending_key != key

    def _compute(self, version: str) -> ModelPage:
        card = self._files.card(version)
        predictions = self._files.predictions(version)
        table = self._table()
        row = _rows(table["stimulus"], predictions)
        known = _Known(table, predictions, row)
        ratings = self._store.ratings()
        served = _served(ratings, known)
        doubts = self._doubts(known)
        return ModelPage(
            card=card,
            n_versions=len(self._files.cards()),
            computed_at=iso(now()),
            targets={
                name: self._target(name, card, known, ratings, served)
                for name in predictions.targets
                if f"mos:{name}" in table.column_names
            },
            curve=self._files.curve()[1],
            disagreements=_disagreements(known, card),
            doubts=doubts[:_MOST_DOUBTS],
            n_doubts=len(doubts),
            n_model=served.n_by_arm("model"),
            n_random=served.n_by_arm("random"),
            found=self._checks.all(),
        )

    def _table(self) -> pa.Table:
        while True:
            standing, _ = self._standings.now()
            if standing is not None:
                return standing.table

    def _target(
        self, name: str, card: Card, known: _Known, ratings: pa.Table, served: _Served
    ) -> TargetView:
        mos, left_out = known.mos(name), known.left_out(name)
        is_rated = np.isfinite(mos) & np.isfinite(left_out)
        is_served = np.isfinite(mos) & (served.weight > 0)
        weighted = is_rated & is_served
        seed = self._store.study.seed & 2**31 - 1
        return TargetView(
            evidence=card.evidence[name],
            points=_points(known, name, is_rated, seed),
            eras=errors_by_era(mos - left_out, served.order, is_rated),
            blindness=_blindness(name, ratings, known),
            pool_mean=pool_mean(mos[is_served], served.weight[is_served]),
            pool_srcc=pool_srcc(mos[weighted], left_out[weighted], served.weight[weighted], seed),
        )

    def _doubts(self, known: _Known) -> list[Doubt]:
        rows = self._store.stimuli().select(["stimulus", "phash", "width", "height", "is_retired"])
        stimuli, phashes = rows["stimulus"].to_pylist(), rows["phash"].to_pylist()
        is_used = [not retired for retired in rows["is_retired"].to_pylist()]
        members = [
            Member(s, p) for s, p, used in zip(stimuli, phashes, is_used, strict=True) if used
        ]
        found = propose(
            stimuli,
            phashes,
            np.stack([rows["width"].to_numpy(), rows["height"].to_numpy()], axis=1),
            known.state == UNREADABLE,
            known.oddity,
            find_links(members, ()),
        )
        names = dict(zip(known.stimuli, known.file_names, strict=True))
        return [
            Doubt(stimuli[one.place], names[stimuli[one.place]], one.reason, one.other,
                  names.get(one.other, ""))
            for one in found
            if is_used[one.place]
        ]  # fmt: skip


class _Known:
    """Results and predictions side by side, in the order of import."""

    def __init__(self, table: pa.Table, predictions: Predictions, row: NDArray[np.intp]) -> None:
        self._table, self._predictions, self._row = table, predictions, row
        self.targets = predictions.targets
        self.stimuli: list[str] = table["stimulus"].to_pylist()
        self.file_names: list[str] = table["file_name"].to_pylist()
        is_there = row >= 0
        self.state = np.where(is_there, predictions.state[row], 0)
        self.oddity = np.where(is_there, predictions.oddity[row], np.nan).astype(np.float32)

    def left_out(self, name: str) -> Numbers:
        """Return what was predicted of each stimulus without its own ratings; NaN elsewhere."""
        return self._of(self._predictions.left_out, name)

    def left_out_sd(self, name: str) -> Numbers:
        """Return the standard deviation of `left_out`."""
        return self._of(self._predictions.left_out_sd, name)

    def mos(self, name: str) -> Numbers:
        """Return the MOS of each stimulus; NaN where it has none."""
        return self._number(f"mos:{name}")

    def ci95(self, name: str) -> Numbers:
        """Return the half-width of its interval; NaN below two ratings."""
        return self._number(f"ci95:{name}")

    def n(self, name: str) -> Numbers:
        """Return its number of ratings."""
        return np.nan_to_num(self._number(f"n:{name}"))

    def _of(self, values: NDArray[np.float32], name: str) -> Numbers:
        column = values[self._row, self.targets.index(name)].astype(float)
        found: Numbers = np.where(self._row >= 0, column, np.nan)
        return found

    def _number(self, name: str) -> Numbers:
        column = pc.fill_null(self._table[name].cast(pa.float64()), float("nan"))
        numbers: Numbers = column.to_numpy()
        return numbers


class _Served(NamedTuple):
    """What the arms served, by stimulus in the order of import."""

    weight: Numbers
    """Sum of 1/probability over a stimulus's ratings; 0 where none was logged."""
    order: NDArray[np.intp]
    """When the stimulus was first rated, counted from 0; -1 where it was not."""
    arms: Mapping[str, int]

    def n_by_arm(self, arm: str) -> int:
        """Return the submissions of an arm."""
        return self.arms.get(arm, 0)


def _rows(stimuli: pa.ChunkedArray, predictions: Predictions) -> NDArray[np.intp]:
    found = pc.fill_null(pc.index_in(stimuli, value_set=predictions.stimuli), -1)
    row: NDArray[np.intp] = found.to_numpy().astype(np.intp)
    return row


def _places(column: pa.ChunkedArray, known: _Known) -> NDArray[np.intp]:
    found = pc.index_in(column, value_set=pa.array(known.stimuli, pa.string()))
    places: NDArray[np.intp] = found.to_numpy().astype(np.intp)
    return places


def _served(ratings: pa.Table, known: _Known) -> _Served:
    n = len(known.stimuli)
    # One row a submission: the arm served the image, not its dimensions.
    first = np.unique(ratings["submission"].combine_chunks().to_numpy(zero_copy_only=False),
                      return_index=True)[1]  # fmt: skip
    rows = ratings.take(pa.array(np.sort(first)))
    order = np.full(n, -1, np.intp)
    places = _places(rows["stimulus"], known)
    seen, earliest = np.unique(places, return_index=True)
    order[seen] = np.argsort(np.argsort(earliest))
    rows = rows.append_column("place", pa.array(places)).filter(pc.is_valid(rows["probability"]))
    counted = pc.value_counts(rows["arm"]).to_pylist()
    return _Served(
        stimulus_weights(rows["place"].to_numpy(), rows["probability"].to_numpy(), n),
        order,
        {entry["values"]: entry["counts"] for entry in counted},
    )


def _blindness(name: str, ratings: pa.Table, known: _Known) -> BlindnessTest | None:
    is_here = pc.and_(
        pc.equal(ratings["dimension"], name),
        pc.is_in(ratings["arm"], value_set=pa.array(["model", "random"])),
    )
    rows = ratings.filter(is_here)
    if not pc.any(pc.equal(ratings["dimension"], name)).as_py():
        return None
    places = _places(rows["stimulus"], known)
    expected = known.left_out(name)[places]
    is_known = np.isfinite(expected)
    raters = np.unique(np.array(rows["rater"].to_pylist(), dtype=object).astype(str),
                       return_inverse=True)[1]  # fmt: skip
    return blindness_test(
        places[is_known],
        raters[is_known],
        np.array(pc.equal(rows["arm"], "model").to_pylist(), bool)[is_known],
        rows["score"].to_numpy()[is_known],
        expected[is_known],
    )


def _points(known: _Known, name: str, is_rated: NDArray[np.bool_], seed: int) -> Points:
    places = np.flatnonzero(is_rated)
    if places.size > _MOST_POINTS:
        places = np.sort(np.random.default_rng(seed).permutation(places)[:_MOST_POINTS])
    ci95 = known.ci95(name)[places]
    return Points(
        [known.file_names[i] for i in places],
        known.left_out(name)[places].tolist(),
        known.mos(name)[places].tolist(),
        [float(one) if np.isfinite(one) else None for one in ci95],
    )


def _disagreements(known: _Known, card: Card) -> list[Disagreement]:
    """Return the images whose MOS lies farthest outside what was expected, one target each.

    Of targets that can be predicted, where there are any: elsewhere the model is simply blind.
    """
    found: list[tuple[float, Disagreement]] = []
    sighted = [name for name in known.targets if card.evidence[name]["is_predictable"]]
    for name in sighted or known.targets:
        mos, expected, sd = known.mos(name), known.left_out(name), known.left_out_sd(name)
        ci95, n = known.ci95(name), known.n(name)
        off = np.abs(mos - expected) / sd
        off[~np.isfinite(off) | (n < _FEWEST_RATINGS)] = 0
        for place in np.argsort(-off)[:_MOST_DISAGREEMENTS].tolist():
            if off[place] > 1:
                half = float(ci95[place]) if np.isfinite(ci95[place]) else None
                found.append((float(off[place]), Disagreement(
                    known.stimuli[place], known.file_names[place], name, int(n[place]),
                    float(mos[place]), half, float(expected[place]), float(sd[place]),
                )))  # fmt: skip
    best: dict[str, Disagreement] = {}
    for _, one in sorted(found, key=lambda pair: -pair[0]):
        best.setdefault(one.stimulus, one)
    return list(best.values())[:_MOST_DISAGREEMENTS]
