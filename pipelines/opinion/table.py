"""The one contract of the opinion statistics: ratings as integer codes.

A `RatingTable` holds a whole study; `Ratings` holds one dimension of it, which is what the
statistics take. Both are built once and never changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["GRID_STEPS", "Codes", "Floats", "RatingTable", "Ratings"]

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

_MOST_LEVELS = 64
"""More distinct scores than this are treated as a continuous scale."""
GRID_STEPS = (1, 2, 4, 5, 10, 100)
"""Denominators tried to write the levels as whole numbers, so that boundaries are exact."""


@dataclass(frozen=True)
class Ratings:
    """Ratings on one dimension, N rows in no particular order.

    No entry is missing: a cell that was not rated has no row. A cell with several rows was
    rated repeatedly.
    """

    dimension: str
    """Name of the dimension or composite."""
    stimulus: Codes
    """Code of the stimulus, shape (N,), 0 ... n_stimuli - 1."""
    rater: Codes
    """Code of the rater, shape (N,), 0 ... n_raters - 1."""
    score: Floats
    """Score, shape (N,), in units of the scale; finite."""
    n_stimuli: int
    """Number of stimulus codes; some may have no rating here."""
    n_raters: int
    """Number of rater codes; some may have no rating here."""
    low: float
    """Lowest score of the scale."""
    high: float
    """Highest score of the scale."""
    levels: Floats
    """Every level of the scale in rising order, shape (L,); empty for a continuous scale."""
    level: npt.NDArray[np.uint8] | None
    """Index into `levels`, shape (N,); None for a continuous scale."""
    session: Codes | None = None
    """Code of the sitting within the study, shape (N,); None where unknown."""
    repetition: Codes | None = None
    """Which presentation of the cell it was, shape (N,), from 0; None where cells are single."""
    row: npt.NDArray[np.int64] | None = None
    """Row of the table each rating came from; None where it is its own index."""

    @property
    def n(self) -> int:
        """Number of ratings."""
        return len(self.score)

    @cached_property
    def cells(self) -> npt.NDArray[np.intp]:
        """Index of each rating into the flattened histogram, shape (N,).

        Raises:
            ValueError: on a continuous scale, which has no histogram.
        """
        if self.level is None:
            raise ValueError("a continuous scale has no histogram")
        cells = self.stimulus * np.intp(len(self.levels))
        cells += self.level
        return cells

    @cached_property
    def histogram(self) -> npt.NDArray[np.int64]:
        """Votes per stimulus and level, shape (n_stimuli, L)."""
        size = self.n_stimuli * len(self.levels)
        return np.bincount(self.cells, minlength=size).reshape(self.n_stimuli, len(self.levels))

    @cached_property
    def grid(self) -> tuple[npt.NDArray[np.int64], int] | None:
        """Levels as whole numbers and what they were multiplied by; None where none fits."""
        for times in GRID_STEPS:
            scaled = self.levels * times
            whole = np.rint(scaled)
            if self.level is not None and np.all(np.abs(scaled - whole) < 1e-9):
                return whole.astype(np.int64), times
        return None

    @cached_property
    def count_by_stimulus(self) -> npt.NDArray[np.int64]:
        """Ratings per stimulus, shape (n_stimuli,)."""
        if self.level is not None:
            votes: npt.NDArray[np.int64] = self.histogram.sum(axis=1)
            return votes
        return np.bincount(self.stimulus, minlength=self.n_stimuli)

    @cached_property
    def count_by_rater(self) -> npt.NDArray[np.int64]:
        """Ratings per rater, shape (n_raters,)."""
        return np.bincount(self.rater, minlength=self.n_raters)

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """Row of the table each rating came from, shape (N,)."""
        return np.arange(self.n) if self.row is None else self.row

    def where(self, keep: npt.NDArray[np.bool_]) -> Ratings:
        """Return the ratings for which `keep`, shape (N,), is true; codes stay as they are."""
        if keep.all():
            return self
        index = np.flatnonzero(keep)
        return replace(
            self,
            stimulus=self.stimulus[index],
            rater=self.rater[index],
            score=self.score[index],
            level=None if self.level is None else self.level[index],
            session=None if self.session is None else self.session[index],
            repetition=None if self.repetition is None else self.repetition[index],
            row=self.rows[index],
        )

    def rescored(
        self, score: Floats, low: float | None = None, high: float | None = None
    ) -> Ratings:
        """Return the same ratings with other, continuous scores."""
        return replace(
            self,
            score=score,
            levels=np.empty(0),
            level=None,
            low=self.low if low is None else low,
            high=self.high if high is None else high,
        )


@dataclass(frozen=True)
class RatingTable:
    """All ratings of a study, validated and coded once (see `coding.rating_table`)."""

    stimuli: tuple[str, ...]
    """Ids of the stimuli in sorted order, exactly as they came in."""
    raters: tuple[str, ...]
    """Ids of the raters in sorted order, exactly as they came in."""
    dimensions: tuple[str, ...]
    """Names of the dimensions, in the study's order or sorted."""
    stimulus: Codes
    """Code of the stimulus, shape (N,)."""
    rater: Codes
    """Code of the rater, shape (N,)."""
    dimension: Codes
    """Code of the dimension, shape (N,)."""
    score: Floats
    """Score, shape (N,), finite and on the scale."""
    low: float
    """Lowest score of the scale; NaN only for a table without rows and scale."""
    high: float
    """Highest score of the scale."""
    scale_source: str
    """`given`, or `data` where lowest and highest score of the data were taken."""
    sessions: tuple[str, ...] = ()
    """Names of the sittings."""
    session: Codes | None = None
    """Code of the sitting, shape (N,)."""
    repetition: Codes | None = None
    """Which presentation of its cell a rating belongs to, from 0, shape (N,)."""
    rated_at: npt.NDArray[np.datetime64] | None = None
    """When it was rated (UTC, microseconds; NaT where unknown), shape (N,)."""
    duration_ms: Floats | None = None
    """Time taken in ms (NaN where unknown), shape (N,)."""
    warnings: tuple[str, ...] = ()
    """What was noticed while reading: blank scores skipped, scale taken from the data, ..."""
    extra_levels: tuple[float, ...] = field(default=())
    """Levels of the scale that may have no vote."""

    @property
    def n(self) -> int:
        """Number of ratings."""
        return len(self.score)

    @cached_property
    def _levels(self) -> tuple[Floats, npt.NDArray[np.uint8] | None]:
        return _levels_of(self.score, self.low, self.high, self.extra_levels)

    @property
    def levels(self) -> Floats:
        """Every level of the scale in rising order; empty for a continuous scale."""
        return self._levels[0]

    def ratings(self, dimension: str) -> Ratings:
        """Return the ratings on one dimension.

        Raises:
            KeyError: for a dimension the table does not have.
        """
        if dimension not in self.dimensions:
            raise KeyError(dimension)
        levels, level = self._levels
        whole = Ratings(
            dimension=dimension,
            stimulus=self.stimulus,
            rater=self.rater,
            score=self.score,
            n_stimuli=len(self.stimuli),
            n_raters=len(self.raters),
            low=self.low,
            high=self.high,
            levels=levels,
            level=level,
            session=self.session,
            repetition=self.repetition,
        )
        if len(self.dimensions) == 1:
            return whole
        return whole.where(self.dimension == self.dimensions.index(dimension))

    def subset(self, keep: npt.NDArray[np.bool_]) -> RatingTable:
        """Return the rows for which `keep`, shape (N,), is true; ids stay as they are."""
        columns: dict[str, Any] = {
            name: None if (column := getattr(self, name)) is None else column[keep]
            for name in (
                "stimulus", "rater", "dimension", "score",
                "session", "repetition", "rated_at", "duration_ms",
            )
        }  # fmt: skip
        return replace(self, **columns)


