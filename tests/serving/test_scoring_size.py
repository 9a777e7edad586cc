"""Scoring a pool that memory must not hold whole."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from annotator.founding import read_preset
from annotator.scoring import Material, compute_features, make_version
from pipelines.engine import InProcess
from pipelines.scoring.backends import Outlook
from pipelines.scoring.models.words import start_head
from pipelines.scoring.targets import targets_of
from schemas.layout import StudyFolder
from schemas.study import parse_study

N, WIDTH = 20_000, 512
POOL_BYTES = N * WIDTH * 4


class Synthetic:
    """A backend whose rows follow from the path, as wide as an encoder's."""

    name, model, version = "synthetic", "none", "1"
    batch, n_processes, is_scaled = 256, None, True
    looked_at = 0

    def __init__(self, targets):
        self._targets = targets

    def features(self, images):
        self.looked_at += len(images)
        seeds = np.array([int(path.stem, 16) for path in images], np.float32)
        return np.sin(seeds[:, None] + np.arange(WIDTH, dtype=np.float32))

    def outlook(self, features):
        middle = np.full((len(features), len(self._targets.names)), 3.0)
        return Outlook(middle, features.astype(float))

    def answered(self, features):
        return np.ones((len(features), len(self._targets.names)), bool)

    def start(self):
        return start_head({}, self._targets)


@pytest.fixture
def material(tmp_path):
    """20,000 stimuli of which nobody has rated any; their files are never opened."""
    names = [f"{n:016x}" for n in range(N)]
    stimuli = pa.table(
        {
            "stimulus": [f"s{name}" for name in names],
            "picture": names,
            "path": [f"/images/{name}.png" for name in names],
            "phash": names,
            "details": ["{}"] * N,
        }
    )
    columns: dict[str, Any] = {
        name: pa.array([], pa.string())
        for name in ("submission", "stimulus", "rater", "dimension", "rated_at", "session")
    }
    ratings = pa.table(columns | {"score": pa.array([], pa.float64())})
    study = parse_study(*read_preset("siqa"))
    return Material(StudyFolder(tmp_path / "study"), study, stimuli, ratings)


def peak_of(work):
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        result = work()
        return tracemalloc.get_traced_memory()[1] - before, result
    finally:
        tracemalloc.stop()


def test_a_pool_is_looked_at_and_predicted_in_pieces(material):
    scorer = Synthetic(targets_of(material.study))
    looking, n = peak_of(
        lambda: compute_features(material, scorer, InProcess(), lambda done, total: None)
    )
    assert n == scorer.looked_at == N
    predicting, card = peak_of(lambda: make_version(material, scorer))
    assert card.n_stimuli == N
    # The rows are 41 MB; lists of names and the predictions themselves are some megabytes.
    assert looking < POOL_BYTES / 2
    assert predicting < POOL_BYTES / 1.5
    predictions = material.files.predictions(card.version)
    assert np.isfinite(predictions.mean).all()
    assert (predictions.state == 1).all()
    assert compute_features(material, scorer, InProcess(), lambda done, total: None) == 0
