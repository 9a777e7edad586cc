"""ITU-T P.913: scores with each rater's bias taken off, without and with screening."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.opinion.bias import least_squares_bias
from pipelines.opinion.bt500 import keep_raters, no_screening, replace_reasons, screen_bt500
from pipelines.opinion.design import design_warnings
from pipelines.opinion.estimate import Estimate, Raters, plain_raters
from pipelines.opinion.mean import mean_scores
from pipelines.opinion.options import MosOptions
from pipelines.opinion.table import Floats, Ratings
from schemas.text import counted

__all__ = ["estimate_bias", "estimate_p913"]


_ONE_SHOT = (
    "not every rater rated every stimulus, so the one-shot bias of P.913 depends on who else "
    "rated the same stimuli; the option bias_estimate = least-squares does not."
)


def estimate_bias(ratings: Ratings, options: MosOptions, screen: bool) -> Estimate:
    """Return MOS of u - bias_i (P.913 12.4); nothing is removed."""
    del screen
    adjusted, raters, warnings = _without_bias(ratings, options)
    return Estimate(
        scores=mean_scores(adjusted, options.interval or "t"),
        raters=raters,
        n_given=ratings.count_by_stimulus,
        used=adjusted,
        kept=np.ones(ratings.n, np.bool_),
        warnings=(*warnings, *design_warnings(ratings)),
    )


def estimate_p913(ratings: Ratings, options: MosOptions, screen: bool) -> Estimate:
    """Return MOS of u - bias_i of the raters whom BT.500 keeps on those scores."""
    adjusted, raters, warnings = _without_bias(ratings, options)
    screening = screen_bt500(adjusted, options, bool(options.strict)) if screen else no_screening()
    kept = keep_raters(ratings, screening.reasons)
    used = adjusted.where(kept)
    return Estimate(
        scores=mean_scores(used, options.interval or "t"),
        raters=replace_reasons(raters, screening),
        n_given=ratings.count_by_stimulus,
        used=used,
        kept=kept,
        applicable=screening.applicable,
        reason=screening.reason,
        warnings=(*warnings, *screening.warnings, *design_warnings(ratings)),
    )


def _without_bias(ratings: Ratings, options: MosOptions) -> tuple[Ratings, Raters, tuple[str, ...]]:
    raters = plain_raters(ratings)
    warnings: tuple[str, ...] = ()
    if options.bias_estimate == "least-squares":
        bias, converged = least_squares_bias(ratings, options.tolerance, options.max_iterations)
        raters = replace(raters, bias=np.where(raters.n > 0, bias, np.nan))
        if not converged:
            tried = counted(options.max_iterations, "iteration")
            warnings = (f"least-squares bias did not converge in {tried}.",)
    elif _incomplete(ratings):
        warnings = (_ONE_SHOT,)
    bias = raters.bias
    adjusted: Floats = ratings.score - bias[ratings.rater]
    return ratings.rescored(adjusted), raters, warnings


def _incomplete(ratings: Ratings) -> bool:
    n_raters = int(np.count_nonzero(ratings.count_by_rater))
    n_stimuli = int(np.count_nonzero(ratings.count_by_stimulus))
    return ratings.n < n_raters * n_stimuli
