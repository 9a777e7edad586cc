"""How many more raters: expected intervals from pooled variances.

The variance of one opinion comes from the SOS hypothesis fitted to the whole dimension,
never from the spread of one stimulus's few votes: three equal votes are not certainty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.opinion.mean import spread, t_quantiles
from pipelines.opinion.sos import sos_a, sos_variance
from pipelines.opinion.table import Floats, Ratings

__all__ = ["RatingPlan", "expected_half_width", "plan_ratings", "raters_needed"]

_MOST_RATERS = 1000
"""Panels beyond this are reported as not reachable."""
_TARGETS = (0.5, 0.4, 0.3)
"""Half-widths for which the number of raters is told, in quarters of the scale."""


@dataclass(frozen=True)
class RatingPlan:
    """Where more ratings help, one entry per stimulus code; NaN without ratings."""

    a: float
    """SOS parameter of the dimension, from variances with divisor n - 1."""
    n: npt.NDArray[np.int64]
    """Ratings so far."""
    mean: Floats
    """MOS drawn towards the mean of all stimuli by what n ratings leave uncertain."""
    variance: Floats
    """Variance of one opinion that the SOS fit gives at that mean."""

    def half_width(self, more: int = 0) -> Floats:
        """Return the expected half-width of the 95 % interval after `more` further raters."""
        return expected_half_width(self.variance, self.n + more)

    def gain(self) -> Floats:
        """Return by how much one more rating lowers the variance of the MOS."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.variance / self.n - self.variance / (self.n + 1)

    def needed(self, target: float) -> npt.NDArray[np.int64]:
        """Return raters needed in all for a half-width of `target`; 0 where unreachable."""
        return raters_needed(self.variance, target)

    def curve(self, most: int = 40) -> list[tuple[int, float]]:
        """Return (raters per stimulus, mean expected half-width), for the plot."""
        rated = np.isfinite(self.variance)
        counts = range(2, most + 1)
        full = [np.full(int(rated.sum()), count, np.int64) for count in counts]
        widths = [expected_half_width(self.variance[rated], n) for n in full]
        return [
            (count, float(width.mean()))
            for count, width in zip(counts, widths, strict=True)
            if len(width)
        ]

    def targets(self, step: float) -> list[dict[str, Any]]:
        """Return half-widths of 0.5, 0.4 and 0.3 steps with the raters that each needs.

        Args:
            step: A quarter of the scale's range.

        Returns:
            `half_width`, and `median` and `for_90_percent` of the raters a stimulus needs; None
            where more than 1000 are.
        """
        found = []
        for share in _TARGETS:
            needed = self.needed(share * step)[np.isfinite(self.variance)]
            reachable = np.where(needed > 0, needed, _MOST_RATERS + 1)
            quantiles = [
                float(np.quantile(reachable, q)) if len(reachable) else math.inf for q in (0.5, 0.9)
            ]
            raters = [math.ceil(q) if q <= _MOST_RATERS else None for q in quantiles]
            found.append(
                {"half_width": share * step, "median": raters[0], "for_90_percent": raters[1]}
            )
        return found

    def as_json(self, stimuli: tuple[str, ...], step: float, most: int = 100) -> dict[str, Any]:
        """Return the plan, with the `most` stimuli that one more rating helps most."""
        return {
            "sos_a": self.a if math.isfinite(self.a) else None,
            "targets": self.targets(step),
            "curve": [{"raters": n, "half_width": width} for n, width in self.curve()],
            "stimuli": self.table(stimuli).slice(0, most).to_pylist(),
        }

    def table(self, stimuli: tuple[str, ...], more: tuple[int, ...] = (1, 2, 3)) -> pa.Table:
        """Return rated stimuli, the one that gains most from one more rating first.

        Columns: stimulus, n, mean, opinion_sd, half_width, half_width_plus_1, ..., gain.
        """
        rated = np.flatnonzero(self.n)
        gain = self.gain()
        order = rated[np.argsort(-gain[rated], kind="stable")]
        columns = {
            "stimulus": pa.array(stimuli, pa.string()).take(pa.array(order)),
            "n": pa.array(self.n[order]),
            "mean": pa.array(self.mean[order], from_pandas=True),
            "opinion_sd": pa.array(np.sqrt(self.variance[order]), from_pandas=True),
            "half_width": pa.array(self.half_width()[order], from_pandas=True),
        }
        for count in more:
            width = self.half_width(count)[order]
            columns[f"half_width_plus_{count}"] = pa.array(width, from_pandas=True)
        columns["gain"] = pa.array(gain[order], from_pandas=True)
        return pa.table(columns)


def plan_ratings(ratings: Ratings) -> RatingPlan:
    """Return the plan of one dimension.

    The mean of a stimulus is drawn towards the mean of all by r = n T / (n T + W), T the
    variance between stimuli and W the mean variance of one opinion, so that a single
    Excellent does not count as unanimity.
    """
    n = ratings.count_by_stimulus
    mean, _ = spread(ratings, ddof=0)
    a = sos_a(ratings, ddof=1)
    rated = n > 0
    centre = float(mean[rated].mean()) if rated.any() else float("nan")
    opinion = sos_variance(a, mean[rated], ratings.low, ratings.high)
    within = float(opinion.mean()) if len(opinion) else float("nan")
    noise = float((opinion / n[rated]).mean()) if len(opinion) else float("nan")
    between = max(float(mean[rated].var()) - noise, 0.0) if rated.any() else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        reliability = n * between / (n * between + within)
        drawn = np.where(rated, centre + reliability * (mean - centre), np.nan)
    drawn = np.where(rated & ~np.isfinite(drawn), mean, drawn)
    return RatingPlan(a, n, drawn, sos_variance(a, drawn, ratings.low, ratings.high))


def expected_half_width(variance: Floats, n: npt.NDArray[np.int64]) -> Floats:
    """Return q sqrt(variance / n).

    q is Student's quantile with n - 1 degrees of freedom, the interval that will be
    reported; NaN where n < 2.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(n > 1, t_quantiles(n - 1) * np.sqrt(variance / n), np.nan)


def raters_needed(variance: Floats, target: float) -> npt.NDArray[np.int64]:
    """Return the smallest n of at least 2 whose expected half-width is at most `target`.

    0 where more than 1000 would be needed or the variance is not known.

    >>> raters_needed(np.array([0.5, np.nan]), 0.5).tolist()
    [11, 0]
    """
    n = np.arange(2, _MOST_RATERS + 1)
    factor = t_quantiles(n - 1) / np.sqrt(n)
    # The factor falls with n, so the first n that is good enough is found by bisection.
    with np.errstate(divide="ignore", invalid="ignore"):
        wanted = target / np.sqrt(variance)
    index = np.searchsorted(-factor, -np.where(np.isnan(wanted), np.inf, wanted))
    found = np.where(index < len(n), n[np.minimum(index, len(n) - 1)], 0)
    return np.where(np.isnan(variance), 0, found)
