"""Who holds which stimulus, and which comes next: the queue's state in memory.

Around the pure policies of `pipelines.assignment`. Not locked: the queue holds its lock.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from annotator.clock import fresh_id, iso, parse_iso
from annotator.drafts import Drafts
from annotator.pool import Pool
from annotator.store.journal import Entry
from pipelines.assignment import (
    Choice,
    Mixture,
    ModelOrder,
    choose_fewest_first,
    choose_mixed,
    rater_key,
)
from schemas.facts import Assigned, Submitted
from schemas.study import Study

__all__ = ["Lease", "Leasing", "RaterDesk"]


@dataclass
class Lease:
    """A stimulus in a rater's hands."""

    assignment: str
    rater: str
    stimulus: str
    place: int
    arm: str
    probability: float
    session: str
    asked: tuple[str, ...]
    corrects: str | None
    expires_at: datetime
    is_counted: bool = True
    """Whether it still holds a place among the raters of its stimulus."""
    stored: Future[list[Entry]] | None = None
    """The write of its assignment, while that may be pending."""


@dataclass
class RaterDesk:
    """What the queue knows of one rater."""

    rater: str
    key: np.uint64
    leases: list[Lease] = field(default_factory=list)
    """Open assignments; the last is shown. Corrections lie on the regular one."""
    upcoming: Choice | None = None
    last_place: int | None = None
    """Stimulus served last."""
    session: int = 0
    n_in_session: int = 0
    n_done: int = 0
    active_at: datetime | None = None


