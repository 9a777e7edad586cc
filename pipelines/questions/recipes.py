"""Prompt and parser as one pair: what is asked, and how its answer is read.

A reply that cannot be read is an outcome of its own (`Unreadable`), never a wrong answer.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.questions.languages import language_of
from schemas.question import LETTERS

__all__ = [
    "DraftedFact",
    "Prompt",
    "Unreadable",
    "answer_messages",
    "draft_messages",
    "draft_schema",
    "json_object",
    "load_prompt",
    "parse_answer",
    "parse_drafts",
    "spoken_language",
]

_FOLDER = Path(__file__).with_name("prompts")


_MOST_FACTS = 12


class Unreadable(ValueError):
    """A reply that is not what the prompt asks for; the message says why."""


@dataclass(frozen=True)
class Prompt:
    """A prompt file."""

    version: str
    """Name and version; calls are kept by it."""
    system: str
    example_input: str
    example_output: str


@cache
def load_prompt(name: str) -> Prompt:
    """Return a prompt of the folder `prompts`."""
    data = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    example = data["example"]
    return Prompt(
        data["version"], data["system"].strip(), example["input"].strip(), example["output"].strip()
    )


class DraftedFact(BaseModel):
    """One fact of a feedback, as a model drafted it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["yes-or-no", "what"]
    dimension: str
    polarity: Literal["good", "bad"]
    quote: str
    """Words of the feedback."""
    question: str
    contrast: str
    """Yes-or-no: the same fact asked so that the answer is No."""
    answer: str
    distractors: tuple[str, ...]
    explanation: str


class _DraftedFacts(BaseModel):
    model_config = ConfigDict(extra="forbid")

    questions: list[DraftedFact]


def draft_schema(dimensions: Sequence[str]) -> dict[str, Any]:
    """Return the strict JSON schema of a drafting reply for a study's dimensions."""
    schema = _DraftedFacts.model_json_schema()
    fact = schema["$defs"]["DraftedFact"]
    fact["properties"]["dimension"] = {"type": "string", "enum": list(dimensions)}
    # Small models would list wrong options without end.
    fact["properties"]["distractors"]["maxItems"] = len(LETTERS) - 1
    schema["properties"]["questions"]["maxItems"] = _MOST_FACTS
    return {"name": "questions", "strict": True, "schema": schema}


def draft_messages(
    feedback: str, dimensions: Sequence[str], image_url: str | None = None
) -> list[dict[str, Any]]:
    """Return the messages that ask for drafts.

    The feedback stands in a JSON string, so that nothing in it can end it.

    Args:
        feedback: The text as written.
        dimensions: Names of the study's dimensions.
        image_url: The image as a data URL, for models that see.
    """
    told = {
        "feedback": feedback,
        "dimensions": list(dimensions),
        "image": "attached" if image_url else "not attached",
    }
    return _messages(load_prompt("draft").system, json.dumps(told, ensure_ascii=False), image_url)


def answer_messages(
    question: str, options: Sequence[str], image_url: str | None = None
) -> list[dict[str, Any]]:
    """Return the messages that ask a question; without an image they say that there is none."""
    lines = [f"{letter}. {text}" for letter, text in zip(LETTERS, options, strict=False)]
    note = [] if image_url else ["(The image is not shown to you; answer all the same.)"]
    return _messages(load_prompt("answer").system, "\n".join([*note, question, *lines]), image_url)


def _messages(system: str, text: str, image_url: str | None) -> list[dict[str, Any]]:
    content: Any = text
    if image_url:
        image = {"type": "image_url", "image_url": {"url": image_url}}
        content = [image, {"type": "text", "text": text}]
    return [{"role": "system", "content": system}, {"role": "user", "content": content}]


def json_object(raw: str) -> str:
    """Return the JSON object in a reply, also with text or a code fence around it.

    Raises:
        Unreadable: there is none.
    """
    start, end = raw.find("{"), raw.rfind("}")
    if start < 0 or end < start:
        raise Unreadable("no JSON object")
    return raw[start : end + 1]


def parse_drafts(raw: str, dimensions: Sequence[str]) -> list[DraftedFact]:
    """Return the facts of a drafting reply, also with text or a code fence around the JSON.

    Raises:
        Unreadable: no JSON object, or one that breaks the schema.
    """
    try:
        facts = _DraftedFacts.model_validate_json(json_object(raw)).questions
    except ValidationError as error:
        raise Unreadable(str(error.errors()[0]["msg"])) from error
    for fact in facts:
        if fact.dimension not in dimensions:
            raise Unreadable(f"unknown dimension {fact.dimension[:40]!r}")
        if fact.type == "what" and len(fact.distractors) != len(LETTERS) - 1:
            raise Unreadable(f"{len(fact.distractors)} distractors instead of three")
        if fact.type == "yes-or-no" and not fact.contrast.strip():
            raise Unreadable("no contrasting question")
    return facts


_LETTER = (
    r"\(?([A-D])\)?\.?",
    r"\(?([A-D])\)?\s*[.):,-].*",
    r".*\b(?:answer|option|choice)\s*(?:is|:)?\s*\(?([A-D])\)?\b.*",
)


def parse_answer(raw: str, options: Sequence[str]) -> str:
    """Return the letter of an answer: alone, in front, after *answer is*, or the option's text.

    Raises:
        Unreadable: none, or one that is not an option's.
    """
    text = " ".join(raw.split())
    for pattern in _LETTER:
        found = re.fullmatch(pattern, text, re.IGNORECASE if "answer" in pattern else 0)
        if found and found[1].upper() in LETTERS[: len(options)]:
            return found[1].upper()
    for letter, option in zip(LETTERS, options, strict=False):
        if text.rstrip(".。").casefold() == option.rstrip(".。").casefold():
            return letter
    raise Unreadable("no letter of an option")


def spoken_language(text: str) -> str:
    """Return the language a draft is marked with; that of unknown ones is `other`."""
    found = language_of(text)
    return "en" if found == "none" else found
