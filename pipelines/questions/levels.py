"""Levels of *how* questions: four equal quarters of the scale."""

from __future__ import annotations

__all__ = ["LEVELS", "is_close_to_cut", "level_of"]

LEVELS = ("poor", "fair", "good", "excellent")
"""From the lowest quarter to the highest."""


def level_of(mos: float, low: float, high: float) -> str:
    """Return the quarter of the scale a MOS lies in; at a cut, the upper one.

    >>> [level_of(m, 1, 5) for m in (1, 1.99, 2, 3, 3.9, 4, 5)]
    ['poor', 'poor', 'fair', 'good', 'good', 'excellent', 'excellent']
    """
    # Means of ratings that are a cut on paper may miss it by rounding.
    return LEVELS[sum(mos >= low + k * (high - low) / 4 - 1e-9 for k in (1, 2, 3))]


def is_close_to_cut(mos: float, low: float, high: float) -> bool:
    """Return whether a MOS lies within a sixteenth of the scale of a cut between levels."""
    width = (high - low) / 4
    return any(abs(mos - (low + k * width)) < width / 4 for k in (1, 2, 3))
