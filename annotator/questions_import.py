"""Questions that others published: from the rows of a file to questions of the study."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from annotator.clock import iso, now
from annotator.store import Reads
from annotator.store.questions import drafts
from exports.questions import parse_options
from schemas.draft import Draft
from schemas.facts import Drafted, Fact, Reviewed
from schemas.question import LETTERS, Question, question_fault
from schemas.text import one_line

__all__ = ["Published", "draft_of", "published_question", "question_facts"]

Row = Mapping[str, Any]
_MODEL = "published"
_TYPES = {"yes-no": "yes-or-no", "yes/no": "yes-or-no", "yesorno": "yes-or-no"}
_CHINESE = re.compile("[\u4e00-\u9fff]")


class Published(NamedTuple):
    """A question of a file, with the image as the file names it."""

    image: str
    draft: Draft
    """Without its stimulus and id."""


def published_question(image: str, row: Row, format_: str, number: int) -> Published | None:
    """Return the question of a row, None where it is none of multiple choice.

    Args:
        image: The image as the file names it.
        row: Fields of SIQA-U, MedQ-Bench's tables or an export.
        format_: Name of the file's format.
        number: Place of the row among the questions of its image, from 0.
    """
    options = _options(row)
    kind = str(row.get("type", row.get("question_type", ""))).strip().lower()
    question = Question(
        question_id="",
        stimulus="",
        type=_TYPES.get(kind, kind),
        question=str(row.get("question", "")),
        options=options,
        answer=_letter(str(row.get("answer", "")).strip(), options),
        explanation=str(row.get("explantion", row.get("explanation")) or ""),
        difficulty=str(row.get("difficulty") or ""),
        discipline=str(row.get("class", row.get("discipline")) or ""),
        category=str(row.get("category") or ""),
        dimension=row.get("dimension"),
        concern=str(row.get("concern") or "other"),
        modality=str(row.get("modality") or ""),
    )
    is_wrong = row.get("is_wrong") in (True, "true", "True", "1")
    if is_wrong or question_fault(question):
        return None
    return Published(image, draft_of(question, format_, number))


def draft_of(question: Question, format_: str, number: int) -> Draft:
    """Return a published question as a draft; `question_fault` has found nothing in it.

    Args:
        question: The question; its id, where it has one, becomes the draft's.
        format_: Name of the format it came in.
        number: Place among the questions of its image, from 0.
    """
    return Draft(
        draft=question.question_id,
        stimulus=question.stimulus,
        submission="",
        position=number,
        prompt=format_,
        model=_MODEL,
        type=question.type,
        dimension=question.dimension,
        question=question.question,
        options=question.options,
        answer=question.answer,
        direct_answer=question.answer_text,
        span_start=0,
        span_end=0,
        span="",
        language="zh" if _CHINESE.search(question.question) else "en",
        polarity=0,
        topic=question.question.casefold(),
        explanation=question.explanation,
        difficulty=question.difficulty,
        discipline=question.discipline,
        category=question.category,
        modality=question.modality,
        concern=question.concern,
    )


def _options(row: Row) -> tuple[str, ...]:
    if isinstance(row.get("options"), list | tuple):
        return tuple(map(str, row["options"]))
    if row.get("option"):
        return parse_options(str(row["option"]))
    lettered = [str(row.get(letter) or "").strip() for letter in LETTERS]
    return tuple(option for option in lettered if option)


def _letter(answer: str, options: tuple[str, ...]) -> str:
    """Return the letter of an answer given as letter, number from 0, or text of an option."""
    known = LETTERS[: len(options)]
    if answer.upper() in tuple(known):
        return answer.upper()
    if answer in tuple("0123")[: len(options)]:
        return LETTERS[int(answer)]
    return known[options.index(answer)] if answer in options else ""


def question_facts(
    study: Reads, published: Iterable[tuple[str, Draft]], source: str
) -> tuple[list[Fact], int]:
    """Return facts that make published questions accepted ones, and how many are new.

    Args:
        study: The study; what it has already is left out.
        published: (stimulus, question); one without id gets one from its text.
        source: Name of the file, the reason of their acceptance.
    """
    known = {item.draft.draft for item in drafts(study, with_removed=True)}
    at, n_new = iso(now()), 0
    facts: list[Fact] = []
    for stimulus, draft in published:
        text = "\0".join((stimulus, draft.type, draft.question, *draft.options, draft.answer))
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        name = draft.draft or "p" + digest[:16]
        if name in known:
            continue
        known.add(name)
        n_new += 1
        whole = dataclasses.replace(draft, draft=name, stimulus=stimulus)
        facts.append(Drafted(at, name, stimulus, "", dataclasses.asdict(whole), (), True))
        reason = f"published in {one_line(source, 80)}"
        facts.append(Reviewed(at, name, _MODEL, "accept", reason))
    return facts, n_new
