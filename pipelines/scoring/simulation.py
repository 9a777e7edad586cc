"""Playing orders of a queue with a simulated panel, before anybody is asked.

Every order is played on the same images, the same true quality and the same raters, and judged
by the same estimate of all images: what the head expects of an image without its own ratings,
and those ratings, each weighed by its variance. So a difference is one of order alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.assignment import Mixture, ModelOrder, choose_mixed
from pipelines.scoring.acquisition import Goal, Pool, model_order
from pipelines.scoring.backends import Outlook
from pipelines.scoring.head import Head, Labels, fit_all
from pipelines.scoring.learning import distances, nearest, rater_spread

__all__ = ["Point", "Policy", "Saving", "Stage", "play", "savings", "scores_of", "summary"]

Array = NDArray[np.float64]

_REORDER = 40
"""Submissions after which the order is made anew, as in a running server."""
_STEPS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Ratings an image at which an order is judged and the head learns again."""


class Policy(NamedTuple):
    """An order to be played."""

    name: str
    mixture: Mixture
    goal: Goal


class Stage(NamedTuple):
    """What a play is given."""

    outlook: Outlook
    """Of all n images."""
    start: Head
    """The head before any rating."""
    truth: Array
    """`[n, t]` true quality."""
    scores: Array
    """`[raters, n, t]` what each rater would say of each image."""
    per_image: float
    """Ratings an image at which the play ends."""


class Point(NamedTuple):
    """How well all images are ranked after some ratings."""

    per_image: float
    srcc: float
    """Rank correlation of estimate and truth, mean over targets."""
    srcc_alone: float = float("nan")
    """The same of plain MOS, with the middle of the scale for images that nobody rated."""


def scores_of(
    truth: Array, n_raters: int, rng: np.random.Generator, scale: tuple[float, float]
) -> Array:
    """Return what a panel would say, `[raters, n, t]`: bias, gain and noise as in `figures.panel`.

    Args:
        truth: `[n, t]` on the study's scale.
        n_raters: Raters.
        rng: Source of chance.
        scale: Lowest and highest score; deviations are shares of it.
    """
    unit = (scale[1] - scale[0]) / 4
    n, t = truth.shape
    bias = rng.normal(0, 0.35 * unit, (n_raters, 1, 1)) + rng.normal(
        0, 0.2 * unit, (n_raters, 1, t)
    )
    gain = rng.normal(1, 0.15, (n_raters, 1, 1))
    middle = sum(scale) / 2
    said = middle + gain * (truth - middle) + bias + rng.normal(0, 0.55 * unit, (n_raters, n, t))
    return np.clip(np.rint(said), *scale)


def play(stage: Stage, policy: Policy, seed: int) -> list[Point]:
    """Play one order; the same seed gives the same draws.

    Raters take turns; nobody rates an image twice.
    """
    game = _Game(stage, policy, seed)
    points = []
    for step in _STEPS:
        if step > stage.per_image:
            break
        game.rate_until(round(step * len(stage.truth)))
        points.append(Point(step, *game.judge()))
    return points


