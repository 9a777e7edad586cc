"""Does an order by the model save ratings against chance? Also the speed of learning and order.

    python -m benchmarks.scoring_order [--seeds 20] [--figures 200]

Rendered figures whose flaws are known, a simulated panel (nine raters with bias, gain, noise),
the shipped prior. The prior comes from the same generator, which favours the model; whatever is
not saved here would not be saved on figures it never saw. All orders are judged by the same
estimate of all images, so a difference is one of order alone.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

from annotator.simulating import Wish, simulation_json
from pipelines.assignment import Mixture, choose_mixed
from pipelines.scoring.acquisition import Pool, model_order
from pipelines.scoring.backends import Outlook
from pipelines.scoring.embedded import EmbeddedScorer, extract_features
from pipelines.scoring.figures.flaws import DIMENSIONS
from pipelines.scoring.figures.sampling import draw_figures
from pipelines.scoring.head import Labels, fit_all, prior_head
from pipelines.scoring.lite0 import Lite0
from pipelines.scoring.prior import load_prior
from pipelines.scoring.simulation import Policy, Stage, scores_of, summary
from pipelines.scoring.targets import Targets

FIRST = 900_000
"""Numbers from here on were not rendered for the prior."""


def figures(n):
    """Return what the prior says of n rendered figures, and their true quality, `[n, 4]`."""
    prior, network = load_prior(), Lite0.bundled()
    rows, truth = [], []
    for image, known in draw_figures(FIRST, FIRST + n):
        rows.append(extract_features(image, network))
        truth.append([known.quality[d] for d in DIMENSIONS])
    return prior(np.stack(rows)), np.array(truth)


def orders(said, truth, seeds, per_image):
    scorer = EmbeddedScorer(Targets(DIMENSIONS, {}))
    features = np.concatenate(said, axis=1)
    outlook = scorer.outlook(features)

    def stage(seed):
        rng = np.random.default_rng(seed)
        scores = scores_of(truth, 9, rng, (1.0, 5.0))
        return Stage(Outlook(*outlook), scorer.start(), truth, scores, per_image)

    policies = [Policy("random", Mixture(0.0, 0.1), "mos")]
    policies += [Policy(goal, Mixture(0.7, 0.1), goal) for goal in ("mos", "rank")]
    plays = summary(stage, policies, range(seeds), lambda done, total: print(done, flush=True))
    return simulation_json(plays, Wish(seeds, 9, per_image, len(truth)), len(truth))


def speed():
    """Return CPU seconds of a refit at 10,000 rated images, and of order and draw at 1M."""
    rng = np.random.default_rng(0)
    n, k, t = 10_000, 203, 6
    inputs, prior = rng.normal(size=(n, k)), rng.uniform(1, 5, (n, t))
    mos = prior + 0.3 * inputs[:, :t] + rng.normal(0, 0.5, (n, t))
    labels = Labels(mos, np.full((n, t), 5.0), np.full((n, t), 0.6))
    start = prior_head([0.5] * t, [1.0] * t)
    found = {"refit_10k": cpu(lambda: fit_all(prior, inputs, labels, start))}
    n = 1_000_000
    mean, sd = rng.uniform(1, 5, (n, 4)), rng.uniform(0.3, 1, (n, 4))
    pool = Pool(
        mean.astype(np.float32), sd.astype(np.float32),
        rng.integers(0, 3, n).astype(np.int32), np.full(n, 0.8, np.float32),
        rng.uniform(0, 1, n).astype(np.float32),
    )  # fmt: skip
    everybody = np.ones(n, bool)
    for goal in ("mos", "rank", "disagreement", "coverage"):
        found[f"order_1m_{goal}"] = cpu(lambda goal=goal: model_order(pool, everybody, goal))
    order = model_order(pool, everybody, "mos")
    found["draw_1m"] = cpu(
        lambda: choose_mixed(pool.n_ratings, everybody, order, Mixture(0.7, 0.1), -1, rng)
    )
    return found


def cpu(work):
    work()
    begun = time.process_time()
    work()
    return round(time.process_time() - begun, 4)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--figures", type=int, default=200)
    parser.add_argument("--per-image", type=float, default=3)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/scoring_order.json"))
    given = parser.parse_args()
    report = {"load_before": os.getloadavg()[0], "cpu_s": speed()}
    print(report, flush=True)
    said, truth = figures(given.figures)
    report |= orders(said, truth, given.seeds, given.per_image)
    given.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(report["verdict"])


if __name__ == "__main__":
    main()
