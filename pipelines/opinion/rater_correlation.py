"""Screening of raters by their correlation with the panel.

Sources: ITU-T P.913 and VQEG HDTV Annex I (fixed threshold 0.75 against the MOS), ITU-R
BT.1788 (threshold that adapts to the panel, smaller of Pearson and Spearman). Against the
MOS of the others the coefficient is not inflated by the rater's own share of the mean.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.opinion.bt500 import Screening, no_screening, screened
from pipelines.opinion.estimate import Estimate
from pipelines.opinion.leave_one_out import leave_one_out, rater_correlations
from pipelines.opinion.mean import spread
from pipelines.opinion.options import MosOptions
from pipelines.opinion.table import Floats, Ratings
from schemas.text import counted

__all__ = ["estimate_correlation", "screen_correlation"]


def estimate_correlation(ratings: Ratings, options: MosOptions, screen: bool) -> Estimate:
    """Return MOS of the raters whose correlation reaches the threshold."""
    screening = screen_correlation(ratings, options) if screen else no_screening()
    return screened(ratings, screening, options)


def screen_correlation(ratings: Ratings, options: MosOptions) -> Screening:
    """Reject raters whose coefficient lies below the threshold.

    Both coefficients, with the rater left out and in, are reported; the one that decides is
    named by `comparison`. A rater with fewer than `min_common` pairs, or whose scores are
    all equal, gets no verdict and does not enter the adaptive threshold.
    """
    strict = True if options.strict is None else options.strict
    alone = leave_one_out(ratings)
    left_out, pairs = rater_correlations(alone.ratings, alone.mean, options.coefficient, alone.code)
    mean, _ = spread(ratings, ddof=0)
    whole, _ = rater_correlations(ratings, mean[ratings.stimulus], options.coefficient)
    decisive = left_out
    if options.comparison == "part-whole":
        decisive, pairs = whole, ratings.count_by_rater
    judged = (pairs >= options.min_common) & np.isfinite(decisive)
    threshold = _threshold(decisive[judged], options)
    below = decisive < threshold if strict else decisive <= threshold
    rejected = judged & below
    warnings = _warnings(ratings, pairs, judged, decisive, options)
    if rejected.any() and rejected[ratings.count_by_rater > 0].all():
        rejected[:] = False
        warnings += ("the correlation rule would reject every rater, so none is rejected.",)
    share = rejected.sum() / max(int(judged.sum()), 1)
    if share > 0.2:
        warnings += (
            (
                f"the correlation rule rejects {share:.0%} of the raters; its threshold was set "
                "for laboratory panels of 24."
            ),
        )
    reasons = {
        int(code): f"correlation {decisive[code]:.3f} with the MOS ({options.comparison}, "
        f"{options.coefficient}) is below {threshold:.3f}"
        for code in np.flatnonzero(rejected)
    }
    statistics = {
        "leave_one_out": left_out,
        "part_whole": whole,
        "pairs": pairs.astype(float),
        "threshold": np.where(judged, threshold, np.nan),
    }
    reason = None
    if not judged.any():
        reason = (
            f"no rater shares {options.min_common} stimuli with others and varies the scores, "
            "so there is no correlation to judge"
        )
    return Screening(reasons, statistics, bool(judged.any()), reason, warnings)


def _threshold(coefficients: Floats, options: MosOptions) -> float:
    if options.rule == "fixed" or len(coefficients) <= options.ddof:
        return options.correlation_threshold
    adaptive = float(coefficients.mean() - coefficients.std(ddof=options.ddof))
    return min(adaptive, options.adaptive_ceiling)


def _warnings(
    ratings: Ratings,
    pairs: npt.NDArray[np.int64],
    judged: npt.NDArray[np.bool_],
    decisive: Floats,
    options: MosOptions,
) -> tuple[str, ...]:
    present = ratings.count_by_rater > 0
    warnings: tuple[str, ...] = ()
    few = int(np.count_nonzero(present & (pairs < options.min_common)))
    if few:
        sharing = counted(few, "rater shares", "raters share")
        warnings += (f"{sharing} fewer than {options.min_common} stimuli: no verdict.",)
    constant = int(
        np.count_nonzero(present & (pairs >= options.min_common) & ~np.isfinite(decisive))
    )
    if constant:
        warnings += (
            (
                f"{counted(constant, 'rater')} gave one score throughout (or met a constant "
                "panel): correlation undefined, no verdict."
            ),
        )
    return warnings
