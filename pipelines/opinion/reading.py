"""One figure of one rater, as every reading is given."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

__all__ = ["FEWEST", "Reading"]

FEWEST = 10
"""Ratings below which a reading of order, spread or correlation is not given."""
_ADVICE = ("calibrate", "show", "ask", "repeat", "take", "go", "judge")
"""Verbs with which the sentence of a reading asks for something to be done."""


@dataclass(frozen=True)
class Reading:
    """One figure of one rater."""

    rater: str
    """Id of the rater."""
    dimension: str | None
    """Dimension; None where the figure is about all of them."""
    figure: str
    """`bias`, `inconsistency`, `scale_use`, `spread`, `longest_run`, `halo`, `drift`,
    `previous_image`, `test_retest` or `speed`."""
    value: float
    """The rater's number, in the unit that the sentence names."""
    panel: float | None
    """The same for the panel, where it has a meaning."""
    n: int
    """Ratings or pairs it rests on."""
    sentence: str
    """What it means and what to do."""
    group: str | None = None
    """Group of stimuli (e.g. discipline) it is restricted to."""

    @property
    def asks(self) -> bool:
        """Whether the sentence asks for something to be done."""
        _, semicolon, advice = self.sentence.rpartition("; ")
        return bool(semicolon) and advice.startswith(_ADVICE)

    def as_json(self) -> dict[str, Any]:
        """Return the reading with None for what is not defined."""
        value = self.value if math.isfinite(self.value) else None
        panel = self.panel if self.panel is not None and math.isfinite(self.panel) else None
        return {
            "rater": self.rater, "dimension": self.dimension, "figure": self.figure,
            "value": value, "panel": panel, "n": self.n, "sentence": self.sentence,
            "group": self.group,
        }  # fmt: skip
