"""Agreement between raters, computed as a job and kept until the ratings move on."""

from __future__ import annotations

from typing import Any, NamedTuple

from annotator.clock import iso, now
from annotator.desk.standing import Standings
from annotator.jobs import Advance, Job, Jobs
from annotator.store import Store
from annotator.store.tallies import results_position
from pipelines.opinion.agreement import compute_agreement

__all__ = ["AgreementPage", "AgreementView"]

_REPLICATES = 200
"""Bootstrap replicates: enough for two digits of an interval, few enough to wait for."""


class AgreementPage(NamedTuple):
    """The document of `agreement --json`, and what it was computed from."""

    document: dict[str, Any]
    position: int
    """Last fact that was counted."""
    computed_at: str


class AgreementView:
    """Agreement of the ratings of a study."""

    def __init__(self, store: Store, standings: Standings, jobs: Jobs) -> None:
        """Compute on what `standings` has, as a job of `jobs`."""
        self._store, self._standings, self._jobs = store, standings, jobs
        self._page: AgreementPage | None = None

    def page(self) -> tuple[AgreementPage | None, bool]:
        """Return what was computed last, and whether the ratings are still the same."""
        page = self._page
        if page is None:
            return None, False
        return page, results_position(self._store)[0] <= page.position

    def start(self, author: str) -> Job:
        """Compute it; see `Jobs.start`."""
        return self._jobs.start(
            "agreement", "Computing agreement", author, self._compute, "agreement"
        )

    def _compute(self, advance: Advance) -> int:
        advance(0, 1)
        at = iso(now())
        position, ratings = self._standings.ratings()
        result = compute_agreement(ratings, self._store.study.composites, replicates=_REPLICATES)
        self._page = AgreementPage(result.as_json(), position, at)
        return position
