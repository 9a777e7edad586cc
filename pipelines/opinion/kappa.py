"""Cohen's weighted kappa of every pair of raters.

Source: Cohen 1968. Every level of the scale counts, whether the pair used it or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.opinion.by_value import kappa_by_value
from pipelines.opinion.gwet import level_weights
from pipelines.opinion.table import Floats, Ratings

__all__ = ["PairwiseKappa", "pairwise_kappa"]

_BLOCK_CELLS = 20_000_000
"""Cells of the contingency tables held at one time."""
_MOST_BY_PAIR = 48
"""Panels up to this size are counted pair by pair."""
_DENSE_WORK = 4e10
"""Multiplications up to which tables are counted by dense products."""


class PairwiseKappa(NamedTuple):
    """Means over pairs of raters for which kappa is defined; NaN without any."""

    linear: float
    quadratic: float
    pairs: int
    """Pairs that share stimuli and do not both use one and the same single level."""


def pairwise_kappa(ratings: Ratings) -> PairwiseKappa:
    """Return the mean over pairs of kappa = 1 - sum w O / sum w E.

    w is |a - b| (linear) or its square (quadratic), O the table of a pair over the stimuli
    both rated, E the table expected from its margins.

    Args:
        ratings: One dimension, one rating per stimulus and rater.
    """
    if ratings.level is None:
        return PairwiseKappa(*kappa_by_value(ratings))
    kinds = ("linear", "quadratic")
    penalties = [1 - level_weights(ratings.levels, kind) for kind in kinds]
    sums, counts = np.zeros(2), np.zeros(2, np.int64)
    for first, tables in _tables(ratings):
        later = np.arange(tables.shape[2])[None, :] > first[:, None]
        n = tables.sum(axis=(1, 3))
        rows, columns = tables.sum(axis=3), tables.sum(axis=1)
        for index, penalty in enumerate(penalties):
            observed = np.einsum("albm,lm->ab", tables, penalty, optimize=True)
            weighted = np.einsum("alb,lm->amb", rows, penalty, optimize=True)
            expected = np.einsum("amb,abm->ab", weighted, columns, optimize=True)
            with np.errstate(divide="ignore", invalid="ignore"):
                kappa = 1 - observed * n / expected
            defined = later & (n > 0) & (expected > 1e-12)
            sums[index] += kappa[defined].sum()
            counts[index] += np.count_nonzero(defined)
    with np.errstate(divide="ignore", invalid="ignore"):
        linear, quadratic = sums / counts
    return PairwiseKappa(float(linear), float(quadratic), int(counts[0]))


def _tables(ratings: Ratings) -> Iterator[tuple[npt.NDArray[np.int64], Floats]]:
    """Yield blocks of raters and their tables with all raters, shape (block, L, I, L)."""
    present = np.flatnonzero(ratings.count_by_rater)
    position = np.cumsum(ratings.count_by_rater > 0) - 1
    n_raters, n_levels = len(present), len(ratings.levels)
    width = n_raters * n_levels
    if n_raters <= _MOST_BY_PAIR:
        yield from _pair_by_pair(ratings, position, n_raters)
        return
    column = position[ratings.rater] * n_levels + (0 if ratings.level is None else ratings.level)
    if float(ratings.n_stimuli) * width * width <= _DENSE_WORK * 5 and width <= 4000:
        table = _dense_product(ratings, column, width)
        yield np.arange(n_raters), table.reshape(n_raters, n_levels, n_raters, n_levels)
        return
    from scipy.sparse import csr_array

    size = (ratings.n_stimuli, width)
    votes = csr_array((np.ones(ratings.n), (ratings.stimulus, column)), shape=size)
    by_column = votes.T.tocsr()
    block = max(1, _BLOCK_CELLS // (width * n_levels))
    for start in range(0, n_raters, block):
        raters = np.arange(start, min(start + block, n_raters))
        rows = by_column[raters[0] * n_levels : (raters[-1] + 1) * n_levels]
        yield raters, (rows @ votes).toarray().reshape(len(raters), n_levels, n_raters, n_levels)


def _pair_by_pair(
    ratings: Ratings, position: npt.NDArray[np.int64], n_raters: int
) -> Iterator[tuple[npt.NDArray[np.int64], Floats]]:
    """Yield each rater's tables with all later raters, counted stimulus by stimulus."""
    n_levels = len(ratings.levels)
    side = n_levels + 1
    # One level more stands for "did not rate".
    votes = np.full((n_raters, ratings.n_stimuli), n_levels, np.uint16)
    votes[position[ratings.rater], ratings.stimulus] = 0 if ratings.level is None else ratings.level
    for first in range(n_raters - 1):
        tables = np.zeros((1, n_levels, n_raters, n_levels))
        row = votes[first] * np.uint16(side)
        for second in range(first + 1, n_raters):
            counts = np.bincount(row + votes[second], minlength=side * side)
            tables[0, :, second, :] = counts.reshape(side, side)[:n_levels, :n_levels]
        yield np.array([first]), tables


def _dense_product(ratings: Ratings, column: npt.NDArray[np.int64], width: int) -> Floats:
    """Return votes^T votes, shape (width, width), stimuli taken in runs that fit in memory."""
    table = np.zeros((width, width))
    run = max(1, _BLOCK_CELLS // max(width, 1))
    stimulus = ratings.stimulus
    is_sorted = bool(np.all(stimulus[1:] >= stimulus[:-1]))
    for start in range(0, ratings.n_stimuli, run):
        stop = min(start + run, ratings.n_stimuli)
        if is_sorted:
            part: slice | npt.NDArray[np.bool_] = slice(*np.searchsorted(stimulus, [start, stop]))
        else:
            part = (stimulus >= start) & (stimulus < stop)
        votes = np.zeros((stop - start, width), np.float32)
        votes[stimulus[part] - start, column[part]] = 1
        table += votes.T @ votes
    return table
