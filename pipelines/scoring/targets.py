"""What a study wants predicted, and what a prediction says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.figures.flaws import DIMENSIONS
from schemas.study import Study

__all__ = ["Prediction", "Targets", "targets_of"]


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


def targets_of(study: Study) -> Targets:
    """Return what a study wants predicted: its dimensions and composites, on its scale."""
    return Targets(
        study.dimension_names,
        {composite.name: dict(composite.parts) for composite in study.composites},
        float(study.scale.low),
        float(study.scale.high),
    )