class Leasing:
    """Leases, reservations and counts of a running server."""

    def __init__(
        self,
        study: Study,
        pool: Pool,
        drafts: Drafts,
        clock: Callable[[], datetime],
        order: Callable[[], ModelOrder | None] = lambda: None,
    ) -> None:
        """Begin with nobody holding anything.

        Args:
            study: The study.
            pool: Counts what is submitted.
            drafts: Where half-typed answers lie.
            clock: Returns the time, UTC.
            order: Returns what the model would serve first, or None; asked only where the study
                wants the model's order.
        """
        self._study, self._drafts, self._clock, self._order = study, drafts, clock, order
        # Drawn anew at every start: a seed alone would repeat the draws of the last start.
        self._rng = np.random.default_rng([study.seed & 2**63 - 1, int(pool.n_submissions.sum())])
        self.pool = pool
        self.desks: dict[str, RaterDesk] = {}

    def serve(self, desk: RaterDesk) -> Lease | None:
        """Give the rater the next stimulus; None where there is none."""
        choice = self.take_upcoming(desk) or self.choose(desk)
        if choice is None:
            return None
        self.begin_session(desk, self._clock())
        lease = self.lease(desk, self.pool.ids[choice.place], choice.arm, choice.probability)
        desk.leases.append(lease)
        desk.last_place = lease.place
        self.pool.n_leased[lease.place] += 1
        self.pool.n_texts_leased[lease.place] += bool(lease.asked)
        self.reserve(desk)
        return lease

    def choose(self, desk: RaterDesk) -> Choice | None:
        """Choose the next stimulus by the study's policy."""
        wanted = self._study.queue.raters_per_stimulus
        is_open = self.pool.open_for(desk.rater, wanted)
        for lease in desk.leases:
            is_open[lease.place] = False
        served = self.pool.n_submissions + self.pool.n_leased + self.pool.n_reserved
        # What a browser has only fetched ahead may be taken when nothing else is left.
        unreserved = is_open & (served < wanted)
        if unreserved.any():
            is_open = unreserved
        if self._study.scoring.order == "random":
            return choose_fewest_first(served, is_open, self.pool.keys, desk.key)
        order = self._order()
        wish = self._study.scoring
        mixture = Mixture(wish.model_share, wish.floor)
        last = stratum_of(order, desk.last_place)
        return choose_mixed(served, is_open, order, mixture, last, self._rng)

    def reserve(self, desk: RaterDesk) -> None:
        """Choose what comes after, so that the browser can fetch it."""
        desk.upcoming = self.choose(desk)
        if desk.upcoming is not None:
            self.pool.n_reserved[desk.upcoming.place] += 1

    def take_upcoming(self, desk: RaterDesk) -> Choice | None:
        """Return the reserved choice, unless it is not to be had any more."""
        choice, desk.upcoming = desk.upcoming, None
        if choice is None:
            return None
        self.pool.n_reserved[choice.place] -= 1
        wanted = self._study.queue.raters_per_stimulus
        return choice if self.pool.open_for(desk.rater, wanted)[choice.place] else None

    def lease(
        self,
        desk: RaterDesk,
        stimulus: str,
        arm: str,
        probability: float,
        corrects: str | None = None,
    ) -> Lease:
        """Return a new lease; it is not counted yet."""
        place = self.pool.place[stimulus]
        return Lease(
            assignment=fresh_id("a"),
            rater=desk.rater,
            stimulus=stimulus,
            place=place,
            arm=arm,
            probability=probability,
            session=str(max(desk.session, 1)),
            asked=self.asked(place) if corrects is None else (),
            corrects=corrects,
            expires_at=self._clock() + self.lease_time,
        )

    def asked(self, place: int) -> tuple[str, ...]:
        """Return the steps with a quota of their own that is still open."""
        texts = int(self.pool.n_texts[place] + self.pool.n_texts_leased[place])
        return tuple(
            step.name
            for step in self._study.steps
            if step.raters_per_stimulus is not None and texts < step.raters_per_stimulus
        )

    @property
    def lease_time(self) -> timedelta:
        """How long a lease lasts."""
        return timedelta(minutes=self._study.queue.lease_minutes)

    def count(self, fact: Submitted) -> None:
        """Count a submission, unless its rater is excluded or its stimulus retired.

        A decision that is taken back counts them then.
        """
        place = self.pool.place[fact.stimulus]
        self.pool.seen_by(fact.rater)[place] = True
        if fact.rater not in self.pool.excluded and not self.pool.is_retired[place]:
            self.pool.n_submissions[place] += 1
            self.pool.n_texts[place] += bool(fact.feedback)

    def close(self, desk: RaterDesk, lease: Lease) -> None:
        """Take an assignment from its rater."""
        desk.leases.remove(lease)
        self.uncount(lease)

    def give_up(self, rater: str, place: int) -> None:
        """Take a stimulus from a rater whose rating of it came in by another way."""
        desk = self.desk(rater)
        for lease in [held for held in desk.leases if held.place == place]:
            if lease.corrects is None:
                self.close(desk, lease)

    def uncount(self, lease: Lease) -> None:
        """Give back the place that a lease holds among the raters of its stimulus."""
        if lease.is_counted:
            lease.is_counted = False
            self.pool.n_leased[lease.place] -= 1
            self.pool.n_texts_leased[lease.place] -= bool(lease.asked)

    def renew(self, lease: Lease) -> None:
        """Begin the lease again, unless it ended and others took its place meanwhile."""
        if lease.is_counted or lease.corrects is not None:
            lease.expires_at = self._clock() + self.lease_time
        elif self.pool.has_room(lease.place, self._study.queue.raters_per_stimulus):
            lease.expires_at = self._clock() + self.lease_time
            self.hold(lease)

    def hold(self, lease: Lease) -> None:
        """Take a place among the raters of the stimulus."""
        lease.is_counted = True
        self.pool.n_leased[lease.place] += 1
        self.pool.n_texts_leased[lease.place] += bool(lease.asked)

    def expire(self) -> None:
        """Give back the places of leases that have ended; the raters keep the assignments."""
        now = self._clock()
        for desk in self.desks.values():
            if not desk.leases:
                continue
            late = [held for held in desk.leases if held.is_counted and held.expires_at < now]
            for lease in late:
                self.uncount(lease)
            if late and desk.upcoming is not None:
                self.pool.n_reserved[desk.upcoming.place] -= 1
                desk.upcoming = None

    def drop_retired(self, desk: RaterDesk) -> None:
        """Take retired stimuli from a rater."""
        for lease in list(desk.leases):
            if self.pool.is_retired[lease.place]:
                self.close(desk, lease)

    def desk(self, rater: str) -> RaterDesk:
        """Return what is known of a rater."""
        desk = self.desks.get(rater)
        if desk is None:
            desk = self.desks[rater] = RaterDesk(rater, rater_key(rater, self._study.seed))
        return desk

    def reopen(self, row: dict[str, Any]) -> None:
        """Restore an open assignment from its row in the store."""
        place = self.pool.place.get(row["stimulus"])
        if place is None or (row["corrects"] is None and self.pool.seen_by(row["rater"])[place]):
            # Rated under another assignment: a retirement that was taken back can leave two.
            return
        desk = self.desk(row["rater"])
        for older in [held for held in desk.leases if held.place == place]:
            if older.corrects is None and row["corrects"] is None:
                self.close(desk, older)
        saved_at = self._drafts.saved_at(row["assignment"])
        begun_at = parse_iso(row["recorded_at"])
        lease = Lease(
            assignment=row["assignment"],
            rater=row["rater"],
            stimulus=row["stimulus"],
            place=place,
            arm=row["arm"],
            probability=row["probability"],
            session=row["session"],
            asked=tuple(row["asked"]),
            corrects=row["corrects"],
            expires_at=max(begun_at, saved_at or begun_at) + self.lease_time,
            is_counted=False,
        )
        desk.leases.append(lease)
        if lease.corrects is None and lease.expires_at > self._clock():
            self.hold(lease)

    def begin_session(self, desk: RaterDesk, now: datetime) -> None:
        """Note that the rater is active; after a long pause a new session begins."""
        gap = timedelta(minutes=self._study.queue.session_gap_minutes)
        if desk.active_at is None or now - desk.active_at > gap:
            desk.session += 1
            desk.n_in_session = 0
        desk.active_at = now

    def assigned(self, lease: Lease) -> Assigned:
        """Return the fact of an assignment."""
        return Assigned(
            at=iso(self._clock()),
            assignment=lease.assignment,
            rater=lease.rater,
            stimulus=lease.stimulus,
            arm=lease.arm,
            probability=lease.probability,
            session=lease.session,
            asked=lease.asked,
            corrects=lease.corrects,
        )

    def progress(self, desk: RaterDesk) -> dict[str, int]:
        """Return how many are done, how many there are in all, and how many in this session."""
        wanted = self._study.queue.raters_per_stimulus
        is_open = self.pool.open_for(desk.rater, wanted)
        for lease in desk.leases:
            is_open[lease.place] = lease.corrects is None
        return {
            "done": desk.n_done,
            "total": desk.n_done + int(is_open.sum()),
            "session": desk.n_in_session,
        }


def stratum_of(order: ModelOrder | None, place: int | None) -> int:
    """Return the stratum of a stimulus; -1 where that is not known."""
    if order is None or place is None or place >= len(order.stratum):
        return -1
    return int(order.stratum[place])
