"""Whether the words of an expert contradict the wrong options: asked of a model, then read."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.questions.recipes import Unreadable, json_object, load_prompt
from schemas.draft import Draft, Verdict

__all__ = ["distractor_verdict", "parse_relations", "relation_messages", "relation_schema"]

Relation = Literal["contradicted", "open", "supported"]


class _Relations(BaseModel):
    model_config = ConfigDict(extra="forbid")

    relations: list[Relation]


def relation_schema(n_options: int) -> dict[str, Any]:
    """Return the strict JSON schema of a reply about so many wrong options."""
    schema = _Relations.model_json_schema()
    schema["properties"]["relations"] |= {"minItems": n_options, "maxItems": n_options}
    return {"name": "relations", "strict": True, "schema": schema}


def relation_messages(draft: Draft) -> list[dict[str, Any]]:
    """Return the messages that ask how the wrong options stand to the span."""
    told = {"quote": draft.span, "question": draft.question, "options": list(draft.distractors)}
    return [
        {"role": "system", "content": load_prompt("relate").system},
        {"role": "user", "content": json.dumps(told, ensure_ascii=False)},
    ]


def parse_relations(raw: str, n_options: int) -> tuple[Relation, ...]:
    """Return how each wrong option stands to the quote, in order.

    Raises:
        Unreadable: no JSON object, or not one word for each option.
    """
    try:
        relations = _Relations.model_validate_json(json_object(raw)).relations
    except ValidationError as error:
        raise Unreadable(str(error.errors()[0]["msg"])) from error
    if len(relations) != n_options:
        raise Unreadable(f"{len(relations)} words for {n_options} options")
    return tuple(relations)


def distractor_verdict(raw: str, draft: Draft) -> Verdict:
    """Drop where a wrong option is not contradicted by the span, as a model read it."""
    name = "distractors_contradicted"
    try:
        relations = parse_relations(raw, len(draft.distractors))
    except Unreadable:
        return Verdict(name, "not_run", "unreadable")
    if "supported" in relations:
        return Verdict(name, "drop", "distractor_follows")
    if "open" in relations:
        return Verdict(name, "drop", "distractor_left_open")
    return Verdict(name, "keep", "read_by_model")
