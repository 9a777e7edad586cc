"""Which function computes which method."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pipelines.opinion.estimate import Estimate, plain_raters
from pipelines.opinion.mean import mean_scores
from pipelines.opinion.options import MosOptions
from pipelines.opinion.table import Ratings

__all__ = ["ESTIMATORS", "estimate_mean"]


def estimate_mean(ratings: Ratings, options: MosOptions, screen: bool) -> Estimate:
    """Return the plain MOS; nothing is removed."""
    del screen
    return Estimate(
        scores=mean_scores(ratings, options.interval or "t"),
        raters=plain_raters(ratings),
        n_given=ratings.count_by_stimulus,
        kept=np.ones(ratings.n, np.bool_),
    )


ESTIMATORS: Mapping[str, Callable[[Ratings, MosOptions, bool], Estimate]] = {
    "mean": estimate_mean,
}
"""Method -> function of ratings, options and whether screening rules may act."""
