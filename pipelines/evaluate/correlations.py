"""Rank and linear correlation of predictions with the truth, and of many resamples at once."""

from __future__ import annotations

import warnings
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
    """Return Spearman's and Pearson's correlation as scipy computes them.

    Infinite values have a rank but no linear correlation; NaN has neither.
    """
    from scipy.stats import pearsonr, spearmanr

    if len(truth) < 2:
        return Correlations(np.nan, np.nan)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        srcc = float(spearmanr(truth, predicted).statistic)  # type: ignore[arg-type]
        plcc = float(pearsonr(truth, predicted).statistic)
    return Correlations(srcc, plcc)


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
