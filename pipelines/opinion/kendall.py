"""Kendall's coefficient of concordance W, corrected for ties."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.opinion.ranks import midranks_within

__all__ = ["kendall_w"]


def kendall_w(grid: npt.NDArray[np.float64]) -> float:
    """Return W = 12 sum (R_j - mean)^2 / (m^2 (n^3 - n) - m sum T_i).

    R_j is the sum of the ranks of stimulus j, T_i = sum of t^3 - t over the ties of rater i.
    Five levels make many ties, so the correction is not optional.

    Args:
        grid: Scores of stimuli that all raters rated, shape (n, m).

    Returns:
        W in 0 ... 1; NaN below two stimuli or raters, or where every rater is constant.

    >>> kendall_w(np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 5.0]]))
    1.0
    """
    n, m = grid.shape
    if n < 2 or m < 2:
        return float("nan")
    values, code = np.unique(grid, return_inverse=True)
    rater = np.tile(np.arange(m, dtype=np.int32), n)
    code = code.ravel()
    ranks = midranks_within(rater, grid.ravel(), m, code).reshape(n, m)
    cells = rater * np.intp(len(values)) + code
    tied = np.bincount(cells, minlength=m * len(values)).astype(np.float64)
    correction = float((tied**3 - tied).sum())
    sums = ranks.sum(axis=1)
    deviations = sums - sums.mean()
    denominator = m * m * (float(n) ** 3 - n) - m * correction
    # Where every rater is constant, rounding may leave a speck of it.
    if denominator <= 1e-12 * m * m * float(n) ** 3:
        return float("nan")
    return 12 * float(deviations @ deviations) / denominator
