"""One run of drafting that asks models: drafts, then the checks that need a reader."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from typing import Any

from annotator.endpoints import Endpoint
from annotator.questions import Drafts
from annotator.questions_checks import Asked, counted, guess_blind, read_distractors
from annotator.questions_model import draft_by_model
from annotator.store import SnapshotStore, Store
from annotator.store.questions import batches
from pipelines.questions.client import Asker
from pipelines.questions.flow import Checked
from pipelines.questions.recipes import load_prompt
from schemas.draft import Verdict

__all__ = ["DraftRun"]


class DraftRun:
    """Asks for drafts and about drafts, with one budget for all of it."""

    def __init__(
        self, study: Store | SnapshotStore, endpoint: Endpoint, progress: Callable[[int, int], None]
    ) -> None:
        """Ask nothing yet."""
        self._study, self._endpoint, self._progress = study, endpoint, progress
        self.last: Asker | None = None
        """The asker used last; it knows what all have spent. None where nobody was asked."""
        self._calls: Counter[str] = Counter()
        self._verdicts: dict[str, dict[str, Verdict]] = {}
        self._told: dict[str, Any] = {}

    def draft(self, *, with_image: bool, in_batches: bool, is_waiting: bool) -> Drafts:
        """Have the model draft from every feedback that it has not answered yet.

        Raises:
            UserError: the endpoint refuses or fails; what it had answered is kept.
        """
        way = self._endpoint.way(self._asker(), in_batches=in_batches, is_waiting=is_waiting)
        drafts, outcomes = draft_by_model(self._study, way, self._progress, with_image=with_image)
        self._calls += outcomes
        if in_batches:
            self._told["batches"] = batches(
                self._study, "draft", load_prompt("draft").version, way.asker.model
            )
        return drafts

    def read_distractors(self) -> None:
        """Have the model read the wrong options of its drafts against their spans."""
        asked = read_distractors(self._study, self._asker(), self._progress)
        self._take("distractors_contradicted", asked)

    def guess(self, times: int, *, is_marked: bool) -> None:
        """Have the model answer the drafts without their images."""
        asked = guess_blind(self._study, self._asker(), times, self._progress, is_marked=is_marked)
        self._take("blind_guess", asked)

    def _take(self, check: str, asked: Asked) -> None:
        self._calls += asked.outcomes
        self._told.setdefault("asked", {})[check] = counted(asked.verdicts.values())
        for draft, verdict in asked.verdicts.items():
            self._verdicts.setdefault(draft, {})[check] = verdict

    def with_verdicts(self, drafts: Drafts) -> Drafts:
        """Return what was drafted with what the model said of it since."""
        added = tuple(self._checked(item) for item in drafts.added)
        return drafts._replace(added=added)

    def _checked(self, item: Checked) -> Checked:
        said = self._verdicts.get(item.draft.draft, {})
        verdicts = tuple(said.get(verdict.check, verdict) for verdict in item.verdicts)
        return dataclasses.replace(item, verdicts=verdicts)

    def _asker(self) -> Asker:
        """Return an asker of its own, since a client is closed after use; the budget goes on."""
        asker = self._endpoint.asker()
        if self.last is not None:
            asker.spent_usd = self.last.spent_usd
            asker.stopped_by_budget = self.last.stopped_by_budget
        self.last = asker
        return asker

    def told(self) -> dict[str, Any]:
        """Return calls by outcome, batches, and what the model said of how many drafts."""
        return {"calls": dict(self._calls), **self._told}
