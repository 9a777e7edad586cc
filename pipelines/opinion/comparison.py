"""How a method moves the scores of another, stimulus by stimulus and in all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.opinion.mos import MosResult
from pipelines.opinion.ranks import midranks_within, pearson_within
from pipelines.opinion.table import Floats

__all__ = ["Shift", "shifts"]


@dataclass(frozen=True, slots=True)
class Shift:
    """What one method does to the scores of one dimension. None where not defined."""

    dimension: str
    is_applicable: bool
    """Whether the method could act on this dimension."""
    n_stimuli: int
    """Stimuli with a score by both methods."""
    n_removed: int
    """Ratings that the method left out."""
    n_rejected: int
    """Raters that it rejected."""
    mean_shift: float | None
    """Mean absolute change of the MOS, units of the scale; None on another scale."""
    largest_shift: float | None
    """Largest absolute change of the MOS."""
    srcc: float | None
    """Spearman correlation of the two MOS."""
    median_ci95: float | None
    """Median half-width of the method's own 95 % intervals, units of its own scale."""


def shifts(base: MosResult, other: MosResult) -> list[Shift]:
    """Return what `other` does compared with `base`, for every dimension and composite.

    Both must be of the same ratings: stimuli have the same codes.

    Raises:
        ValueError: of other stimuli.
    """
    if base.stimuli != other.stimuli:
        raise ValueError("the two results are of different stimuli")
    is_same_scale = base.mos_scale == other.mos_scale
    return [_shift(name, base, other, is_same_scale) for name in base.estimates]


def _shift(name: str, base: MosResult, other: MosResult, is_same_scale: bool) -> Shift:
    estimate = other.estimates[name]
    x, y = base.estimates[name].scores.mos, estimate.scores.mos
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    change = np.abs(y - x) if is_same_scale else np.empty(0)
    ci95 = estimate.scores.ci95
    ci95 = ci95[np.isfinite(ci95)]
    return Shift(
        dimension=name,
        is_applicable=estimate.applicable,
        n_stimuli=len(x),
        n_removed=int(np.count_nonzero(~estimate.kept)) if name not in other.composites else 0,
        n_rejected=len(estimate.raters.reasons),
        mean_shift=float(change.mean()) if len(change) else None,
        largest_shift=float(change.max()) if len(change) else None,
        srcc=_srcc(x, y),
        median_ci95=float(np.median(ci95)) if len(ci95) else None,
    )


def _srcc(x: Floats, y: Floats) -> float | None:
    if len(x) < 3:
        return None
    group = np.zeros(len(x), np.int32)
    r = pearson_within(group, midranks_within(group, x, 1), midranks_within(group, y, 1), 1)[0]
    return float(r) if np.isfinite(r) else None
