"""Learning a version of the scorer, saying what it expects, and how that grew with ratings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.backends import Outlook, Scorer
from pipelines.scoring.head import MIN_RATED, Fitted, Head, Labels, fit_all
from pipelines.scoring.projection import Projection, fit_projection

__all__ = [
    "Anchors", "CurvePoint", "Lesson", "curve_rows", "distances", "learn", "learning_curve",
    "nearest", "outlook_of", "rater_spread",
]  # fmt: skip

Rows = NDArray[np.float32]
Array = NDArray[np.float64]

_CURVE_SIZES = (20, 50, 100, 200, 500, 1000, 2000, 5000)
_CURVE_REPEATS = 3
_CURVE_TEST = 1000
_RATER_SD, _LEAST_SD = 0.8, 0.2
_PRIOR_RATINGS = 8.0
_NOVELTY_AXES = 16
_ANCHORS = 400


class Lesson(NamedTuple):
    """What one fit used and found."""

    outlook: Outlook
    """Of the rated stimuli, inputs as the head takes them."""
    labels: Labels
    groups: Sequence[str]
    fitted: Fitted
    projection: Projection | None


def learn(
    scorer: Scorer, sample: Rows, rated: Rows, labels: Labels, groups: Sequence[str], seed: int
) -> Lesson:
    """Fit a head.

    Args:
        scorer: The backend whose rows these are.
        sample: `[m, d]` rows of the pool, from which a projection is made where one is needed.
        rated: `[n, d]` rows of the rated stimuli, without NaN.
        labels: Their opinion scores.
        groups: Their sources; one is never on both sides of a fold.
        seed: Seeds the folds.
    """
    projection = None
    if not scorer.is_scaled and len(sample) > 1:
        projection = fit_projection(scorer.outlook(sample).inputs)
    start = scorer.start()
    if not len(rated):
        empty = np.zeros((0, len(start.targets)))
        fitted = Fitted(start, empty, empty)
        return Lesson(Outlook(empty, empty), labels, groups, fitted, projection)
    outlook = outlook_of(scorer, rated, projection)
    fitted = fit_all(outlook.quality, outlook.inputs, labels, start, seed, groups)
    return Lesson(outlook, labels, groups, fitted, projection)


def outlook_of(scorer: Scorer, rows: Rows, projection: Projection | None) -> Outlook:
    """Return what the head takes for some rows."""
    outlook = scorer.outlook(rows)
    return outlook if projection is None else outlook._replace(inputs=projection(outlook.inputs))


class CurvePoint(NamedTuple):
    """How well left-out stimuli are ranked after learning from n."""

    n: int
    target: int
    """Column of the target."""
    srcc: float
    """Mean over repetitions."""
    prior_srcc: float
    """Of the backend alone on the same stimuli."""


def learning_curve(lesson: Lesson, start: Head, seed: int) -> list[CurvePoint]:
    """Return a learning curve: fits on n random stimuli, judged on up to 1,000 others.

    Stimuli of one source stand on one side. Empty below 40 rated stimuli.
    """
    n_rated = len(lesson.outlook.quality)
    sizes = [n for n in _CURVE_SIZES if MIN_RATED <= n <= n_rated // 2]
    points: list[CurvePoint] = []
    for n in sizes:
        repeats = [_one_curve(lesson, start, n, seed + r) for r in range(_CURVE_REPEATS)]
        head, prior = (_mean([r[i] for r in repeats]) for i in (0, 1))
        points += [
            CurvePoint(n, t, float(head[t]), float(prior[t]))
            for t in range(len(head))
            if np.isfinite(head[t])
        ]
    return points


def _mean(rows: Sequence[Array]) -> Array:
    """Return the mean of what is there, for each column; NaN where nothing is."""
    there = np.isfinite(rows).sum(axis=0)
    found: Array = np.where(there > 0, np.nansum(rows, axis=0) / np.maximum(there, 1), np.nan)
    return found


def _one_curve(lesson: Lesson, start: Head, n: int, seed: int) -> tuple[Array, Array]:
    quality, inputs = lesson.outlook
    order = np.random.default_rng([seed, n]).permutation(len(quality))
    seen = order[:n]
    known = {lesson.groups[i] for i in seen}
    new = np.array([i for i in order[n:] if lesson.groups[i] not in known][:_CURVE_TEST], int)
    n_targets = quality.shape[1]
    if new.size < MIN_RATED:
        return np.full(n_targets, np.nan), np.full(n_targets, np.nan)
    labels = Labels(*(part[seen] for part in lesson.labels))
    groups = [lesson.groups[i] for i in seen]
    head = fit_all(quality[seen], inputs[seen], labels, start, seed, groups).head
    mean, _ = head.predict(quality[new], inputs[new])
    mos = lesson.labels.mos[new]
    return _ranks_agree(mean, mos), _ranks_agree(quality[new], mos)


def _ranks_agree(predicted: Array, mos: Array) -> Array:
    """Return Spearman's correlation for each column; NaN where a side does not vary."""
    from scipy.stats import spearmanr

    found = np.full(mos.shape[1], np.nan)
    for t in range(mos.shape[1]):
        there = np.isfinite(mos[:, t])
        a, b = predicted[there, t], mos[there, t]
        if a.size >= MIN_RATED and np.ptp(a) > 0 and np.ptp(b) > 0:
            found[t] = spearmanr(a, b).statistic
    return found


def rater_spread(labels: Labels) -> tuple[float, Array]:
    """Return how far raters' scores of one stimulus lie apart: in the pool, and of each.

    Standard deviations, means over targets. A stimulus's own is drawn to the pooled one, which
    counts for eight ratings; 0.8 where nothing was rated twice.
    """
    freedom = np.where(np.isfinite(labels.sos), np.maximum(labels.n_ratings - 1, 0), 0)
    squares = np.nan_to_num(labels.sos) ** 2 * freedom
    pooled = float(squares.sum() / freedom.sum()) if freedom.sum() else _RATER_SD**2
    pooled = max(pooled, _LEAST_SD**2)
    own = (squares.sum(axis=1) + pooled * _PRIOR_RATINGS) / (freedom.sum(axis=1) + _PRIOR_RATINGS)
    return pooled**0.5, np.sqrt(own)


class Anchors(NamedTuple):
    """Some rated stimuli in the few axes along which inputs vary most."""

    axes: Array
    """`[k, 16]`."""
    points: Array
    """`[a, 16]`."""


def nearest(inputs: Array, seed: int) -> Anchors | None:
    """Return what distances to the rated stimuli are taken from; None where none is rated.

    Args:
        inputs: `[n, k]` of the rated stimuli.
        seed: Seeds which of them stand for all, where they are many.
    """
    if not len(inputs):
        return None
    _, vectors = np.linalg.eigh(inputs.T @ inputs)
    axes = vectors[:, -_NOVELTY_AXES:]
    chosen = np.random.default_rng(seed).permutation(len(inputs))[:_ANCHORS]
    return Anchors(axes, inputs[chosen] @ axes)


def distances(inputs: Array, anchors: Anchors) -> Array:
    """Return the distance of each of n stimuli to the nearest anchor, `[n]`."""
    at = inputs @ anchors.axes
    square = (at**2).sum(axis=1)[:, None] + (anchors.points**2).sum(axis=1)
    found: Array = np.sqrt((square - 2 * at @ anchors.points.T).min(axis=1).clip(0))
    return found


def curve_rows(points: Sequence[CurvePoint], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return a learning curve with the names of its targets."""
    return [
        {"n": p.n, "target": names[p.target], "srcc": p.srcc, "prior_srcc": p.prior_srcc}
        for p in points
    ]
