"""ITU-T P.910 (11/21) Annex E: quality, bias and inconsistency by alternating projection.

The model: u = quality + bias + inconsistency * X, X standard normal, per rating. The same
algorithm is in P.913 (06/21) 12.6. Stated standard errors are those of Annex E
(SD of a stimulus's residuals over sqrt(n)).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.opinion.design import design_warnings
from pipelines.opinion.estimate import Estimate, Raters
from pipelines.opinion.mean import NORMAL_95, MeanScores, half_widths, spread
from pipelines.opinion.options import MosOptions
from pipelines.opinion.table import Floats, Ratings
from schemas.text import counted

__all__ = ["Projection", "estimate_p910", "project"]

_COLLAPSED = 1e-4
"""Share of the scale's range at which an inconsistency is no longer one."""


class Projection(NamedTuple):
    """Solution of the alternating projection, NaN for codes without ratings."""

    quality: Floats
    """Per stimulus code, in score units."""
    bias: Floats
    """Per rater code; the plain mean over raters is 0."""
    inconsistency: Floats
    """Per rater code: SD (divisor n) of the residuals."""
    guarded: npt.NDArray[np.bool_]
    """Raters whose inconsistency fell below the floor."""
    n_iterations: int
    """Iterations made."""
    is_converged: bool
    """Whether the change fell below the tolerance."""


def estimate_p910(ratings: Ratings, options: MosOptions, screen: bool) -> Estimate:
    """Return maximum-likelihood quality with rater bias and inconsistency; nobody is removed.

    `sos` is the SD (divisor n) of a stimulus's residuals, `ci95` its quantile / sqrt(n);
    both are NaN for one rating, where the reference gives 0.
    """
    del screen
    solved = project(ratings, options)
    n = ratings.count_by_stimulus
    rest = ratings.score - solved.quality[ratings.stimulus] - solved.bias[ratings.rater]
    _, variance = spread(ratings.rescored(rest), ddof=0)
    sos = np.where(n > 1, np.sqrt(variance), np.nan)
    scores = MeanScores(n, solved.quality, sos, half_widths(sos, n, options.interval or "normal"))
    return Estimate(
        scores=scores,
        raters=_raters(ratings, solved),
        n_given=n,
        used=ratings,
        kept=np.ones(ratings.n, np.bool_),
        warnings=(*_warnings(ratings, solved, options), *design_warnings(ratings)),
    )


def project(ratings: Ratings, options: MosOptions) -> Projection:
    """Alternate between quality, bias and inconsistency until the quality stands still.

    Start: quality = MOS, bias = mean residual. Each round: inconsistency = SD (divisor n) of
    a rater's residuals; weight = 1 / (inconsistency^2 + 1e-8); quality = weighted mean of
    u - bias; bias = mean of u - quality. Stop where the L2 norm of the change of quality is
    below the tolerance. The mean bias is moved into the quality.

    A rater whose inconsistency falls below `sigma_floor` (share of the scale's range) gets
    the median weight of the others from then on; no other weight is changed.
    """
    n, m = ratings.count_by_stimulus, ratings.count_by_rater
    present = m > 0
    if not ratings.n:
        empty = np.full(ratings.n_raters, np.nan)
        nothing = np.full(ratings.n_stimuli, np.nan)
        return Projection(nothing, empty, empty, ~present, 0, True)
    order = _by_count(n)
    scored, ones, centre = _operators(ratings, order)
    scored_by_rater, ones_by_rater = scored.T, ones.T
    divisor = np.maximum(m, 1)
    u_mean = (scored_by_rater @ np.ones(len(order))) / divisor
    u_square = np.bincount(ratings.rater, (ratings.score - centre) ** 2, minlength=ratings.n_raters)
    quality = (scored @ np.ones(ratings.n_raters)) / n[order]
    guarded = np.zeros(ratings.n_raters, np.bool_)
    floor = options.sigma_floor * (ratings.high - ratings.low)
    quality_mean = (ones_by_rater @ quality) / divisor
    bias = u_mean - quality_mean
    converged = False
    iteration = 0
    sigma = np.zeros(ratings.n_raters)
    while iteration < options.max_iterations and not converged:
        iteration += 1
        rest = u_square - 2 * (scored_by_rater @ quality) + ones_by_rater @ (quality * quality)
        sigma = np.sqrt(np.maximum(rest / divisor - (u_mean - quality_mean) ** 2, 0))
        guarded |= present & (sigma < floor)
        weight = _weights(sigma, guarded, present, options.weight_epsilon)
        previous = quality
        quality = (scored @ weight - ones @ (weight * bias)) / (ones @ weight)
        quality_mean = (ones_by_rater @ quality) / divisor
        bias = u_mean - quality_mean
        change = quality - previous
        # Not `@`: BLAS starts threads for it, which cost more than the rest of the round.
        converged = math.sqrt(float(np.square(change).sum())) < options.tolerance
    shift = float(bias[present].mean())
    scores = np.full(ratings.n_stimuli, np.nan)
    scores[order] = quality + (centre + shift)
    return Projection(
        quality=scores,
        bias=np.where(present, bias - shift, np.nan),
        inconsistency=np.where(m > 1, sigma, np.nan),
        guarded=guarded,
        n_iterations=iteration,
        is_converged=converged,
    )


