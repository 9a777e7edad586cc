"""What is odd about who rated what, said with every method."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.opinion.connection import connection_warning
from pipelines.opinion.table import Ratings
from schemas.text import counted

__all__ = ["constant_raters", "design_warnings"]

_FEWEST = 5
"""Ratings from which one score throughout is remarked on."""


def constant_raters(ratings: Ratings) -> npt.NDArray[np.bool_]:
    """Return which rater codes gave one score in at least 5 ratings, shape (n_raters,)."""
    if ratings.level is not None:
        n_levels = len(ratings.levels)
        cells = ratings.rater * np.intp(n_levels) + ratings.level
        counts = np.bincount(cells, minlength=ratings.n_raters * n_levels)
        used = np.count_nonzero(counts.reshape(-1, n_levels), axis=1)
        return np.asarray((used == 1) & (ratings.count_by_rater >= _FEWEST))
    lowest = np.full(ratings.n_raters, np.inf)
    highest = np.full(ratings.n_raters, -np.inf)
    np.minimum.at(lowest, ratings.rater, ratings.score)
    np.maximum.at(highest, ratings.rater, ratings.score)
    return np.asarray((lowest == highest) & (ratings.count_by_rater >= _FEWEST))


def design_warnings(ratings: Ratings) -> tuple[str, ...]:
    """Return warnings about unconnected groups, single ratings and constant raters."""
    warnings = [*connection_warning(ratings)]
    if ratings.n and ratings.count_by_stimulus.max() == 1:
        warnings.append("no stimulus has two ratings: SOS and intervals are not defined.")
    single = int(np.count_nonzero(ratings.count_by_rater == 1))
    if single:
        warnings.append(
            f"{counted(single, 'rater has', 'raters have')} fewer than 2 ratings: inconsistency is "
            "unknown there and bias is one deviation."
        )
    constant = int(np.count_nonzero(constant_raters(ratings)))
    if constant:
        warnings.append(
            f"{counted(constant, 'rater')} gave one score throughout ({_FEWEST} ratings or more), "
            "which says nothing about differences between stimuli."
        )
    return tuple(warnings)
