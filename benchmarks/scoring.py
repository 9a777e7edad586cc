"""How well the embedded scorer predicts kinds of figure that it has not seen.

    python -m pipelines.scoring.make_prior --cache build/prior     (once: renders, learns, records)
    python -m benchmarks.scoring --cache build/prior

MOS are those of twenty simulated raters, two of them careless. Each repetition rates n figures
of held-out kinds, drawn at random, and predicts the others of the same kinds. Columns: mean SRCC
over the four dimensions with its 95 % interval over repetitions; the prior with the head, raw
features with ridge, and two controls: the mean of each kind, and ridge on the same network with
random weights (the first 800 figures). Coverage is that of 90 % intervals. "other_ways" are
figures whose blur, noise, compression and so on were made differently.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.stats import spearmanr

from annotator.demo.panel import IMAGES
from pipelines.scoring.embedded import extract_features
from pipelines.scoring.features import FEATURE_NAMES
from pipelines.scoring.figures.flaws import DIMENSIONS
from pipelines.scoring.figures.panel import Panel, simulate_panel
from pipelines.scoring.figures.sampling import draw_figures
from pipelines.scoring.head import Labels, fit_head, prior_head
from pipelines.scoring.lite0 import Lite0, network_input
from pipelines.scoring.make_prior import chunks_of
from pipelines.scoring.prior import load_prior


def chunks(cache: Path):
    """Return features, kinds and severity, figures in other ways last, and how many come first."""
    paths = sorted(cache.glob("[0-9]*.npz")), sorted(cache.glob("other-*.npz"))
    parts = [np.load(path) for path in (*paths[0], *paths[1])]
    n_first = sum(len(part["kinds"]) for part in parts[: len(paths[0])])
    names = ("features", "kinds", "severity")
    return *(np.concatenate([part[name] for part in parts]) for name in names), n_first


def random_features(cache: Path):
    """Return what the network with random weights gives of the first 800 figures."""
    path = cache / "random-init.npz"
    if not path.exists():
        network = Lite0.random(1)
        rows = [
            network.features([network_input(image, 224)])[0]
            for chunk in chunks_of(25, 0, cache)[:4]
            for image, _ in draw_figures(chunk.start, chunk.start + chunk.n_figures, chunk.kinds)
        ]
        np.savez(path, features=np.stack(rows))
    with np.load(path) as saved:
        return saved["features"]


def by_random(random, mos, n, rng):
    """Return SRCC of ridge on the features of the network with random weights."""
    order = rng.permutation(len(random))
    seen, new = order[:n], order[n:]
    return srcc(ridge(random[seen], mos[seen], random[new]), mos[new])


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


def at_one_megapixel(path):
    image = Image.open(path).convert("RGB")
    scale = (1e6 / (image.width * image.height)) ** 0.5
    return image.resize((round(image.width * scale), round(image.height * scale)))


def speed(rounds=7):
    """Return CPU time for an image of 1 megapixel on one core, beside bare work of the same run.

    Every twelfth image of the demo set, brought to 1 megapixel: the median image, and the slowest
    (texture all over costs most). Absolute times say little on a shared machine. Everything is
    measured in turn, round by round, so that what slows one slows all, and the ratios hold:
    hand-crafted features to decoding and shrinking the same PNG, all features to that and the
    network alone.
    """
    network, times = Lite0.bundled(), []
    for path in sorted(IMAGES.glob("*.png"))[::12]:
        image, file = at_one_megapixel(path), io.BytesIO()
        image.save(file, "PNG")
        x = network_input(image)
        work = {
            "hand": lambda image=image: extract_features(image, None),
            "full": lambda image=image: extract_features(image, network),
            "decode_and_resize": lambda file=file: network_input(Image.open(file)),
            "network_alone": lambda x=x: network.features([x]),
        }
        taken = {name: [] for name in work}
        for _ in range(rounds + 1):
            for name, run in work.items():
                start = time.process_time()
                run()
                taken[name].append((time.process_time() - start) * 1000)
        # The first round loads and makes tables.
        times.append({name: float(np.median(ms[1:])) for name, ms in taken.items()})
    ms = {name: float(np.median([each[name] for each in times])) for name in times[0]}
    bare = {"hand": ms["decode_and_resize"]}
    bare["full"] = bare["hand"] + ms["network_alone"]
    return {
        "images": len(times),
        "ms_per_megapixel_cpu": {name: round(taken, 1) for name, taken in ms.items()},
        "ms_slowest_image": {name: round(max(t[name] for t in times), 1) for name in bare},
        "images_per_s_and_core": {name: round(1000 / ms[name], 1) for name in bare},
        "times_bare_work": {name: round(ms[name] / alone, 2) for name, alone in bare.items()},
    }


def summary(rows):
    """Return the mean by dimension, over all, and its 95 % interval."""
    return {
        name: {
            "by_dimension": np.mean([r[name] for r in rows], axis=0).round(3).tolist(),
            "mean": round(float(np.mean([r[name] for r in rows])), 3),
            "ci95": round(
                1.96 * float(np.std([np.mean(r[name]) for r in rows])) / len(rows) ** 0.5, 3
            ),
        }
        for name in rows[0]
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path("build/prior"))
    parser.add_argument("--prior", choices=("full", "hand"), default="full")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/scoring.json"))
    given = parser.parse_args()
    folds = [np.load(path) for path in sorted(given.cache.glob(f"{given.prior}-*.npz"))]
    if not folds:
        sys.exit(
            f"{given.cache} holds no figures: "
            f"run python -m pipelines.scoring.make_prior --cache {given.cache} first."
        )
    features, kinds, severity, n_first = chunks(given.cache)
    if given.prior == "hand":
        features = features[:, : len(FEATURE_NAMES)]
    random, labels = random_features(given.cache), panel_labels(severity, 77)
    facts = load_prior(given.prior)
    start = prior_head(
        [facts.srcc[d] for d in DIMENSIONS], [facts.residual_sd[d] for d in DIMENSIONS]
    )
    report = {
        "what": "rank correlation with simulated MOS on kinds of figure held out of training",
        "goal": {"0": 0.50, "50": 0.55, "images_per_s": {"full": 8, "hand": 30}},
        "prior": given.prior,
        "n_figures": n_first,
        "n_other_ways": len(kinds) - n_first,
        "load": os.getloadavg()[0],
        **speed(),
    }
    print(report)
    for n in (0, 20, 50, 100, 200):
        rows, ways, random_rows = [], [], []
        for said in folds:
            is_first = said["rows"] < n_first
            for repetition in range(given.repetitions if n else 1):
                rng = np.random.default_rng([repetition, n])
                for chosen, found in ((is_first, rows), (~is_first, ways)):
                    out = said["rows"][chosen]
                    if len(out) <= 2 * n:
                        continue
                    own = {name: said[name][chosen] for name in ("quality", "inputs")}
                    part = Labels(*(p[out] for p in labels))
                    found.append(one(own, features[out], kinds[out], part, start, n, rng))
                out = said["rows"][said["rows"] < len(random)]
                if 0 < 2 * n <= len(out):
                    found = by_random(random[out], labels.mos[out], n, rng)
                    random_rows.append({"random_init": found})
        report[str(n)] = summary(rows) | (summary(random_rows) if random_rows else {})
        if ways:
            report[str(n)]["other_ways"] = summary(ways)["head"]
        print(n, json.dumps(report[str(n)]), flush=True)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
