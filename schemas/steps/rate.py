"""The step `rate`: one level on each dimension."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from schemas.errors import UserError
from schemas.steps.base import Part, StepBase
from schemas.text import one_line

if TYPE_CHECKING:
    from schemas.study import Study

__all__ = ["RateStep"]


class RateStep(StepBase):
    """Ask for a score on each dimension; all are required."""

    kind: Literal["rate"]
    """Discriminates the step."""
    dimensions: tuple[str, ...] = ()
    """Dimensions asked; all of the study's where absent."""

    def check_against(self, dimensions: tuple[str, ...]) -> None:
        """Raise ValueError where a named dimension is not in the study."""
        for name in self.dimensions:
            if name not in dimensions:
                raise ValueError(
                    f"steps.{self.name}.dimensions: '{name}' is not a dimension; "
                    f"use {', '.join(dimensions)}"
                )

    def asked_dimensions(self, study: Study) -> tuple[str, ...]:
        """Return the names of the dimensions this step asks for."""
        return self.dimensions or study.dimension_names

    def screen(self, study: Study, *, asked: bool) -> dict[str, Any]:
        """Return name, kind and every dimension with its levels and rubric, lowest first."""
        dimensions = [study.dimension(name) for name in self.asked_dimensions(study)]
        levels = sorted(study.scale.levels, key=lambda level: level.score)
        return {
            "name": self.name,
            "kind": self.kind,
            "asked": asked,
            "dimensions": [
                {
                    "name": dimension.name,
                    "label": dimension.label,
                    "hint": dimension.hint,
                    "levels": [
                        {
                            "score": level.score,
                            "label": level.label,
                            "rubric": dimension.rubric[str(level.score)],
                        }
                        for level in levels
                    ],
                }
                for dimension in dimensions
            ],
        }

    def read(self, answer: Any, study: Study) -> Part:
        """Return the scores of a complete answer.

        Raises:
            UserError: `unknown_dimension`, `invalid_score` or `missing_score`.
        """
        if not isinstance(answer, dict) or not isinstance(answer.get("scores"), dict):
            raise UserError(
                "invalid_answer",
                f"The answer to step '{self.name}' has no scores; send "
                f'{{"{self.name}":{{"scores":{{DIMENSION: SCORE}}}}}}.',
            )
        asked = self.asked_dimensions(study)
        scores: dict[str, int] = {}
        for name, score in answer["scores"].items():
            if name not in asked:
                raise UserError(
                    "unknown_dimension",
                    f"There is no dimension '{one_line(name, 60)}' to rate; "
                    f"rate {', '.join(asked)}.",
                )
            # bool is an int to Python, and 4.0 would come back as 4: neither is what was sent.
            if type(score) is not int or score not in study.scale.scores:
                allowed = ", ".join(str(s) for s in sorted(study.scale.scores))
                raise UserError(
                    "invalid_score",
                    f"The score {one_line(json.dumps(score), 40)} for '{name}' is not on the "
                    f"scale; send one of {allowed}.",
                )
            scores[name] = score
        missing = [name for name in asked if name not in scores]
        if missing:
            raise UserError(
                "missing_score",
                f"No score for {', '.join(missing)}; rate every dimension, then submit again.",
            )
        return Part(scores=scores)
