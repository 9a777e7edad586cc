"""The embedded scorer: image in, mean and uncertainty per dimension and composite out.

Needs no download: features of the image, the shipped prior, and, once people have rated, a head
that learns from their MOS. What it says orders a queue; it is never shown to a rater.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.scoring.features import FEATURE_NAMES, hand_features
from pipelines.scoring.figures.flaws import DIMENSIONS
from pipelines.scoring.head import Evidence, Head, Labels, fit_head, prior_head
from pipelines.scoring.lite0 import N_FEATURES, Lite0, network_input
from pipelines.scoring.prior import Prior, PriorOutput

__all__ = [
    "MosRow", "Prediction", "Targets", "embedded_feature_names", "extract_features", "labels_from",
    "learn", "predict", "starting_head",
]  # fmt: skip

Features = NDArray[np.float32]


class MosRow(NamedTuple):
    """One mean opinion score, as `pipelines.opinion` computes it."""

    stimulus: str
    dimension: str
    """Dimension or composite."""
    n: int
    """Ratings kept."""
    mos: float
    sos: float | None
    """Standard deviation of the scores; None below two ratings."""


class Prediction(NamedTuple):
    """What the scorer expects for one stimulus on one target."""

    stimulus: str
    dimension: str
    """Dimension or composite."""
    mean: float
    """Expected MOS on the study's scale."""
    sd: float
    """Standard deviation; mean ± 1.645 sd is the 90 % interval."""
    predictable: bool
    """False: takes no part in ordering."""
    reason: str
    """Why it is not predictable; empty where it is."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What a study wants predicted."""

    dimensions: tuple[str, ...]
    """Rated dimensions, in order. Those the prior knows are `DIMENSIONS`."""
    composites: Mapping[str, Mapping[str, float]]
    """Composite -> dimension -> weight."""
    low: float = 1.0
    """Lowest score of the scale."""
    high: float = 5.0
    """Highest score."""

    @property
    def names(self) -> tuple[str, ...]:
        """Dimensions, then composites: the columns of every array here."""
        return (*self.dimensions, *self.composites)

    def weights(self) -> NDArray[np.float64]:
        """Return `[4, t]`: each target's share of the dimensions that the prior knows.

        A target that the prior knows nothing of gets zeros.
        """
        parts = {name: {name: 1.0} for name in self.dimensions} | dict(self.composites)
        table = np.zeros((len(DIMENSIONS), len(self.names)))
        for column, name in enumerate(self.names):
            known = {d: w for d, w in parts[name].items() if d in DIMENSIONS}
            for dimension, weight in known.items():
                table[DIMENSIONS.index(dimension), column] = weight / sum(known.values())
        return table


def embedded_feature_names(*, with_network: bool) -> tuple[str, ...]:
    """Return the names of the columns that `extract_features` gives."""
    channels = tuple(f"lite0_{i}" for i in range(N_FEATURES)) if with_network else ()
    return (*FEATURE_NAMES, *channels)


def extract_features(image: Image.Image, network: Lite0 | None) -> Features:
    """Return the features of one image, `[p]`.

    Args:
        image: Decoded, any mode.
        network: The small network, or None for hand-crafted features alone (four times as fast).
    """
    crafted = hand_features(image)
    if network is None:
        return crafted
    return np.concatenate([crafted, network.features([network_input(image)])[0]])


def starting_head(prior: Prior, targets: Targets) -> Head:
    """Return the head of a study that nobody has rated in yet."""
    weights = targets.weights()
    srcc = np.array([prior.srcc.get(d, 0.0) for d in DIMENSIONS]) @ weights
    # Errors of the parts go together (halo), so their deviations are averaged, not their squares.
    sd = np.array([prior.residual_sd.get(d, 1.0) for d in DIMENSIONS]) @ weights
    sd = np.where(sd > 0, sd, 1.0) * (targets.high - targets.low) / 4
    return prior_head(srcc.tolist(), sd.tolist(), (targets.low, targets.high))


def labels_from(rows: Iterable[MosRow], stimuli: Sequence[str], targets: Targets) -> Labels:
    """Arrange MOS as the head takes them; targets without a MOS stay NaN."""
    place = {name: i for i, name in enumerate(stimuli)}
    column = {name: i for i, name in enumerate(targets.names)}
    shape = (len(stimuli), len(targets.names))
    labels = Labels(np.full(shape, np.nan), np.zeros(shape), np.full(shape, np.nan))
    for row in rows:
        if row.stimulus in place and row.dimension in column:
            at = place[row.stimulus], column[row.dimension]
            labels.mos[at], labels.n_ratings[at] = row.mos, row.n
            labels.sos[at] = np.nan if row.sos is None else row.sos
    return labels


def learn(
    said: PriorOutput,
    labels: Labels,
    start: Head,
    targets: Targets,
    seed: int = 0,
    groups: Sequence[str] | None = None,
) -> Head:
    """Return the head learned from MOS.

    Args:
        said: The prior's output for the same stimuli as `labels`.
        labels: From `labels_from`.
        start: From `starting_head`.
        targets: What is predicted.
        seed: Seeds the folds.
        groups: Source of each stimulus, for leak-safe folds.
    """
    return fit_head(_quality(said, targets), _inputs(said), labels, start, seed, groups)


def predict(
    stimuli: Sequence[str], said: PriorOutput, head: Head, targets: Targets
) -> list[Prediction]:
    """Return one prediction for every stimulus and target, stimulus by stimulus."""
    mean, sd = head.predict(_quality(said, targets), _inputs(said))
    return [
        Prediction(name, target, float(mean[i, t]), float(sd[i, t]), *_verdict(head.evidence[t]))
        for i, name in enumerate(stimuli)
        for t, target in enumerate(targets.names)
    ]


def _verdict(evidence: Evidence) -> tuple[bool, str]:
    return evidence.is_predictable, evidence.reason


def _quality(said: PriorOutput, targets: Targets) -> NDArray[np.float64]:
    """Return the prior's quality for each target, on the study's scale."""
    share = (said.quality.astype(float) - 1) / 4
    weights = targets.weights()
    known = share @ weights + 0.5 * (weights.sum(axis=0) == 0)
    quality: NDArray[np.float64] = targets.low + known * (targets.high - targets.low)
    return quality


def _inputs(said: PriorOutput) -> NDArray[np.float64]:
    return said.inputs.astype(float)
