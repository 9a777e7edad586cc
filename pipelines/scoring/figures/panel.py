"""A simulated panel: raters with bias, gain, halo and noise, and careless ones.

For demonstrations, tests and simulations only. Every rater is called `simulated-NN`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.figures.flaws import DIMENSIONS

__all__ = ["Panel", "SimulatedRating", "simulate_panel"]


@dataclass(frozen=True, slots=True)
class Panel:
    """Who rates; standard deviations are in scale points of a five-level scale."""

    n_raters: int = 20
    n_careless: int = 1
    """How many of them answer without looking; they come last."""
    bias_sd: float = 0.35
    """Spread of the raters' mean offsets, for all dimensions together."""
    dimension_bias_sd: float = 0.2
    """Spread of a rater's further offset on each dimension."""
    gain_sd: float = 0.15
    """Spread of how strongly raters react; 1 on average."""
    halo: float = 0.25
    """Share of the overall impression in each dimension's score, on average."""
    noise_sd: float = 0.55
    """Spread of one rater's answers to the same quality."""
    coverage: float = 1.0
    """Share of the stimuli that each rater rates."""


class SimulatedRating(NamedTuple):
    """One simulated score."""

    stimulus: str
    rater: str
    dimension: str
    score: int


def simulate_panel(
    quality: Mapping[str, Mapping[str, float]], seed: int, panel: Panel | None = None
) -> list[SimulatedRating]:
    """Draw the ratings that a panel could have given.

    Args:
        quality: Stimulus -> dimension -> quality, 1–5, every dimension given.
        seed: Seeds all random choices; same seed, same ratings.
        panel: Who rates.

    Returns:
        Ratings rater by rater, in the order in which each saw the stimuli; scores 1–5.
    """
    panel = panel or Panel()
    rng = np.random.default_rng(seed)
    names = list(quality)
    truth = np.array([[quality[name][d] for d in DIMENSIONS] for name in names], dtype=float)
    ratings: list[SimulatedRating] = []
    for number in range(1, panel.n_raters + 1):
        careless = number > panel.n_raters - panel.n_careless
        scores = _careless_scores(len(names), rng) if careless else _scores(truth, panel, rng)
        seen = rng.permutation(len(names))[: max(1, round(panel.coverage * len(names)))]
        rater = f"simulated-{number:02d}"
        ratings += [
            SimulatedRating(names[i], rater, dimension, int(scores[i, column]))
            for i in seen
            for column, dimension in enumerate(DIMENSIONS)
        ]
    return ratings


def _scores(
    truth: NDArray[np.float64], panel: Panel, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return integer scores [n_stimuli, n_dimensions] of one attentive rater."""
    bias = rng.normal(0, panel.bias_sd) + rng.normal(0, panel.dimension_bias_sd, truth.shape[1])
    gain = rng.normal(1, panel.gain_sd)
    halo = np.clip(rng.normal(panel.halo, 0.1), 0, 1)
    impression = truth.mean(axis=1, keepdims=True)
    seen = (1 - halo) * truth + halo * impression
    answer = 3 + gain * (seen - 3) + bias + rng.normal(0, panel.noise_sd, truth.shape)
    clipped: NDArray[np.int64] = np.clip(np.rint(answer), 1, 5).astype(int)
    return clipped


def _careless_scores(n_stimuli: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return scores that ignore the stimulus: mostly one favourite level for all dimensions."""
    column = rng.choice([2, 3, 4, 5], size=(n_stimuli, 1), p=[0.1, 0.25, 0.5, 0.15])
    scores = np.repeat(column, len(DIMENSIONS), axis=1)
    elsewhere = rng.random(scores.shape) < 0.3
    return np.where(elsewhere, rng.integers(1, 6, scores.shape), scores)