def _levels_of(
    score: Floats, low: float, high: float, extra: tuple[float, ...]
) -> tuple[Floats, npt.NDArray[np.uint8] | None]:
    """Return the levels and each score's index among them; no index on a continuous scale.

    A whole-numbered scale of at most 64 steps has every whole number as a level, rated or
    not: kappa and Gwet's AC2 count levels that nobody used.
    """
    if np.isfinite(low) and float(low).is_integer() and 0 <= high - low < _MOST_LEVELS:
        offset = score - low
        index = offset.astype(np.uint8)
        if np.array_equal(index, offset):
            return np.arange(low, np.floor(high) + 1), index
    distinct = np.unique(np.concatenate([_sampled_levels(score), np.asarray(extra)]))
    if len(distinct) > _MOST_LEVELS or not len(score):
        return np.empty(0), None
    inside = np.minimum(np.searchsorted(distinct, score), len(distinct) - 1)
    if np.array_equal(distinct[inside], score):
        return distinct, inside.astype(np.uint8)
    exact = np.unique(score)
    if len(exact) > _MOST_LEVELS:
        return np.empty(0), None
    return exact, np.searchsorted(exact, score).astype(np.uint8)


def _sampled_levels(score: Floats) -> Floats:
    """Return the distinct values among the first scores; enough to see a continuous scale."""
    return np.unique(score[:100_000])
