"""Bootstrap over items: how far a score would move with other items of the same kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "REPLICATES",
    "Draw",
    "compared",
    "interval",
    "multinomial",
    "replicates_for",
    "resampled",
]

Floats = npt.NDArray[np.float64]
Draw = Callable[[npt.NDArray[np.intp]], tuple[Floats, ...]]
"""Places of items of several replicates, shape (replicates, n) -> one score a replicate each."""

REPLICATES = 1000
"""Replicates where nobody names another number."""
_CELLS = 60_000_000
"""Items drawn in all where nobody names a number of replicates: some seconds of work."""
_BATCH_CELLS = 2_000_000


def replicates_for(n: int, asked: int | None) -> int:
    """Return how many replicates to draw of n items; 0 where that would take long."""
    if asked is not None:
        return asked
    return REPLICATES if n * REPLICATES <= _CELLS else 0


def resampled(n: int, replicates: int, seed: int, draw: Draw) -> list[Floats]:
    """Return the scores of `replicates` draws of n items with replacement."""
    random = np.random.default_rng(seed)
    batch = max(1, _BATCH_CELLS // max(n, 1))
    parts = [
        draw(random.integers(0, n, (min(batch, replicates - start), n)))
        for start in range(0, replicates, batch)
    ]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def multinomial(counts: npt.NDArray[np.int64], replicates: int, seed: int) -> npt.NDArray[np.int64]:
    """Return the counts of resampled items, shape (replicates, cells).

    Items of one cell are alike, so drawing n items is one multinomial draw.
    """
    n = int(counts.sum())
    return np.random.default_rng(seed).multinomial(n, counts / n, size=replicates)


def interval(scores: Floats) -> list[float] | None:
    """Return the 2.5 and 97.5 % points; None where a replicate has no score or there are none."""
    if not scores.size or np.isnan(scores).any():
        return None
    low, high = np.percentile(scores, [2.5, 97.5])
    return [float(low), float(high)]


def compared(own: Floats, other: Floats, score: float, other_score: float) -> dict[str, Any]:
    """Return the paired difference of two submissions, drawn on the same items.

    `p` is two-sided: twice the share of replicates on the other side of 0, ties on both sides.
    """
    difference = own - other
    n = len(difference)
    has_p = n > 0 and not np.isnan(difference).any()
    tail = min((difference <= 0).sum(), (difference >= 0).sum())
    return {
        "score": other_score,
        "difference": score - other_score,
        "ci95": interval(difference),
        "p": float(min(1.0, 2 * (tail + 1) / (n + 1))) if has_p else None,
    }
