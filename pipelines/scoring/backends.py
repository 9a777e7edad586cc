"""The seam between a model that looks at images and everything that is done with what it says.

A backend does two things, kept apart so that the slow one is done once for each image:

1. `features(images)`: pictures in, one row of numbers for each out. Runs in worker processes or
   on a cluster, so a backend must pickle; it loads its weights where they are first used. Rows
   are cached by picture and `version`.
2. `outlook(features)`: what the rows say before anyone has rated (`quality`) and what the head
   learns from (`inputs`). Cheap; done anew at every refit.

A learner on frozen features (embedded, encoder) gives its representation as `inputs`, and the
middle of the scale as `quality` where it knows nothing. A model that scores by itself (vision
language models, zero-shot words) keeps its level probabilities as features, and gives Σ i·p_i
as `quality`. The head (`pipelines.scoring.head`) then serves all of them: with no ratings it
repeats `quality`, with ratings it corrects it as far as cross-validation bears out.

To add one: write the class in a module of its own and name it in `_BACKENDS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.head import Head
from pipelines.scoring.targets import Targets
from schemas.errors import UserError

__all__ = ["BACKENDS", "Outlook", "Scorer", "open_scorer"]

_BACKENDS = {
    "embedded": "pipelines.scoring.embedded:EmbeddedScorer",
    "encoder": "pipelines.scoring.models.encoder:EncoderScorer",
    "vlm": "pipelines.scoring.models.vlm:VlmScorer",
    "zero-shot": "pipelines.scoring.models.zero_shot:WordsScorer",
    "clip-iqa": "pipelines.scoring.models.zero_shot:ClipIqaScorer",
    "niqe": "pipelines.scoring.models.niqe:NiqeScorer",
}
BACKENDS: tuple[str, ...] = tuple(_BACKENDS)
"""Names that `open_scorer` takes."""


class Outlook(NamedTuple):
    """What a backend makes of n images; finite everywhere."""

    quality: NDArray[np.float64]
    """`[n, t]` quality on each target before any rating, on the study's scale."""
    inputs: NDArray[np.float64]
    """`[n, k]` what the head learns from."""


class Scorer(Protocol):
    """A backend, made for the targets of one study: `Backend(targets, model_path_or_None)`."""

    @property
    def name(self) -> str:
        """Name of the backend."""
        ...

    @property
    def model(self) -> str:
        """Which model it is, for people; no paths."""
        ...

    @property
    def version(self) -> str:
        """Short hash of everything that `features` depends on: weights, settings, prompts."""
        ...

    @property
    def batch(self) -> int:
        """Images that `features` is best given at once."""
        ...

    @property
    def n_processes(self) -> int | None:
        """Worker processes that share one machine; None for one a core."""
        ...

    @property
    def is_scaled(self) -> bool:
        """Whether `inputs` are standardised and few; else they are projected before the head."""
        ...

    def features(self, images: Sequence[Path]) -> NDArray[np.float32]:
        """Return `[n, d]`; a row of NaN for a file that cannot be read as an image."""
        ...

    def outlook(self, features: NDArray[np.float32]) -> Outlook:
        """Return what rows of `features` say; rows without NaN only."""
        ...

    def answered(self, features: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return `[n, t]`: False where the model said nothing of a target, whatever it holds."""
        ...

    def start(self) -> Head:
        """Return the head of a study that nobody has rated in yet."""
        ...


def open_scorer(backend: str, model: Path | None, targets: Targets) -> Scorer:
    """Return a backend; weights are checked here, and loaded where they are first used.

    Args:
        backend: One of `BACKENDS`.
        model: Folder or file of the model; the backend's own where None.
        targets: What is predicted.

    Raises:
        UserError: `unknown_backend`, or what the backend says of its model.
    """
    if backend not in _BACKENDS:
        raise UserError(
            "unknown_backend",
            f"There is no scorer '{backend}'; use {', '.join(_BACKENDS)}.",
        )
    module, _, cls = _BACKENDS[backend].partition(":")
    return cast("Scorer", getattr(import_module(module), cls)(targets, model))
