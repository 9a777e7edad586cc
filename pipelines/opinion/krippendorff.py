"""Krippendorff's alpha: nominal, ordinal, interval, with a bootstrap over stimuli.

Source: Krippendorff 2011, Computing Krippendorff's Alpha-Reliability. Stimuli with fewer
than two ratings say nothing about agreement and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from pipelines.opinion.table import Floats, Ratings
from pipelines.opinion.votes import Patterns, vote_patterns

__all__ = ["Alpha", "krippendorff_alpha", "krippendorff_interval"]

_CHUNK_CELLS = 4_000_000
"""Patterns x replicates held at one time."""


class Alpha(NamedTuple):
    """The coefficient under three distances; NaN where every rating is the same."""

    nominal: float
    ordinal: float
    interval: float


def krippendorff_alpha(ratings: Ratings | Patterns) -> Alpha:
    """Return alpha = 1 - observed / expected disagreement.

    Both disagreements are mean squared distances between two votes: of the same stimulus
    (each stimulus weighted by its ratings), and of any two votes. Distances: different or
    not; difference of mid-ranks among all votes (which is Krippendorff's ordinal metric);
    difference of scores.

    Args:
        ratings: One dimension, one rating per stimulus and rater (see `votes`).
    """
    patterns = vote_patterns(ratings, 2) if isinstance(ratings, Ratings) else ratings
    weight = patterns.n_stimuli[None, :].astype(np.float64)
    if not weight.sum():
        return Alpha(np.nan, np.nan, np.nan)
    return Alpha(
        float(_nominal(patterns, weight)[0]),
        float(_ordinal(patterns, weight)[0]),
        float(_interval(patterns, weight)[0]),
    )


def krippendorff_interval(
    ratings: Ratings | Patterns, replicates: int, seed: int
) -> dict[str, tuple[float, float]]:
    """Return 95 % percentile intervals of the ordinal and the interval alpha.

    Stimuli are drawn with replacement. Equal patterns of votes are interchangeable, so a
    replicate is one multinomial draw over the patterns; order and names of stimuli and
    raters do not matter.
    """
    patterns = vote_patterns(ratings, 2) if isinstance(ratings, Ratings) else ratings
    total = int(patterns.n_stimuli.sum())
    if total < 2 or not replicates:
        return dict.fromkeys(("ordinal", "interval"), (np.nan, np.nan))
    found: dict[str, list[Floats]] = {"ordinal": [], "interval": []}
    for weight in _resampled(patterns, total, replicates, seed):
        found["ordinal"].append(_ordinal(patterns, weight))
        found["interval"].append(_interval(patterns, weight))
    return {name: _percentiles(np.concatenate(parts)) for name, parts in found.items()}


def _resampled(patterns: Patterns, total: int, replicates: int, seed: int) -> Iterator[Floats]:
    generator = np.random.default_rng(seed)
    share = patterns.n_stimuli / total
    chunk = max(1, _CHUNK_CELLS // max(len(share), 1))
    for start in range(0, replicates, chunk):
        size = min(chunk, replicates - start)
        yield generator.multinomial(total, share, size=size).astype(np.float64)


def _percentiles(values: Floats) -> tuple[float, float]:
    defined = values[np.isfinite(values)]
    if not len(defined):
        return np.nan, np.nan
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)


def _alpha(observed: Floats, expected: Floats, n: Floats) -> Floats:
    """Return 1 - (N - 1) observed / expected, NaN where nothing can disagree.

    Args:
        observed: Sum over stimuli of squared distances / (m - 1), shape (B,).
        expected: Sum of squared distances over all ordered pairs of votes, shape (B,).
        n: Number of votes, shape (B,).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - (n - 1) * observed / expected, np.nan)


def _per_stimulus(votes: Any) -> Floats:
    counts: Floats = np.asarray(votes.sum(axis=1), float).ravel()
    return counts


def _nominal(patterns: Patterns, weight: Floats) -> Floats:
    votes = patterns.votes
    m = _per_stimulus(votes)
    unequal = m * m - _per_stimulus(votes * votes)
    counts = weight @ votes
    n = counts.sum(axis=1)
    expected = n * n - (counts * counts).sum(axis=1)
    return _alpha(weight @ (unequal / (m - 1)), expected, n)


def _interval(patterns: Patterns, weight: Floats) -> Floats:
    votes, m = patterns.votes, _per_stimulus(patterns.votes)
    # Distances do not feel a shift; centred values keep sums of squares small.
    values = patterns.values - np.median(patterns.values)
    total, squares = votes @ values, votes @ (values * values)
    unequal = 2 * (m * squares - total * total)
    n, all_total, all_squares = weight @ m, weight @ total, weight @ squares
    expected = 2 * (n * all_squares - all_total * all_total)
    return _alpha(
        weight @ (unequal / (m - 1)), np.where(expected > 1e-12 * n * all_squares, expected, 0), n
    )


def _ordinal(patterns: Patterns, weight: Floats) -> Floats:
    """Return interval alpha of the mid-ranks, which differ from replicate to replicate."""
    votes, m = patterns.votes, _per_stimulus(patterns.votes)
    counts = weight @ votes
    n = counts.sum(axis=1)
    rank = np.cumsum(counts, axis=1) - counts / 2 - n[:, None] / 2
    total, squares = votes @ rank.T, votes @ (rank * rank).T
    unequal = 2 * (m[:, None] * squares - total * total) / (m - 1)[:, None]
    observed = np.einsum("bp,pb->b", weight, unequal)
    expected = 2 * n * (counts * rank * rank).sum(axis=1)
    return _alpha(observed, expected, n)
