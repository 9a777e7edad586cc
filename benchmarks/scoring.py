"""How well the embedded scorer predicts kinds of figure that it has not seen.

    python -m pipelines.scoring.make_prior --cache build/prior     (once: renders, learns, records)
    python -m benchmarks.scoring --cache build/prior

MOS are those of twenty simulated raters, two of them careless. Each repetition rates n figures
of held-out kinds, drawn at random, and predicts the others of the same kinds. Columns: mean SRCC
over the four dimensions with its 95 % interval over repetitions; the prior with the head, raw
features with ridge, and the mean of each kind (control). Coverage is that of 90 % intervals.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.stats import spearmanr

from annotator.demo.panel import IMAGES
from pipelines.scoring.embedded import extract_features
from pipelines.scoring.figures.flaws import DIMENSIONS
from pipelines.scoring.figures.panel import Panel, simulate_panel
from pipelines.scoring.head import Labels, fit_head, prior_head
from pipelines.scoring.lite0 import Lite0
from pipelines.scoring.prior import load_prior


def chunks(cache: Path):
    parts = [np.load(path) for path in sorted(cache.glob("[0-9]*.npz"))]
    return tuple(
        np.concatenate([part[name] for part in parts]) for name in ("features", "kinds", "severity")
    )


def panel_labels(severity, seed):
    quality = {
        str(i): dict(zip(DIMENSIONS, (5 - 4 * row).tolist(), strict=True))
        for i, row in enumerate(severity)
    }
    scores = np.full((len(severity), 4, 20), np.nan)
    for rating in simulate_panel(quality, seed, Panel(n_careless=2)):
        place = int(rating.stimulus), DIMENSIONS.index(rating.dimension), int(rating.rater[-2:]) - 1
        scores[place] = rating.score
    return Labels(scores.mean(2), np.full(scores.shape[:2], 20.0), scores.std(2, ddof=1))


def srcc(predicted, mos):
    return [
        0.0 if np.ptp(predicted[:, d]) < 1e-9 else spearmanr(predicted[:, d], mos[:, d]).statistic
        for d in range(4)
    ]


def ridge(train, y, test):
    """Dual ridge on standardised raw features; penalty by leave-one-out."""
    mean, sd = train.mean(0), train.std(0) + 1e-3
    a, b = ((train - mean) / sd).clip(-5, 5), ((test - mean) / sd).clip(-5, 5)
    gram, centre = a @ a.T, y.mean(0)
    best = None
    for penalty in (100, 300, 1000, 3000, 10000, 30000):
        inverse = np.linalg.inv(gram + penalty * np.eye(len(a)))
        dual = inverse @ (y - centre)
        error = ((dual / np.diag(inverse)[:, None]) ** 2).mean()
        if best is None or error < best[0]:
            best = error, centre + b @ (a.T @ dual)
    return best[1]


def kind_mean(kinds, y, test_kinds):
    table = {kind: y[kinds == kind].mean(0) for kind in set(kinds)}
    return np.stack([table.get(kind, y.mean(0)) for kind in test_kinds])


def one(said, features, kinds, labels, start, n, rng):
    """Return SRCC of head, ridge and kind mean, and coverage, with n rated figures."""
    order = rng.permutation(len(kinds))
    seen, new = order[:n], order[n:]
    quality, inputs = said["quality"].astype(float), said["inputs"].astype(float)
    head = start
    if n:
        head = fit_head(quality[seen], inputs[seen], Labels(*(p[seen] for p in labels)), start)
    mean, sd = head.predict(quality[new], inputs[new])
    mos = labels.mos[new]
    result = {
        "head": srcc(mean, mos),
        "coverage": (np.abs(mean - mos) <= 1.645 * sd).mean(0).tolist(),
        "sd_ranks_error": srcc(sd, np.abs(mean - mos)),
    }
    if n:
        result["raw"] = srcc(ridge(features[seen], labels.mos[seen], features[new]), mos)
        result["kind"] = srcc(kind_mean(kinds[seen], labels.mos[seen], kinds[new]), mos)
    return result


def speed():
    """Return milliseconds an image of 1 megapixel takes on one core (CPU time)."""
    import torch

    torch.set_num_threads(1)
    image = Image.open(IMAGES / "biology-colon-tissue.png").convert("RGB").resize((1000, 1000))
    times = {}
    for name, network in (("hand", None), ("full", Lite0.bundled())):
        extract_features(image, network)
        start = time.process_time()
        for _ in range(10):
            extract_features(image, network)
        times[name] = (time.process_time() - start) * 100
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--prior", choices=("full", "hand"), default="full")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/scoring.json"))
    given = parser.parse_args()
    features, kinds, severity = chunks(given.cache)
    if given.prior == "hand":
        features = features[:, : len(extract_features(Image.new("L", (64, 64)), None))]
    labels = panel_labels(severity, 77)
    facts = load_prior(given.prior)
    start = prior_head(
        [facts.srcc[d] for d in DIMENSIONS], [facts.residual_sd[d] for d in DIMENSIONS]
    )
    report = {"prior": given.prior, "n_figures": len(kinds), "ms_per_megapixel_cpu": speed()}
    print(report)
    for n in (0, 20, 50, 100, 200):
        rows = []
        for path in sorted(given.cache.glob(f"{given.prior}-*.npz")):
            said = np.load(path)
            out = said["rows"]
            part = Labels(*(p[out] for p in labels))
            for repetition in range(given.repetitions if n else 1):
                rng = np.random.default_rng([repetition, n])
                rows.append(one(said, features[out], kinds[out], part, start, n, rng))
        report[str(n)] = {
            name: {
                "by_dimension": np.mean([r[name] for r in rows], axis=0).round(3).tolist(),
                "mean": round(float(np.mean([r[name] for r in rows])), 3),
                "ci95": round(
                    1.96 * float(np.std([np.mean(r[name]) for r in rows])) / len(rows) ** 0.5, 3
                ),
            }
            for name in rows[0]
        }
        print(n, json.dumps(report[str(n)]), flush=True)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
