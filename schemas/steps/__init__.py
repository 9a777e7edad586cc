"""Steps: the kinds of judgement a study can ask for on one stimulus, one file each."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.steps.base import Part, StepBase
from schemas.steps.rate import RateStep
from schemas.steps.text import TextStep

__all__ = ["Part", "RateStep", "Step", "StepBase", "TextStep"]

Step = Annotated[RateStep | TextStep, Field(discriminator="kind")]
"""Any step; `kind` in the study file says which."""
