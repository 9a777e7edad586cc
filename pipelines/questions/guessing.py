"""Whether a question can be answered without the image: how it is asked, what the answers say.

A model has habits: it says Yes, or A, or *missing*. So a yes-or-no question is asked from both
sides, and options stand in another order each time; what is right every time was not luck.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from schemas.draft import Draft, Verdict
from schemas.question import LETTERS

__all__ = ["View", "blind_guess", "views"]


class View(NamedTuple):
    """One asking of a draft without its image."""

    round: int
    question: str
    options: tuple[str, ...]
    answer: str
    """Letter of the right option."""


def views(draft: Draft, times: int) -> Iterator[View]:
    """Yield how a draft is asked `times` times, yes-or-no questions from both sides each time.

    A yes-or-no question whose other side is not known yields nothing: one side alone would
    tell a habit from knowledge in no way.
    """
    if draft.type == "yes-or-no" and not draft.contrast:
        return
    for time in range(times):
        turn = time % len(draft.options)
        options = (*draft.options[turn:], *draft.options[:turn])
        right = options.index(draft.answer_text)
        if draft.type != "yes-or-no":
            yield View(time, draft.question, options, LETTERS[right])
            continue
        yield View(2 * time, draft.question, options, LETTERS[right])
        yield View(2 * time + 1, draft.contrast, options, LETTERS[1 - right])


def blind_guess(
    answers: Sequence[bool | None], *, is_marked: bool = False, reason: str = "no_endpoint"
) -> Verdict:
    """Drop what a model answered right without the image every time it was asked.

    Args:
        answers: Whether each answer was right; None where it could not be read, which is
            neither right nor wrong. Empty where no model was asked.
        is_marked: Keep and mark what was guessed, instead of dropping it.
        reason: Why no model was asked.
    """
    readable = [answer for answer in answers if answer is not None]
    if not readable:
        return Verdict("blind_guess", "not_run", "unreadable" if answers else reason)
    if not all(readable):
        return Verdict("blind_guess", "keep")
    return Verdict("blind_guess", "keep" if is_marked else "drop", "guessable")
