"""Z-score MOS: every rater's session brought to mean 0 and standard deviation 1.

Source: Sheikh, Sabir, Bovik 2006; Seshadrinathan et al. 2010 (LIVE), without the difference
to a reference image: 100 (z + 3) / 6 maps 99 % of normal z-scores to 0 ... 100.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pipelines.opinion.bt500 import keep_raters, no_screening, screen_bt500
from pipelines.opinion.design import design_warnings
from pipelines.opinion.estimate import Estimate, plain_raters
from pipelines.opinion.mean import mean_scores
from pipelines.opinion.options import MosOptions
from pipelines.opinion.table import Floats, Ratings
from schemas.text import counted

__all__ = ["estimate_zscore"]

_NO_SPREAD = "z-score: the rater's session has one rating or one score throughout (SD 0)"


def estimate_zscore(ratings: Ratings, options: MosOptions, screen: bool) -> Estimate:
    """Return MOS of z-scores per rater and session, rescaled to 0 ... 100 by default.

    A session whose scores are all equal, or that has one rating, has no z-score: its ratings
    are removed. Scores outside +-3 leave 0 ... 100.
    """
    z, usable = _z_scores(ratings, options.ddof)
    low, high = -3.0, 3.0
    if options.rescale == "hundred":
        z, low, high = 100.0 * (z + 3.0) / 6.0, 0.0, 100.0
    scaled = ratings.rescored(np.where(usable, z, 0.0), low, high)
    left = scaled.where(usable)
    screening = no_screening()
    if screen and options.zscore_screening:
        screening = screen_bt500(left, options, bool(options.strict))
    kept = usable & keep_raters(ratings, screening.reasons)
    n_without = int(np.count_nonzero(~usable))
    warnings: tuple[str, ...] = ()
    if n_without:
        raters = len(np.unique(ratings.rater[~usable]))
        warnings = (
            (
                f"{counted(n_without, 'rating')} of {counted(raters, 'rater')} removed: no z-score "
                "in a session without spread."
            ),
        )
    spreads = {"score_sd": _sd_by_rater(ratings, options.ddof), **screening.statistics}
    used = scaled.where(kept)
    return Estimate(
        scores=mean_scores(used, options.interval or "t"),
        raters=replace(plain_raters(ratings), reasons=screening.reasons, statistics=spreads),
        n_given=ratings.count_by_stimulus,
        used=used,
        kept=kept,
        why_removed=lambda _: _NO_SPREAD,
        applicable=bool(usable.any()) or not ratings.n,
        reason=None if usable.any() or not ratings.n else "no session has two different scores",
        warnings=(*warnings, *screening.warnings, *design_warnings(ratings)),
    )


def _z_scores(ratings: Ratings, ddof: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return z within rater and session, and which ratings have one."""
    group = ratings.rater.astype(np.int64)
    if ratings.session is not None:
        group = group * (int(ratings.session.max(initial=0)) + 1) + ratings.session
        group = np.unique(group, return_inverse=True)[1]
    n = np.bincount(group)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(group, ratings.score) / n
        deviation = ratings.score - mean[group]
        variance = np.bincount(group, deviation * deviation) / (n - ddof)
        # Rounding leaves specks of variance where all scores are equal.
        limit = (1e-12 * max(abs(ratings.low), abs(ratings.high), 1.0)) ** 2
        z = deviation / np.sqrt(variance)[group]
    return z, ((n > 1) & (variance > limit))[group]


def _sd_by_rater(ratings: Ratings, ddof: int) -> Floats:
    n, size = ratings.count_by_rater, ratings.n_raters
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(ratings.rater, ratings.score, minlength=size) / n
        deviation = ratings.score - mean[ratings.rater]
        squares = np.bincount(ratings.rater, deviation * deviation, minlength=size)
        return np.where(n > ddof, np.sqrt(squares / (n - ddof)), np.nan)
