"""Drafting by a model: one call a feedback, kept before it is read; run again, only what is new."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from annotator.clock import fresh_id, iso, now
from annotator.questions import Drafts, drafted_facts, evidence_of, is_new, remarks_of
from annotator.store import SnapshotStore, Store
from annotator.store.questions import answered_calls, calls, drafts
from pipelines.questions.client import Asker, Asking, Reply
from pipelines.questions.drafting import Candidate
from pipelines.questions.evidence import Evidence, Remark
from pipelines.questions.flow import Drafting, check_candidates
from pipelines.questions.model_drafts import model_candidates
from pipelines.questions.recipes import Unreadable, draft_messages, draft_schema, load_prompt
from schemas.facts import Called

__all__ = ["Plan", "draft_by_model", "keep_replies", "plan_drafting", "subject_of"]


class Plan(NamedTuple):
    """What a run would ask."""

    n_calls: int
    n_done: int
    """Asked and answered earlier."""
    cost_usd: float | None
    """At most; None where the price is not known."""


def subject_of(remark: Remark) -> str:
    """Return how a call names a feedback."""
    return f"{remark.submission}:{remark.position}"


def _open_askings(
    study: Store | SnapshotStore, asker: Asker, remarks: Sequence[Remark]
) -> Iterator[Asking]:
    dimensions = study.study.dimension_names
    schema = draft_schema(dimensions)
    done = answered_calls(study, "draft", load_prompt("draft").version, asker.model)
    for remark in remarks:
        if (subject_of(remark), 0) not in done:
            messages = draft_messages(remark.text, dimensions)
            yield Asking(subject_of(remark), messages, schema=schema)


def plan_drafting(study: Store | SnapshotStore, asker: Asker) -> Plan:
    """Return what drafting would ask and cost now."""
    remarks = remarks_of(study)
    askings = list(_open_askings(study, asker, remarks))
    price = asker.price
    cost = None if price is None else sum(price.at_most(asking) for asking in askings)
    return Plan(len(askings), len(remarks) - len(askings), cost)


def draft_by_model(
    study: Store | SnapshotStore, asker: Asker, progress: Callable[[int, int], None]
) -> tuple[Drafts, Counter[str]]:
    """Ask for drafts of every feedback that was not answered yet; read, check and keep them.

    Returns:
        What was drafted, and how many calls of this run came out how.

    Raises:
        UserError: the endpoint refuses or fails; what it had answered is kept.
    """
    remarks = remarks_of(study)
    askings = list(_open_askings(study, asker, remarks))
    outcomes = keep_replies(study, asker, "draft", load_prompt("draft").version, askings, progress)
    if isinstance(study, SnapshotStore):
        study.refresh()
    return _read_calls(study, asker.model, remarks), outcomes


def keep_replies(
    study: Store | SnapshotStore,
    asker: Asker,
    purpose: str,
    prompt: str,
    askings: Sequence[Asking],
    progress: Callable[[int, int], None],
) -> Counter[str]:
    """Ask, and append every reply as a fact before the next is asked."""
    outcomes: Counter[str] = Counter()

    async def keep(reply: Reply) -> None:
        await asyncio.to_thread(study.append, [_called(asker, purpose, prompt, reply)])
        outcomes[reply.outcome] += 1
        progress(outcomes.total(), len(askings))

    async def ask() -> None:
        try:
            await asker.ask_all(askings, keep)
        finally:
            await asker.client.close()

    asyncio.run(ask())
    return outcomes


def _called(asker: Asker, purpose: str, prompt: str, reply: Reply) -> Called:
    return Called(
        at=iso(now()),
        call=fresh_id("c"),
        purpose=purpose,
        subject=reply.subject,
        round=reply.round,
        prompt=prompt,
        model=asker.model,
        parameters=asker.parameters,
        outcome=reply.outcome,
        raw=reply.raw,
        tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out,
        cost_usd=reply.cost_usd,
        duration_ms=reply.duration_ms,
        attempts=reply.attempts,
        detail=reply.detail,
    )


def _read_calls(study: Store | SnapshotStore, model: str, remarks: Sequence[Remark]) -> Drafts:
    """Read every answered call again (which costs nothing) and keep the drafts that are new."""
    stored = drafts(study, with_removed=True)
    known = [item.drafted for item in stored if item.is_kept or item.reviews]
    done = {draft.draft for draft in known}
    evidence = evidence_of(study)
    by_call: dict[str, str] = {}
    candidates: list[Candidate] = []
    unread: Counter[str] = Counter()
    for call, found in _candidates(study, evidence, model, remarks):
        if isinstance(found, Unreadable):
            unread["unreadable"] += 1
            continue
        candidates += [c for c in found if c.draft.draft not in done]
        by_call |= {c.draft.draft: call for c in found}
    checked = check_candidates(evidence, remarks, candidates, study.study.seed, known)
    before = {item.drafted.draft for item in stored}
    added = tuple(item for item in checked if is_new(item, before))
    study.append_many(drafted_facts(added, by_call))
    return Drafts(Drafting(tuple(checked), dict(unread), len(remarks)), added)


def _candidates(
    study: Store | SnapshotStore, evidence: Evidence, model: str, remarks: Sequence[Remark]
) -> Iterator[tuple[str, list[Candidate] | Unreadable]]:
    by_subject = {subject_of(remark): remark for remark in remarks}
    version = load_prompt("draft").version
    for call in calls(study, "draft"):
        remark = by_subject.get(call["subject"])
        if (call["prompt"], call["model"], call["outcome"]) != (version, model, "answered"):
            continue
        if remark is not None:
            try:
                yield call["call"], model_candidates(evidence, remark, model, call["raw"])
            except Unreadable as error:
                yield call["call"], error
