"""Agreement between raters, one definition for screen, JSON and report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.opinion.by_value import too_many_pairs
from pipelines.opinion.composites import CompositeLike, composite_ratings
from pipelines.opinion.connection import connection_warning
from pipelines.opinion.gwet import gwet_ac2
from pipelines.opinion.icc import Icc, complete_grid, icc_complete, icc_incomplete
from pipelines.opinion.kappa import PairwiseKappa, pairwise_kappa
from pipelines.opinion.kendall import kendall_w
from pipelines.opinion.krippendorff import Alpha, krippendorff_alpha, krippendorff_interval
from pipelines.opinion.leave_one_out import leave_one_out, rater_correlations
from pipelines.opinion.mos import compute_mos
from pipelines.opinion.options import Method, MosOptions, options_of
from pipelines.opinion.sos import sos_a
from pipelines.opinion.table import Floats, Ratings, RatingTable
from pipelines.opinion.votes import first_ratings, vote_patterns
from schemas.text import counted

__all__ = ["Agreement", "AgreementResult", "agreement_of", "compute_agreement"]

_FEWEST_PAIRS = 3
"""Shared stimuli below which a rank correlation is not reported."""


@dataclass(frozen=True)
class Agreement:
    """Statistics of one dimension; NaN where not defined."""

    n_stimuli: int
    """Stimuli with a rating."""
    n_raters: int
    """Raters with a rating."""
    n_ratings: int
    """Ratings counted: the first of each stimulus and rater."""
    missing: int
    """Cells of the stimuli x raters grid without a rating."""
    alpha: Alpha
    """Krippendorff's alpha."""
    alpha_ci95: Mapping[str, tuple[float, float]]
    """Its bootstrap interval, `ordinal` and `interval`."""
    icc: Icc
    """ICC on the stimuli that everybody rated."""
    icc_incomplete: float
    """ICC(A,1) from all ratings."""
    kendall_w: float
    """Concordance on the stimuli that everybody rated, corrected for ties."""
    gwet_ac2: tuple[float, float]
    """Linear and quadratic weights."""
    kappa: PairwiseKappa
    """Mean weighted kappa over pairs of raters."""
    leave_one_out: Floats
    """Spearman correlation of each rater code with the mean of the others, NaN below 3 pairs."""
    sos_a: float
    """Parameter of the SOS hypothesis."""
    warnings: tuple[str, ...] = ()
    """What a reader has to know."""

    def as_json(self) -> dict[str, Any]:
        """Return the entry of the dimension; what is not defined is None."""
        defined = self.leave_one_out[np.isfinite(self.leave_one_out)]
        summary: tuple[float, float, float] = (math.nan, math.nan, math.nan)
        if len(defined):
            summary = (float(defined.mean()), float(defined.min()), float(defined.max()))
        document: dict[str, Any] = {
            "n_stimuli": self.n_stimuli,
            "n_raters": self.n_raters,
            "n_ratings": self.n_ratings,
            "missing": self.missing,
            "krippendorff_alpha": {
                **self.alpha._asdict(),
                "ci95": {name: list(limits) for name, limits in self.alpha_ci95.items()},
            },
            "icc": {**self.icc._asdict(), "incomplete": {"a_1": self.icc_incomplete}},
            "kendall_w": self.kendall_w,
            "gwet_ac2": dict(zip(("linear", "quadratic"), self.gwet_ac2, strict=True)),
            "weighted_kappa": self.kappa._asdict(),
            "leave_one_out_srcc": dict(zip(("mean", "min", "max"), summary, strict=True)),
            "sos_a": self.sos_a,
        }
        cleaned: dict[str, Any] = _without_nan(document)
        return cleaned


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_without_nan(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True)
class AgreementResult:
    """Agreement on every dimension and composite."""

    dimensions: Mapping[str, Agreement]
    """Name -> statistics, in order."""
    method: str | None
    """Method whose kept ratings were compared; None for all ratings."""
    options: Mapping[str, Any]
    """Conventions: the method's, the bootstrap's."""
    scale: tuple[float | None, float | None]
    """Lowest and highest score."""
    raters: tuple[str, ...]
    """Ids, by code."""
    warnings: tuple[str, ...] = ()
    """What a reader has to know."""

    def as_json(self) -> dict[str, Any]:
        """Return the document; what is not defined is None."""
        return {
            "dimensions": {name: entry.as_json() for name, entry in self.dimensions.items()},
            "method": self.method,
            "options": dict(self.options),
            "scale": list(self.scale),
            "warnings": list(self.warnings),
        }


