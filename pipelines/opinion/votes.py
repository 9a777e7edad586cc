"""Votes per stimulus and value, equal patterns counted once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.opinion.table import Floats, Ratings

__all__ = ["Patterns", "first_ratings", "vote_patterns"]


class Patterns(NamedTuple):
    """Distinct patterns of votes and how many stimuli show each."""

    votes: Any
    """Votes of each pattern for each value, shape (P, V); sparse on a continuous scale."""
    n_stimuli: npt.NDArray[np.int64]
    """Stimuli that show the pattern, shape (P,)."""
    values: Floats
    """The values in rising order, shape (V,)."""


def first_ratings(ratings: Ratings) -> Ratings:
    """Return one rating per stimulus and rater: the first by session and repetition.

    Agreement is between raters; a rater's repetitions are test-retest.
    """
    if ratings.repetition is None and ratings.session is None:
        return ratings
    cell = ratings.stimulus.astype(np.int64) * ratings.n_raters + ratings.rater
    keys = [codes for codes in (ratings.repetition, ratings.session) if codes is not None]
    order = np.lexsort((*keys, cell))
    first = np.append(True, np.diff(cell[order]) != 0)
    if first.all():
        return replace(ratings, repetition=None)
    keep = np.zeros(ratings.n, np.bool_)
    keep[order[first]] = True
    return replace(ratings.where(keep), repetition=None)


def vote_patterns(ratings: Ratings, fewest: int = 1) -> Patterns:
    """Return the patterns of stimuli with at least `fewest` ratings."""
    enough = ratings.count_by_stimulus >= fewest
    if ratings.level is not None:
        votes = ratings.histogram[enough]
        distinct, counts = _distinct_rows(votes)
        return Patterns(distinct.astype(np.float64), counts, ratings.levels)
    from scipy.sparse import csr_array

    values, code = np.unique(ratings.score, return_inverse=True)
    size = (ratings.n_stimuli, len(values))
    ones = np.ones(ratings.n)
    matrix = csr_array((ones, (ratings.stimulus, code)), shape=size)
    kept = np.flatnonzero(enough)
    return Patterns(matrix[kept], np.ones(len(kept), np.int64), values)


def _distinct_rows(
    votes: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return distinct rows in a fixed order and how often each occurs."""
    base = int(votes.max(initial=0)) + 1
    if base ** votes.shape[1] < 2**62:
        key = votes @ (base ** np.arange(votes.shape[1], dtype=np.int64))
        _, first, counts = np.unique(key, return_index=True, return_counts=True)
        return votes[first], counts
    rows, counts = np.unique(votes, axis=0, return_counts=True)
    return rows, counts
