"""The queue under histories that Hypothesis makes up: what must hold after every one."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from annotator.clock import iso
from annotator.drafts import Drafts
from annotator.founding import found_study, read_preset
from annotator.queue import Queue, Rest, Turn
from schemas.errors import UserError
from schemas.facts import Decided, Reversed
from schemas.layout import StudyFolder
from schemas.steps import Part
from tests.store.making import DIMENSIONS, imported, opened, rated

BEGIN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RATERS = ("Ada", "Ben", "Cem", "Dee")
QUOTA = 2
LEASE = timedelta(minutes=15)
GOOD = Part(dict.fromkeys(DIMENSIONS, 3))


def fresh_folder() -> Path:
    """A folder in memory where there is one: hundreds of small flushes wait for the disk."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="queue-", dir=memory if memory.is_dir() else None))


class Clock:
    """The only thing that is not real."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def place() -> Iterator[Path]:
    folder = fresh_folder()
    yield folder
    shutil.rmtree(folder)


def small_study(root: Path, n: int, quota: int = QUOTA, texts: int = 1) -> StudyFolder:
    """A study whose stimuli are in the facts only."""
    text, name = read_preset("siqa")
    text = text.replace("raters_per_stimulus = 3", f"raters_per_stimulus = {texts}")
    text = text.replace("raters_per_stimulus = 9", f"raters_per_stimulus = {quota}")
    found_study(root, (text, name))
    folder = StudyFolder(root)
    with opened(folder) as store:
        store.append(imported(n))
    return folder


class Histories(RuleBasedStateMachine):
    """Four raters on a few stimuli; the model is a list of what was acknowledged."""

    @initialize(n=st.integers(1, 4))
    def begin(self, n: int) -> None:
        self.root = fresh_folder()
        self.folder = small_study(self.root / "study", n)
        self.store = opened(self.folder)
        self.clock = Clock()
        self.drafts = Drafts(self.folder.drafts)
        self.queue = Queue(self.store, self.drafts, self.clock)
        self.n_stimuli = n
        self.n_sent = 0
        self.sent: list[tuple[str, str, str, str]] = []
        """(rater, assignment, client_id, submission) of everything accepted."""
        self.regular: Counter[tuple[str, str]] = Counter()
        self.skipped: set[tuple[str, str]] = set()
        self.is_closed_world = True
        """No import and no decision so far."""
        self.undecided: list[str] = []

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.the_store_has_what_was_acknowledged()
            self.store.close()
            shutil.rmtree(self.root)

    # -- what happens ------------------------------------------------------------------

    def turn(self, rater: str) -> Turn | Rest:
        turn, stored = self.queue.current(rater)
        if stored is not None:
            stored.result(10)
        return turn

    @rule(rater=st.sampled_from(RATERS))
    def ask_twice(self, rater: str) -> None:
        first, second = self.turn(rater), self.turn(rater)
        assert type(first) is type(second)
        if isinstance(first, Turn) and isinstance(second, Turn):
            assert first.lease.assignment == second.lease.assignment
            assert first.upcoming == second.upcoming

    @rule(rater=st.sampled_from(RATERS), text=st.booleans(), again=st.booleans())
    def submit(self, rater: str, text: bool, again: bool) -> None:
        turn = self.turn(rater)
        if isinstance(turn, Rest):
            return
        lease = turn.lease
        if lease.corrects is None:
            assert (rater, lease.stimulus) not in self.regular
            assert (rater, lease.stimulus) not in self.skipped
            self.regular[rater, lease.stimulus] += 1
        part = Part(GOOD.scores, ((None, "words"),)) if text else GOOD
        client = f"c{self.n_sent}"
        self.n_sent += 1
        outcome = self.queue.submit(rater, lease.assignment, client, part, 5, {})
        assert outcome.is_new
        assert outcome.stored is not None
        outcome.stored.result(10)
        self.sent.append((rater, lease.assignment, client, outcome.submission))
        if again:
            self.resend(len(self.sent) - 1)

    def resend(self, index: int) -> None:
        rater, assignment, client, submission = self.sent[index]
        outcome = self.queue.submit(rater, assignment, client, GOOD, None, {})
        assert (outcome.submission, outcome.is_new) == (submission, False)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def send_something_old_again(self, data: st.DataObject) -> None:
        self.resend(data.draw(st.integers(0, len(self.sent) - 1)))

    @rule(rater=st.sampled_from(RATERS))
    def skip(self, rater: str) -> None:
        turn = self.turn(rater)
        if isinstance(turn, Turn):
            self.queue.skip(rater, turn.lease.assignment, "no").result(10)
            self.skipped.add((rater, turn.lease.stimulus))

    @rule(rater=st.sampled_from(RATERS))
    def undo(self, rater: str) -> None:
        try:
            lease, row, stored = self.queue.go_back(rater)
        except UserError as error:
            assert error.code == "nothing_to_undo"
            return
        stored.result(10)
        assert lease.corrects == row["submission"]

    @rule(rater=st.sampled_from(RATERS))
    def draft(self, rater: str) -> None:
        turn = self.turn(rater)
        if isinstance(turn, Turn):
            self.queue.renew(rater, turn.lease.assignment)
            self.drafts.save(turn.lease.assignment, {"feedback": {"text": "half"}})

    @rule(minutes=st.sampled_from([1, 10, 16, 40]))
    def wait(self, minutes: int) -> None:
        self.clock.now += timedelta(minutes=minutes)

    @rule(rater=st.sampled_from(("Ada", "Eve")), place=st.integers(0, 3), new=st.booleans())
    def import_ratings(self, rater: str, place: int, new: bool) -> None:
        """Somebody imports, perhaps new stimuli in the same breath."""
        self.is_closed_world = False
        if new:
            self.store.append(imported(1, first=self.n_stimuli))
            self.n_stimuli += 1
        stimulus = imported(1, first=self.n_stimuli - 1 if new else place % self.n_stimuli)[0]
        self.n_sent += 1
        self.store.append([rated(f"i{self.n_sent}", rater, stimulus.stimulus)])
        self.regular[rater, stimulus.stimulus] += 1

    @rule(action=st.sampled_from(["void", "exclude", "retire"]), data=st.data())
    def decide(self, action: str, data: st.DataObject) -> None:
        targets = {
            "void": [sent[3] for sent in self.sent],
            "exclude": list(RATERS),
            "retire": [fact.stimulus for fact in imported(self.n_stimuli)],
        }[action]
        if targets:
            self.is_closed_world = False
            name = f"d{len(self.undecided)}-{self.n_sent}-{self.clock.now:%j%H%M}"
            target = data.draw(st.sampled_from(targets))
            self.store.append([Decided(iso(self.clock.now), name, action, target, "C", "why")])
            self.undecided.append(name)

    @precondition(lambda self: self.undecided)
    @rule()
    def take_back(self) -> None:
        decision = self.undecided.pop()
        self.store.append([Reversed(iso(self.clock.now), decision, "C", "so")])

    @rule()
    def restart(self) -> None:
        """A queue made anew goes on where the old one was."""
        before = self.state(self.queue)
        self.the_store_has_what_was_acknowledged()
        self.store.close()
        self.store = opened(self.folder)
        self.queue = Queue(self.store, self.drafts, self.clock)
        assert self.state(self.queue) == before

    # -- what holds --------------------------------------------------------------------

    def state(self, queue: Queue) -> dict[str, Any]:
        """What a rater can tell of a queue; endings of leases apart."""
        queue.picture("brings it up to date")
        pool = queue.leasing.pool
        return {
            "counts": pool.n_submissions.tolist(),
            "texts": pool.n_texts.tolist(),
            "retired": pool.is_retired.tolist(),
            "seen": {r: pool.seen_by(r).tolist() for r in RATERS},
            "done": {r: queue.leasing.desk(r).n_done for r in RATERS},
            "open": {
                r: [
                    (held.assignment, held.stimulus, held.asked, held.corrects)
                    for held in queue.leasing.desk(r).leases
                    if not pool.is_retired[held.place]
                ]
                for r in RATERS
            },
        }

    @invariant()
    def leases_are_counted_once(self) -> None:
        if not hasattr(self, "queue"):
            return
        self.queue.picture("brings it up to date")
        pool = self.queue.leasing.pool
        held: Counter[int] = Counter()
        for desk in self.queue.leasing.desks.values():
            for lease in desk.leases:
                held[lease.place] += lease.is_counted
                assert not (lease.is_counted and lease.expires_at < self.clock.now)
            places = [lease.place for lease in desk.leases if lease.corrects is None]
            assert len(places) == len(set(places))
        assert pool.n_leased.tolist() == [held[place] for place in range(len(pool))]
        assert (pool.n_reserved >= 0).all()
        assert (pool.n_texts_leased >= 0).all()

    @invariant()
    def the_quota_is_kept(self) -> None:
        """Only what came late, from outside, or by a decision taken back, may exceed it."""
        if not hasattr(self, "queue") or not self.is_closed_world:
            return
        pool = self.queue.leasing.pool
        used = pool.n_submissions + pool.n_leased
        if (used <= QUOTA).all():
            return
        late = Counter(
            row["stimulus"] for row in self.store.submissions().to_pylist() if row["is_late"]
        )
        for place, stimulus in enumerate(pool.ids):
            assert used[place] <= QUOTA + late[stimulus]

    def the_store_has_what_was_acknowledged(self) -> None:
        rows = self.store.rows("SELECT submission, rater, stimulus, corrects FROM submissions")
        made_here = {row["submission"] for row in rows if row["submission"].startswith("r")}
        assert made_here == {sent[3] for sent in self.sent}
        assert len(rows) == len({row["submission"] for row in rows})
        first = Counter(
            (row["rater"], row["stimulus"])
            for row in rows
            if row["corrects"] is None and row["submission"].startswith("r")
        )
        assert all(n == 1 for n in first.values())


@pytest.mark.timeout(1200)
def test_histories(examples: int = 15, steps: int = 20) -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


# -- single laws, worked by hand -----------------------------------------------------------


def rate(queue: Queue, rater: str, client: str, text: bool = False) -> Turn:
    """Rate what the rater has in hand; return the turn."""
    turn, stored = queue.current(rater)
    assert isinstance(turn, Turn), turn
    if stored is not None:
        stored.result(10)
    part = Part(GOOD.scores, ((None, "words"),)) if text else GOOD
    outcome = queue.submit(rater, turn.lease.assignment, client, part, 5, {})
    assert outcome.stored is not None
    outcome.stored.result(10)
    return turn


def test_ratings_imported_onto_a_retired_image_count_when_it_comes_back(place: Path) -> None:
    folder = small_study(place / "study", 2)
    clock = Clock()
    with opened(folder) as store:
        queue = Queue(store, Drafts(folder.drafts), clock)
        queue.picture("reads the study")
        stimulus = queue.leasing.pool.ids[0]
        store.append([Decided(iso(clock.now), "d1", "retire", stimulus, "C", "why")])
        queue.picture("sees the decision")
        store.append([rated("i1", "Ada", stimulus)])
        queue.picture("sees the import")
        assert queue.leasing.pool.n_submissions.tolist() == [0, 0]
        store.append([Reversed(iso(clock.now), "d1", "C", "so")])
        queue.picture("sees it taken back")
        assert queue.leasing.pool.n_submissions.tolist() == [1, 0]


def test_counts_differ_by_at_most_one(place: Path) -> None:
    """Fresh raters, one image each: the fewest come first."""
    folder = small_study(place / "study", 5, quota=9)
    clock = Clock()
    with opened(folder) as store:
        queue = Queue(store, Drafts(folder.drafts), clock)
        for n in range(23):
            rate(queue, f"rater {n}", f"c{n}")
            clock.now += LEASE * 2
            queue.picture("ends the leases")
            counts = queue.leasing.pool.n_submissions
            assert counts.max() - counts.min() <= 1
            assert counts.sum() == n + 1


def test_everyone_rates_everything_up_to_the_quota(place: Path) -> None:
    folder = small_study(place / "study", 7, quota=3)
    with opened(folder) as store:
        queue = Queue(store, Drafts(folder.drafts), Clock())
        orders = {}
        for rater in ("Ada", "Ben", "Cem"):
            turns = [rate(queue, rater, f"{rater} {n}") for n in range(7)]
            orders[rater] = [turn.lease.stimulus for turn in turns]
            assert len(set(orders[rater])) == 7
            rest, _ = queue.current(rater)
            assert isinstance(rest, Rest)
            assert rest.reason == "all_rated"
        assert orders["Ada"] != orders["Ben"]
        assert queue.leasing.pool.n_submissions.tolist() == [3] * 7
        rest, _ = queue.current("Dee")
        assert isinstance(rest, Rest)
        assert rest.reason == "enough_raters"


def test_the_upcoming_image_is_the_next_one(place: Path) -> None:
    folder = small_study(place / "study", 5)
    with opened(folder) as store:
        queue = Queue(store, Drafts(folder.drafts), Clock())
        announced = None
        for n in range(5):
            turn = rate(queue, "Ada", f"c{n}")
            assert announced in (None, turn.lease.stimulus)
            announced = turn.upcoming
        assert announced is None


def test_an_ended_lease_goes_to_others_and_the_late_submission_is_kept(place: Path) -> None:
    folder = small_study(place / "study", 1, quota=1)
    clock = Clock()
    with opened(folder) as store:
        queue = Queue(store, Drafts(folder.drafts), clock)
        turn, _ = queue.current("Ada")
        assert isinstance(turn, Turn)
        rest, _ = queue.current("Ben")
        assert isinstance(rest, Rest)
        assert rest.reason == "all_taken"
        assert "15 minutes" in rest.message
        clock.now += LEASE + timedelta(seconds=1)
        rate(queue, "Ben", "b")
        # Ada still has it in hand, and nobody tells her to throw away what she typed.
        again, _ = queue.current("Ada")
        assert isinstance(again, Turn)
        assert again.lease.assignment == turn.lease.assignment
        rate(queue, "Ada", "a")
        rows = {row["rater"]: row["is_late"] for row in store.submissions().to_pylist()}
        assert rows == {"Ben": False, "Ada": True}


def test_a_draft_renews_the_lease_over_a_restart(place: Path) -> None:
    folder = small_study(place / "study", 1, quota=1)
    clock = Clock()
    drafts = Drafts(folder.drafts)
    with opened(folder) as store:
        queue = Queue(store, drafts, clock)
        turn, stored = queue.current("Ada")
        assert isinstance(turn, Turn)
        assert stored is not None
        stored.result(10)
        clock.now += timedelta(minutes=14)
        queue.renew("Ada", turn.lease.assignment)
        clock.now += timedelta(minutes=14)
        rest, _ = queue.current("Ben")
        assert isinstance(rest, Rest)
    # The draft file's time is real time, so the clock is set to it.
    drafts.save(turn.lease.assignment, {})
    saved_at = drafts.saved_at(turn.lease.assignment)
    assert saved_at is not None
    clock.now = saved_at + timedelta(minutes=14)
    with opened(folder) as store:
        rest, _ = Queue(store, drafts, clock).current("Ben")
        assert isinstance(rest, Rest)
    clock.now += timedelta(minutes=2)
    with opened(folder) as store:
        free, _ = Queue(store, drafts, clock).current("Ben")
        assert isinstance(free, Turn)


def test_texts_are_asked_for_up_to_their_quota(place: Path) -> None:
    folder = small_study(place / "study", 1, quota=9, texts=2)
    with opened(folder) as store:
        queue = Queue(store, Drafts(folder.drafts), Clock())
        asked = [rate(queue, f"rater {n}", f"c{n}", text=n in (0, 2)).lease.asked for n in range(5)]
        assert asked == [("feedback",), ("feedback",), ("feedback",), (), ()]


def test_no_images_and_all_retired_say_so(place: Path) -> None:
    folder = small_study(place / "study", 0)
    with opened(folder) as store:
        queue = Queue(store, Drafts(folder.drafts), Clock())
        rest, _ = queue.current("Ada")
        assert isinstance(rest, Rest)
        assert rest.reason == "no_images"
        store.append(imported(1))
        assert isinstance(queue.current("Ada")[0], Turn)
        stimulus = imported(1)[0].stimulus
        store.append([Decided(iso(BEGIN), "d", "retire", stimulus, "C", "why")])
        rest, _ = queue.current("Ada")
        assert isinstance(rest, Rest)
        assert rest.reason == "no_images"


def test_ratings_of_images_imported_in_the_same_breath(place: Path) -> None:
    folder = small_study(place / "study", 1, quota=1)
    with opened(folder) as store:
        queue = Queue(store, Drafts(folder.drafts), Clock())
        new = imported(1, first=1)
        store.append([*new, rated("i1", "Eve", new[0].stimulus)])
        assert rate(queue, "Ada", "c").lease.stimulus != new[0].stimulus
        rest, _ = queue.current("Ada")
        assert isinstance(rest, Rest)
        assert rest.reason == "enough_raters"


def test_two_open_assignments_of_one_image_become_one(place: Path) -> None:
    """Retired, taken back, served again, restarted: still rated once."""
    folder = small_study(place / "study", 2, quota=9)
    drafts, clock = Drafts(folder.drafts), Clock()
    with opened(folder) as store:
        queue = Queue(store, drafts, clock)
        turn, _ = queue.current("Ada")
        assert isinstance(turn, Turn)
        one = turn.lease.stimulus
        store.append([Decided(iso(BEGIN), "d", "retire", one, "C", "why")])
        queue.current("Ada")
        store.append([Reversed(iso(BEGIN), "d", "C", "so")])
        assert rate(queue, "Ada", "c0").lease.stimulus != one
        again, stored = queue.current("Ada")
        assert isinstance(again, Turn)
        assert again.lease.stimulus == one
        if stored is not None:
            stored.result(10)
    with opened(folder) as store:
        queue = Queue(store, drafts, clock)
        assert rate(queue, "Ada", "c1").lease.assignment == again.lease.assignment
        rest, _ = queue.current("Ada")
        assert isinstance(rest, Rest)
        assert store.submissions().num_rows == 2
