"""The head: labels help where there is signal, never hurt where there is none, intervals hold."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from pipelines.scoring.head import MIN_RATED, Labels, fit_head, prior_head


def _study(n, rng, *, k=40, signal=0.8, prior_noise=0.7, rater_sd=0.7, n_raters=9):
    """Return prior [n, 1], inputs [n, k], labels and the true quality [n, 1]."""
    inputs = rng.normal(size=(n, k))
    hidden = inputs[:, :3].sum(axis=1) / np.sqrt(3) * signal
    visible = rng.normal(0, 0.8, n)
    quality = np.clip(3.2 + visible + hidden, 1, 5)[:, None]
    prior = np.clip(3.2 + visible + rng.normal(0, prior_noise, n), 1, 5)[:, None]
    scores = quality + rng.normal(0, rater_sd, (n, n_raters))
    labels = Labels(
        scores.mean(axis=1, keepdims=True),
        np.full((n, 1), float(n_raters)),
        scores.std(axis=1, ddof=1, keepdims=True),
    )
    return prior, inputs, labels, quality


START = prior_head([0.5], [0.9])


def _srcc(head, prior, inputs, quality):
    return spearmanr(head.predict(prior, inputs)[0][:, 0], quality[:, 0]).statistic


def test_without_labels_the_prior_speaks():
    mean, sd = START.predict(np.array([[2.0], [4.5]]), np.zeros((2, 3)))
    assert mean[:, 0].tolist() == [2.0, 4.5]
    assert sd[:, 0] == pytest.approx([0.9, 0.9])
    assert START.evidence[0].is_predictable


def test_a_weak_prior_says_not_predictable_yet():
    evidence = prior_head([0.05], [0.9]).evidence[0]
    assert not evidence.is_predictable
    assert evidence.reason.startswith("Not predictable yet")


def test_too_few_labels_leave_the_prior_untouched():
    rng = np.random.default_rng(0)
    prior, inputs, labels, _ = _study(MIN_RATED - 1, rng)
    head = fit_head(prior, inputs, labels, START)
    assert head.targets == START.targets
    assert head.evidence[0].srcc is None


def test_labels_help_where_inputs_carry_signal():
    rng = np.random.default_rng(1)
    prior, inputs, labels, _ = _study(300, rng)
    new = _study(400, rng)
    head = fit_head(prior, inputs, labels, START)
    assert head.evidence[0].reach > 0
    learned = _srcc(head, new[0], new[1], new[3])
    assert learned > _srcc(START, new[0], new[1], new[3]) + 0.1


def test_labels_never_hurt_where_inputs_are_noise():
    losses = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        prior, inputs, labels, _ = _study(50, rng, signal=0.0)
        new = _study(400, rng, signal=0.0)
        head = fit_head(prior, inputs, labels, START, seed)
        losses.append(_srcc(START, new[0], new[1], new[3]) - _srcc(head, new[0], new[1], new[3]))
    assert np.mean(losses) < 0.02


def test_few_labels_without_signal_hardly_touch_the_ranks():
    lost = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        prior, inputs, labels, _ = _study(MIN_RATED + 4, rng, signal=0.0)
        new = _study(400, rng, signal=0.0)
        head = fit_head(prior, inputs, labels, START)
        lost.append(_srcc(START, new[0], new[1], new[3]) - _srcc(head, new[0], new[1], new[3]))
    # With one standard error the worst of them loses .07.
    assert max(lost) < 0.02


@pytest.mark.parametrize("n_rated", [30, 80, 300])
def test_ninety_per_cent_intervals_hold_on_new_stimuli(n_rated):
    inside = []
    for seed in range(15):
        rng = np.random.default_rng(seed)
        prior, inputs, labels, _ = _study(n_rated, rng)
        new = _study(300, rng)
        mean, sd = fit_head(prior, inputs, labels, START, seed).predict(new[0], new[1])
        inside.append(np.mean(np.abs(mean - new[2].mos) <= 1.645 * sd))
    assert 0.85 <= np.mean(inside) <= 0.95


def test_far_from_what_was_rated_the_deviation_grows():
    rng = np.random.default_rng(2)
    prior, inputs, labels, _ = _study(300, rng)
    head = fit_head(prior, inputs, labels, START)
    _, near = head.predict(prior[:50], inputs[:50])
    _, far = head.predict(prior[:50], inputs[:50] * 4)
    assert far.mean() > 1.2 * near.mean()


def test_stimuli_with_few_or_disagreeing_raters_weigh_less():
    rng = np.random.default_rng(3)
    prior, inputs, labels, _ = _study(200, rng)
    spoiled = labels.mos.copy()
    spoiled[:60] = rng.uniform(1, 5, (60, 1))
    few = labels.n_ratings.copy()
    few[:60] = 1.0
    sos = labels.sos.copy()
    sos[:60] = np.nan
    new = _study(400, rng)
    trusted = fit_head(prior, inputs, labels._replace(mos=spoiled), START)
    doubted = fit_head(prior, inputs, Labels(spoiled, few, sos), START)
    truth = new[3]
    error = {
        name: np.mean((head.predict(new[0], new[1])[0] - truth) ** 2)
        for name, head in (("trusted", trusted), ("doubted", doubted))
    }
    assert error["doubted"] < error["trusted"]


def test_constant_ratings_and_missing_targets_do_not_break_it():
    rng = np.random.default_rng(4)
    prior, inputs, labels, _ = _study(60, rng)
    flat = labels._replace(mos=np.full((60, 1), 4.0))
    assert fit_head(prior, inputs, flat, START).targets == START.targets
    gone = Labels(np.full((60, 1), np.nan), np.zeros((60, 1)), np.full((60, 1), np.nan))
    mean, sd = fit_head(prior, inputs, gone, START).predict(prior, inputs)
    assert np.isfinite(mean).all()
    assert np.isfinite(sd).all()


def test_unpredictable_target_is_named_after_learning():
    rng = np.random.default_rng(5)
    prior, inputs, labels, _ = _study(120, rng)
    noise = labels._replace(mos=rng.uniform(1, 5, (120, 1)))
    evidence = fit_head(prior, inputs, noise, START).evidence[0]
    assert not evidence.is_predictable
    assert "120 rated stimuli" in evidence.reason


def test_one_source_is_never_on_both_sides_of_a_fold():
    # Ten copies of each of thirty pictures: with leaking folds every copy would be known.
    rng = np.random.default_rng(6)
    inputs = np.repeat(rng.normal(size=(30, 40)), 10, axis=0)
    mos = np.repeat(rng.uniform(1, 5, (30, 1)), 10, axis=0)
    labels = Labels(mos, np.full((300, 1), 20.0), np.full((300, 1), 0.5))
    prior = np.full((300, 1), 3.0)
    groups = [f"picture-{i // 10}" for i in range(300)]
    leaking = fit_head(prior, inputs, labels, START).evidence[0]
    honest = fit_head(prior, inputs, labels, START, groups=groups).evidence[0]
    assert leaking.srcc > 0.9
    assert honest.srcc < 0.5
