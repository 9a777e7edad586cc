"""Models judged on a study's questions, with the image or without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from annotator.questions import evidence_of
from annotator.questions_calls import Way, image_url
from annotator.store import SnapshotStore, Store
from annotator.store.questions import StoredDraft, answered_calls, calls, drafts
from pipelines.questions.evidence import Evidence
from pipelines.questions.judging import Answered
from pipelines.questions.levels import level_of
from pipelines.questions.recipes import Unreadable, answer_messages, load_prompt, parse_answer
from pipelines.questions.replies import Asking
from schemas.errors import UserError

__all__ = ["Judged", "judge_model"]


class Judged(NamedTuple):
    """What came of judging a model."""

    answers: tuple[Answered, ...]
    outcomes: Counter[str]
    """Outcome of this run's calls -> how many."""
    n_questions: int
    n_unanswered: int
    """Questions without an answered call yet."""


def judge_model(
    study: Store | SnapshotStore,
    way: Way,
    progress: Callable[[int, int], None],
    *,
    with_image: bool,
    include_unreviewed: bool = False,
) -> Judged:
    """Ask a model every question it has not answered yet; return all its answers.

    Without the image this shows what can be guessed from the text alone.

    Args:
        study: The open study.
        way: Asks the model.
        progress: Called with answers in hand and questions to ask.
        with_image: Send the image along, longest side at most 1024 px.
        include_unreviewed: Also questions that only the checks have seen.

    Raises:
        UserError: `no_questions`, or the endpoint refuses or fails.
    """
    wanted = {"accepted", "unreviewed"} if include_unreviewed else {"accepted"}
    chosen = [item for item in drafts(study) if item.state in wanted]
    if not chosen:
        raise UserError(
            "no_questions",
            "There is no accepted question to ask; review drafts on the desk, or say "
            "--include-unreviewed.",
        )
    purpose = "answer" if with_image else "blind"
    version = load_prompt("answer").version
    done = answered_calls(study, purpose, version, way.asker.model)
    left = [item for item in chosen if (item.draft.draft, 0) not in done]
    askings = _askings(study, left, with_image=with_image)
    outcomes = way.ask(study, purpose, version, askings, len(left), progress)
    answers = tuple(_answers(study, chosen, purpose, way.asker.model))
    return Judged(answers, outcomes, len(chosen), len(chosen) - len(answers))


def _askings(
    study: Store | SnapshotStore, chosen: Sequence[StoredDraft], *, with_image: bool
) -> Iterator[Asking]:
    for item in chosen:
        image = image_url(study, item.draft.stimulus) if with_image else None
        messages = answer_messages(item.draft.question, item.draft.options, image)
        yield Asking(item.draft.draft, messages, max_tokens=16)


def _answers(
    study: Store | SnapshotStore, chosen: Sequence[StoredDraft], purpose: str, model: str
) -> Iterator[Answered]:
    version = load_prompt("answer").version
    evidence = evidence_of(study)
    raw = {
        call["subject"]: call["raw"]
        for call in calls(study, purpose)
        if (call["prompt"], call["model"], call["outcome"]) == (version, model, "answered")
    }
    for item in chosen:
        if item.draft.draft in raw:
            yield Answered(_is_right(item, raw[item.draft.draft]), _groups(item, evidence))


def _is_right(item: StoredDraft, raw: str) -> bool | None:
    try:
        return parse_answer(raw, item.draft.options) == item.draft.answer
    except Unreadable:
        return None


def _groups(item: StoredDraft, evidence: Evidence) -> dict[str, str]:
    draft = item.draft
    opinion = evidence.opinions.get((draft.stimulus, draft.dimension or ""))
    level = level_of(opinion.mos, evidence.low, evidence.high) if opinion else "none"
    return {
        "type": draft.type,
        "dimension": draft.dimension or "none",
        "discipline": draft.discipline or "none",
        "level": level,
    }
