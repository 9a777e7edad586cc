"""`study simulate`: orders of the queue played on this study's images with simulated raters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from annotator.scoring import material_of, rows_of_study, study_scorer
from annotator.store import Reads
from pipelines.assignment import Mixture
from pipelines.scoring.acquisition import Goal
from pipelines.scoring.backends import Outlook
from pipelines.scoring.head import Head
from pipelines.scoring.learning import outlook_of
from pipelines.scoring.model_file import load_learned
from pipelines.scoring.simulation import (
    Point,
    Policy,
    Saving,
    Stage,
    savings,
    scores_of,
    summary,
)
from schemas.errors import UserError

__all__ = ["Wish", "simulate_orders", "simulation_json"]

GOAL_SHARE = 0.30
"""What an order should save to be worth its name."""
_GOALS: tuple[Goal, ...] = ("mos", "rank", "coverage")


class Wish(NamedTuple):
    """What is played."""

    seeds: int
    raters: int
    per_image: float
    """Ratings an image at the end."""
    images: int
    """At most so many images, drawn anew for each seed."""


def simulate_orders(
    study: Reads, wish: Wish, advance: Callable[[int, int], None]
) -> dict[str, Any]:
    """Play chance and the model's orders; return the document of `study simulate --json`.

    The true quality of an image is drawn from what the scorer's newest version expects of it,
    mean and deviation, so that nothing is assumed that the model does not say itself.

    Args:
        study: The study; `score` must have run.
        wish: What is played.
        advance: Told plays done and in all.

    Raises:
        UserError: `no_predictions`, or what reading the model says.
    """
    scorer, material = study_scorer(study.study, study.folder.root), material_of(study)
    own = [card.version for card in material.files.cards() if card.scorer == scorer.version]
    parts = list(rows_of_study(material, scorer))
    n = sum(len(at) for at, _ in parts)
    if not own or n < 2:
        raise UserError(
            "no_predictions",
            f"The study's scorer ({scorer.name}, {scorer.model}) has not looked at two images yet; "
            "run `score` first, then simulate.",
        )
    learned = load_learned(material.files.model_file(own[-1]))
    rows = np.concatenate([part for _, part in parts])
    outlook = outlook_of(scorer, rows, learned.projection)
    mean, sd = learned.head.predict(*outlook)
    # Rated dimensions only: composites follow from them.
    rated = len(study.study.dimensions)
    mean, sd = mean[:, :rated], sd[:, :rated]
    begin = scorer.start()
    start = Head(begin.targets[:rated], begin.evidence[:rated], begin.scale)
    scale = float(study.study.scale.low), float(study.study.scale.high)

    def stage(seed: int) -> Stage:
        rng = np.random.default_rng([study.study.seed & 2**31 - 1, seed])
        drawn = rng.permutation(n)[: wish.images]
        truth = np.clip(rng.normal(mean[drawn], sd[drawn]), *scale)
        seen = Outlook(outlook.quality[drawn][:, :rated], outlook.inputs[drawn])
        scores = scores_of(truth, wish.raters, rng, scale)
        return Stage(seen, start, truth, scores, wish.per_image)

    scoring = study.study.scoring
    shares = Mixture(scoring.model_share, scoring.floor)
    policies = [Policy("random", Mixture(0.0, scoring.floor), "mos")]
    policies += [Policy(goal, shares, goal) for goal in _GOALS]
    plays = summary(stage, policies, range(wish.seeds), advance)
    return simulation_json(plays, wish, min(n, wish.images))


def simulation_json(
    plays: Mapping[str, list[list[Point]]], wish: Wish, n_images: int
) -> dict[str, Any]:
    """Return curves of every order, what each saves against `random`, and that in words."""
    by_chance = plays["random"]
    alone = [[p._replace(srcc=p.srcc_alone) for p in points] for points in by_chance]
    saved = {name: savings(by_chance, played) for name, played in plays.items() if name != "random"}
    combined = savings(alone, by_chance)
    return {
        "images": n_images,
        "seeds": wish.seeds,
        "raters": wish.raters,
        "orders": {name: _curve(played) for name, played in plays.items()},
        "savings": {name: [row._asdict() for row in rows] for name, rows in saved.items()},
        "combined": [row._asdict() for row in combined],
        "verdict": " ".join(_verdict(name, rows[-1]) for name, rows in saved.items() if rows)
        + _of_combining(combined),
    }


def _curve(plays: Sequence[Sequence[Point]]) -> list[dict[str, float]]:
    return [
        {
            "per_image": step[0].per_image,
            "srcc": float(np.mean([p.srcc for p in step])),
            "srcc_alone": float(np.mean([p.srcc_alone for p in step])),
        }
        for step in zip(*plays, strict=True)
    ]


def _verdict(name: str, saving: Saving) -> str:
    said = (
        f"Order '{name}' saves {saving.mean:.0%} of the ratings that chance needs to rank all "
        f"images as it does with {saving.per_image:g} an image (95 % interval {saving.low:.0%} to "
        f"{saving.high:.0%})"
    )
    if saving.low >= GOAL_SHARE:
        return said + "."
    return said + f": that it saves {GOAL_SHARE:.0%} is not shown."


def _of_combining(rows: Sequence[Saving]) -> str:
    if not rows:
        return ""
    first = rows[0]
    return (
        f" Whatever the order, ratings combined with what the model expects rank all images as "
        f"{first.per_image:g} plain ratings an image do with {first.mean:.0%} fewer (95 % interval "
        f"{first.low:.0%} to {first.high:.0%})."
    )
