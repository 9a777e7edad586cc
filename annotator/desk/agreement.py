"""Agreement between raters, computed as a job and kept until the ratings move on."""

from __future__ import annotations

from typing import Any, NamedTuple

from annotator.desk.standing import Standings
from annotator.jobs import Advance, Job, Jobs
from annotator.store import Store
from pipelines.opinion.agreement import compute_agreement

__all__ = ["AgreementPage", "AgreementView"]

_REPLICATES = 200
"""Bootstrap replicates: enough for two digits of an interval, few enough to wait for."""


class AgreementPage(NamedTuple):
    """The document of `agreement --json`, and what it was computed from."""

    document: dict[str, Any]
    facts: str
    computed_at: str


class AgreementView:
    """Agreement of the ratings of a study."""

    def __init__(self, store: Store, standings: Standings, jobs: Jobs) -> None:
        """Compute on what `standings` has, as a job of `jobs`."""
        self._store, self._standings, self._jobs = store, standings, jobs
        self._page: AgreementPage | None = None

    def page(self) -> tuple[AgreementPage | None, bool]:
        """Return what was computed last, and whether the ratings are still the same."""
        standing, is_old = self._standings.now()
        page = self._page
        if page is None or standing is None:
            return page, False
        return page, not is_old and standing.facts == page.facts

    def start(self, author: str) -> Job:
        """Compute it; see `Jobs.start`."""
        return self._jobs.start("agreement", "Computing agreement", author, self._compute)

    def _compute(self, advance: Advance) -> str:
        advance(0, 1)
        standing = self._standings.wait()
        result = compute_agreement(
            standing.ratings, self._store.study.composites, replicates=_REPLICATES
        )
        self._page = AgreementPage(result.as_json(), standing.facts, standing.computed_at)
        return standing.facts
