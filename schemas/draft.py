"""Drafts: what is proposed as a question, where it came from, what the checks said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from schemas.question import LETTERS, Question

__all__ = ["Draft", "Verdict"]


class Verdict(NamedTuple):
    """What one check said of one draft."""

    check: str
    """Name of the check."""
    outcome: str
    """`keep`, `drop` or `not_run`."""
    reason: str = ""
    """Stable code: why it was dropped or not run, or a mark on what is kept."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposed question about a stimulus. Text of the feedback is kept as written."""

    draft: str
    """Id, made from where it came from, so that drafting again gives the same one."""
    stimulus: str
    submission: str
    """Submission whose feedback it came from."""
    position: int
    """Place of that feedback in the submission, from 0."""
    prompt: str
    """Version of the rules or of the prompt."""
    model: str
    """Model that wrote it; `embedded` for the rules."""
    type: str
    """`yes-or-no`, `what` or `how`."""
    dimension: str | None
    question: str
    options: tuple[str, ...]
    """Answers in the order of the letters, without letters."""
    answer: str
    """Letter of the right option."""
    direct_answer: str
    """The answer in as few words as possible, for the form without options."""
    span_start: int
    """First character of the words in the feedback that it rests on."""
    span_end: int
    """Character after them."""
    span: str
    """Those words, as written."""
    language: str
    """Language of question and span: `en` or `zh`; for models as given."""
    polarity: int
    """Of what the span says of the dimension: 1 good, -1 bad, 0 neither."""
    topic: str
    """What is asked, free of wording: two drafts of one topic ask the same."""
    explanation: str = ""
    difficulty: str = ""
    discipline: str = ""
    category: str = ""
    concern: str = "other"
    modality: str = ""
    contrast: str = ""
    """Yes-or-no: the same fact asked so that the other answer is right."""

    @property
    def answer_text(self) -> str:
        """The right option in words."""
        return self.options[LETTERS.index(self.answer)]

    @property
    def distractors(self) -> tuple[str, ...]:
        """The other options, in order."""
        right = LETTERS.index(self.answer)
        return tuple(option for i, option in enumerate(self.options) if i != right)

    def as_question(self) -> Question:
        """Return the question that it becomes once accepted."""
        return Question(
            question_id=self.draft,
            stimulus=self.stimulus,
            type=self.type,
            question=self.question,
            options=self.options,
            answer=self.answer,
            explanation=self.explanation,
            difficulty=self.difficulty,
            dimension=self.dimension,
            category=self.category,
            discipline=self.discipline,
            concern=self.concern,
            modality=self.modality,
        )
