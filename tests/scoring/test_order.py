"""Who is served next: the logged probability is the one at work, and bad images make no runs."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.assignment import Mixture, ModelOrder, choose_mixed
from pipelines.scoring.acquisition import Pool, expected_gain, model_order

DRAWS = 3000


@st.composite
def situations(draw):
    """Counts, who may get what, an order over a part of the pool, and what came last."""
    n = draw(st.integers(1, 25))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    served = rng.integers(0, 3, n).astype(np.int32)
    is_open = rng.random(n) < draw(st.sampled_from([0.3, 0.8, 1.0]))
    takes_part = rng.random(n) < draw(st.sampled_from([0.0, 0.5, 1.0]))
    order = model_order(_pool(rng, n, served), takes_part, "mos")
    share = draw(st.sampled_from([0.0, 0.3, 0.7]))
    floor = draw(st.sampled_from([0.1, 0.3]))
    return served, is_open, order, Mixture(share, floor), draw(st.integers(-1, 4))


def _pool(rng, n, served, t=2):
    return Pool(
        rng.uniform(1, 5, (n, t)).astype(np.float32),
        rng.uniform(0.3, 1, (n, t)).astype(np.float32),
        served,
        np.full(n, 0.8, np.float32),
        rng.uniform(0, 1, n).astype(np.float32),
    )


@settings(max_examples=25, deadline=None)
@given(situations())
def test_the_logged_probability_is_the_frequency(situation):
    served, is_open, order, mixture, last = situation
    rng = np.random.default_rng(1)
    choices = [choose_mixed(served, is_open, order, mixture, last, rng) for _ in range(DRAWS)]
    n_open = int(is_open.sum())
    if not n_open:
        assert choices == [None] * DRAWS
        return
    logged = {choice.place: choice.probability for choice in choices}
    assert all(logged[choice.place] == choice.probability for choice in choices)
    # ε/N for every open stimulus, so that with 3,000 draws each was seen.
    assert sorted(logged) == np.flatnonzero(is_open).tolist()
    assert sum(logged.values()) == pytest.approx(1)
    assert min(logged.values()) >= mixture.floor / n_open - 1e-12
    for place, times in Counter(choice.place for choice in choices).items():
        p = logged[place]
        assert abs(times / DRAWS - p) <= 5.5 * (p * (1 - p) / DRAWS) ** 0.5 + 1e-9
    by_model = sum(choice.arm == "model" for choice in choices) / DRAWS
    has_order = order is not None and any(is_open[s].any() for s in order.strata)
    assert by_model == pytest.approx(mixture.model_share if has_order else 0, abs=0.05)


def test_the_model_never_serves_two_of_a_stratum_in_a_row():
    rng = np.random.default_rng(0)
    n = 200
    served = np.zeros(n, np.int32)
    order = model_order(_pool(rng, n, served), np.ones(n, bool), "mos")
    assert len(order.strata) == 5
    is_open, last = np.ones(n, bool), -1
    for _ in range(150):
        choice = choose_mixed(served, is_open, order, Mixture(1.0, 0.0), last, rng)
        assert choice.arm == "model"
        stratum = int(order.stratum[choice.place])
        assert stratum != last
        is_open[choice.place], last = False, stratum


def test_images_imported_after_the_order_was_made_are_served_by_chance():
    order = ModelOrder((np.array([0, 1]),), np.zeros(2, np.int8))
    served, is_open = np.zeros(4, np.int32), np.ones(4, bool)
    rng = np.random.default_rng(0)
    found = {choose_mixed(served, is_open, order, Mixture(0.5, 0.1), -1, rng) for _ in range(200)}
    assert {c.place for c in found if c.arm == "model"} == {0, 1}
    assert {c.place for c in found if c.arm == "random"} == {0, 1, 2, 3}


def _one(n_ratings, sd=1.0, rater_sd=1.0, novelty=1.0, mean=3.0):
    return Pool(
        np.full((1, 1), mean, np.float32), np.full((1, 1), sd, np.float32),
        np.array([n_ratings], np.int32), np.array([rater_sd], np.float32),
        np.array([novelty], np.float32),
    )  # fmt: skip


def test_gains_worked_by_hand():
    # Variance 1 of the prediction and of a rating: 1 → 1/2 → 1/3.
    assert expected_gain(_one(0), "mos")[0] == pytest.approx(1 / 2)
    assert expected_gain(_one(1), "mos")[0] == pytest.approx(1 / 2 - 1 / 3)
    assert expected_gain(_one(3, novelty=0.8), "coverage")[0] == pytest.approx(0.8 / 16)
    assert expected_gain(_one(2, rater_sd=2), "disagreement")[0] == pytest.approx(
        2 * 16 * (1 / 10 - 1 / 11)
    )
    assert expected_gain(_one(0), "rank")[0] == pytest.approx(1 / 2)


def test_rank_looks_where_many_lie_close():
    n = 101
    mean = np.full((n, 1), 3, np.float32)
    mean[:100, 0] += np.linspace(0, 0.2, 100)
    mean[100] = 1
    pool = Pool(
        mean, np.ones((n, 1), np.float32), np.zeros(n, np.int32),
        np.ones(n, np.float32), np.ones(n, np.float32),
    )  # fmt: skip
    gain = expected_gain(pool, "rank")
    assert gain[:100].min() > 3 * gain[100]


def test_nothing_predictable_gives_no_order():
    rng = np.random.default_rng(0)
    assert model_order(_pool(rng, 5, np.zeros(5, np.int32), t=0), np.ones(5, bool), "mos") is None
    assert model_order(_pool(rng, 5, np.zeros(5, np.int32)), np.zeros(5, bool), "mos") is None
