"""Mean opinion scores of a study by any method: the one entry point.

The document `MosResult.as_json` returns is described in docs/statistics.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.opinion.composites import CompositeLike, composite_ratings
from pipelines.opinion.estimate import Estimate
from pipelines.opinion.methods import ESTIMATORS
from pipelines.opinion.options import METHODS, Method, MosOptions, options_of
from pipelines.opinion.table import Ratings, RatingTable
from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["MosResult", "RemovedRating", "compute_mos"]


@dataclass(frozen=True, slots=True)
class RemovedRating:
    """One rating that does not count."""

    stimulus: str
    rater: str
    dimension: str
    score: float
    reason: str
    """Rule, statistic and threshold, or a curator's decision."""


@dataclass(frozen=True)
class MosResult:
    """Scores of every stimulus on every dimension and composite, and what was left out."""

    method: str
    """How they were computed."""
    options: Mapping[str, Any]
    """The conventions that ran, defaults resolved."""
    scale: tuple[float | None, float | None]
    """Lowest and highest score of the ratings."""
    mos_scale: tuple[float | None, float | None]
    """Lowest and highest score of the MOS; 0 to 100 for rescaled z-scores."""
    stimuli: tuple[str, ...]
    """Ids, by code."""
    raters: tuple[str, ...]
    """Ids, by code."""
    estimates: Mapping[str, Estimate]
    """Dimension or composite -> what the method returned, in order."""
    given: Mapping[str, Ratings]
    """Rated dimension -> the ratings given in."""
    removed_before: Sequence[RemovedRating] = ()
    """Ratings that a curator took out before the computation."""
    warnings: tuple[str, ...] = ()
    """What a reader has to know."""
    composites: tuple[str, ...] = field(default=())
    """Names of the entries of `estimates` that are composites."""

    @property
    def n_removed(self) -> int:
        """How many ratings do not count."""
        kept = (self.estimates[name].kept for name in self.given)
        return len(self.removed_before) + sum(int(np.count_nonzero(~part)) for part in kept)

    @cached_property
    def removed(self) -> Sequence[RemovedRating]:
        """Ratings that do not count and why, those taken out by a curator first."""
        return [*self.removed_before, *self._removed_here()]

    def _removed_here(self) -> Iterator[RemovedRating]:
        for name, ratings in self.given.items():
            estimate = self.estimates[name]
            for index in np.flatnonzero(~estimate.kept).tolist():
                rater = int(ratings.rater[index])
                reason = estimate.raters.reasons.get(rater)
                if reason is None:
                    reason = estimate.why_removed(index) if estimate.why_removed else self.method
                yield RemovedRating(
                    stimulus=self.stimuli[ratings.stimulus[index]],
                    rater=self.raters[rater],
                    dimension=name,
                    score=float(ratings.score[index]),
                    reason=reason,
                )

    def as_json(self) -> dict[str, Any]:
        """Return the document; what is not defined is None."""
        return {
            "method": self.method,
            "options": dict(self.options),
            "scale": list(self.scale),
            "stimuli": self.stimuli_table().to_pylist(),
            "raters": list(self._rater_rows()),
            "removed": [
                {
                    "stimulus": r.stimulus, "rater": r.rater, "dimension": r.dimension,
                    "score": _number(r.score), "reason": r.reason,
                }
                for r in self.removed
            ],
            "applicable": {
                name: {"applicable": e.applicable, "reason": e.reason}
                for name, e in self.estimates.items()
            },
            "warnings": list(self.warnings),
        }  # fmt: skip

    def stimuli_table(self, dimension: str | None = None) -> pa.Table:
        """Return one row per stimulus and dimension that was rated; undefined is null.

        Columns: stimulus, dimension (strings), n, mos, sos, ci95, ci95_low, ci95_high.

        Args:
            dimension: The only dimension or composite to take; all where absent.
        """
        names = self.estimates if dimension is None else [dimension]
        parts = [self._stimuli_part(name, self.estimates[name]) for name in names]
        return pa.concat_tables(parts) if parts else _STIMULI.empty_table()

    def _stimuli_part(self, name: str, estimate: Estimate) -> pa.Table:
        scores = estimate.scores
        rated = np.flatnonzero(estimate.n_given)
        columns = [scores.mos, scores.sos, scores.ci95]
        columns += [scores.mos - scores.ci95, scores.mos + scores.ci95]
        ids = pa.array(self.stimuli, pa.string()).take(pa.array(rated))
        arrays = [ids, pa.array([name] * len(rated), pa.string()), pa.array(scores.n[rated])]
        arrays += [pa.array(column[rated], from_pandas=True) for column in columns]
        return pa.Table.from_arrays(arrays, schema=_STIMULI)

    def _rater_rows(self) -> Iterator[dict[str, Any]]:
        for name, estimate in self.estimates.items():
            raters = estimate.raters
            for code in np.flatnonzero(raters.n):
                yield {
                    "rater": self.raters[code],
                    "dimension": name,
                    "n": int(raters.n[code]),
                    "bias": _number(raters.bias[code]),
                    "inconsistency": _number(raters.inconsistency[code]),
                    "rejected": int(code) in raters.reasons,
                    "reason": raters.reasons.get(int(code)),
                    "statistics": {
                        key: _number(values[code]) for key, values in raters.statistics.items()
                    },
                }


