"""The figures of the report for the desk, computed as a job on the ratings of now.

Scores with intervals, raters' bias, what was left out, agreement, what more raters would bring.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from annotator.clock import iso, now
from annotator.desk.agreement import AgreementView
from annotator.desk.standing import Standings
from annotator.jobs import Advance, Jobs
from annotator.store import Store
from annotator.store.tallies import n_ratings_removed, results_position
from pipelines.opinion.mean import NORMAL_95
from pipelines.opinion.mos import MosResult, compute_mos
from pipelines.opinion.options import METHODS, Method
from pipelines.opinion.planning import RatingPlan, plan_ratings
from schemas.errors import UserError

__all__ = ["Alpha", "FigurePage", "Figures", "RaterBias"]

_MOST_MARKS = 400
"""Beyond this, whiskers of neighbours cover each other."""
_MOST_RATERS = 40
_LARGEST_PANEL = 40


class RaterBias(NamedTuple):
    """One rater on one dimension."""

    rater: str
    n: int
    bias: float
    """Mean offset from the panel, in score units."""
    half: float | None
    """Half-width of its 95 % interval (normal); None below two ratings."""
    is_rejected: bool


class Alpha(NamedTuple):
    """Krippendorff's alpha of one dimension."""

    dimension: str
    kind: str
    """`ordinal` or `interval`."""
    value: float
    low: float | None
    """Lower limit of the 95 % bootstrap interval."""
    high: float | None
    n: int
    """Ratings."""


@dataclass(frozen=True)
class FigurePage:
    """What the figures of one dimension by one method show."""

    dimension: str
    method: str
    computed_at: str
    is_old: bool
    """Ratings came in since."""
    scale: tuple[float | None, float | None]
    """Of the MOS."""
    n_stimuli: int
    scores: Sequence[tuple[float, float | None]]
    """(MOS, half-width of the 95 % interval) in rising order, thinned to 400 stimuli."""
    n_raters: int
    raters: Sequence[RaterBias]
    """The largest biases, at most 40, in rising order."""
    removed: Mapping[str, tuple[int, int]]
    """Rated dimension -> (ratings the method left out, ratings given in)."""
    n_removed_before: int
    """Ratings that curators' decisions took out."""
    alphas: Sequence[Alpha]
    """Of every dimension where it is defined; empty until agreement is computed."""
    curve: Sequence[tuple[int, float]]
    """(raters per stimulus, mean expected half-width); empty for composites and too few ratings."""
    n_so_far: float | None
    """Mean number of ratings per rated stimulus so far."""


@dataclass(frozen=True)
class _Kept:
    position: int
    computed_at: str
    result: MosResult
    plans: Mapping[str, RatingPlan]
    n_removed_before: int


class Figures:
    """Figures of a study, one method at a time."""

    def __init__(
        self, store: Store, standings: Standings, agreement: AgreementView, jobs: Jobs
    ) -> None:
        """Compute on what `standings` reads, as a job of `jobs`."""
        self._store, self._standings = store, standings
        self._agreement, self._jobs = agreement, jobs
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def page(self, dimension: str, method: str, author: str) -> FigurePage | None:
        """Return the figures; where there are none of now, begin to compute them.

        Raises:
            UserError: `unknown_method`.
        """
        chosen = next((known for known in METHODS if known == method), None)
        if chosen is None:
            raise UserError("unknown_method", f"There is no method '{method[:40]}'.")
        newest, _ = results_position(self._store)
        with self._lock:
            kept = self._kept.get(method)
        is_old = kept is None or kept.position < newest
        last = self._jobs.last("figures")
        if is_old and (last is None or last.state != "running"):
            self._jobs.start(
                "figures", "Drawing the figures", author,
                lambda tell: self._compute(chosen, tell), "figures",
            )  # fmt: skip
        return None if kept is None else self._page_of(kept, dimension, is_old=is_old)

    def _compute(self, method: Method, advance: Advance) -> str:
        advance(0, 2)
        at = iso(now())
        position, ratings = self._standings.ratings()
        result = compute_mos(ratings, method, None, self._store.study.composites)
        advance(1, 2)
        plans = {name: plan_ratings(given) for name, given in result.given.items() if given.n}
        kept = _Kept(position, at, result, plans, n_ratings_removed(self._store))
        with self._lock:
            self._kept[method] = kept
        advance(2, 2)
        return method

    def _page_of(self, kept: _Kept, dimension: str, *, is_old: bool) -> FigurePage:
        result, plan = kept.result, kept.plans.get(dimension)
        scores = _ordered(result, dimension)
        raters = _raters(result, dimension)
        curve = [] if plan is None or not np.isfinite(plan.variance).any() else plan.curve(
            _LARGEST_PANEL
        )  # fmt: skip
        rated = None if plan is None else plan.n[plan.n > 0]
        return FigurePage(
            dimension=dimension,
            method=result.method,
            computed_at=kept.computed_at,
            is_old=is_old,
            scale=result.mos_scale,
            n_stimuli=len(scores),
            scores=_thinned(scores),
            n_raters=len(raters),
            raters=_largest(raters),
            removed={
                name: (int(np.count_nonzero(~result.estimates[name].kept)), given.n)
                for name, given in result.given.items()
            },
            n_removed_before=kept.n_removed_before,
            alphas=_alphas(self._agreement),
            curve=curve,
            n_so_far=float(rated.mean()) if rated is not None and len(rated) else None,
        )


def _ordered(result: MosResult, dimension: str) -> list[tuple[float, float | None]]:
    scores = result.estimates[dimension].scores
    rated = np.flatnonzero(np.isfinite(scores.mos))
    rated = rated[np.argsort(scores.mos[rated], kind="stable")]
    return [
        (mos, half if np.isfinite(half) else None)
        for mos, half in zip(scores.mos[rated].tolist(), scores.ci95[rated].tolist(), strict=True)
    ]


def _thinned(scores: Sequence[Any]) -> list[Any]:
    if len(scores) <= _MOST_MARKS:
        return list(scores)
    picks = np.linspace(0, len(scores) - 1, _MOST_MARKS).astype(int)
    return [scores[pick] for pick in picks]


def _raters(result: MosResult, dimension: str) -> list[RaterBias]:
    raters = result.estimates[dimension].raters
    found = []
    for code in np.flatnonzero((raters.n > 0) & np.isfinite(raters.bias)).tolist():
        n = int(raters.n[code])
        half = NORMAL_95 * float(raters.inconsistency[code]) / np.sqrt(n)
        found.append(
            RaterBias(
                result.raters[code], n, float(raters.bias[code]),
                float(half) if np.isfinite(half) else None, code in raters.reasons,
            )
        )  # fmt: skip
    return found


def _largest(raters: Sequence[RaterBias]) -> list[RaterBias]:
    most = sorted(raters, key=lambda one: -abs(one.bias))[:_MOST_RATERS]
    return sorted(most, key=lambda one: one.bias)


def _alphas(agreement: AgreementView) -> list[Alpha]:
    page, _ = agreement.page()
    found = []
    for name, entry in {} if page is None else page.document["dimensions"].items():
        alpha = entry["krippendorff_alpha"]
        for kind in ("ordinal", "interval"):
            if alpha[kind] is not None:
                low, high = alpha["ci95"][kind]
                found.append(Alpha(name, kind, alpha[kind], low, high, entry["n_ratings"]))
    return found
