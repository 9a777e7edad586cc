"""The simulated panel: reproducible, on the scale, and as biased as it says."""

import pandas as pd

from pipelines.scoring.figures.flaws import DIMENSIONS
from pipelines.scoring.figures.panel import Panel, simulate_panel

QUALITY = {
    f"s{i:03d}": {d: 1 + 4 * ((i * (k + 3)) % 41) / 40 for k, d in enumerate(DIMENSIONS)}
    for i in range(120)
}


def _frame(seed=0, **options):
    frame = pd.DataFrame(simulate_panel(QUALITY, seed, Panel(**options)))
    frame["truth"] = [QUALITY[s][d] for s, d in zip(frame.stimulus, frame.dimension, strict=True)]
    return frame


def test_shape_names_and_scale():
    frame = _frame(n_raters=12, coverage=0.5)
    assert len(frame) == 12 * 60 * 4
    assert sorted(set(frame.rater)) == [f"simulated-{i:02d}" for i in range(1, 13)]
    assert set(frame.score) == {1, 2, 3, 4, 5}


def test_same_seed_same_ratings():
    assert simulate_panel(QUALITY, 3) == simulate_panel(QUALITY, 3)
    assert simulate_panel(QUALITY, 3) != simulate_panel(QUALITY, 4)


def test_careless_raters_do_not_follow_the_truth_and_others_do():
    frame = _frame(n_raters=10, n_careless=2)
    follows = frame.groupby("rater")[["score", "truth"]].corr().iloc[0::2, 1].droplevel(1)
    assert (follows[["simulated-09", "simulated-10"]].abs() < 0.25).all()
    assert (follows.drop(["simulated-09", "simulated-10"]) > 0.6).all()


def test_without_noise_bias_and_halo_scores_are_the_rounded_truth():
    frame = _frame(n_careless=0, bias_sd=0, dimension_bias_sd=0, gain_sd=0, halo=-1, noise_sd=0)
    assert (frame.score - frame.truth).abs().max() <= 0.5


def test_bias_separates_raters():
    spread = {sd: _frame(n_careless=0, bias_sd=sd).groupby("rater").score.mean().std()
              for sd in (0.0, 0.8)}  # fmt: skip
    assert spread[0.8] > 2 * spread[0.0]
