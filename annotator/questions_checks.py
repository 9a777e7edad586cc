"""Checks that need a model: guessing without the image, wrong options read against the span."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from annotator.clock import iso, now
from annotator.questions_calls import keep_replies
from annotator.store import SnapshotStore, Store
from annotator.store.questions import StoredDraft, answered_calls, calls, drafts
from pipelines.questions.client import Asker
from pipelines.questions.flow import is_kept
from pipelines.questions.guessing import View, blind_guess, views
from pipelines.questions.recipes import Unreadable, answer_messages, load_prompt, parse_answer
from pipelines.questions.relating import distractor_verdict, relation_messages, relation_schema
from pipelines.questions.replies import Asking
from schemas.draft import Verdict
from schemas.facts import Drafted

__all__ = ["Asked", "counted", "guess_blind", "read_distractors"]

Progress = Callable[[int, int], None]


class Asked(NamedTuple):
    """What came of asking a model about drafts."""

    verdicts: Mapping[str, Verdict]
    """Draft -> what the check says now."""
    outcomes: Counter[str]
    """Outcome of this run's calls -> how many."""


def guess_blind(
    study: Store | SnapshotStore,
    asker: Asker,
    times: int,
    progress: Progress,
    *,
    is_marked: bool = False,
) -> Asked:
    """Ask a model every unreviewed draft that the checks kept, without its image.

    What it gets right every time is dropped, or marked. Asked before is not asked again.

    Args:
        study: The open study.
        asker: The model.
        times: How often each draft is asked; yes-or-no from both sides each time.
        progress: Called with replies kept and calls in all.
        is_marked: Mark what can be guessed instead of dropping it.
    """
    chosen = [i for i in drafts(study) if i.state == "unreviewed" or _was_guessed(i)]
    seen = {item.draft.draft: list(views(item.draft, times)) for item in chosen}
    version = load_prompt("answer").version
    done = answered_calls(study, "guess", version, asker.model)
    open_ = [
        (d, view) for d, asked in seen.items() for view in asked if (d, view.round) not in done
    ]
    askings = (_guess(draft, view, times) for draft, view in open_)
    outcomes = keep_replies(study, asker, "guess", version, askings, len(open_), progress)
    given = _raw(study, "guess", version, asker.model)

    def verdict(item: StoredDraft) -> Verdict:
        draft = item.draft.draft
        answers = [
            _is_right(v, given[draft, v.round]) for v in seen[draft] if (draft, v.round) in given
        ]
        reason = "no_answer" if seen[draft] else "no_contrast"
        return blind_guess(answers, is_marked=is_marked, reason=reason)

    return Asked(_keep_verdicts(study, chosen, verdict), outcomes)


def _was_guessed(item: StoredDraft) -> bool:
    """Return whether only guessing dropped it, so that marking can bring it back."""
    drops = [v.check for v in item.verdicts if v.outcome == "drop"]
    return item.state == "dropped" and drops == ["blind_guess"]


def _guess(draft: str, view: View, times: int) -> Asking:
    messages = answer_messages(view.question, view.options)
    # Asked once, the likeliest answer is wanted; asked more often, what the model also believes.
    chance = {"temperature": 1.0, "seed": view.round} if times > 1 else {}
    return Asking(draft, messages, view.round, max_tokens=16, parameters=chance)


def _is_right(view: View, raw: str) -> bool | None:
    try:
        return parse_answer(raw, view.options) == view.answer
    except Unreadable:
        return None


def read_distractors(study: Store | SnapshotStore, asker: Asker, progress: Progress) -> Asked:
    """Ask a model whether the spans contradict the wrong options that no rule can judge."""
    chosen = [i for i in drafts(study) if i.state == "unreviewed" and _needs_a_reader(i)]
    version = load_prompt("relate").version
    done = answered_calls(study, "relate", version, asker.model)
    left = [item for item in chosen if (item.draft.draft, 0) not in done]
    outcomes = keep_replies(study, asker, "relate", version, _relations(left), len(left), progress)
    given = _raw(study, "relate", version, asker.model)
    answered = [item for item in chosen if (item.draft.draft, 0) in given]
    found = _keep_verdicts(
        study, answered, lambda item: distractor_verdict(given[item.draft.draft, 0], item.draft)
    )
    return Asked(found, outcomes)


def _needs_a_reader(item: StoredDraft) -> bool:
    return any(v.reason in ("needs_a_reader", "unreadable") for v in item.verdicts
               if v.check == "distractors_contradicted")  # fmt: skip


def _relations(items: Iterable[StoredDraft]) -> Iterator[Asking]:
    for item in items:
        schema = relation_schema(len(item.draft.distractors))
        messages = relation_messages(item.draft)
        yield Asking(item.draft.draft, messages, schema=schema, max_tokens=64)


def _raw(
    study: Store | SnapshotStore, purpose: str, prompt: str, model: str
) -> dict[tuple[str, int], str]:
    return {
        (call["subject"], call["round"]): call["raw"]
        for call in calls(study, purpose)
        if (call["prompt"], call["model"], call["outcome"]) == (prompt, model, "answered")
    }


def _keep_verdicts(
    study: Store | SnapshotStore,
    items: Sequence[StoredDraft],
    verdict_of: Callable[[StoredDraft], Verdict],
) -> dict[str, Verdict]:
    """Append the drafts whose verdict has changed; nothing else about them changes."""
    found = {item.draft.draft: verdict_of(item) for item in items}
    facts = [changed for item in items if (changed := _with_verdict(item, found[item.draft.draft]))]
    study.append_many(facts)
    if facts and isinstance(study, SnapshotStore):
        study.refresh()
    return found


def _with_verdict(item: StoredDraft, verdict: Verdict) -> Drafted | None:
    verdicts = tuple(verdict if v.check == verdict.check else v for v in item.verdicts)
    if verdicts == item.verdicts:
        return None
    drafted = item.drafted
    return Drafted(
        at=iso(now()),
        draft=drafted.draft,
        stimulus=drafted.stimulus,
        submission=drafted.submission,
        body=dataclasses.asdict(drafted),
        verdicts=tuple((v.check, v.outcome, v.reason) for v in verdicts),
        is_kept=is_kept(verdicts),
        call=item.call,
    )


def counted(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Return reason, or outcome where there is no reason, -> how many."""
    told: dict[str, int] = defaultdict(int)
    for verdict in verdicts:
        told[verdict.reason or verdict.outcome] += 1
    return dict(told)
