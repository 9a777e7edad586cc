"""Questions of a study: from its facts to drafts, from reviewed drafts to an export."""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from annotator.clock import iso, now
from annotator.results import study_mos
from annotator.store import Reads, SnapshotStore, Store
from annotator.store.questions import StoredDraft, drafts
from exports.source import QuestionOrigin
from pipelines.opinion.mos import MosResult
from pipelines.questions.evidence import Evidence, Image, Opinion, Remark
from pipelines.questions.flow import Checked, Drafting, draft_by_rules, is_kept
from pipelines.questions.leaks import leak_in
from schemas.facts import Drafted
from schemas.question import Question
from schemas.steps import TextStep

__all__ = [
    "Drafts",
    "ExportedQuestions",
    "chosen_drafts",
    "draft_embedded",
    "drafted_facts",
    "evidence_of",
    "exported_questions",
    "is_new",
    "is_settled",
    "known_of",
    "remarks_of",
    "withheld_texts",
]


class ExportedQuestions(NamedTuple):
    """What an export holds of a study's questions."""

    questions: list[Question]
    notes: list[str]
    """What its card must say of them."""
    origins: list[QuestionOrigin]
    """Who wrote them, by model and prompt."""


class Drafts(NamedTuple):
    """What a run of drafting added."""

    drafting: Drafting
    added: tuple[Checked, ...]
    """Drafts that are new, or that were dropped before and are kept now."""


def remarks_of(study: Reads) -> list[Remark]:
    """Return every feedback text that counts, in the order they came."""
    places: dict[str, int] = defaultdict(int)
    remarks = []
    for row in study.feedback().to_pylist():
        position = places[row["submission"]]
        places[row["submission"]] += 1
        remarks.append(
            Remark(row["submission"], position, row["stimulus"], row["rater"], row["text"])
        )
    return remarks


def evidence_of(study: Reads) -> Evidence:
    """Return what drafting and checks know of a study now."""
    scores: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in study.ratings().select(["stimulus", "rater", "dimension", "score"]).to_pylist():
        scores[row["stimulus"], row["dimension"]][row["rater"]] = row["score"]
    return dataclasses.replace(known_of(study, study_mos(study)), scores=scores)


def known_of(study: Reads, scores: MosResult) -> Evidence:
    """Return the evidence of a study with these opinion scores, without single ratings."""
    spec = study.study
    opinions = {
        (row["stimulus"], row["dimension"]): Opinion(row["mos"], row["ci95_low"], row["ci95_high"])
        for row in scores.stimuli_table().to_pylist()
        if row["mos"] is not None
    }
    return Evidence(
        low=spec.scale.low,
        high=spec.scale.high,
        labels={part.name: part.label for part in spec.dimensions},
        opinions=opinions,
        scores={},
        images={row["stimulus"]: _image(row) for row in study.stimuli().to_pylist()},
        raters=frozenset(row["rater"] for row in study.raters()),
        chips=tuple(c for step in spec.steps if isinstance(step, TextStep) for c in step.chips),
    )


def _image(row: dict[str, Any]) -> Image:
    details = json.loads(row["details"] or "{}")
    told = (str(details.get(name) or "") for name in ("discipline", "category", "modality"))
    return Image(row["file_name"], row["phash"] or "", *told)


def draft_embedded(study: Store | SnapshotStore, *, dry_run: bool = False) -> Drafts:
    """Draft by rules from every feedback; append what is new.

    What was kept or reviewed before stays as it was dealt. What the checks dropped before is
    checked again, since ratings may have come in.
    """
    stored = drafts(study, with_removed=True)
    known = [item.drafted for item in stored if is_settled(item)]
    drafting = draft_by_rules(evidence_of(study), remarks_of(study), study.study.seed, known)
    before = {item.drafted.draft for item in stored}
    added = tuple(item for item in drafting.checked if is_new(item, before))
    if not dry_run:
        study.append_many(drafted_facts(added))
    return Drafts(drafting, added)


def is_settled(item: StoredDraft) -> bool:
    """Return whether a draft stays as it was dealt: kept, reviewed, or dropped by a model's word.

    What the rules dropped is checked again, since ratings may have come in.
    """
    reasons = {verdict.reason for verdict in item.verdicts if verdict.outcome == "drop"}
    return item.is_kept or bool(item.reviews) or bool(reasons & _BY_MODEL)


_BY_MODEL = {"guessable", "distractor_follows", "distractor_left_open"}


def is_new(item: Checked, before: Container[str]) -> bool:
    """Return whether a draft must be kept: it is new, or passes checks that dropped it before."""
    return item.draft.draft not in before or is_kept(item.verdicts)


def drafted_facts(
    checked: Iterable[Checked], calls: Mapping[str, str] | None = None
) -> Iterable[Drafted]:
    """Yield the facts that keep drafts with their checks; `calls` is draft -> its call."""
    at = iso(now())
    for draft, verdicts in ((item.draft, item.verdicts) for item in checked):
        yield Drafted(
            at=at,
            draft=draft.draft,
            stimulus=draft.stimulus,
            submission=draft.submission,
            body=dataclasses.asdict(draft),
            verdicts=tuple((v.check, v.outcome, v.reason) for v in verdicts),
            is_kept=is_kept(verdicts),
            call=(calls or {}).get(draft.draft),
        )


def withheld_texts(study: Reads, evidence: Evidence) -> dict[tuple[str, str], str]:
    """Return (submission, text) -> why a feedback must not be published as text to learn from.

    The reason is `removed` where a decision took it out, else that of `leak_in`.
    """
    counted = {
        (row["submission"], row["text"])
        for row in study.feedback().select(["submission", "text"]).to_pylist()
    }
    withheld: dict[tuple[str, str], str] = {}
    for row in study.all_feedback().select(["submission", "stimulus", "text"]).to_pylist():
        key = (row["submission"], row["text"])
        leak = leak_in(row["text"], row["stimulus"], evidence) if key in counted else "removed"
        if leak:
            withheld[key] = leak
    return withheld


def chosen_drafts(study: Reads, *, include_unreviewed: bool = False) -> list[StoredDraft]:
    """Return the drafts an export may use: accepted ones.

    Args:
        study: The open study.
        include_unreviewed: Also drafts that all checks kept and nobody has reviewed.
    """
    wanted = {"accepted", "unreviewed"} if include_unreviewed else {"accepted"}
    return [item for item in drafts(study) if item.state in wanted]


def exported_questions(chosen: Sequence[StoredDraft]) -> ExportedQuestions:
    """Return the questions an export holds, and what its card must say of them."""
    n_unseen = sum(item.state == "unreviewed" for item in chosen)
    note = (
        f"{n_unseen} of {len(chosen)} questions were not reviewed by a person; automatic checks "
        "alone kept them."
    )
    return ExportedQuestions(
        [item.draft.as_question() for item in chosen], [note] if n_unseen else [], _origins(chosen)
    )


def _origins(chosen: Iterable[StoredDraft]) -> list[QuestionOrigin]:
    groups: dict[tuple[str, str], list[StoredDraft]] = defaultdict(list)
    for item in chosen:
        groups[item.drafted.model, item.drafted.prompt].append(item)
    return [
        QuestionOrigin(
            *origin,
            n=len(items),
            n_accepted=sum(i.state == "accepted" and i.draft == i.drafted for i in items),
            n_edited=sum(i.state == "accepted" and i.draft != i.drafted for i in items),
            n_unreviewed=sum(i.state == "unreviewed" for i in items),
        )
        for origin, items in sorted(groups.items())
    ]
