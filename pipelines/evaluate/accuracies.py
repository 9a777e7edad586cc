"""Shares of right answers, in percent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipelines.evaluate.resampling import interval, multinomial

__all__ = ["accuracy_interval", "percent"]


def percent(right: Sequence[bool]) -> float | None:
    """Return the share of right answers, 0-100; None of no answers.

    >>> percent([True, False, True, True])
    75.0
    """
    return 100 * sum(right) / len(right) if right else None


def accuracy_interval(right: Sequence[bool], replicates: int, seed: int) -> list[float] | None:
    """Return the bootstrap's 95 % interval of `percent`; None without replicates or answers."""
    if not right or not replicates:
        return None
    drawn = multinomial(np.array([sum(right), len(right) - sum(right)]), replicates, seed)
    return interval(100 * drawn[:, 0] / len(right))
