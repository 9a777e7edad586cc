"""The study file: what is judged, on which scale, by how many, in which steps.

Read from TOML, validated whole; every fault is named with its place in the file.
"""

from __future__ import annotations

import difflib
import tomllib
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.errors import UserError
from schemas.steps import Step
from schemas.steps.base import NAME, Dimension, Level, Scale

__all__ = ["Composite", "Queue", "Scoring", "Study", "parse_study", "study_fault"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Composite(_Part):
    """A weighted mean of rated dimensions, computed per rater who gave all parts."""

    name: Annotated[str, Field(pattern=NAME)]
    """How files and options call it."""
    label: str
    """How people read it."""
    parts: dict[str, Annotated[float, Field(gt=0)]]
    """Dimension -> weight, weights > 0; only their ratio counts."""


class Queue(_Part):
    """Who sees what, how often, for how long."""

    raters_per_stimulus: Annotated[int, Field(ge=1, le=1000)] = 9
    """Submissions wanted for each stimulus."""
    lease_minutes: Annotated[float, Field(gt=0, le=60 * 24 * 30)] = 15
    """How long a served stimulus is kept for its rater; a saved draft renews it."""
    session_gap_minutes: Annotated[float, Field(gt=0)] = 30
    """A pause longer than this starts a new session (sitting)."""


class Scoring(_Part):
    """Whether a model orders the queue, how far, and what for. Raters never see what it says."""

    order: Literal["random", "model"] = "random"
    """`model` lets the scorer choose a share of what is served."""
    model_share: Annotated[float, Field(ge=0, le=1)] = 0.7
    """Chance that an assignment is chosen by the model; the rest is random."""
    floor: Annotated[float, Field(gt=0, le=1)] = 0.1
    """ε: with N images that a rater may get, each has at least the chance ε/N to be served."""
    goal: Literal["mos", "rank", "disagreement", "coverage"] = "mos"
    """What a further rating should gain most in."""
    refit_every: Annotated[int, Field(ge=1)] = 50
    """New submissions after which the scorer learns again; later after a twentieth of all."""
    backend: Annotated[str, Field(pattern=NAME)] = "embedded"
    """Which scorer: embedded, encoder, vlm."""
    model: str = ""
    """Its model, a folder or file relative to the study folder; empty for the backend's own."""

    @model_validator(mode="after")
    def _shares_fit_together(self) -> Scoring:
        if self.model_share + self.floor > 1 + 1e-9:
            raise ValueError(
                "model_share and floor are more than 1 together; lower one of them: the rest of "
                "the queue is random"
            )
        return self


class Study(_Part):
    """One experiment: scale, dimensions, composites, steps, queue rules, seed."""

    name: Annotated[str, Field(pattern=NAME)]
    """Short name, used in file names."""
    title: Annotated[str, Field(min_length=1, max_length=200)]
    """What people read at the top of the screen."""
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")] = "en"
    """Language the texts of this file are written in (BCP 47)."""
    seed: int = 0
    """Seeds every random choice that the study makes."""
    scale: Scale
    """The numbers a rating may take."""
    dimensions: Annotated[tuple[Dimension, ...], Field(min_length=1)]
    """What is judged, in the order of the screen."""
    composites: tuple[Composite, ...] = ()
    """Weighted means of dimensions that are reported like dimensions."""
    queue: Queue = Queue()
    """Assignment rules."""
    scoring: Scoring = Scoring()
    """What the scorer may do."""
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    """The kinds of task shown on one stimulus, in order."""

    @property
    def dimension_names(self) -> tuple[str, ...]:
        """Names of the rated dimensions, in order."""
        return tuple(d.name for d in self.dimensions)

    @property
    def composite_names(self) -> tuple[str, ...]:
        """Names of the composites, in order."""
        return tuple(c.name for c in self.composites)

    def dimension(self, name: str) -> Dimension:
        """Return the dimension called `name`.

        Raises:
            UserError: `unknown_dimension`, naming those there are.
        """
        for dimension in self.dimensions:
            if dimension.name == name:
                return dimension
        known = ", ".join(self.dimension_names)
        raise UserError(
            "unknown_dimension",
            f"There is no dimension '{name}' in study '{self.name}'; it rates {known}.",
        )

    @model_validator(mode="after")
    def _names_fit_together(self) -> Study:
        names = [*self.dimension_names, *self.composite_names]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the name '{name}' is given twice; give each its own")
        for dimension in self.dimensions:
            missing = [
                str(level.score)
                for level in self.scale.levels
                if str(level.score) not in dimension.rubric
            ]
            if missing:
                raise ValueError(
                    f"dimensions.{dimension.name}.rubric: no text for level {', '.join(missing)}; "
                    "write one line for each level of the scale"
                )
            extra = set(dimension.rubric) - {str(level.score) for level in self.scale.levels}
            if extra:
                raise ValueError(
                    f"dimensions.{dimension.name}.rubric: level {', '.join(sorted(extra))} "
                    "is not on the scale"
                )
        for composite in self.composites:
            unknown = sorted(set(composite.parts) - set(self.dimension_names))
            if unknown or not composite.parts:
                raise ValueError(
                    f"composites.{composite.name}.parts: "
                    + (f"'{unknown[0]}' is not a dimension" if unknown else "names no dimension")
                    + f"; use {', '.join(self.dimension_names)}"
                )
        step_names = [step.name for step in self.steps]
        if len(set(step_names)) != len(step_names):
            raise ValueError("steps: two steps have the same name; give each its own")
        for step in self.steps:
            step.check_against(self.dimension_names)
        return self


def parse_study(text: str, place: str = "study.toml") -> Study:
    """Read a study file.

    Args:
        text: The TOML text.
        place: Name of the file, for messages.

    Raises:
        UserError: `study_file_invalid`, one line that names the place and the cure.
    """
    try:
        data = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise UserError(
            "study_file_invalid", f"{place} is not valid TOML: {error}. Mend that line."
        ) from error
    return study_from(data, place)


def study_from(data: dict[str, Any], place: str = "study.toml") -> Study:
    """Validate already parsed data as a study; see `parse_study`."""
    try:
        return Study.model_validate(data)
    except ValidationError as error:
        raise UserError("study_file_invalid", study_fault(error, place)) from error


def study_fault(error: ValidationError, place: str) -> str:
    """Return one line for the first fault of `error`, with its place and what to do."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("rate", "text"))
    more = f" ({len(error.errors()) - 1} more faults follow.)" if len(error.errors()) > 1 else ""
    if first["type"] == "extra_forbidden":
        key = str(first["loc"][-1])
        near = difflib.get_close_matches(key, _known_keys(), n=1)
        hint = f"did you mean '{near[0]}'?" if near else "remove it."
        return f"{place}: unknown key '{where}'; {hint}{more}"
    if first["type"] == "missing":
        return f"{place}: '{where}' is missing; add it.{more}"
    message = first["msg"].removeprefix("Value error, ")
    given = "" if first["type"] == "value_error" else f" (it is {first['input']!r:.80})"
    return f"{place}: {where + ': ' if where else ''}{message}{given}.{more}"


def _known_keys() -> list[str]:
    from schemas.steps.rate import RateStep
    from schemas.steps.text import TextStep

    models = (Study, Composite, Queue, Scoring, Scale, Level, Dimension, RateStep, TextStep)
    return sorted({key for model in models for key in model.model_fields})
