"""The step `text`: say in words what is seen and what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from schemas.errors import UserError
from schemas.steps.base import Part, StepBase
from schemas.text import clean_text

if TYPE_CHECKING:
    from schemas.study import Study

__all__ = ["TextStep"]


class TextStep(StepBase):
    """Ask for feedback; welcome from everyone, asked for while the quota is open."""

    kind: Literal["text"]
    """Discriminates the step."""
    prompt: Annotated[str, Field(min_length=1, max_length=200)]
    """The question over the box."""
    placeholder: Annotated[str, Field(max_length=300)] = ""
    """An example shown in the empty box."""
    chips: tuple[Annotated[str, Field(min_length=1, max_length=40)], ...] = ()
    """Attribute words that insert at the cursor."""
    required: bool = False
    """Refuse a submission without text where the text was asked for."""
    max_characters: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000
    """Longest text accepted, in characters."""

    def screen(self, study: Study, *, asked: bool) -> dict[str, Any]:
        """Return prompt, chips and whether the text is asked for from this rater."""
        return {
            "name": self.name,
            "kind": self.kind,
            "asked": asked,
            "required": self.required and asked,
            "prompt": self.prompt,
            "placeholder": self.placeholder,
            "chips": list(self.chips),
            "max_characters": self.max_characters,
        }

    def read(self, answer: Any, study: Study) -> Part:
        """Return the text; a blank one adds nothing.

        Raises:
            UserError: `invalid_answer` or `text_too_long`.
        """
        if not answer:
            return Part()
        # Words under another key, or bare, are refused: passed over they would be lost unsaid.
        text = answer.get("text", answer) if isinstance(answer, dict) else answer
        if text is None:
            return Part()
        if not isinstance(text, str) or text is answer:
            raise UserError(
                "invalid_answer",
                f"The text of step '{self.name}' is not text; send "
                f'{{"{self.name}":{{"text":"…"}}}}.',
            )
        if len(text) > self.max_characters:
            raise UserError(
                "text_too_long",
                f"The text of step '{self.name}' has {len(text)} characters, more than the "
                f"{self.max_characters} allowed; shorten it and submit again. The draft is kept.",
                status=413,
            )
        text = clean_text(text)
        return Part(texts=((None, text),)) if text.strip() else Part()
