"""The queue: which stimulus a rater has now, for how long, and what comes next.

State in memory around the pure policies of `pipelines.assignment`, made anew from the store
at start. One lock; the store's writer never takes it, so holding it while reading is safe.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from annotator.clock import fresh_id, iso, parse_iso
from annotator.drafts import Drafts
from annotator.leasing import Lease, Leasing, RaterDesk
from annotator.pool import Picture, Pool
from annotator.store import Store
from annotator.store.journal import Entry
from pipelines.assignment import ModelOrder
from schemas.errors import UserError
from schemas.facts import (
    Decided,
    Fact,
    Feedback,
    Imported,
    Reversed,
    Setting,
    Skipped,
    Submitted,
)
from schemas.steps import Part

__all__ = ["CLOSED", "Counts", "Lease", "Outcome", "Queue", "Rest", "Turn"]

CLOSED = "closed"
"""Setting: `yes` while nobody is served; what is in hand can still be submitted."""

_BACK = 50
"""How many submissions a rater can go back over."""


_CLOSED_NOW = (
    "The curator has closed rating. Everything you submitted is kept, and so is what you had "
    "begun. Thank you."
)
_ALL_TAKEN = (
    "The images left are being rated by others just now. Come back in {minutes} minutes: what "
    "they leave will be yours."
)


class Turn(NamedTuple):
    """What the rater has in hand."""

    lease: Lease
    upcoming: str | None
    """Stimulus that will be served next, so that the browser can fetch it."""
    progress: dict[str, int]
    can_undo: bool


class Rest(NamedTuple):
    """Nothing to rate, and why."""

    reason: str
    message: str
    progress: dict[str, int]
    can_undo: bool


class Outcome(NamedTuple):
    """A submission taken in: its id, and when it is on disk."""

    submission: str
    stored: Future[list[Entry]] | None
    """None when it was stored before the queue was built."""
    is_new: bool
    """False where it had been sent before."""


class Counts(NamedTuple):
    """Stimuli in the order of import, and ratings of each."""

    stimuli: list[str]
    n: NDArray[np.int32]


class _Known(NamedTuple):
    """A submission that a browser may send again."""

    submission: str
    assignment: str
    stored: Future[list[Entry]] | None


class Queue:
    """Assignments of a running server."""

    def __init__(
        self,
        store: Store,
        drafts: Drafts,
        clock: Callable[[], datetime],
        order: Callable[[], ModelOrder | None] = lambda: None,
    ) -> None:
        """Build the state from the store.

        Args:
            store: The open store.
            drafts: Where half-typed answers lie.
            clock: Returns the time, UTC.
            order: Returns what the model would serve first, at once; None leaves it to chance.
        """
        self._store, self._drafts, self._clock, self._order = store, drafts, clock, order
        self._study = store.study
        self._lock = threading.RLock()
        self._inbox: deque[Entry] = deque()
        store.observe(self._inbox.extend)
        self.reload()

    def reload(self) -> None:
        """Make the state anew from the store, after a write that failed.

        Until that works nobody is served: what is in memory may hold what is not on disk.

        Raises:
            UserError: the store cannot be read now; the next call tries again.
        """
        with self._lock:
            self._is_void = True
            while self._is_void or self._inbox:
                # What arrives while reading would be counted twice.
                self._inbox.clear()
                self._read_store()
                self._is_void = False

    def _read_store(self) -> None:
        self._is_stale = False
        self._is_closed = self._store.settings().get(CLOSED) == "yes"
        self.leasing = Leasing(
            self._study, Pool(self._store), self._drafts, self._clock, self._order
        )
        self._by_client: dict[tuple[str, str], _Known] = {}
        self._submitted: set[str] = set()
        ids = self._store.client_ids().to_pydict()
        for rater, client, submission, assignment in zip(
            ids["rater"], ids["client_id"], ids["submission"], ids["assignment"], strict=True
        ):
            self._by_client[rater, client] = _Known(submission, assignment, None)
            self._submitted.add(assignment)
        for row in self._store.last_activity():
            desk = self.leasing.desk(row["rater"])
            desk.session, desk.n_in_session = row["session"] or 0, row["n_in_session"]
            desk.active_at = parse_iso(row["recorded_at"])
        for row in self._store.submission_totals():
            self.leasing.desk(row["rater"]).n_done = row["n"]
        for row in self._store.open_assignments():
            self.leasing.reopen(row)

    # -- what a rater does -------------------------------------------------------------

    def current(self, rater: str) -> tuple[Turn | Rest, Future[list[Entry]] | None]:
        """Return what the rater has in hand, choosing if it is nothing.

        Returns:
            The turn or the rest, and the pending write of a new assignment.
        """
        with self._lock:
            self._catch_up()
            desk = self.leasing.desk(rater)
            self.leasing.drop_retired(desk)
            if self._is_closed:
                return self._rest(desk), None
            if desk.leases:
                lease = desk.leases[-1]
                self.leasing.renew(lease)
                return self._turn(desk), lease.stored
            served = self.leasing.serve(desk)
            if served is None:
                return self._rest(desk), None
            served.stored = self._store.append_soon([self.leasing.assigned(served)])
            return self._turn(desk), served.stored

    def renew(self, rater: str, assignment: str) -> None:
        """Keep the lease of an open assignment; see `lease` for errors."""
        with self._lock:
            self._catch_up()
            self.leasing.renew(self.lease(rater, assignment))

    def lease(self, rater: str, assignment: str) -> Lease:
        """Return an open assignment of the rater.

        Raises:
            UserError: `already_submitted`, or `unknown_assignment` where it is not theirs.
        """
        with self._lock:
            for lease in self.leasing.desk(rater).leases:
                if lease.assignment == assignment:
                    return lease
            if assignment in self._submitted:
                raise UserError(
                    "already_submitted",
                    "This image is already submitted; ask for the next one, or go back to it "
                    "with Back.",
                    status=409,
                )
            raise UserError(
                "unknown_assignment",
                f"Assignment '{assignment[:40]}' is not one of yours that is open; "
                "load the page again.",
                status=404,
            )

    def submit(
        self,
        rater: str,
        assignment: str,
        client_id: str,
        part: Part,
        duration_ms: int | None,
        view: Mapping[str, Any],
    ) -> Outcome:
        """Take answers in; the same `client_id` again changes nothing."""
        with self._lock:
            self._catch_up()
            known = self._by_client.get((rater, client_id))
            if known is not None:
                if known.assignment != assignment:
                    raise UserError(
                        "client_id_reused",
                        "This client_id was used for another image already; nothing was stored. "
                        "Make a fresh one for each submission.",
                        status=409,
                    )
                return Outcome(known.submission, known.stored, is_new=False)
            lease = self.lease(rater, assignment)
            desk = self.leasing.desk(rater)
            now = self._clock()
            self.leasing.begin_session(desk, now)
            fact = Submitted(
                at=iso(now),
                submission=fresh_id("r"),
                rater=rater,
                stimulus=lease.stimulus,
                scores=dict(part.scores),
                feedback=tuple(Feedback(text=text, dimension=d) for d, text in part.texts),
                assignment=assignment,
                client_id=client_id,
                duration_ms=duration_ms,
                late=now > lease.expires_at,
                session=str(desk.session),
                arm=lease.arm,
                probability=lease.probability,
                corrects=lease.corrects,
                rated_at=iso(now),
                view=dict(view),
            )
            self.leasing.close(desk, lease)
            if lease.corrects is None:
                self.leasing.count(fact)
                desk.n_done += 1
                desk.n_in_session += 1
            else:
                # What it replaces may have been voided meanwhile, so count again.
                self._is_stale = True
            facts: list[Fact] = [fact]
            self.leasing.drop_retired(desk)
            following = None if desk.leases or self._is_closed else self.leasing.serve(desk)
            if following is not None:
                facts.append(self.leasing.assigned(following))
            stored = self._store.append_soon(facts)
            if following is not None:
                following.stored = stored
            self._by_client[rater, client_id] = _Known(fact.submission, assignment, stored)
            self._submitted.add(assignment)
            return Outcome(fact.submission, stored, is_new=True)

    def skip(self, rater: str, assignment: str, reason: str) -> Future[list[Entry]]:
        """Give a stimulus back; it is not shown to this rater again."""
        with self._lock:
            self._catch_up()
            lease = self.lease(rater, assignment)
            desk = self.leasing.desk(rater)
            self.leasing.close(desk, lease)
            self.leasing.pool.seen_by(rater)[lease.place] = True
            return self._store.append_soon(
                [Skipped(iso(self._clock()), assignment, rater, lease.stimulus, reason)]
            )

    def go_back(self, rater: str) -> tuple[Lease, dict[str, Any], Future[list[Entry]]]:
        """Open the rater's last submission again, as a new assignment that corrects it.

        The submission counts until the correction is submitted.

        Returns:
            The lease, the submission as it stands, and the pending write.

        Raises:
            UserError: `nothing_to_undo`, or `study_closed`.
        """
        with self._lock:
            self._catch_up()
            if self._is_closed:
                raise UserError("study_closed", _CLOSED_NOW, status=409)
            desk = self.leasing.desk(rater)
            opened = {lease.corrects for lease in desk.leases}
            for row in self._store.recent_submissions(rater, _BACK):
                if row["submission"] in opened or row["stimulus"] not in self.leasing.pool.place:
                    continue
                lease = self.leasing.lease(
                    desk, row["stimulus"], row["arm"], row["probability"], row["submission"]
                )
                lease.is_counted = False
                desk.leases.append(lease)
                lease.stored = self._store.append_soon([self.leasing.assigned(lease)])
                return lease, row, lease.stored
            raise UserError(
                "nothing_to_undo", "There is no submission of yours to go back to.", status=409
            )

    def picture(self, stimulus: str) -> Picture | None:
        """Return what serving the image of a stimulus needs, or None where there is none."""
        with self._lock:
            self._catch_up()
            place = self.leasing.pool.place.get(stimulus)
            return None if place is None else self.leasing.pool.pictures[place]

    def may_see(self, rater: str, stimulus: str) -> bool:
        """Return whether a rater has, had, or is about to get this stimulus."""
        with self._lock:
            place = self.leasing.pool.place.get(stimulus)
            desk = self.leasing.desks.get(rater)
            if place is None or desk is None:
                return False
            return (
                any(lease.place == place for lease in desk.leases)
                or (desk.upcoming is not None and desk.upcoming.place == place)
                or bool(self.leasing.pool.seen_by(rater)[place])
            )

    def asked_of(self, rater: str, assignment: str) -> tuple[str, ...]:
        """Return the steps an open assignment asks for; errors as `lease`."""
        with self._lock:
            self._catch_up()
            return self.lease(rater, assignment).asked

    def stimulus_of(self, rater: str, assignment: str) -> str | None:
        """Return the stimulus of an open assignment of the rater, or None."""
        with self._lock:
            for lease in self.leasing.desk(rater).leases:
                if lease.assignment == assignment:
                    return lease.stimulus
            return None

    def counts(self) -> Counts:
        """Return how often each stimulus is rated or being rated, as a copy."""
        with self._lock:
            pool = self.leasing.pool
            return Counts(list(pool.ids), pool.n_submissions + pool.n_leased)

    # -- keeping the state -------------------------------------------------------------

    def _catch_up(self) -> None:
        if self._is_void:
            self.reload()
        self._take_in()
        while self._is_stale:
            self.leasing.pool.read_counts(self._store)
            # What arrived while reading is in the counts already and is noted now as well.
            self._is_stale = bool(self._inbox)
            self._take_in()
        self.leasing.expire()

    def _take_in(self) -> None:
        new: list[Imported] = []
        while self._inbox:
            fact = self._inbox.popleft().fact
            if isinstance(fact, Imported):
                new.append(fact)
                continue
            if new:
                self.leasing.pool.add(new)
                new = []
            self._note(fact)
        if new:
            self.leasing.pool.add(new)

    def _note(self, fact: Fact) -> None:
        """Take in a fact that somebody else appended."""
        if isinstance(fact, Submitted) and fact.assignment is None:
            if fact.stimulus in self.leasing.pool.place:
                self.leasing.count(fact)
                self.leasing.give_up(fact.rater, self.leasing.pool.place[fact.stimulus])
            self.leasing.desk(fact.rater).n_done += 1
        elif isinstance(fact, Decided | Reversed):
            self._is_stale = True
        elif isinstance(fact, Setting) and fact.key == CLOSED:
            self._is_closed = fact.value == "yes"

    # -- what the screen is told -------------------------------------------------------

    def _turn(self, desk: RaterDesk) -> Turn:
        lease = desk.leases[-1]
        if len(desk.leases) > 1:
            upcoming: str | None = desk.leases[-2].stimulus
        else:
            if desk.upcoming is None and lease.corrects is None:
                self.leasing.reserve(desk)
            upcoming = self.leasing.pool.ids[desk.upcoming.place] if desk.upcoming else None
        return Turn(lease, upcoming, self.leasing.progress(desk), desk.n_done > 0)

    def _rest(self, desk: RaterDesk) -> Rest:
        reason, message = self._why_nothing(desk)
        can_undo = desk.n_done > 0 and not self._is_closed
        return Rest(reason, message, self.leasing.progress(desk), can_undo)

    def _why_nothing(self, desk: RaterDesk) -> tuple[str, str]:
        pool = self.leasing.pool
        wanted = self._study.queue.raters_per_stimulus
        if self._is_closed:
            return "study_closed", _CLOSED_NOW
        unseen = ~pool.seen_by(desk.rater) & ~pool.is_retired
        if not len(pool) or pool.is_retired.all():
            return "no_images", "There are no images to rate yet. Come back when the curator says."
        if not unseen.any():
            return "all_rated", "You have seen every image of this study. Thank you."
        if (unseen & (pool.n_submissions < wanted)).any():
            minutes = f"{self._study.queue.lease_minutes:g}"
            return "all_taken", _ALL_TAKEN.format(minutes=minutes)
        return "enough_raters", "Every image left has enough raters. Thank you, nothing is missing."


def merge_parts(parts: Sequence[Part]) -> Part:
    """Return the answers of all steps as one."""
    scores = {name: score for part in parts for name, score in part.scores.items()}
    texts = tuple(text for part in parts for text in part.texts)
    return Part(scores, texts)
