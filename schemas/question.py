"""Question: what a model is asked about a stimulus, approved by a human."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LETTERS", "QUESTION_TYPES", "Comparison", "Conversation", "Question", "question_fault"]

LETTERS = "ABCD"
"""Letters of the options, in order."""

QUESTION_TYPES = ("yes-or-no", "what", "how")
"""Types of questions, as every file writes them."""


@dataclass(frozen=True, slots=True)
class Question:
    """One multiple-choice question with its right answer."""

    question_id: str
    """Id of the question."""
    stimulus: str
    """Stimulus that is asked about."""
    type: str
    """`yes-or-no`, `what` or `how`."""
    question: str
    """What is asked."""
    options: tuple[str, ...]
    """Answers to choose from, in the order of the letters, without letters."""
    answer: str
    """Letter of the right option."""
    explanation: str = ""
    """Why it is right."""
    difficulty: str = ""
    """A curator's word for how hard it is."""
    dimension: str | None = None
    """Dimension that it is about."""
    category: str = ""
    """Topic of the question."""
    discipline: str = ""
    """Field of science; the column `class` of SIQA-U."""
    concern: str = "other"
    """Q-Bench's concern: distortion, other, in-context distortion, in-context other."""
    modality: str = ""
    """Imaging modality, where there is one (MRI, CT, …)."""

    @property
    def answer_text(self) -> str:
        """The right option in words."""
        return self.options[LETTERS.index(self.answer)]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A golden description of how two stimuli differ in quality."""

    comparison_id: str
    """Id of the comparison."""
    stimulus_a: str
    """First stimulus."""
    stimulus_b: str
    """Second stimulus."""
    description: str
    """What an expert says, ending with which is better."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Several questions about the quality of one stimulus, each with its answer."""

    stimulus: str
    """Stimulus that is spoken of."""
    language: str
    """`en` or `zh`."""
    turns: tuple[tuple[str, str], ...]
    """Question and answer, in order; the first answer describes the image and concludes."""


def question_fault(question: Question) -> str | None:
    """Return why a question cannot be asked as multiple choice, or None.

    The reason is a stable code: `unknown_type`, `no_question`, `option_count`, `empty_option`,
    `same_options` or `no_right_answer`.
    """
    if question.type not in QUESTION_TYPES:
        return "unknown_type"
    if not question.question.strip():
        return "no_question"
    if not 2 <= len(question.options) <= len(LETTERS):
        return "option_count"
    options = {" ".join(option.split()) for option in question.options}
    if "" in options:
        return "empty_option"
    if len(options) < len(question.options):
        return "same_options"
    letters = tuple(LETTERS[: len(options)])
    return None if question.answer in letters else "no_right_answer"
