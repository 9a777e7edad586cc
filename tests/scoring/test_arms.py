"""What the arms tell: a bias of one arm is found, none is not, and weights undo the choice."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from pipelines.scoring.blindness import blindness_test
from pipelines.scoring.reweighting import pool_mean, pool_srcc, stimulus_weights, weighted_ranks


def _ratings(seed, shift=0.0, slope=0.0, n=300, raters=8):
    """Ratings whose arm goes by quality: bad images mostly by the model, as an order would."""
    rng = np.random.default_rng(seed)
    quality = rng.uniform(1.5, 4.5, n)
    stimulus = np.repeat(np.arange(n), raters)
    rater = np.tile(np.arange(raters), n)
    by_model = rng.random(n * raters) < np.where(quality[stimulus] < 3, 0.8, 0.3)
    prediction = (quality + rng.normal(0, 0.3, n))[stimulus]
    bias = rng.normal(0, 0.4, raters)
    score = quality[stimulus] + bias[rater] + rng.normal(0, 0.6, n * raters)
    score += by_model * (shift + slope * (prediction - 3))
    return stimulus, rater, by_model, score, prediction


def test_no_effect_is_covered_by_its_interval_as_often_as_said():
    tests = [blindness_test(*_ratings(seed, n=80)) for seed in range(60)]
    covered = [t.difference.low <= 0 <= t.difference.high for t in tests]
    assert sum(covered) >= 51
    assert abs(np.mean([t.difference.estimate for t in tests])) < 0.03


def test_a_difference_between_the_arms_is_found():
    found = blindness_test(*_ratings(1, shift=0.25))
    assert found.difference.low > 0
    assert found.difference.estimate == pytest.approx(0.25, abs=0.1)
    assert 0 < found.difference.detectable < 0.2
    assert found.interaction.low <= 0 <= found.interaction.high


def test_a_difference_that_grows_with_the_prediction_is_found():
    found = blindness_test(*_ratings(2, slope=0.3))
    assert found.interaction.low > 0
    assert found.interaction.estimate == pytest.approx(0.3, abs=0.1)


def test_too_few_stimuli_in_both_arms_say_nothing():
    stimulus, rater, _, score, prediction = _ratings(3, n=30)
    arms = stimulus % 2 == 0
    found = blindness_test(stimulus, rater, arms, score, prediction)
    assert found == (0, 0, None, None)
    assert blindness_test(*(part[:0] for part in _ratings(3))).difference is None


def test_weights_give_the_mean_and_ranks_of_the_pool():
    """Bad images are served eight times as often; the weighted estimates do not mind."""
    rng = np.random.default_rng(0)
    n = 4000
    mos = rng.uniform(1, 5, n)
    prediction = mos + rng.normal(0, 1, n) * (mos > 3)
    chance = np.where(mos < 3, 8.0, 1.0)
    chance /= chance.sum()
    served = rng.choice(n, 1500, p=chance)
    weight = stimulus_weights(served, chance[served], n)
    rated = weight > 0
    mean = pool_mean(mos[rated], weight[rated])
    assert mean.low <= mos.mean() <= mean.high
    assert abs(mean.unweighted - mos.mean()) > 0.3
    assert 10 < mean.n_effective < mean.n
    srcc = pool_srcc(mos[rated], prediction[rated], weight[rated], 0)
    whole = spearmanr(mos, prediction).statistic
    assert srcc.low <= whole <= srcc.high
    assert abs(srcc.estimate - whole) < abs(srcc.unweighted - whole) + 0.02


def test_equal_weights_are_the_plain_numbers():
    rng = np.random.default_rng(1)
    a, b, weight = rng.normal(size=50), rng.normal(size=50), np.full(50, 3.0)
    assert pool_mean(a, weight).estimate == pytest.approx(a.mean())
    assert pool_mean(a, weight).n_effective == pytest.approx(50)
    assert pool_srcc(a, b, weight, 0).estimate == pytest.approx(spearmanr(a, b).statistic)
    assert weighted_ranks(np.array([5.0, 1.0]), np.ones(2)).tolist() == [1.5, 0.5]
    assert pool_mean(a[:9], weight[:9]) is None
