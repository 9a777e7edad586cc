"""The desk's reader over the store: numbers computed here and in pipelines, shown there."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from annotator.clock import fresh_id, iso, now
from annotator.desk.agreement import AgreementView
from annotator.desk.checks import CheckView
from annotator.desk.comparison import Comparison
from annotator.desk.distributions import Distributions
from annotator.desk.figures import Figures
from annotator.desk.images import Incoming
from annotator.desk.model import ModelView
from annotator.desk.packages import Packages
from annotator.desk.people import People, state_of
from annotator.desk.progress import Progress
from annotator.desk.raters import Raters
from annotator.desk.readings import RaterReadings
from annotator.desk.siblings import Siblings
from annotator.desk.standing import Standings
from annotator.jobs import Jobs
from annotator.names import StimulusNames
from annotator.questions_review import ReviewDesk
from annotator.queue import CLOSED
from annotator.screens.desk_reader import (
    Decision,
    Estimate,
    MosPage,
    MosQuery,
    MosRow,
    Overview,
    RaterRow,
    StimulusView,
    Vote,
)
from annotator.store import Store
from annotator.store.tallies import n_ratings_removed, setting_history, submissions_per_stimulus
from pipelines.scoring.checks.findings import Finding
from schemas.errors import UserError
from schemas.facts import Decided, Reversed, Setting
from schemas.text import clean_text

__all__ = ["Closing", "StoreDesk"]

_LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True)
class Closing:
    """Rating was closed or opened again."""

    at: str
    is_closed: bool
    author: str
    """Curator who did it; empty where it was not recorded."""


class StoreDesk:
    """Implements `annotator.screens.desk_reader.DeskReader`; its parts serve one tab each."""

    def __init__(
        self,
        store: Store,
        jobs: Jobs | None = None,
        patience_s: float = 0.6,
        change: Callable[[Path], None] | None = None,
    ) -> None:
        """Read from `store`; append decisions to it.

        Args:
            store: The open store.
            jobs: The jobs of the server.
            patience_s: How long a page waits for newer results before it shows older ones.
            change: Makes the server serve the study in another folder, where it can.
        """
        self._store = store
        self._lock = threading.Lock()
        self._overview: tuple[int, Overview] | None = None
        self.jobs = jobs or Jobs()
        self.standings = Standings(store, patience_s)
        self.people = People(store)
        self.progress = Progress(store)
        self.raters = Raters(store, self.people)
        # Half, since the page shows more than readings.
        self.readings = RaterReadings(store, patience_s / 2)
        self.distributions = Distributions(store, self.standings)
        self.comparison = Comparison(store, self.standings, self.jobs)
        self.agreement = AgreementView(store, self.standings, self.jobs)
        self.figures = Figures(store, self.standings, self.agreement, self.jobs)
        self.checks = CheckView(store)
        self.model = ModelView(store, self.standings, self.checks, patience_s)
        self.incoming = Incoming(store, self.jobs)
        self.review = ReviewDesk(store)
        self.siblings = Siblings(store, change)
        self.packages = Packages(store, self.standings, self.jobs)

    def is_closed(self) -> bool:
        """Return whether rating is closed."""
        closings = self.closings()
        return bool(closings) and closings[0].is_closed

    def closings(self) -> list[Closing]:
        """Return who closed and opened rating and when, newest first."""
        return [
            Closing(row["recorded_at"], row["value"] == "yes", row["author"] or "")
            for row in reversed(setting_history(self._store, CLOSED))
        ]

    def set_closed(self, author: str, *, closed: bool) -> None:
        """Close the study for rating, or open it again; what is sent meanwhile is still kept.

        Nothing is recorded where it is so already: two curators may press at once.
        """
        if self.is_closed() != closed:
            self._store.append([Setting(iso(now()), CLOSED, "yes" if closed else "", author)])

    def filters(self) -> dict[str, list[str]]:
        """Return manifest columns with few values, and the values of each."""
        manifest = self.standings.manifest()
        return {column: manifest.values_of(column) for column in manifest.columns}

    def overview(self) -> Overview:
        """Return where the study stands."""
        seq, _ = self._store.position()
        with self._lock:
            if self._overview is None or self._overview[0] != seq:
                self._overview = (seq, self._count())
            return self._overview[1]

    def _count(self) -> Overview:
        store, wanted = self._store, self._store.study.queue.raters_per_stimulus
        per = submissions_per_stimulus(store)
        n, many = per["n"].to_numpy(), per["stimuli"].to_numpy()
        n_stimuli = int(many.sum())
        n_wanted = n_stimuli * wanted
        in_hand = int((np.minimum(n, wanted) * many).sum())
        people = self.people.rows()
        decisions = self._decisions()
        excluded = store.excluded_raters()
        return Overview(
            n_stimuli=n_stimuli,
            n_complete=int(many[n >= wanted].sum()),
            n_submissions=sum(row["submissions"] for row in people),
            n_wanted=n_wanted,
            share_complete=in_hand / n_wanted if n_wanted else 0.0,
            n_texts=sum(row["texts"] for row in people),
            n_removed=n_ratings_removed(store) if decisions else 0,
            n_retired=len(store.retired_stimuli()),
            is_demo=store.settings().get("demo") == "yes",
            raters=[
                RaterRow(
                    rater=row["rater"],
                    role=row["role"],
                    n_submissions=row["submissions"],
                    n_texts=row["texts"],
                    last_at=row["last_submission_at"],
                    state=state_of(row, excluded),
                )
                for row in people
            ],
            decisions=decisions,
        )

    def mos_page(self, query: MosQuery) -> MosPage:
        """Return one page of the table of stimuli."""
        standing, is_old = self.standings.now()
        if standing is None:
            return MosPage([], 1, 1, 0, None, is_old)
        table = standing.table
        for column, value in query.where.items():
            if f"is:{column}" in table.column_names:
                table = table.filter(pc.equal(table[f"is:{column}"], value))
        if query.search:
            wanted = [
                pc.match_substring(table[name], query.search, ignore_case=True)
                for name in ("file_name", "stimulus", "details")
            ]
            table = table.filter(pc.or_(pc.or_(wanted[0], wanted[1]), wanted[2]))
        column = query.sort if query.sort in table.column_names else "file_name"
        order = "descending" if query.descending else "ascending"
        places = pc.sort_indices(
            table.select([column, "stimulus"] if column != "stimulus" else [column]),
            sort_keys=[(column, order, "at_end"), ("stimulus", "ascending", "at_end")],
        )
        n_pages = max(1, math.ceil(table.num_rows / query.page_size))
        page = min(max(1, query.page), n_pages)
        start = (page - 1) * query.page_size
        rows = table.take(places.slice(start, query.page_size)).to_pylist()
        names = (*self._store.study.dimension_names, *self._store.study.composite_names)
        return MosPage(
            rows=[
                MosRow(
                    stimulus=row["stimulus"],
                    file_name=row["file_name"],
                    n=row["n"],
                    estimates={name: _estimate(row, name) for name in names if row[f"n:{name}"]},
                    is_retired=row["is_retired"],
                )
                for row in rows
            ],
            page=page,
            n_pages=n_pages,
            n_found=table.num_rows,
            as_of=standing.computed_at,
            is_old=is_old,
        )

    def stimulus(self, name: str) -> StimulusView:
        """Return all about a stimulus, by id or by a name it came under."""
        store = self._store
        stimulus = name if store.stimulus(name) else StimulusNames(store).resolve(name)
        row = store.stimulus(stimulus)
        if row is None:
            raise UserError("unknown_stimulus", f"There is no image '{name}'.", status=404)
        scores = self._scores_of(stimulus)
        names = (*store.study.dimension_names, *store.study.composite_names)
        votes = [_vote(vote) for vote in store.submissions_of(stimulus)]
        touched = {stimulus, *(v.submission for v in votes), *(v.rater for v in votes)}
        decisions = [d for d in self._decisions() if d.target in touched]
        return StimulusView(
            stimulus=stimulus,
            file_name=row["file_name"],
            width=row["width"],
            height=row["height"],
            estimates={n: _estimate(scores, n) for n in names if scores.get(f"n:{n}")},
            votes=votes,
            decisions=decisions,
            sightings=[sighting["source_path"] for sighting in store.sightings_of(stimulus)],
            details=store.details_of(stimulus),
            rendition=_rendition(row["rendition"]),
            is_retired=stimulus in store.retired_stimuli().to_pylist(),
            findings=self._findings(stimulus),
        )

    def _findings(self, stimulus: str) -> tuple[Finding, ...] | None:
        """Return what reading an image found; None where what was kept is damaged."""
        try:
            return self.checks.of(stimulus)
        except UserError:
            return None

    def _scores_of(self, stimulus: str) -> dict[str, Any]:
        """Return a stimulus's row of the results; empty before the first are computed."""
        standing, _ = self.standings.now()
        if standing is None:
            return {}
        found = standing.table.filter(pc.equal(standing.table["stimulus"], stimulus)).to_pylist()
        return found[0] if found else {}

    def decide(self, action: str, target: str, reason: str, author: str) -> None:
        """Take a submission (`void`), rater (`exclude`) or stimulus (`retire`) out."""
        self._check_reason(reason)
        self._check_target(action, target)
        for row in self._store.decisions().to_pylist():
            if not row["is_reversed"] and (row["action"], row["target"]) == (action, target):
                raise UserError(
                    "already_decided",
                    f"{target} is taken out already, by {row['author']}: {row['reason']}.",
                    status=409,
                )
        self._store.append(
            [Decided(iso(now()), fresh_id("d"), action, target, author, clean_text(reason))]
        )

    def reverse(self, decision: str, reason: str, author: str) -> None:
        """Take a decision back."""
        self._check_reason(reason)
        rows = {row["decision"]: row for row in self._store.decisions().to_pylist()}
        if decision not in rows:
            raise UserError("unknown_decision", f"There is no decision '{decision}'.", status=404)
        if rows[decision]["is_reversed"]:
            raise UserError(
                "already_reversed",
                f"This decision was taken back already, by {rows[decision]['reversed_by']}.",
                status=409,
            )
        self._store.append([Reversed(iso(now()), decision, author, clean_text(reason))])

    def _decisions(self) -> list[Decision]:
        """Return all decisions, newest first."""
        names = Decision.__dataclass_fields__
        rows = self._store.decisions().select(list(names)).to_pylist()
        return [Decision(**row) for row in reversed(rows)]

    def _check_reason(self, reason: str) -> None:
        if not reason.strip() or len(reason) > _LONGEST_REASON:
            raise UserError(
                "reason_needed",
                f"A decision needs a reason of 1 to {_LONGEST_REASON} characters; it is shown "
                "wherever the decision has an effect.",
            )

    def _check_target(self, action: str, target: str) -> None:
        store = self._store
        there = {
            "void": lambda: store.submission(target) is not None,
            "exclude": lambda: any(row["rater"] == target for row in store.raters()),
            "retire": lambda: store.stimulus(target) is not None,
        }.get(action)
        if there is None:
            raise UserError(
                "unknown_action", f"'{action}' is no decision; use void, exclude or retire."
            )
        if not there():
            raise UserError(
                "unknown_target", f"There is nothing called '{target}' to {action}.", status=404
            )


def _estimate(row: dict[str, Any], name: str) -> Estimate:
    return Estimate(
        row[f"n:{name}"] or 0, row[f"mos:{name}"], row[f"sos:{name}"], row[f"ci95:{name}"]
    )


def _vote(row: dict[str, Any]) -> Vote:
    return Vote(
        submission=row["submission"],
        rater=row["rater"],
        scores=dict(zip(row["dimensions"], row["scores"], strict=True)),
        texts=row["texts"] or [],
        at=row["rated_at"] or "",
        duration_ms=row["duration_ms"],
        is_late=bool(row["is_late"]),
        is_corrected=row["is_corrected"],
        removed_because=row["reason"] and f"{row['author']}: {row['reason']}",
    )


def _rendition(text: str | None) -> str | None:
    if text is None:
        return None
    made = json.loads(text)
    reasons = made.get("reason", [])
    return ", ".join(reasons) if isinstance(reasons, list) else str(reasons)
