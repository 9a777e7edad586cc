"""Did it matter to a score that the model had chosen the image? Within stimuli and raters.

Raters cannot see which arm served an image; whether that held is tested on the ratings:

    score = stimulus + rater + δ · model + γ · model · (prediction − mean) + error

δ is the mean difference between the arms for one image and one rater, γ whether it grows with
what the model predicted. Both effects of stimulus and rater are taken out by alternating
projections; standard errors are robust and clustered by stimulus (Cameron and Miller, JHR 50,
2015, with their small-sample factor).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["ArmEffect", "BlindnessTest", "blindness_test"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

_FEWEST = 20
_ROUNDS = 50
_Z975, _POWER80 = 1.959964, 2.801585


class ArmEffect(NamedTuple):
    """One coefficient."""

    estimate: float
    low: float
    """Of the 95 % interval."""
    high: float
    detectable: float
    """Size that would have been found with 80 % power."""


class BlindnessTest(NamedTuple):
    """What the arms tell of one target."""

    n_stimuli: int
    """Stimuli rated in both arms; only they can tell."""
    n_ratings: int
    """Ratings of those."""
    difference: ArmEffect | None
    """Model's arm less random arm, scale points; None where too few were rated in both."""
    interaction: ArmEffect | None
    """Change of that difference for each point of prediction."""


def blindness_test(
    stimulus: Codes, rater: Codes, is_model: NDArray[np.bool_], score: Array, prediction: Array
) -> BlindnessTest:
    """Test whether scores differ between the arms.

    Args:
        stimulus: `[n]` code of each rating's stimulus, from 0.
        rater: `[n]` code of its rater, from 0.
        is_model: `[n]` whether the model's arm served it.
        score: `[n]`.
        prediction: `[n]` what the model expects of the stimulus.
    """
    n_stimuli = int(stimulus.max(initial=-1)) + 1
    by_model = np.bincount(stimulus, is_model, n_stimuli)
    by_chance = np.bincount(stimulus, ~is_model, n_stimuli)
    both = (by_model > 0) & (by_chance > 0)
    kept = both[stimulus]
    n_both, n_kept = int(both.sum()), int(kept.sum())
    if n_both < _FEWEST:
        return BlindnessTest(n_both, n_kept, None, None)
    groups = [np.unique(codes[kept], return_inverse=True)[1] for codes in (stimulus, rater)]
    arm = is_model[kept].astype(float)
    centred = prediction[kept] - prediction[kept].mean()
    y = _within(score[kept], groups)
    effects = _fit(
        np.stack([_within(arm, groups), _within(arm * centred, groups)], 1), y, groups[0]
    )
    alone = _fit(_within(arm, groups)[:, None], y, groups[0])
    return BlindnessTest(n_both, n_kept, alone[0], effects[1] if len(effects) > 1 else None)


def _within(values: Array, groups: list[Codes]) -> Array:
    """Take the means of every group out, until none is left."""
    left = values.astype(float)
    for _ in range(_ROUNDS):
        before = left
        for codes in groups:
            size = np.bincount(codes)
            left = left - (np.bincount(codes, left) / size)[codes]
        if np.abs(left - before).max(initial=0) < 1e-9:
            break
    return left


def _fit(x: Array, y: Array, cluster: Codes) -> list[ArmEffect | None]:
    gram = x.T @ x
    if np.linalg.matrix_rank(gram, tol=1e-8) < len(gram):
        return [None] * len(gram)
    inverse = np.linalg.inv(gram)
    beta = inverse @ x.T @ y
    moved = x * (y - x @ beta)[:, None]
    n_clusters = int(cluster.max()) + 1
    sums = np.stack([np.bincount(cluster, column, n_clusters) for column in moved.T], axis=1)
    small = n_clusters / (n_clusters - 1)
    deviation = np.sqrt(np.diag(inverse @ (sums.T @ sums) @ inverse) * small)
    return [
        ArmEffect(float(b), float(b - _Z975 * s), float(b + _Z975 * s), float(_POWER80 * s))
        for b, s in zip(beta, deviation, strict=True)
    ]
