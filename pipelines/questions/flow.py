"""From feedback to checked, dealt drafts; what every check dropped."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.questions.check_all import duplicates, longest_answers, topic_key, topic_shares
from pipelines.questions.check_one import Context, check_one
from pipelines.questions.claims import Claim
from pipelines.questions.dealing import Dealer
from pipelines.questions.drafting import Candidate, Drafter, settle, stream_of
from pipelines.questions.evidence import Evidence, Remark
from pipelines.questions.guessing import blind_guess
from pipelines.questions.lexicon import load_lexicon
from schemas.draft import Draft, Verdict
from schemas.question import LETTERS

__all__ = [
    "Checked",
    "Drafting",
    "check_candidates",
    "check_table",
    "counted_table",
    "draft_by_rules",
    "is_kept",
    "largest_share",
]


@dataclass(frozen=True)
class Checked:
    """A draft and what every check said of it."""

    draft: Draft
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Drafting:
    """What one run of drafting made."""

    checked: tuple[Checked, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Reason -> sentences from which nothing was drafted."""
    n_feedback: int = 0

    @property
    def kept(self) -> list[Draft]:
        """Drafts that no check dropped."""
        return [item.draft for item in self.checked if is_kept(item.verdicts)]


def is_kept(verdicts: Iterable[Verdict]) -> bool:
    """Return whether no check dropped it."""
    return all(verdict.outcome != "drop" for verdict in verdicts)


def draft_by_rules(
    evidence: Evidence, remarks: Sequence[Remark], seed: int, known: Sequence[Draft] = ()
) -> Drafting:
    """Draft from feedback by rules, check, deal.

    Args:
        evidence: The study.
        remarks: Every feedback that counts; what is known already is not drafted again.
        seed: Of the deals.
        known: Drafts kept or reviewed earlier, in the order they were dealt.
    """
    drafter = Drafter(evidence)
    done = {draft.draft for draft in known}
    candidates: list[Candidate] = []
    left_out: Counter[str] = Counter()
    for remark in remarks:
        found, unread = drafter.draft(remark)
        candidates += [c for c in found if c.draft.draft not in done]
        left_out.update(reason for _, reason in unread)
    checked = check_candidates(evidence, remarks, candidates, seed, known, drafter)
    return Drafting(tuple(checked), dict(left_out), len(remarks))


def check_candidates(
    evidence: Evidence,
    remarks: Sequence[Remark],
    candidates: Sequence[Candidate],
    seed: int,
    known: Sequence[Draft] = (),
    drafter: Drafter | None = None,
) -> list[Checked]:
    """Run all checks; deal sides and letters to what they keep.

    Dealing comes last, so that what is dropped does not tilt the balance.
    """
    drafter = drafter or Drafter(evidence)
    contexts = _Contexts(evidence, remarks, drafter)
    drafts = [candidate.draft for candidate in candidates]
    verdicts = [check_one(draft, contexts.of(draft)) for draft in drafts]
    _add("duplicates", verdicts, drafts, lambda left: duplicates(left, evidence.near_copies, known))
    _add("topic_shares", verdicts, drafts, lambda left: topic_shares(left, known))
    _add("longest_answers", verdicts, drafts, longest_answers)
    guess = blind_guess([])
    dealer = Dealer(seed, _dealt(known))
    return [
        Checked(settle(candidate, dealer) if is_kept(said) else candidate.draft, (*said, guess))
        for candidate, said in zip(candidates, verdicts, strict=True)
    ]


def _add(
    name: str,
    verdicts: list[list[Verdict]],
    drafts: Sequence[Draft],
    check: Callable[[list[Draft]], list[Verdict]],
) -> None:
    """Run a check of many on what is still kept; the rest was not run."""
    kept = [index for index, said in enumerate(verdicts) if is_kept(said)]
    found = check([drafts[index] for index in kept])
    for index, verdict in zip(kept, found, strict=True):
        verdicts[index].append(verdict)
    for index in set(range(len(drafts))) - set(kept):
        verdicts[index].append(Verdict(name, "not_run", "dropped_before"))


def _dealt(known: Sequence[Draft]) -> Iterator[tuple[str, int, int]]:
    for draft in known:
        yield stream_of(draft), len(draft.options), LETTERS.index(draft.answer)


class _Contexts:
    """What each draft is checked against, read once a feedback."""

    def __init__(self, evidence: Evidence, remarks: Sequence[Remark], drafter: Drafter) -> None:
        self._evidence = evidence
        self._lexicon = load_lexicon(tuple(evidence.chips))
        self._remarks = {(r.submission, r.position): r for r in remarks}
        self._claims: dict[tuple[str, int], tuple[Claim, ...]] = {}
        self._of_image: dict[str, list[Claim]] = defaultdict(list)
        for remark in remarks:
            claims = drafter.reader.read(remark.text).claims
            self._claims[remark.submission, remark.position] = claims
            self._of_image[remark.stimulus] += claims

    def of(self, draft: Draft) -> Context:
        key = (draft.submission, draft.position)
        remark = self._remarks[key]
        in_span = [
            claim
            for claim in self._claims[key]
            if draft.span_start <= claim.start and claim.end <= draft.span_end
        ]
        return Context(
            self._evidence, self._lexicon, remark.text, remark.rater, in_span,
            self._of_image[draft.stimulus],
        )  # fmt: skip


def check_table(checked: Iterable[Sequence[Verdict]]) -> list[dict[str, Any]]:
    """Return, for each check and reason, how many drafts it kept, dropped, did not run on.

    Rows have `check`, `keep`, `drop`, `not_run` and `reasons` (code -> count).
    """
    return counted_table(Counter(tuple(verdicts) for verdicts in checked).items())


def counted_table(
    checked: Iterable[tuple[Sequence[Verdict], int]],
) -> list[dict[str, Any]]:
    """Return `check_table` of (verdicts of a draft, drafts that have these)."""
    rows: dict[str, dict[str, Any]] = {}
    for verdicts, n in checked:
        for verdict in verdicts:
            row = rows.setdefault(
                verdict.check,
                {"check": verdict.check, "keep": 0, "drop": 0, "not_run": 0, "reasons": {}},
            )
            row[verdict.outcome] += n
            if verdict.reason:
                row["reasons"][verdict.reason] = row["reasons"].get(verdict.reason, 0) + n
    return list(rows.values())


def largest_share(drafts: Sequence[Draft]) -> tuple[str, float]:
    """Return the topic asked most often and its share of all drafts, `("", 0)` for none."""
    if not drafts:
        return "", 0.0
    topic, n = Counter(map(topic_key, drafts)).most_common(1)[0]
    return topic, n / len(drafts)
