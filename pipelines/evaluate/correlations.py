"""Rank and linear correlation of predictions with the truth, and of many resamples at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.opinion.ranks import midranks_within, pearson_within

__all__ = ["Correlations", "correlations", "defined", "resampled_correlations"]

Floats = npt.NDArray[np.float64]


class Correlations(NamedTuple):
    """NaN where a side is constant, too short, or not finite."""

    srcc: float
    plcc: float


def correlations(truth: Floats, predicted: Floats) -> Correlations:
    """Return Spearman's and Pearson's correlation, to the digit as scipy 1.17 computes them.

    Not through scipy, whose import and tests of significance take longer than everything else.
    Infinite values have a rank but no linear correlation; NaN has neither.
    """
    sides = truth, predicted
    if len(truth) < 2 or any((side == side[0]).all() for side in sides):
        return Correlations(np.nan, np.nan)
    if any(np.isnan(side).any() for side in sides):
        return Correlations(np.nan, np.nan)
    srcc = float(np.corrcoef(_midranks(truth), _midranks(predicted))[0, 1])
    with np.errstate(all="ignore"):
        plcc = float(np.clip(np.vecdot(*map(_standardised, sides)), -1.0, 1.0))
    return Correlations(srcc, float(np.round(plcc)) if len(truth) == 2 else plcc)


def _standardised(values: Floats) -> Floats:
    apart = values - values.mean()
    largest = np.abs(apart).max()
    return np.asarray(apart / (largest * np.linalg.norm(apart / largest)))


def _midranks(values: Floats) -> Floats:
    """Return ranks from 1, ties sharing the mean rank."""
    order = np.argsort(values)
    at = values[order]
    is_first = np.append(True, at[1:] != at[:-1])
    starts = np.append(np.flatnonzero(is_first), len(values))
    ranks = np.empty(len(values))
    ranks[order] = ((starts[:-1] + starts[1:] + 1) / 2)[np.cumsum(is_first) - 1]
    return ranks


def resampled_correlations(
    truth: Floats, predicted: Floats, places: npt.NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Return SRCC and PLCC of each row of places, shapes (replicates,).

    Args:
        truth: Shape (n,), finite.
        predicted: Shape (n,), finite.
        places: Items drawn, shape (replicates, n).
    """
    replicates, size = places.shape
    group = np.repeat(np.arange(replicates, dtype=np.int32), size)
    x, y = (values[places].ravel() for values in (truth, predicted))
    ranks_x, ranks_y = (
        midranks_within(group, drawn, replicates, _codes(values)[places].ravel())
        for values, drawn in ((truth, x), (predicted, y))
    )
    return (
        pearson_within(group, ranks_x, ranks_y, replicates),
        pearson_within(group, x, y, replicates),
    )


def _codes(values: Floats) -> npt.NDArray[np.intp]:
    return np.unique(values, return_inverse=True)[1].astype(np.intp)


def defined(value: float) -> float | None:
    """Return a number for JSON: None where it does not exist.

    >>> defined(float("nan")) is None, defined(0.5)
    (True, 0.5)
    """
    return float(value) if np.isfinite(value) else None
