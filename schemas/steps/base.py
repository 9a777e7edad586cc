"""What every step shares, and the scale and dimensions that steps ask about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from schemas.study import Study

__all__ = ["NAME", "Dimension", "Level", "Part", "Scale", "StepBase"]

NAME = r"^[a-z][a-z0-9_-]{0,39}$"
"""Names that files, options and columns can carry unquoted."""


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Level(_Spec):
    """One step of the scale."""

    score: int
    """The number that is stored."""
    label: Annotated[str, Field(min_length=1, max_length=40)]
    """The word that is shown, e.g. Excellent."""


class Scale(_Spec):
    """The numbers a rating may take: a set of named levels (ITU-T P.910 ACR by default)."""

    levels: Annotated[tuple[Level, ...], Field(min_length=2, max_length=11)]
    """Every level, highest first or lowest first."""

    @property
    def low(self) -> int:
        """Lowest score."""
        return min(level.score for level in self.levels)

    @property
    def high(self) -> int:
        """Highest score."""
        return max(level.score for level in self.levels)

    @property
    def scores(self) -> frozenset[int]:
        """Every score there is."""
        return frozenset(level.score for level in self.levels)

    @model_validator(mode="after")
    def _levels_differ(self) -> Scale:
        if len(self.scores) != len(self.levels):
            raise ValueError("scale.levels: two levels have the same score")
        return self


class Dimension(_Spec):
    """One thing that is judged."""

    name: Annotated[str, Field(pattern=NAME)]
    """How files and options call it."""
    label: Annotated[str, Field(min_length=1, max_length=60)]
    """How people read it."""
    hint: Annotated[str, Field(max_length=120)] = ""
    """A few words beside the label."""
    rubric: dict[str, Annotated[str, Field(min_length=1, max_length=300)]]
    """Level score (as a string, TOML's keys are) -> what that level means, one line."""


@dataclass(frozen=True)
class Part:
    """What one step's answer adds to a submission."""

    scores: Mapping[str, int] = field(default_factory=dict)
    """Dimension -> score."""
    texts: tuple[tuple[str | None, str], ...] = ()
    """(dimension or None, text) of each feedback."""


class StepBase(_Spec):
    """One kind of task on a stimulus. A later kind is one more file in this folder."""

    name: Annotated[str, Field(pattern=NAME)]
    """Key of its answer in a submission."""
    raters_per_stimulus: Annotated[int, Field(ge=0)] | None = None
    """How many raters are asked this step for each stimulus; every rater where absent."""

    def check_against(self, dimensions: tuple[str, ...]) -> None:
        """Raise ValueError where the step names a dimension that is not in the study."""

    def screen(self, study: Study, *, asked: bool) -> dict[str, Any]:
        """Return what the rating screen needs to show the step."""
        raise NotImplementedError

    def read(self, answer: Any, study: Study) -> Part:
        """Validate an answer; raise UserError naming what is wrong with it."""
        raise NotImplementedError
