"""Quality in words: Σ value · p over the level words that a picture is compared with."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.head import Head, prior_head
from pipelines.scoring.targets import Targets
from schemas.errors import UserError

__all__ = ["Words", "expected_quality", "load_words", "start_head", "target_shares"]

Array = NDArray[np.float64]
_FILE = Path(__file__).with_name("words.toml")


@dataclass(frozen=True)
class Words:
    """Level words, and the sentences they stand in."""

    levels: tuple[str, ...]
    """Worst first; their values lie evenly from 0 to 1."""
    templates: tuple[str, ...]
    """Sentences with {level} and {dimension}."""
    dimensions: Mapping[str, tuple[str, ...]]
    """Templates of dimensions that have their own."""
    srcc: Mapping[str, float]
    """Published rank correlation with MOS before any rating, by dimension."""

    def prompts(self, dimension: str) -> list[list[str]]:
        """Return the sentences of every level, worst first."""
        templates = self.dimensions.get(dimension, self.templates)
        return [
            [one.format(level=level, dimension=dimension) for one in templates]
            for level in self.levels
        ]


def load_words(name: str, path: Path | None = None) -> Words:
    """Return a table of words.

    Args:
        name: Table in the file.
        path: The shipped file where None.

    Raises:
        UserError: `bad_words`.
    """
    path = path or _FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))[name]
        words = Words(
            tuple(str(level) for level in table["levels"]),
            tuple(str(one) for one in table["templates"]),
            {d: tuple(map(str, rows)) for d, rows in table.get("dimensions", {}).items()},
            {d: float(r) for d, r in table.get("srcc", {}).items()},
        )
        words.prompts("quality")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise UserError("bad_words", f"The words in {path} cannot be used: {error}.") from error
    if len(words.levels) < 2 or not words.templates:
        raise UserError("bad_words", f"The words in {path} need two levels and a template.")
    return words


def target_shares(targets: Targets) -> Array:
    """Return `[d, t]`: the share of every dimension in every target."""
    shares = np.zeros((len(targets.dimensions), len(targets.names)))
    for column, name in enumerate(targets.names):
        parts = targets.composites.get(name, {name: 1.0})
        for dimension, weight in parts.items():
            if dimension in targets.dimensions:
                shares[targets.dimensions.index(dimension), column] = weight
    total = shares.sum(axis=0)
    normal: Array = shares / np.where(total > 0, total, 1.0)
    return normal


def expected_quality(probabilities: Array, targets: Targets) -> Array:
    """Return `[n, t]` quality on the study's scale.

    Args:
        probabilities: `[n, d, levels]` of every dimension, worst level first.
        targets: What is predicted.
    """
    values = np.linspace(0, 1, probabilities.shape[2])
    share = (probabilities @ values) @ target_shares(targets)
    quality: Array = targets.low + share * (targets.high - targets.low)
    return quality


def start_head(srcc: Mapping[str, float], targets: Targets) -> Head:
    """Return the head of a model that has seen nothing of the study.

    Args:
        srcc: Rank correlation with MOS that was published for a target's name or its parts; a
            target without one is not predictable before ratings.
        targets: What is predicted.
    """
    known = np.array([srcc.get(name, 0.0) for name in targets.dimensions]) @ target_shares(targets)
    found = [srcc.get(name, float(part)) for name, part in zip(targets.names, known, strict=True)]
    # Uncalibrated: an sd of one level where nothing is known, less as the correlation grows.
    spread = (targets.high - targets.low) / 4
    deviations = [spread * float(np.sqrt(1 - min(r, 0.95) ** 2)) for r in found]
    return prior_head(found, deviations, (targets.low, targets.high))
