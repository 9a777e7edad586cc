"""The rating hot path: next, submit, draft, skip, back."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from annotator.api.answers import json_response
from annotator.api.server import Rater, Running, Server
from annotator.pool import Picture
from annotator.queue import Rest, Turn, merge_parts
from annotator.store.journal import Entry
from annotator.tiles import is_large
from pipelines.intake.tiles import OVERLAP_PX, TILE_PX, levels
from schemas.errors import UserError
from schemas.steps import Part
from schemas.text import clean_text

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["rating"])

Name = Annotated[str, Field(min_length=1, max_length=200)]


class Submission(BaseModel):
    """All answers of one rater about one stimulus."""

    assignment_id: Name
    """As `/api/next` gave it."""
    client_id: Name
    """Made by the browser for this submission; sending it again changes nothing."""
    answers: dict[str, Any]
    """Step name -> answer."""
    duration_ms: Annotated[int, Field(ge=0, le=2**53)] | None = None
    """From the image being shown to submit."""
    view: dict[str, Any] = Field(default_factory=dict)
    """How the image was looked at: zoom, time in view."""


class DraftBody(BaseModel):
    """What a rater has entered so far."""

    answers: dict[str, dict[str, Any]]


class Skip(BaseModel):
    """A stimulus given back."""

    assignment_id: Name
    reason: Annotated[str, Field(max_length=2000)] = ""


@router.get("/next")
async def next_assignment(server: Running, person: Rater) -> Response:
    """Return what the rater has in hand; asking again gives the same."""
    return json_response(await _next(server, person.rater))


@router.post("/submissions")
async def submit(body: Submission, server: Running, person: Rater) -> Response:
    """Take a submission in; answered once it is on disk."""
    part = _read_answers(server, body.answers)
    _check_required(server, person.rater, body.assignment_id, part)
    outcome = server.queue.submit(
        person.rater,
        body.assignment_id,
        body.client_id,
        part,
        body.duration_ms,
        _cleaned(body.view),
    )
    if outcome.stored is not None:
        await _durable(server, outcome.stored)
    if outcome.is_new:
        server.drafts.drop(body.assignment_id)
    return json_response(
        {
            "accepted": True,
            "submission_id": outcome.submission,
            "next": await _next(server, person.rater),
        }
    )


@router.put("/drafts/{assignment_id}")
async def save_draft(
    assignment_id: str, body: DraftBody, server: Running, person: Rater
) -> Response:
    """Keep what is entered so far and renew the lease."""
    _check_steps(server, body.answers)
    server.queue.renew(person.rater, assignment_id)
    await run_in_threadpool(server.drafts.save, assignment_id, _cleaned(body.answers))
    return json_response({"saved": True})


@router.post("/skip")
async def skip(body: Skip, server: Running, person: Rater) -> Response:
    """Give a stimulus back; it is not shown to this rater again."""
    reason = clean_text(body.reason).strip()
    await _durable(server, server.queue.skip(person.rater, body.assignment_id, reason))
    server.drafts.drop(body.assignment_id)
    return json_response({"skipped": True, "next": await _next(server, person.rater)})


@router.post("/undo")
async def undo(server: Running, person: Rater) -> Response:
    """Open the last submission again; it counts until the correction is submitted."""
    lease, row, stored = server.queue.go_back(person.rater)
    answers = await run_in_threadpool(_answers_of, server, row["submission"])
    try:
        await run_in_threadpool(server.drafts.save, lease.assignment, answers)
    finally:
        await _durable(server, stored)
    return json_response({"undone": row["submission"], "next": await _next(server, person.rater)})


async def _durable(server: Server, stored: Future[list[Entry]]) -> None:
    """Wait until facts are on disk; where they cannot be written, forget them again."""
    try:
        await asyncio.wrap_future(stored)
    except UserError:
        await run_in_threadpool(server.queue.reload)
        raise


def _read_answers(server: Server, answers: dict[str, Any]) -> Part:
    study = server.store.study
    steps = {step.name: step for step in study.steps}
    _check_steps(server, answers)
    return merge_parts([step.read(answers.get(name), study) for name, step in steps.items()])


def _check_steps(server: Server, answers: dict[str, Any]) -> None:
    """Refuse answers to steps that are not of this study."""
    steps = [step.name for step in server.store.study.steps]
    for name in answers:
        if name not in steps:
            raise UserError(
                "unknown_step",
                f"There is no step '{name[:40]}' in this study; answer {', '.join(steps)}.",
                status=422,
            )


def _check_required(server: Server, rater: str, assignment: str, part: Part) -> None:
    wanted = [s.name for s in server.store.study.steps if getattr(s, "required", False)]
    if not wanted or part.texts:
        return
    asked = server.queue.asked_of(rater, assignment)
    if any(name in asked for name in wanted):
        raise UserError(
            "text_required",
            "A few words are asked for with this image; write them, then submit again.",
            status=422,
        )


async def _next(server: Server, rater: str) -> dict[str, Any]:
    turn, stored = server.queue.current(rater)
    if stored is not None:
        await _durable(server, stored)
    if isinstance(turn, Rest):
        return {
            "done": True,
            "reason": turn.reason,
            "message": turn.message,
            "progress": turn.progress,
            "can_undo": turn.can_undo,
            **_who(server, rater),
        }
    return _turn(server, rater, turn)


def _turn(server: Server, rater: str, turn: Turn) -> dict[str, Any]:
    lease = turn.lease
    picture = server.queue.picture(lease.stimulus)
    if picture is None:
        raise LookupError(lease.stimulus)
    draft = server.drafts.load(lease.assignment)
    return {
        "assignment_id": lease.assignment,
        "stimulus": {"id": lease.stimulus, **_addresses(lease.stimulus, picture)},
        "steps": server.steps_json(lease.asked),
        "draft": {} if draft is None else {"answers": draft.answers},
        "progress": turn.progress,
        "upcoming": None if turn.upcoming is None else _coming(server, turn.upcoming),
        "can_undo": turn.can_undo,
        "correcting": lease.corrects is not None,
        **_who(server, rater),
    }


def _coming(server: Server, stimulus: str) -> dict[str, Any] | None:
    """Return what the browser needs to have the next image decoded in time."""
    picture = server.queue.picture(stimulus)
    if picture is None:
        return None
    return _addresses(stimulus, picture)


def _addresses(stimulus: str, picture: Picture) -> dict[str, Any]:
    """Return how big a picture is and where it is: whole, and large ones in tiles too."""
    url = f"/images/{stimulus}"
    answer: dict[str, Any] = {
        "image_url": url,
        "width": picture.width,
        "height": picture.height,
    }
    if is_large(picture):
        there = levels(picture.width, picture.height)
        answer["tiles"] = {
            "url": f"{url}/tiles/{TILE_PX}",
            "size": TILE_PX,
            "overlap": OVERLAP_PX,
            "levels": [there[0], there[-1]],
        }
    return answer


def _who(server: Server, rater: str) -> dict[str, Any]:
    study = server.store.study
    return {"rater": rater, "study": {"title": study.title, "language": study.language}}


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(key)): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    return value


def _answers_of(server: Server, submission: str) -> dict[str, Any]:
    """Return a submission as answers to the steps, so that it can be shown again."""
    row = server.store.submission(submission)
    if row is None:
        raise LookupError(submission)
    levels = {
        name: int(score) for name, score in zip(row["dimensions"], row["scores"], strict=True)
    }
    texts = [text["text"] for text in server.store.texts_of(submission)]
    answers: dict[str, Any] = {}
    for step in server.store.study.steps:
        if step.kind == "rate":
            asked = step.asked_dimensions(server.store.study)
            answers[step.name] = {"scores": {n: s for n, s in levels.items() if n in asked}}
        elif texts:
            answers[step.name] = {"text": texts.pop(0)}
    return answers