_STIMULI = pa.schema(
    [("stimulus", pa.string()), ("dimension", pa.string()), ("n", pa.int64())]
    + [(name, pa.float64()) for name in ("mos", "sos", "ci95", "ci95_low", "ci95_high")]
)


def _number(value: float) -> float | int | None:
    """Return a JSON number: None for what is not finite, whole statistics as they are."""
    number = float(value)
    return number if np.isfinite(number) else None


def compute_mos(
    table: RatingTable,
    method: Method = "mean",
    options: MosOptions | None = None,
    composites: Sequence[CompositeLike] = (),
    removed_before: Sequence[RemovedRating] = (),
) -> MosResult:
    """Compute MOS of every stimulus on every dimension and composite.

    Screening rules act on the rated dimensions, each on its own. A composite is made from
    the ratings that are left (weighted mean of the parts of each presentation that has all
    of them); rules act on it through its parts, models (`bias`, `p910`, `zscore`) run on it
    like on a dimension.

    Args:
        table: The ratings.
        method: One of `METHODS`.
        options: Conventions; the documented defaults where absent.
        composites: Weighted means to add, each of dimensions of the table.
        removed_before: Ratings that a curator took out, to be listed with the rest.

    Raises:
        UserError: `unknown_method` or `unknown_dimension`.
    """
    if method not in METHODS:
        raise UserError(
            "unknown_method",
            f"There is no method '{one_line(method, 40)}'; use {', '.join(METHODS)}.",
        )
    options = MosOptions() if options is None else options
    estimator = ESTIMATORS[method]
    given = {name: table.ratings(name) for name in table.dimensions}
    estimates = {name: estimator(ratings, options, True) for name, ratings in given.items()}
    for composite in composites:
        estimates[composite.name] = _composite(composite, given, estimates, estimator, options)
    scale = _scale(table)
    rescaled = method == "zscore"
    mos_scale = scale
    if rescaled:
        mos_scale = (0.0, 100.0) if options.rescale == "hundred" else (None, None)
    warnings = [*table.warnings]
    if not table.n:
        warnings.append("There are no ratings yet.")
    for name, estimate in estimates.items():
        warnings += [f"{name}: {warning}" for warning in estimate.warnings]
    return MosResult(
        method=method,
        options=options_of(method, options),
        scale=scale,
        mos_scale=mos_scale,
        stimuli=table.stimuli,
        raters=table.raters,
        estimates=estimates,
        given=given,
        removed_before=tuple(removed_before),
        warnings=tuple(warnings),
        composites=tuple(composite.name for composite in composites),
    )


def _scale(table: RatingTable) -> tuple[float | None, float | None]:
    if not np.isfinite(table.low):
        return None, None
    return table.low, table.high


def _composite(
    composite: CompositeLike,
    given: Mapping[str, Ratings],
    estimates: Mapping[str, Estimate],
    estimator: Callable[[Ratings, MosOptions, bool], Estimate],
    options: MosOptions,
) -> Estimate:
    unknown = [part for part in composite.parts if part not in given]
    if unknown:
        raise UserError(
            "unknown_dimension",
            f"The composite '{composite.name}' needs the dimension '{unknown[0]}', which has "
            f"no ratings; the dimensions are {', '.join(given)}.",
        )
    parts = list(composite.parts)
    everyone = composite_ratings(composite, [given[part] for part in parts])
    left = [given[part].where(estimates[part].kept) for part in parts]
    estimate = estimator(composite_ratings(composite, left), options, False)
    rejected: dict[int, str] = {}
    for part in parts:
        for code, reason in estimates[part].raters.reasons.items():
            rejected[code] = f"rejected on {part}: {reason}"
    off = [part for part in parts if not estimates[part].applicable]
    raters = replace(estimate.raters, n=np.asarray(everyone.count_by_rater), reasons=rejected)
    return replace(
        estimate,
        raters=raters,
        n_given=everyone.count_by_stimulus,
        applicable=len(off) < len(parts) if off else estimate.applicable,
        reason=f"follows its parts; {off[0]}: {estimates[off[0]].reason}"
        if off
        else estimate.reason,
    )
