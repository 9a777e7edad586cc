"""The demo's simulated panel: ratings and feedback that nobody gave, and that say so."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipelines.scoring.figures.flaws import DIMENSIONS, FLAWS, parse_flaws
from pipelines.scoring.figures.panel import Panel, SimulatedRating, simulate_panel

__all__ = ["DEMO_PANEL", "IMAGES", "MANIFEST", "Truth", "demo_truth", "simulated_ratings"]

IMAGES = Path(__file__).parent / "images"
"""Folder with the demo images, ready to import."""
MANIFEST = Path(__file__).parent / "manifest.csv"
"""Manifest of the demo images: source, licence, attribution, caption, group."""
DEMO_PANEL = Panel(n_raters=10, n_careless=1, coverage=0.7)
"""Ten raters of whom each sees 70 % of the images, so that some work is left."""

_START = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
_LEVELS = {5: "excellent", 4: "good", 3: "fair", 2: "poor", 1: "bad"}
_MARK = "[simulated]"
_CARELESS_TEXTS = ("ok", "fine", "good image", "-", "nice")


class Truth(NamedTuple):
    """What the simulation assumes about one image."""

    file_name: str
    category: str
    flaws: tuple[tuple[str, float], ...]
    """Pairs of flaw and severity."""
    quality: Mapping[str, float]
    """Dimension -> quality, 1–5."""


def demo_truth() -> list[Truth]:
    """Read the assumptions about the demo images, in the order of the manifest."""
    with (Path(__file__).parent / "truth.csv").open(encoding="utf-8", newline="") as file:
        return [
            Truth(
                row["file_name"],
                row["category"],
                tuple(parse_flaws(row["flaws"])),
                {dimension: float(row[dimension]) for dimension in DIMENSIONS},
            )
            for row in csv.DictReader(file)
        ]


def simulated_ratings(
    seed: int = 0, truth: Sequence[Truth] | None = None, panel: Panel = DEMO_PANEL
) -> pa.Table:
    """Return ratings that a panel could have given to the demo images.

    Args:
        seed: Same seed, same table.
        truth: Assumptions about the images; those of the demo when absent.
        panel: Who rates.

    Returns:
        Table with `stimulus` (file name), `rater` (`simulated-NN`), `dimension`, `score` (1–5),
        `rated_at` (UTC, ISO 8601) and `feedback` (null but on one row of some submissions;
        every text begins with `[simulated]`), ready for `ratings import`.
    """
    truth = demo_truth() if truth is None else truth
    by_name = {image.file_name: image for image in truth}
    ratings = simulate_panel({t.file_name: t.quality for t in truth}, seed, panel)
    rng = np.random.default_rng([seed, 1])
    careless = {
        f"simulated-{n:02d}"
        for n in range(panel.n_raters - panel.n_careless + 1, panel.n_raters + 1)
    }
    columns: dict[str, list[object]] = {
        name: [] for name in ("stimulus", "rater", "dimension", "score", "rated_at", "feedback")
    }
    size = len(DIMENSIONS)
    clock: dict[str, datetime] = {}
    for first in range(0, len(ratings), size):
        submission = ratings[first : first + size]
        rater = submission[0].rater
        at = _next_time(clock.get(rater), rater, rater in careless, rng)
        clock[rater] = at
        place, text = _feedback(by_name[submission[0].stimulus], submission, rater in careless, rng)
        for rating in submission:
            columns["stimulus"].append(rating.stimulus)
            columns["rater"].append(rating.rater)
            columns["dimension"].append(rating.dimension)
            columns["score"].append(float(rating.score))
            columns["rated_at"].append(at.isoformat(timespec="microseconds").replace("+00:00", "Z"))
            columns["feedback"].append(text if rating.dimension == place else None)
    return pa.table(
        columns,
        schema=pa.schema([(n, pa.float64() if n == "score" else pa.string()) for n in columns]),
    )


def _next_time(
    before: datetime | None, rater: str, careless: bool, rng: np.random.Generator
) -> datetime:
    """Return when the next answer comes: after 12–40 s, with a long pause now and then."""
    if before is None:
        return _START + timedelta(hours=int(rater[-2:]), seconds=float(rng.uniform(0, 600)))
    pause = rng.uniform(2, 5) if careless else rng.uniform(12, 40)
    if rng.random() < 0.02:
        pause += 3600 * rng.uniform(1, 20)
    return before + timedelta(seconds=float(pause))


def _feedback(
    image: Truth, submission: Sequence[SimulatedRating], careless: bool, rng: np.random.Generator
) -> tuple[str, str | None]:
    """Return the dimension whose row carries the text, and the text or None."""
    if rng.random() > 0.45:
        return DIMENSIONS[0], None
    if careless:
        return DIMENSIONS[0], f"{_MARK} {rng.choice(_CARELESS_TEXTS)}"
    scores = {rating.dimension: rating.score for rating in submission}
    if not image.flaws:
        return _praise(image, scores, rng)
    costs = np.array([FLAWS[name].weight * severity for name, severity in image.flaws])
    name, _ = image.flaws[rng.choice(len(costs), p=costs / costs.sum())]
    flaw = FLAWS[name]
    level = _LEVELS[scores[flaw.dimension]]
    if scores[flaw.dimension] >= 4:
        return flaw.dimension, f"{_MARK} {flaw.sentence}, but {flaw.dimension} is still {level}."
    return flaw.dimension, f"{_MARK} {flaw.sentence}. Therefore {flaw.dimension} is {level}."


def _praise(
    image: Truth, scores: Mapping[str, int], rng: np.random.Generator
) -> tuple[str, str | None]:
    """Return a dimension and what can be said about it where nothing is wrong."""
    liked = [dimension for dimension in DIMENSIONS if scores[dimension] >= 4]
    if not liked:
        return DIMENSIONS[0], None
    dimension = str(rng.choice(liked))
    seen = {
        "validity": f"What the {image.category} shows agrees with what the field knows",
        "completeness": f"Every label and unit of the {image.category} is there",
        "clarity": f"The {image.category} is sharp and uncluttered",
        "conformity": f"The {image.category} follows the conventions of the field",
    }[dimension]
    return dimension, f"{_MARK} {seen}. Therefore {dimension} is {_LEVELS[scores[dimension]]}."
