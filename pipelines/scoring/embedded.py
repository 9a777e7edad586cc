"""The embedded scorer: image in, mean and uncertainty per dimension and composite out.

Needs no download: features of the image, the shipped prior, and, once people have rated, a head
that learns from their MOS. What it says orders a queue; it is never shown to a rater.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.scoring.backends import Outlook
from pipelines.scoring.features import FEATURE_NAMES, hand_features
from pipelines.scoring.figures.flaws import DIMENSIONS, FLAWS
from pipelines.scoring.head import Evidence, Head, Labels, fit_head, prior_head
from pipelines.scoring.lite0 import N_FEATURES, Lite0, network_input
from pipelines.scoring.prior import Prior, PriorOutput, load_prior, prior_file
from pipelines.scoring.targets import Prediction, Targets

__all__ = [
    "EmbeddedScorer", "MosRow", "embedded_feature_names", "extract_features", "labels_from",
    "learn", "predict", "said_of", "starting_head",
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


class EmbeddedScorer:
    """The backend `embedded`: features of the image, then the prior; see `backends.Scorer`.

    What is cached of an image is what the prior says of it: 1 kB instead of the 7 kB of the
    features themselves.
    """

    name = "embedded"
    batch = 8
    n_processes = None
    is_scaled = True

    def __init__(self, targets: Targets, model: Path | None = None) -> None:
        """Check the prior.

        Args:
            targets: What is predicted.
            model: A prior made by `python -m pipelines.scoring.make_prior`; the shipped one
                where None.

        Raises:
            UserError: `prior_invalid`, or what the bundled network says of its weights.
        """
        self._targets, self._path = targets, prior_file(model or "full")
        self._prior = load_prior(self._path)
        self._network: Lite0 | None = None
        self.model = "shipped prior" if model is None else model.name
        seen = hashlib.sha256(self._path.read_bytes())
        seen.update(",".join(embedded_feature_names(with_network=self._is_full)).encode())
        self.version = seen.hexdigest()[:12]

    @property
    def _is_full(self) -> bool:
        return bool(self._prior.arrays["mean"].size > len(FEATURE_NAMES))

    def __getstate__(self) -> tuple[Targets, Path, str, str]:
        # Weights are loaded again in the worker: the network's are 20 MB.
        return self._targets, self._path, self.model, self.version

    def __setstate__(self, state: tuple[Targets, Path, str, str]) -> None:
        self._targets, self._path, self.model, self.version = state
        self._prior, self._network = load_prior(self._path), None

    def features(self, images: Sequence[Path]) -> Features:
        """Return what the prior says of each image, `[n, 4 + 59 + k]`; NaN where unreadable."""
        rows = [self._raw(path) for path in images]
        there = [row for row in rows if row is not None]
        width = self._prior.arrays["input_mean"].size + len(DIMENSIONS) + len(FLAWS)
        found = np.full((len(rows), width), np.nan, np.float32)
        if there:
            said = self._prior(np.stack(there))
            found[[row is not None for row in rows]] = np.concatenate(said, axis=1)
        return found

    def _raw(self, path: Path) -> Features | None:
        if self._is_full and self._network is None:
            self._network = Lite0.bundled()
        try:
            with Image.open(path) as image:
                image.load()
                return extract_features(image, self._network)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            # What pillow raises for damaged files; the row of NaN says so.
            return None

    def outlook(self, features: Features) -> Outlook:
        """Return quality on the study's scale and the head's inputs."""
        said = said_of(features)
        return Outlook(_quality(said, self._targets), _inputs(said))

    def answered(self, features: Features) -> NDArray[np.bool_]:
        """Return `[n, t]`, all true."""
        return np.ones((len(features), len(self._targets.names)), bool)

    def start(self) -> Head:
        """Return the prior as a head."""
        return starting_head(self._prior, self._targets)


def said_of(features: Features) -> PriorOutput:
    """Return the rows that `EmbeddedScorer.features` gave as the prior's output."""
    cut = len(DIMENSIONS), len(DIMENSIONS) + len(FLAWS)
    return PriorOutput(features[:, : cut[0]], features[:, cut[0] : cut[1]], features[:, cut[1] :])
