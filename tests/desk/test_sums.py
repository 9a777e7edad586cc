"""Scores from sums are those of the statistics, whatever happened since the last look."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from annotator.desk.standing import Standings, wide_scores
from annotator.results import study_mos
from annotator.store import Store
from annotator.store.access import load_study
from annotator.store.tallies import has_split_presentations
from schemas.facts import Decided, RaterAdded, Reversed, Submitted
from schemas.layout import StudyFolder
from tests.conftest import found, make_images

AT = "2026-11-20T10:00:00.000000Z"
DIMENSIONS = ("validity", "completeness", "clarity", "conformity")
RATERS = tuple(f"R{n}" for n in range(6))


@pytest.fixture
def store(tmp_path):
    found(tmp_path / "study", make_images(tmp_path / "images", 5))
    folder = StudyFolder(tmp_path / "study")
    with Store(folder, load_study(folder)) as store:
        store.append([RaterAdded(AT, rater, "rater") for rater in RATERS])
        yield store


def submitted(store, rng, rater, place, *, dimensions=DIMENSIONS, corrects=None, part=""):
    stimulus = store.stimuli()["stimulus"][place].as_py()
    scores = {name: float(rng.randint(1, 5)) for name in rng.sample(dimensions, len(dimensions))}
    return Submitted(
        AT, f"r-{rater}-{place}{part}{'c' if corrects else ''}", rater, stimulus, scores,
        corrects=corrects, rated_at=AT,
    )  # fmt: skip


def assert_same(store, standings):
    standing, is_old = standings.now()
    assert not is_old
    for name, column in wide_scores(study_mos(store), standing.table["stimulus"]).items():
        given = standing.table[name]
        if name.startswith("n:"):
            given, column = (pa.compute.fill_null(one, 0) for one in (given, column))
        assert [v is None for v in given.to_pylist()] == [v is None for v in column.to_pylist()]
        wanted = pa.compute.fill_null(column, 0).to_pylist()
        assert pa.compute.fill_null(given, 0).to_pylist() == pytest.approx(wanted, abs=1e-12), name


@pytest.mark.parametrize("seed", range(3))
def test_sums_follow_everything_that_can_happen(store, seed):
    rng = random.Random(seed)
    standings = Standings(store, patience_s=60)
    assert_same(store, standings)
    pairs = [(rater, place) for rater in RATERS for place in range(4)]
    rng.shuffle(pairs)
    for group in (pairs[:1], pairs[1:3], pairs[3:12], pairs[12:]):
        store.append([submitted(store, rng, *pair) for pair in group])
        assert_same(store, standings)
    rater, place = pairs[0]
    store.append([submitted(store, rng, rater, place, corrects=f"r-{rater}-{place}")])
    assert_same(store, standings)
    store.append([Decided(AT, "d1", "exclude", "R2", "Cura", "asleep")])
    assert_same(store, standings)
    store.append([submitted(store, rng, "R2", 4), submitted(store, rng, "R1", 4)])
    assert_same(store, standings)
    store.append([Reversed(AT, "d1", "Cura", "awake")])
    assert_same(store, standings)


def test_only_what_came_since_is_read(store, monkeypatch):
    rng = random.Random(0)
    standings = Standings(store, patience_s=60)
    store.append([submitted(store, rng, "R0", 0)])
    standings.now()
    first = store.position()[0]
    seen = []
    from annotator.desk import sums

    read = sums.opinion_sums
    monkeypatch.setattr(
        sums,
        "opinion_sums",
        lambda study, after, upto: seen.append(after) or read(study, after, upto),
    )
    store.append([submitted(store, rng, "R1", 0)])
    assert_same(store, standings)
    assert seen == [first]


def test_parts_given_in_several_submissions_make_one_composite(store):
    rng = random.Random(0)
    store.append(
        [
            submitted(store, rng, "R0", 0, dimensions=DIMENSIONS[:2], part="a"),
            submitted(store, rng, "R0", 0, dimensions=DIMENSIONS[2:], part="b"),
            submitted(store, rng, "R1", 0, dimensions=DIMENSIONS[:3]),
        ]
    )
    assert has_split_presentations(store)
    assert_same(store, Standings(store, patience_s=60))
