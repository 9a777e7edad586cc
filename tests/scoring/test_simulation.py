"""Orders played with simulated raters: the same for the same seed, savings worked by hand."""

import numpy as np
import pytest

from pipelines.assignment import Mixture
from pipelines.scoring.backends import Outlook
from pipelines.scoring.head import prior_head
from pipelines.scoring.simulation import Point, Policy, Stage, play, savings, scores_of

CHANCE = Policy("random", Mixture(0.0, 0.1), "mos")
MODEL = Policy("mos", Mixture(0.7, 0.1), "mos")


def _stage(n=40, per_image=2.0):
    rng = np.random.default_rng(0)
    truth = np.clip(3 + rng.normal(size=(n, 2)), 1, 5)
    quality = np.clip(truth + rng.normal(0, 1, (n, 2)), 1, 5)
    outlook = Outlook(quality, rng.normal(size=(n, 5)))
    scores = scores_of(truth, 6, rng, (1.0, 5.0))
    return Stage(outlook, prior_head([0.6] * 2, [0.9] * 2), truth, scores, per_image)


def test_a_play_gets_better_and_can_be_repeated():
    stage = _stage()
    for policy in (CHANCE, MODEL):
        points = play(stage, policy, 3)
        assert [point.per_image for point in points] == [0.5, 1.0, 1.5, 2.0]
        assert points[-1].srcc > points[0].srcc
        assert points[-1].srcc > 0.7
        assert play(stage, policy, 3) == points


def test_a_play_ends_where_everybody_has_seen_everything():
    points = play(_stage(n=20, per_image=8.0), MODEL, 0)
    assert points[-1].per_image == 8.0


def test_scores_lie_on_the_scale():
    scores = scores_of(np.full((30, 1), 80.0), 5, np.random.default_rng(0), (0.0, 100.0))
    assert scores.min() >= 0
    assert scores.max() <= 100
    assert np.array_equal(scores, np.rint(scores))


def test_savings_worked_by_hand():
    chance = [Point(1, 0.4), Point(2, 0.6)]
    # Reaches .6 half way between one and two ratings an image: 1.5 of 2.
    order = [Point(1, 0.5), Point(2, 0.7)]
    saved = savings([chance, chance], [order, order])
    assert [(s.per_image, s.mean, s.low, s.high) for s in saved] == [
        (2, pytest.approx(0.25), pytest.approx(0.25), pytest.approx(0.25))
    ]
    never = [Point(1, 0.1), Point(2, 0.2)]
    assert savings([chance, chance], [never, never])[0].mean == pytest.approx(0)
