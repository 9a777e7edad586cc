"""What every method returns for one dimension."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipelines.opinion.bias import rater_bias
from pipelines.opinion.mean import MeanScores
from pipelines.opinion.table import Floats, Ratings

__all__ = ["Estimate", "Raters", "plain_raters"]


@dataclass(frozen=True)
class Raters:
    """Raters of one dimension, one entry per rater code; NaN where not defined."""

    n: npt.NDArray[np.int64]
    """Ratings given, before screening."""
    bias: Floats
    """Mean offset from the panel, in score units."""
    inconsistency: Floats
    """Standard deviation of what is left after quality and bias, in score units."""
    reasons: Mapping[int, str] = field(default_factory=dict)
    """Code of a rejected rater -> rule, statistic and threshold in one line."""
    statistics: Mapping[str, Floats] = field(default_factory=dict)
    """Name -> value per rater, of the statistics that the method decides by or reports."""


@dataclass(frozen=True)
class Estimate:
    """Scores, raters and removals of one dimension by one method."""

    scores: MeanScores
    """Per stimulus code."""
    raters: Raters
    """Per rater code."""
    n_given: npt.NDArray[np.int64]
    """Ratings per stimulus code before any was removed."""
    used: Ratings
    """Ratings as they enter the scores: those kept, adjusted where the method does so."""
    kept: npt.NDArray[np.bool_]
    """Which of the ratings given in count, shape (N,)."""
    why_removed: Callable[[int], str] | None = None
    """Index of a removed rating whose rater was not rejected -> rule, statistic, threshold."""
    applicable: bool = True
    """Whether the rule can act at this number of raters."""
    reason: str | None = None
    """Why it cannot, or can only in part."""
    warnings: tuple[str, ...] = ()
    """What a reader has to know about these numbers."""


def plain_raters(ratings: Ratings) -> Raters:
    """Return bias against the MOS of all ratings and the SD of the rest (ddof 0)."""
    bias, inconsistency = rater_bias(ratings)
    return Raters(ratings.count_by_rater, bias, inconsistency)
