"""MOS to levels, words and vote histograms, and how much is lost on the way back.

Sources: Q-Align (Wu et al. 2023) for right-closed bins; SIQA's `float_to_rating_word` for
left-closed bins; VQualA ISRG-Q for vote histograms made from MOS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from pipelines.opinion.correlation import pearson, spearman
from pipelines.opinion.table import Floats, Ratings
from schemas.errors import UserError

__all__ = [
    "WORDS",
    "LevelRule",
    "RoundTrip",
    "level_scores",
    "levels_of",
    "minimum_variance_votes",
    "round_trip",
    "soft_labels",
    "two_point_split",
]

LevelRule = Literal["q-align", "siqa", "siqa-as-published"]
WORDS = ("Bad", "Poor", "Fair", "Good", "Excellent")
"""Words of the five levels, lowest first."""
_EDGE = 1e-9
"""A MOS this close to a bin's edge, in bins, lies on it."""


def levels_of(
    mos: Floats, low: float, high: float, rule: LevelRule = "q-align", n_levels: int = 5
) -> npt.NDArray[np.int64]:
    """Return the level 1 ... n_levels of each MOS, by equal bins of low ... high.

    `q-align`: level i holds low + (i-1) w < s <= low + i w (right-closed; s = low is level 1).
    `siqa`: level i holds low + (i-1) w <= s < low + i w (left-closed; s = high is the top).
    Both decide edges exactly: 3.4 on 1 ... 5 is an edge although 2.4 // 0.8 is 2 in floats.
    `siqa-as-published`: SIQA's own arithmetic, int((s - low) // w), which puts 3.4 into Fair
    but 1.8, 2.6 and 4.2 into the upper level.

    Args:
        mos: Shape (n,), finite, within low ... high (values outside take the end level).
        low: m, the score where the lowest bin begins.
        high: M, the score where the highest bin ends.
        rule: Which side of a bin is closed.
        n_levels: Number of bins.

    >>> [levels_of(np.array([1.8, 3.4, 5.0]), 1, 5, r).tolist()
    ...  for r in ("q-align", "siqa", "siqa-as-published")]
    [[1, 3, 5], [2, 4, 5], [2, 3, 5]]
    """
    mos = np.asarray(mos, float)
    if rule == "siqa-as-published":
        level = (mos - low) // ((high - low) / n_levels) + 1
    else:
        position = (mos - low) * n_levels / (high - low)
        nearest = np.rint(position)
        on_edge = np.abs(position - nearest) < _EDGE
        if rule == "q-align":
            level = np.where(on_edge, nearest, np.ceil(position))
        else:
            level = np.where(on_edge, nearest, np.floor(position)) + 1
    return np.clip(level, 1, n_levels).astype(np.int64)


def level_scores(low: float, high: float, n_levels: int = 5) -> Floats:
    """Return the score each level stands for: equally spaced, ends included."""
    return np.linspace(low, high, n_levels).astype(np.float64)


def soft_labels(ratings: Ratings) -> Floats:
    """Return the observed share of each level, shape (n_stimuli, L); NaN without ratings.

    Raises:
        UserError: `continuous_scale` where the scale has no levels.
    """
    if ratings.level is None:
        raise UserError(
            "continuous_scale",
            f"'{ratings.dimension}' is rated on a continuous scale; soft labels need levels.",
        )
    votes = ratings.histogram
    with np.errstate(invalid="ignore"):
        shares: Floats = votes / votes.sum(axis=1, keepdims=True)
    return shares


def minimum_variance_votes(
    mos: float, n: int, low: int = 1, n_levels: int = 5
) -> npt.NDArray[np.int64]:
    """Return the votes of n raters that have this MOS and the least variance.

    With S = MOS n, f = floor(S / n), k = S - n f: n - k votes on f and k on f + 1. It is
    unique, says the least about disagreement, and understates it: keep observed votes where
    there are any.

    Raises:
        UserError: `mos_not_from_votes` where MOS n is not within 1e-6 of a whole number or
            off the scale.

    >>> minimum_variance_votes(3.42857142857, 21).tolist()
    [0, 0, 12, 9, 0]
    """
    total = mos * n
    if n < 1 or abs(total - round(total)) > 1e-6 or not low <= mos <= low + n_levels - 1 + 1e-9:
        raise UserError(
            "mos_not_from_votes",
            f"A MOS of {mos:g} cannot come from {n} whole votes on {low} to "
            f"{low + n_levels - 1}; give the number of raters it was made from.",
        )
    floor, above = divmod(round(total), n)
    votes = np.zeros(n_levels, np.int64)
    votes[floor - low] = n - above
    if above:
        votes[floor - low + 1] = above
    return votes


def two_point_split(mos: Floats, levels: Floats) -> Floats:
    """Return shares on the two levels around each MOS whose mean it is, shape (n, L)."""
    inside = np.clip(np.asarray(mos, float), levels[0], levels[-1])
    lower = np.clip(np.searchsorted(levels, inside, side="right") - 1, 0, len(levels) - 2)
    share = (inside - levels[lower]) / (levels[lower + 1] - levels[lower])
    shares = np.zeros((len(inside), len(levels)))
    rows = np.arange(len(inside))
    shares[rows, lower] = 1 - share
    shares[rows, lower + 1] += share
    return shares


@dataclass(frozen=True)
class RoundTrip:
    """What is left of a score after a word: score -> level -> score."""

    rule: str
    """Bin rule."""
    n: int
    """Stimuli."""
    srcc: float
    """Rank correlation of MOS with the level's score."""
    plcc: float
    """Linear correlation."""
    rmse: float
    """Root mean square error, in score units."""
    largest_error: float
    """Largest absolute error, in score units."""


def round_trip(
    mos: Floats, low: float, high: float, rule: LevelRule = "q-align", n_levels: int = 5
) -> RoundTrip:
    """Return the precision of putting each MOS into a word and reading the word as a score.

    As Table II of Q-SiT does for its data sets; NaN entries of `mos` are left out.
    """
    mos = np.asarray(mos, float)
    mos = mos[np.isfinite(mos)]
    scores = level_scores(low, high, n_levels)[levels_of(mos, low, high, rule, n_levels) - 1]
    error = scores - mos
    return RoundTrip(
        rule=rule,
        n=len(mos),
        srcc=spearman(mos, scores),
        plcc=pearson(mos, scores),
        rmse=float(np.sqrt(np.mean(error**2))) if len(mos) else float("nan"),
        largest_error=float(np.abs(error).max(initial=0.0)) if len(mos) else float("nan"),
    )
