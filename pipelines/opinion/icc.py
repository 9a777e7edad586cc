"""Intraclass correlation of two-way models.

Sources: Shrout & Fleiss 1979; McGraw & Wong 1996 for the names (A,1), (A,k), (C,1), (C,k);
Henderson 1953, method 3, for designs with missing cells.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.opinion.connection import rater_groups
from pipelines.opinion.table import Floats, Ratings

__all__ = ["Icc", "complete_grid", "icc_complete", "icc_incomplete"]


class Icc(NamedTuple):
    """Coefficients on the complete stimuli; NaN where not defined."""

    a_1: float
    """Absolute agreement of one rater, ICC(2,1)."""
    a_k: float
    """Absolute agreement of the mean of k raters, ICC(2,k)."""
    c_1: float
    """Consistency of one rater, ICC(3,1)."""
    c_k: float
    """Consistency of the mean of k raters, ICC(3,k)."""
    n_complete: int
    """Stimuli that every rater rated."""


def complete_grid(ratings: Ratings) -> npt.NDArray[np.float64]:
    """Return scores of the stimuli that all raters rated, shape (n_complete, k).

    Needs one rating per stimulus and rater.
    """
    raters = np.flatnonzero(ratings.count_by_rater)
    whole = ratings.count_by_stimulus == len(raters)
    n = int(np.count_nonzero(whole))
    if not n or not len(raters):
        return np.empty((0, len(raters)))
    row = np.cumsum(whole) - 1
    column = np.cumsum(ratings.count_by_rater > 0) - 1
    inside = slice(None) if whole.all() else whole[ratings.stimulus]
    grid = np.empty((n, len(raters)))
    grid[row[ratings.stimulus[inside]], column[ratings.rater[inside]]] = ratings.score[inside]
    return grid


def icc_complete(grid: npt.NDArray[np.float64]) -> Icc:
    """Return ICC of a complete grid of n stimuli x k raters.

    With mean squares of stimuli (MSR), raters (MSC) and the rest (MSE):
    A,1 = (MSR - MSE) / (MSR + (k-1) MSE + k (MSC - MSE) / n),
    A,k = (MSR - MSE) / (MSR + (MSC - MSE) / n),
    C,1 = (MSR - MSE) / (MSR + (k-1) MSE), C,k = (MSR - MSE) / MSR.
    """
    n, k = grid.shape
    if n < 2 or k < 2:
        return Icc(np.nan, np.nan, np.nan, np.nan, n)
    centred = grid - grid.mean()
    rows, columns = centred.mean(axis=1), centred.mean(axis=0)
    total = float(np.einsum("ij,ij->", centred, centred))
    sum_rows, sum_columns = k * float(rows @ rows), n * float(columns @ columns)
    msr, msc = sum_rows / (n - 1), sum_columns / (k - 1)
    mse = max(total - sum_rows - sum_columns, 0.0) / ((n - 1) * (k - 1))
    if total < 1e-12:
        return Icc(np.nan, np.nan, np.nan, np.nan, n)
    return Icc(
        a_1=_ratio(msr - mse, msr + (k - 1) * mse + k * (msc - mse) / n),
        a_k=_ratio(msr - mse, msr + (msc - mse) / n),
        c_1=_ratio(msr - mse, msr + (k - 1) * mse),
        c_k=_ratio(msr - mse, msr),
        n_complete=n,
    )


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if abs(denominator) > 1e-15 else float("nan")


def icc_incomplete(ratings: Ratings) -> float:
    """Return ICC(A,1) from variance components of all ratings, missing cells and all.

    Two-way random model u = mean + stimulus + rater + rest. Henderson's method 3 equates the
    reductions in sums of squares with their expectations:
    rest = SSE / (N - J - I + c), rater = (R(raters | stimuli) - (I - c) rest) / (N - J),
    stimulus = (R(stimuli | raters) - (J - c) rest) / (N - I), with N ratings, J stimuli,
    I raters, c connected groups. On a complete grid it equals `icc_complete`. Needs one
    rating per stimulus and rater; NaN where no degree of freedom is left.
    """
    rater_n, stimulus_n = ratings.count_by_rater, ratings.count_by_stimulus
    n, raters = ratings.n, int(np.count_nonzero(rater_n))
    stimuli, groups = int(np.count_nonzero(stimulus_n)), int(rater_groups(ratings).max()) + 1
    freedom = n - stimuli - raters + groups
    if freedom < 1 or n <= max(raters, stimuli):
        return float("nan")
    score = ratings.score - ratings.score.mean()
    within_stimuli = score - _means(ratings.stimulus, score, stimulus_n)[ratings.stimulus]
    within_raters = score - _means(ratings.rater, score, rater_n)[ratings.rater]
    for_raters = _rater_reduction(ratings, within_stimuli)
    residual = max(float(within_stimuli @ within_stimuli) - for_raters, 0.0)
    for_stimuli = float(within_raters @ within_raters) - residual
    rest = residual / freedom
    rater = (for_raters - (raters - groups) * rest) / (n - stimuli)
    stimulus = (for_stimuli - (stimuli - groups) * rest) / (n - raters)
    if float(score @ score) < 1e-12:
        return float("nan")
    return _ratio(stimulus, stimulus + rater + rest)


def _means(group: npt.NDArray[np.int32], value: Floats, n: npt.NDArray[np.int64]) -> Floats:
    means: Floats = np.bincount(group, value, minlength=len(n)) / np.maximum(n, 1)
    return means


def _rater_reduction(ratings: Ratings, within_stimuli: Floats) -> float:
    """Return R(raters | stimuli): what raters explain beyond stimuli, by conjugate gradients.

    The normal equations for the raters, stimuli eliminated, are solved without forming the
    raters x raters matrix.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import LinearOperator, cg

    rater_n, stimulus_n = ratings.count_by_rater, np.maximum(ratings.count_by_stimulus, 1)
    size = (ratings.n_stimuli, ratings.n_raters)
    design = csr_array((np.ones(ratings.n), (ratings.stimulus, ratings.rater)), shape=size)
    transposed = design.T.tocsr()

    def normal(bias: Any) -> Any:
        bias = np.ravel(bias)
        return rater_n * bias - transposed @ ((design @ bias) / stimulus_n)

    right = np.bincount(ratings.rater, within_stimuli, minlength=ratings.n_raters)
    if float(np.abs(right).max(initial=0.0)) < 1e-12:
        return 0.0
    operator = LinearOperator((size[1], size[1]), matvec=normal, dtype=np.float64)
    # Solved exactly, the next step would divide 0 by 0; the result is already there.
    with np.errstate(divide="ignore", invalid="ignore"):
        bias, _ = cg(operator, right, rtol=1e-13, maxiter=500)
    explained = float(bias @ right)
    return explained if np.isfinite(explained) else 0.0