def _by_count(n: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Return the codes of rated stimuli, those with equally many ratings together.

    Rows of equal length make the products of a sparse design about four times as fast: the
    processor foresees where each ends.
    """
    order: npt.NDArray[np.intp] = np.argsort(n, kind="stable")
    return order[np.count_nonzero(n == 0) :]


def _weights(
    sigma: Floats,
    guarded: npt.NDArray[np.bool_],
    present: npt.NDArray[np.bool_],
    epsilon: float,
) -> Floats:
    free = present & ~guarded
    if not free.any():
        return np.ones(len(sigma))
    with np.errstate(divide="ignore"):
        weight = 1.0 / (sigma * sigma + epsilon)
        weight[guarded] = 1.0 / (float(np.median(sigma[free])) ** 2 + epsilon)
    # A score scale without any spread and epsilon 0: everybody agrees, so all weigh the same.
    return np.where(np.isfinite(weight), weight, 1.0)


def _operators(ratings: Ratings, order: npt.NDArray[np.intp]) -> tuple[Any, Any, float]:
    """Return sparse stimulus x rater matrices of scores and of ones, and a centre.

    Row i is the stimulus `order[i]`. Scores are taken relative to the centre, so that sums of
    squares lose no digits. A repeated cell stands in the matrix once for each repetition.
    """
    from scipy.sparse import coo_array, csr_array

    n = ratings.n
    size = (len(order), ratings.n_raters)
    # 32-bit positions, where they suffice, halve what every product has to read.
    starts = np.zeros(size[0] + 1, np.int32 if n < 2**31 else np.int64)
    np.cumsum(ratings.count_by_stimulus[order], out=starts[1:])
    place = np.empty(ratings.n_stimuli, np.int32)
    place[order] = np.arange(size[0], dtype=np.int32)
    row = place[ratings.stimulus]
    taken: Any = slice(None)
    if np.any(row[1:] < row[:-1]):
        # Conversion to rows is a counting sort; with the position as column it gives the order.
        position = np.arange(n, dtype=np.int32)
        taken = coo_array((np.ones(n, np.int8), (row, position)), shape=(size[0], n))
        taken = taken.tocsr().indices
    centre = float(ratings.score.mean())
    values, columns = (ratings.score - centre)[taken], ratings.rater[taken]
    scored = csr_array((values, columns, starts), shape=size)
    return scored, csr_array((np.ones(n), columns, starts), shape=size), centre


def _raters(ratings: Ratings, solved: Projection) -> Raters:
    """Return bias and inconsistency with their 95 % intervals (P.910 Annex E)."""
    from scipy.special import chdtri

    m = ratings.count_by_rater
    with np.errstate(divide="ignore", invalid="ignore"):
        half_width = NORMAL_95 * solved.inconsistency / np.sqrt(m)
        low = np.sqrt(m / chdtri(m, 0.025)) * solved.inconsistency
        high = np.sqrt(m / chdtri(m, 0.975)) * solved.inconsistency
    return Raters(
        n=m,
        bias=solved.bias,
        inconsistency=solved.inconsistency,
        statistics={
            "bias_ci95": half_width,
            "inconsistency_low": low,
            "inconsistency_high": high,
            "guarded": solved.guarded.astype(float),
        },
    )


def _warnings(ratings: Ratings, solved: Projection, options: MosOptions) -> tuple[str, ...]:
    warnings = []
    if not solved.is_converged:
        warnings.append(
            f"P.910 did not converge in {counted(solved.n_iterations, 'iteration')}; raise "
            "max_iterations."
        )
    collapsed = int(np.count_nonzero(solved.guarded & (ratings.count_by_rater > 1)))
    if collapsed:
        warnings.append(
            f"the inconsistency of {counted(collapsed, 'rater')} fell below "
            f"{options.sigma_floor:g} of the scale's range: weighted like the median rater (the "
            "likelihood has no maximum there; the option sigma_floor = 0 lets it run)."
        )
    speck = _COLLAPSED * (ratings.high - ratings.low)
    alone = int(np.count_nonzero(~solved.guarded & (solved.inconsistency < speck)))
    if alone:
        warnings.append(
            f"the inconsistency of {counted(alone, 'rater')} fell to 0: the scores of what they "
            "rated are theirs alone; the option sigma_floor guards against it."
        )
    return tuple(warnings)