def compute_agreement(
    table: RatingTable,
    composites: Sequence[CompositeLike] = (),
    method: Method | None = None,
    options: MosOptions | None = None,
    *,
    replicates: int = 1000,
    seed: int = 0,
) -> AgreementResult:
    """Compute agreement on every dimension and composite.

    Args:
        table: The ratings.
        composites: Weighted means to add.
        method: Compare the ratings that this method keeps, adjusted as it adjusts them; all
            ratings as given where absent.
        options: Conventions of the method.
        replicates: Bootstrap replicates.
        seed: Seed of the bootstrap.

    Raises:
        UserError: as `compute_mos`.
    """
    options = MosOptions() if options is None else options
    if method is None:
        chosen = {name: table.ratings(name) for name in table.dimensions}
        for composite in composites:
            parts = [chosen[part] for part in composite.parts]
            chosen[composite.name] = composite_ratings(composite, parts)
    else:
        result = compute_mos(table, method, options, composites)
        chosen = {name: estimate.used for name, estimate in result.estimates.items()}
    found = {name: agreement_of(ratings, replicates, seed) for name, ratings in chosen.items()}
    warnings = list(table.warnings)
    for name, entry in found.items():
        warnings += [f"{name}: {warning}" for warning in entry.warnings]
    conventions = {"bootstrap_replicates": replicates, "bootstrap_seed": seed}
    if method is not None:
        conventions |= options_of(method, options)
    scale = (table.low, table.high) if math.isfinite(table.low) else (None, None)
    return AgreementResult(found, method, conventions, scale, table.raters, tuple(warnings))


def agreement_of(given: Ratings, replicates: int = 1000, seed: int = 0) -> Agreement:
    """Compute agreement on one dimension; the first rating of a repeated cell counts."""
    ratings = first_ratings(given)
    n_stimuli = int(np.count_nonzero(ratings.count_by_stimulus))
    n_raters = int(np.count_nonzero(ratings.count_by_rater))
    patterns = vote_patterns(ratings, 2)
    grid = complete_grid(ratings)
    icc = icc_complete(grid)
    correlation = _leave_one_out_srcc(ratings)
    return Agreement(
        n_stimuli=n_stimuli,
        n_raters=n_raters,
        n_ratings=ratings.n,
        missing=n_stimuli * n_raters - ratings.n,
        alpha=krippendorff_alpha(patterns),
        alpha_ci95=krippendorff_interval(patterns, replicates, seed),
        icc=icc,
        icc_incomplete=_icc_of_all(ratings, grid, icc),
        kendall_w=kendall_w(grid),
        gwet_ac2=(gwet_ac2(ratings, "linear"), gwet_ac2(ratings, "quadratic")),
        kappa=pairwise_kappa(ratings),
        leave_one_out=correlation,
        sos_a=sos_a(ratings) if ratings.n else math.nan,
        warnings=_warnings(given, ratings, n_raters, grid),
    )


def _icc_of_all(ratings: Ratings, grid: Floats, icc: Icc) -> float:
    if not ratings.n:
        return math.nan
    # On a complete grid both are the same number, and this one is there already.
    return icc.a_1 if grid.size == ratings.n else icc_incomplete(ratings)


def _leave_one_out_srcc(ratings: Ratings) -> Floats:
    alone = leave_one_out(ratings)
    correlation, pairs = rater_correlations(alone.ratings, alone.mean, "spearman", alone.code)
    return np.where(pairs >= _FEWEST_PAIRS, correlation, np.nan)


def _warnings(given: Ratings, ratings: Ratings, n_raters: int, grid: Floats) -> tuple[str, ...]:
    warnings = [*connection_warning(ratings)]
    if given.n > ratings.n:
        repeated = counted(given.n - ratings.n, "repeated rating")
        warnings.append(f"{repeated} left out: agreement is between raters.")
    if ratings.level is None and too_many_pairs(ratings):
        warnings.append(
            f"weighted kappa is not computed for the pairs of {n_raters} raters on a continuous "
            "scale; see icc.incomplete and alpha."
        )
    if n_raters < 2:
        warnings.append("fewer than two raters: there is no agreement to measure.")
    elif ratings.count_by_stimulus.max(initial=0) < 2:
        warnings.append("no stimulus has two ratings: there is no agreement to measure.")
    elif np.count_nonzero(ratings.count_by_stimulus) == 1:
        warnings.append("one stimulus: raters cannot agree on differences between stimuli.")
    elif np.ptp(ratings.score) == 0:
        warnings.append("all ratings are equal: chance-corrected agreement is undefined.")
    elif not len(grid):
        warnings.append(
            f"no stimulus was rated by all {n_raters} raters, so ICC and Kendall's W are not "
            "defined; see icc.incomplete and Krippendorff's alpha."
        )
    elif len(grid) < 0.5 * np.count_nonzero(ratings.count_by_stimulus):
        warnings.append(
            f"ICC and Kendall's W rest on the {counted(len(grid), 'stimulus', 'stimuli')} that all "
            f"{n_raters} raters rated; see icc.incomplete and Krippendorff's alpha for all of them."
        )
    return tuple(warnings)
