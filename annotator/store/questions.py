"""Reading drafts, reviews and calls from a study."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from annotator.store.reads import Reads
from schemas.draft import Draft, Verdict

__all__ = [
    "Review",
    "StoredDraft",
    "answered_calls",
    "batched_requests",
    "batches",
    "calls",
    "drafts",
    "known_calls",
    "spent",
]


class Review(NamedTuple):
    """One decision about a draft."""

    reviewer: str
    verdict: str
    """`accept`, `edit`, `reject` or `send_back`."""
    reason: str
    changes: dict[str, Any]
    batch: str | None
    at: str


class StoredDraft(NamedTuple):
    """A draft, its checks and every decision about it."""

    draft: Draft
    """As edited, where it was edited."""
    verdicts: tuple[Verdict, ...]
    is_kept: bool
    """No check dropped it."""
    reviews: tuple[Review, ...]
    """Oldest first."""
    call: str | None
    drafted: Draft
    """As it was drafted."""

    @property
    def state(self) -> str:
        """`dropped`, `unreviewed`, `accepted`, `rejected` or `sent_back`."""
        if self.reviews:
            return _STATES[self.reviews[-1].verdict]
        return "unreviewed" if self.is_kept else "dropped"


_STATES = {"accept": "accepted", "edit": "accepted", "reject": "rejected", "send_back": "sent_back"}


def drafts(
    study: Reads, *, with_removed: bool = False, names: Sequence[str] | None = None
) -> list[StoredDraft]:
    """Return the drafts in the order they were made.

    Args:
        study: The open study.
        with_removed: Also those whose feedback or image was taken out by a decision; published
            questions have no feedback.
        names: Only these; all where None.
    """
    wanted = None if names is None else list(names)
    rows = study.rows(
        """WITH latest AS (
            SELECT draft, min(seq) AS first_seq, max(seq) AS seq FROM drafts
            WHERE coalesce(list_contains(?::VARCHAR[], draft), true) GROUP BY draft)
        SELECT d.draft, d.body, d.verdicts, d.is_kept, d.call
        FROM latest l JOIN drafts d ON d.seq = l.seq AND d.draft = l.draft
        WHERE ? OR ((d.submission = '' OR d.submission IN (SELECT submission FROM kept_submissions))
            AND d.stimulus NOT IN (SELECT stimulus FROM retired_stimuli))
        ORDER BY l.first_seq, d.draft""",
        [wanted, with_removed],
    )
    reviews = _reviews(study, wanted)
    return [_stored(row, reviews.get(row["draft"], ())) for row in rows]


def _reviews(study: Reads, names: list[str] | None) -> dict[str, tuple[Review, ...]]:
    found: dict[str, list[Review]] = {}
    for row in study.rows(
        """SELECT draft, reviewer, verdict, reason, changes, batch, recorded_at AS at
        FROM reviews WHERE coalesce(list_contains(?::VARCHAR[], draft), true) ORDER BY seq""",
        [names],
    ):
        draft = row.pop("draft")
        row["changes"] = json.loads(row["changes"])
        found.setdefault(draft, []).append(Review(**row))
    return {draft: tuple(reviews) for draft, reviews in found.items()}


def _stored(row: dict[str, Any], reviews: tuple[Review, ...]) -> StoredDraft:
    body = json.loads(row["body"])
    drafted = Draft(**{**body, "options": tuple(body["options"])})
    edited = drafted
    for review in reviews:
        changes = review.changes
        if "options" in changes:
            changes = {**changes, "options": tuple(changes["options"])}
        edited = replace(edited, **changes)
    verdicts = tuple(Verdict(*verdict) for verdict in json.loads(row["verdicts"]))
    return StoredDraft(edited, verdicts, row["is_kept"], reviews, row["call"], drafted)


def calls(study: Reads, purpose: str | None = None) -> list[dict[str, Any]]:
    """Return the calls, oldest first: every field of `Called`."""
    rows = study.rows(
        """SELECT call, purpose, subject, round, prompt, model, parameters, outcome, raw, tokens_in,
            tokens_out, cost_usd, duration_ms, attempts, detail, recorded_at AS at
        FROM calls WHERE coalesce(purpose = ?, true) ORDER BY seq""",
        [purpose],
    )
    return [{**row, "parameters": json.loads(row["parameters"])} for row in rows]


def answered_calls(study: Reads, purpose: str, prompt: str, model: str) -> set[tuple[str, int]]:
    """Return (subject, round) of what a model has answered to a prompt already."""
    rows = study.rows(
        """SELECT DISTINCT subject, round FROM calls
        WHERE purpose = ? AND prompt = ? AND model = ? AND outcome = 'answered'""",
        [purpose, prompt, model],
    )
    return {(row["subject"], row["round"]) for row in rows}


def spent(study: Reads) -> list[dict[str, Any]]:
    """Return the ledger: for each model and purpose calls, failures, attempts, tokens, money.

    `cost_usd` is None where no price was known for any of the calls.
    """
    return study.rows(
        """SELECT model, purpose, count(*) AS calls,
            count_if(outcome <> 'answered')::BIGINT AS failed,
            sum(attempts)::BIGINT AS attempts,
            coalesce(sum(tokens_in), 0)::BIGINT AS tokens_in,
            coalesce(sum(tokens_out), 0)::BIGINT AS tokens_out, sum(cost_usd) AS cost_usd
        FROM calls GROUP BY model, purpose ORDER BY model, purpose"""
    )


def batches(study: Reads, purpose: str, prompt: str, model: str) -> list[dict[str, Any]]:
    """Return the batches of a purpose, oldest first: batch, status, remote, n_requests, detail."""
    return study.rows(
        """SELECT batch, status, remote, n_requests, detail FROM current_batches
        WHERE purpose = ? AND prompt = ? AND model = ? ORDER BY first_seq""",
        [purpose, prompt, model],
    )


def batched_requests(study: Reads, names: Sequence[str]) -> set[tuple[str, int]]:
    """Return (subject, round) of every request of some batches."""
    rows = study.rows(
        """SELECT DISTINCT unnest(requests) AS request FROM batches
        WHERE batch IN (SELECT unnest(?))""",
        [list(names)],
    )
    pairs = (row["request"].split("|", 1) for row in rows)
    return {(subject, int(round_)) for round_, subject in pairs}


def known_calls(study: Reads, purpose: str) -> set[str]:
    """Return the ids of all calls of a purpose."""
    rows = study.rows("SELECT call FROM calls WHERE purpose = ?", [purpose])
    return {row["call"] for row in rows}
