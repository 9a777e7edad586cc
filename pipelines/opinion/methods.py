"""Which function computes which method."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pipelines.opinion.bt500 import estimate_bt500
from pipelines.opinion.design import design_warnings
from pipelines.opinion.estimate import Estimate, plain_raters
from pipelines.opinion.mean import mean_scores
from pipelines.opinion.options import MosOptions
from pipelines.opinion.outliers import estimate_iqr, estimate_mad
from pipelines.opinion.p910 import estimate_p910
from pipelines.opinion.p913 import estimate_bias, estimate_p913
from pipelines.opinion.rater_correlation import estimate_correlation
from pipelines.opinion.table import Ratings
from pipelines.opinion.zscore import estimate_zscore

__all__ = ["ESTIMATORS", "estimate_mean"]


def estimate_mean(ratings: Ratings, options: MosOptions, screen: bool) -> Estimate:
    """Return the plain MOS; nothing is removed."""
    del screen
    return Estimate(
        scores=mean_scores(ratings, options.interval or "t"),
        raters=plain_raters(ratings),
        n_given=ratings.count_by_stimulus,
        used=ratings,
        kept=np.ones(ratings.n, np.bool_),
        warnings=design_warnings(ratings),
    )


ESTIMATORS: Mapping[str, Callable[[Ratings, MosOptions, bool], Estimate]] = {
    "mean": estimate_mean,
    "bt500": estimate_bt500,
    "bias": estimate_bias,
    "p913": estimate_p913,
    "p910": estimate_p910,
    "zscore": estimate_zscore,
    "correlation": estimate_correlation,
    "iqr": estimate_iqr,
    "mad": estimate_mad,
}
"""Method -> function of ratings, options and whether screening rules may act."""
