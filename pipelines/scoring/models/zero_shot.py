"""Baselines without learning: level words, and CLIP-IQA's antonym pair.

What ratings teach them is shift and stretch only, so that a table of a study shows what the words
themselves reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.backends import Outlook
from pipelines.scoring.models.encoder import EncoderScorer, level_probabilities
from pipelines.scoring.models.model_folder import refusal
from pipelines.scoring.models.words import expected_quality
from pipelines.scoring.targets import Targets

__all__ = ["ClipIqaScorer", "WordsScorer"]

Features = NDArray[np.float32]


class WordsScorer(EncoderScorer):
    """The backend `zero-shot`: a row is the probability of every level word for every dimension."""

    name = "zero-shot"
    is_scaled = True

    def __init__(self, targets: Targets, model: Path | None = None) -> None:
        """Check the model; as `EncoderScorer`.

        Raises:
            UserError: also where the model has no text side.
        """
        super().__init__(targets, model)
        if self._words is None:
            raise refusal(
                self.model, "it has no text side and tokenizer to compare with words",
                "use a CLIP or SigLIP model",
            )  # fmt: skip

    def features(self, images: Sequence[Path]) -> Features:
        """Return `[n, dimensions · levels]`."""
        return level_probabilities(self._loaded().embed(images), self._directions)

    def outlook(self, features: Features) -> Outlook:
        """Return quality by the words; nothing to learn from."""
        said = features.astype(float).reshape(len(features), len(self._targets.dimensions), -1)
        return Outlook(expected_quality(said, self._targets), np.zeros((len(features), 1)))


class ClipIqaScorer(WordsScorer):
    """The backend `clip-iqa`: "Good photo." against "Bad photo."."""

    name = "clip-iqa"
    _table = "clip-iqa"
