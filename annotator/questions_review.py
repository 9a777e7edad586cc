"""Reviewing drafts: what is shown next, decisions as facts, samples, agreement of reviewers."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from annotator.clock import fresh_id, iso, now
from annotator.store import Reads, Store
from annotator.store.questions import StoredDraft, drafts
from annotator.store.questions_page import draft_names, next_draft, review_votes, sample_verdicts
from pipelines.questions.judging import cohen_kappa, wilson
from schemas.errors import UserError
from schemas.facts import Reviewed
from schemas.question import question_fault
from schemas.text import clean_text

__all__ = ["Agreement", "ReviewDesk", "Sample", "Shown"]

_GOOD = ("accept", "edit")
_EDITABLE = ("question", "options", "explanation")


class Shown(NamedTuple):
    """A draft on the page."""

    item: StoredDraft
    text: str
    """The whole feedback."""
    n_left: int
    """Drafts this reviewer has still to see."""
    n_accepted: int


class Sample(NamedTuple):
    """A sample of the unreviewed drafts, as far as it was reviewed."""

    batch: str
    n: int
    n_wrong: int
    """Not accepted as they stood: edited, rejected or sent back."""
    n_unreviewed: int
    interval: tuple[float, float] | None
    """95 % Wilson interval of the share that is wrong."""


class Agreement(NamedTuple):
    """Two reviewers on the drafts both decided about; accepting and editing count as yes."""

    reviewers: tuple[str, str]
    n: int
    kappa: float | None


class ReviewDesk:
    """Reads drafts and appends decisions; holds nothing between calls."""

    def __init__(self, store: Store) -> None:
        """Review the drafts of an open store."""
        self._store = store

    def next(
        self, reviewer: str, *, second: bool = False, batch: str = "", skip: Sequence[str] = ()
    ) -> Shown | None:
        """Return the next draft for a reviewer, or None where nothing is left.

        Args:
            reviewer: Who is reviewing.
            second: Drafts that others decided about and this reviewer has not seen.
            batch: Name of a sample; its drafts come in random order.
            skip: Drafts put off in this sitting.
        """
        item, n_left = next_draft(self._store, reviewer, second=second, batch=batch, skip=skip)
        if item is None:
            return None
        n_accepted = len(draft_names(self._store, "accepted"))
        return Shown(item, _text_of(self._store, item), n_left, n_accepted)

    def find(self, draft: str) -> StoredDraft:
        """Return a draft by its id.

        Raises:
            UserError: `unknown_draft`.
        """
        for item in drafts(self._store, names=[draft]):
            return item
        raise UserError("unknown_draft", f"There is no draft '{draft}'; load the page again.")

    def decide(
        self,
        draft: str,
        verdict: str,
        reviewer: str,
        *,
        reason: str = "",
        changes: Mapping[str, Any] | None = None,
        batch: str = "",
    ) -> None:
        """Keep a decision.

        Args:
            draft: Its id.
            verdict: `accept`, `edit`, `reject` or `send_back`.
            reviewer: Who decides.
            reason: Needed to reject or send back.
            changes: For `edit`: question, options, explanation. Order of options, letters and
                sides stay as dealt.
            batch: The sample it was seen in.

        Raises:
            UserError: `unknown_draft`, `no_reason`, `nothing_changed` or `invalid_edit`.
        """
        item = self.find(draft)
        reason = clean_text(reason).strip()
        if verdict in ("reject", "send_back") and not reason:
            raise UserError("no_reason", "Say why, in a few words; the reason is kept.")
        changed = _changes(item, changes or {}) if verdict == "edit" else {}
        fact = Reviewed(iso(now()), draft, reviewer, verdict, reason, changed, batch or None)
        self._store.append([fact])

    def history(self, draft: str) -> list[dict[str, Any]]:
        """Return every decision about a draft, oldest first."""
        return [review._asdict() for review in self.find(draft).reviews]

    # -- samples -----------------------------------------------------------------------

    def new_sample(self) -> str:
        """Return the name of a new sample."""
        return fresh_id("b")

    def sample(self, batch: str) -> Sample:
        """Return how a sample stands: how many seen, how many wrong, what that says of the rest."""
        verdicts = sample_verdicts(self._store, batch, _UNSEEN)
        n_wrong = sum(verdict != "accept" for verdict in verdicts)
        n_unreviewed = len(draft_names(self._store, "unreviewed"))
        return Sample(batch, len(verdicts), n_wrong, n_unreviewed, wilson(n_wrong, len(verdicts)))

    def accept_rest(self, batch: str, reviewer: str, least: int = 20) -> Sample:
        """Accept every unreviewed draft on the strength of a sample; the reason says of which.

        Raises:
            UserError: `sample_too_small` below `least` decisions.
        """
        found = self.sample(batch)
        if found.n < least or found.interval is None:
            raise UserError(
                "sample_too_small",
                f"The sample has {found.n} decisions; look at {least} drafts of it at least, "
                "then accept the rest.",
            )
        low, high = found.interval
        reason = (
            f"{_UNSEEN}: {found.n_wrong} of {found.n} sampled were not accepted as they stood "
            f"(95 % interval {low:.1%} to {high:.1%})"
        )
        at = iso(now())
        self._store.append_many(
            Reviewed(at, draft, reviewer, "accept", reason, {}, batch)
            for draft in draft_names(self._store, "unreviewed")
        )
        return found

    def agreement(self) -> list[Agreement]:
        """Return, for every two reviewers who share drafts, how far they agree."""
        votes: dict[str, dict[str, bool]] = defaultdict(dict)
        for row in review_votes(self._store, _UNSEEN):
            votes[row["reviewer"]][row["draft"]] = row["verdict"] in _GOOD
        found = []
        for first, second in itertools.combinations(sorted(votes), 2):
            shared = votes[first].keys() & votes[second].keys()
            if shared:
                pairs = [(votes[first][draft], votes[second][draft]) for draft in sorted(shared)]
                found.append(Agreement((first, second), len(shared), cohen_kappa(pairs)))
        return found


_UNSEEN = "accepted unseen"


def _text_of(study: Reads, item: StoredDraft) -> str:
    texts = study.texts_of(item.draft.submission)
    return str(texts[item.draft.position]["text"])


def _changes(item: StoredDraft, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what really changes, cleaned.

    Raises:
        UserError: `invalid_edit` or `nothing_changed`.
    """
    import dataclasses

    unknown = [name for name in changes if name not in _EDITABLE]
    if unknown:
        raise UserError("invalid_edit", f"'{unknown[0]}' cannot be edited.")
    cleaned = {
        name: [" ".join(clean_text(option).split()) for option in value]
        if name == "options"
        else " ".join(clean_text(value).split())
        for name, value in changes.items()
    }
    now_is = {name: getattr(item.draft, name) for name in cleaned}
    now_is = {k: list(v) if k == "options" else v for k, v in now_is.items()}
    changed = {name: value for name, value in cleaned.items() if value != now_is[name]}
    if not changed:
        raise UserError("nothing_changed", "Nothing was changed; accept it, or change it first.")
    as_tuple: dict[str, Any] = {k: tuple(v) if k == "options" else v for k, v in changed.items()}
    edited = dataclasses.replace(item.draft, **as_tuple)
    fault = question_fault(edited.as_question())
    if fault or len(edited.options) != len(item.draft.options):
        raise UserError(
            "invalid_edit", f"It cannot be asked like that ({fault or 'option_count'}); mend it."
        )
    return changed
