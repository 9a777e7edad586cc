"""What is scored and how: a submission beside the truth, and what a caller chose."""

from __future__ import annotations

from typing import Any, NamedTuple

from pipelines.evaluate.items import Joined, Predictions

__all__ = ["Choices", "Submission"]


class Choices(NamedTuple):
    """What a caller chose."""

    convention: str = "website"
    """`website`, `leaderboard` or `toolkit`; fixes the units of U and S."""
    model: str = ""
    """Key of the model's answers; empty finds the only candidate."""
    bootstrap: int | None = None
    """Replicates for interval and comparison; None chooses by size."""
    seed: int = 0
    """Seed of the bootstrap."""


class Submission(NamedTuple):
    """Predictions and which item of the truth each belongs to."""

    predictions: Predictions
    joined: Joined

    def ids(self) -> dict[str, list[Any]]:
        """Return what is missing, duplicate and unknown, as in the JSON of `evaluate`."""
        joined = self.joined
        return {
            "missing": joined.missing,
            "duplicate": joined.duplicate,
            "unknown": joined.unknown,
        }

    def as_rival(self, comparison: dict[str, Any]) -> dict[str, Any]:
        """Return a comparison with whom it is with, as in the JSON of `evaluate`."""
        told = {"model": self.predictions.model, "missing": self.joined.missing}
        return comparison | told