class _Game:
    def __init__(self, stage: Stage, policy: Policy, seed: int) -> None:
        self._stage, self._policy = stage, policy
        self._rng = np.random.default_rng(seed)
        n_raters, n, t = stage.scores.shape
        self._seen = np.zeros((n_raters, n), bool)
        self._n = np.zeros(n, np.int32)
        self._sum, self._squares = np.zeros((n, t)), np.zeros((n, t))
        self._last = np.full(n_raters, -1)
        self._order: ModelOrder | None = None
        self._expect(stage.start.predict(*stage.outlook), stage.start)

    def rate_until(self, n_ratings: int) -> None:
        """Serve and rate until there are so many submissions."""
        n_raters = len(self._seen)
        rater = int(self._n.sum()) % n_raters
        idle = 0
        while self._n.sum() < n_ratings and idle < n_raters:
            last = int(self._last[rater])
            choice = choose_mixed(
                self._n, ~self._seen[rater], self._order, self._policy.mixture, last, self._rng
            )
            idle = 0 if choice is not None else idle + 1
            if choice is not None:
                self._take(rater, choice.place)
            rater = (rater + 1) % n_raters

    def _take(self, rater: int, place: int) -> None:
        score = self._stage.scores[rater, place]
        self._seen[rater, place] = True
        self._n[place] += 1
        self._sum[place] += score
        self._squares[place] += score**2
        self._last[rater] = -1 if self._order is None else self._order.stratum[place]
        if int(self._n.sum()) % _REORDER == 0:
            self._reorder()

    def judge(self) -> tuple[float, float]:
        """Learn again; return how the estimate, and plain MOS, rank against the truth."""
        labels, stage = self._labels(), self._stage
        rated = np.flatnonzero(self._n)
        part = Labels(*(table[rated] for table in labels))
        fitted = fit_all(
            stage.outlook.quality[rated], stage.outlook.inputs[rated], part, stage.start
        )
        mean, sd = fitted.head.predict(*stage.outlook)
        self._expect((mean.copy(), sd.copy()), fitted.head)
        for whole, own in ((mean, fitted.left_out), (sd, fitted.left_out_sd)):
            whole[rated] = np.where(np.isfinite(own), own, whole[rated])
        noise = rater_spread(part)[0] ** 2
        certain, told = 1 / sd**2, labels.n_ratings / noise
        estimate = (mean * certain + np.nan_to_num(labels.mos) * told) / (certain + told)
        plain = np.where(np.isfinite(labels.mos), labels.mos, sum(stage.start.scale) / 2)
        return self._ranked(estimate), self._ranked(plain)

    def _ranked(self, estimate: Array) -> float:
        from scipy.stats import spearmanr

        pairs = zip(estimate.T, self._stage.truth.T, strict=True)
        return float(np.mean([spearmanr(a, b).statistic for a, b in pairs]))

    def _labels(self) -> Labels:
        n = self._n[:, None].astype(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            mos = self._sum / n
            sos = np.sqrt((self._squares - n * mos**2).clip(0) / (n - 1))
        sos[self._n < 2] = np.nan
        return Labels(mos, np.broadcast_to(n, mos.shape).copy(), sos)

    def _expect(self, predicted: tuple[Array, Array], head: Head) -> None:
        """Take what is predicted now for the model's order."""
        columns = [t for t, known in enumerate(head.evidence) if known.is_predictable]
        mean, sd = (part[:, columns].astype(np.float32) for part in predicted)
        novelty: Array = np.ones(len(self._n), float)
        inputs = self._stage.outlook.inputs
        anchors = nearest(inputs[np.flatnonzero(self._n)], 0)
        if anchors is not None:
            novelty = distances(inputs, anchors)
            novelty = novelty / max(float(novelty.max()), 1e-9)
        rater_sd = rater_spread(self._labels())[1].astype(np.float32)
        self._known = Pool(mean, sd, self._n, rater_sd, novelty.astype(np.float32))
        self._reorder()

    def _reorder(self) -> None:
        if self._policy.mixture.model_share:
            everybody = np.ones(len(self._n), bool)
            known = self._known._replace(n_ratings=self._n.copy())
            self._order = model_order(known, everybody, self._policy.goal)


class Saving(NamedTuple):
    """Ratings that an order saves against chance to the same accuracy; below 0 it costs some."""

    per_image: float
    """Ratings an image that chance needs."""
    mean: float
    """Share saved, mean over seeds."""
    low: float
    """Of the 95 % interval over seeds."""
    high: float


def savings(
    by_chance: Sequence[Sequence[Point]], by_order: Sequence[Sequence[Point]]
) -> list[Saving]:
    """Return what an order saves at each step but the first, plays of the same seed paired.

    Two seeds at least.

    Accuracies between steps are read off straight lines; what an order does not reach at all
    counts as needing its last step.
    """
    from scipy.stats import t

    found = []
    wide = float(t.ppf(0.975, len(by_chance) - 1)) / len(by_chance) ** 0.5
    for step in range(1, min(len(points) for points in by_chance)):
        shares = [
            1 - _needed(order, chance[step].srcc) / chance[step].per_image
            for chance, order in zip(by_chance, by_order, strict=True)
        ]
        mean = float(np.mean(shares))
        half = wide * float(np.std(shares, ddof=1))
        found.append(Saving(by_chance[0][step].per_image, mean, mean - half, mean + half))
    return found


def _needed(points: Sequence[Point], srcc: float) -> float:
    reached = np.maximum.accumulate([point.srcc for point in points])
    return float(np.interp(srcc, reached, [point.per_image for point in points]))


def summary(
    stages: Callable[[int], Stage],
    policies: Sequence[Policy],
    seeds: Sequence[int],
    advance: Callable[[int, int], None],
) -> Mapping[str, list[list[Point]]]:
    """Play every policy with every seed; policy -> plays in the order of the seeds.

    Args:
        stages: Returns the stage of a seed.
        policies: What is played; each meets the same stages.
        seeds: One play each.
        advance: Told plays done and in all.
    """
    plays: dict[str, list[list[Point]]] = {policy.name: [] for policy in policies}
    for number, seed in enumerate(seeds):
        stage = stages(seed)
        for policy in policies:
            plays[policy.name].append(play(stage, policy, seed))
        advance(number + 1, len(seeds))
    return plays
