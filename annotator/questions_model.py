"""Drafting by a model: one call a feedback, kept before it is read; run again, only what is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from annotator.questions import Drafts, drafted_facts, evidence_of, is_new, is_settled, remarks_of
from annotator.questions_calls import NO_PICTURE, Way, image_url
from annotator.store import SnapshotStore, Store
from annotator.store.questions import answered_calls, calls, drafts
from pipelines.questions.client import Asker
from pipelines.questions.drafting import Candidate
from pipelines.questions.evidence import Evidence, Remark
from pipelines.questions.flow import Drafting, check_candidates
from pipelines.questions.model_drafts import model_candidates
from pipelines.questions.recipes import Unreadable, draft_messages, draft_schema, load_prompt
from pipelines.questions.replies import Asking

__all__ = ["Plan", "draft_by_model", "plan_drafting", "subject_of"]


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


def _open_remarks(
    study: Store | SnapshotStore, model: str, remarks: Sequence[Remark]
) -> list[Remark]:
    """Return the feedback that a model has not answered yet."""
    done = answered_calls(study, "draft", load_prompt("draft").version, model)
    return [remark for remark in remarks if (subject_of(remark), 0) not in done]


def _askings(
    study: Store | SnapshotStore, remarks: Iterable[Remark], picture: Callable[[str], str | None]
) -> Iterator[Asking]:
    """Yield what is asked of feedback.

    Args:
        study: The open study.
        remarks: Feedback, one call each.
        picture: Stimulus -> its image as a data URL; None where it does not go along.
    """
    dimensions = study.study.dimension_names
    schema = draft_schema(dimensions)
    for remark in remarks:
        plain = draft_messages(remark.text, dimensions)
        url = picture(remark.stimulus)
        messages = plain if url is None else draft_messages(remark.text, dimensions, url)
        yield Asking(subject_of(remark), messages, schema=schema, without_image=plain)


def _pictures(study: Store | SnapshotStore, *, with_image: bool) -> Callable[[str], str | None]:
    """Return what gives the image of a stimulus, None where it is not wanted or has no file."""

    def picture(stimulus: str) -> str | None:
        try:
            return image_url(study, stimulus) if with_image else None
        except OSError:
            # The request then says that no image is attached, and so does the record of the call.
            return None

    return picture


def plan_drafting(study: Store | SnapshotStore, asker: Asker, *, with_image: bool = True) -> Plan:
    """Return what drafting would ask and cost now."""
    remarks = remarks_of(study)
    left = _open_remarks(study, asker.model, remarks)
    askings = _askings(study, left, lambda _: NO_PICTURE if with_image else None)
    price = asker.price
    cost = None if price is None else sum(price.at_most(asking) for asking in askings)
    return Plan(len(left), len(remarks) - len(left), cost)


def draft_by_model(
    study: Store | SnapshotStore,
    way: Way,
    progress: Callable[[int, int], None],
    *,
    with_image: bool = True,
) -> tuple[Drafts, Counter[str]]:
    """Ask for drafts of every feedback that was not answered yet; read, check and keep them.

    Args:
        study: The open study.
        way: Asks the model.
        progress: Called with replies kept and calls in all.
        with_image: Send the image along, as long as the endpoint takes images.

    Returns:
        What was drafted, and how many calls of this run came out how.

    Raises:
        UserError: the endpoint refuses or fails; what it had answered is kept.
    """
    left = _open_remarks(study, way.asker.model, remarks_of(study))
    askings = _askings(study, left, _pictures(study, with_image=with_image))
    version = load_prompt("draft").version
    outcomes = way.ask(study, "draft", version, askings, len(left), progress)
    return _read_drafts(study, way.asker.model), outcomes


def _read_drafts(study: Store | SnapshotStore, model: str) -> Drafts:
    """Read every answered call of a model (which costs nothing); keep the drafts that are new."""
    remarks = remarks_of(study)
    stored = drafts(study, with_removed=True)
    known = [item.drafted for item in stored if is_settled(item)]
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
