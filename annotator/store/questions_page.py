"""A page of drafts at a time: what is next, how many there are, without reading the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annotator.store.questions import StoredDraft, drafts
from annotator.store.reads import Reads

__all__ = ["count_drafts", "draft_names", "next_draft", "review_votes", "sample_verdicts"]


def draft_names(
    study: Reads, state: str = "", *, limit: int | None = None, offset: int = 0
) -> list[str]:
    """Return ids of the drafts that count, in the order they were made.

    Args:
        study: The open study.
        state: Only those in it; all where empty.
        limit: At most so many; all where None.
        offset: So many are passed over.
    """
    rows = study.rows(
        """SELECT draft FROM draft_states WHERE ? = '' OR state = ?
        ORDER BY first_seq, draft LIMIT ? OFFSET ?""",
        [state, state, 2**62 if limit is None else limit, offset],
    )
    return [row["draft"] for row in rows]


def next_draft(
    study: Reads, reviewer: str, *, second: bool = False, batch: str = "", skip: Sequence[str] = ()
) -> tuple[StoredDraft | None, int]:
    """Return the next draft for a reviewer, and how many wait for them.

    Args:
        study: The open study.
        reviewer: Who is reviewing.
        second: Drafts that others decided about and this reviewer has not.
        batch: Name of a sample of what nobody has decided about; its drafts come in an order
            of chance that the name gives.
        skip: Drafts that come last; before them those sent back.
    """
    rows = study.rows(
        """WITH waiting AS (
            SELECT draft, first_seq, state FROM draft_states WHERE CASE WHEN $1
                THEN len(reviewers) > 0 AND NOT list_contains(reviewers, $2)
                ELSE state = 'unreviewed' OR (state = 'sent_back' AND $4 = '') END)
        SELECT draft, (SELECT count(*) FROM waiting) AS n FROM waiting
        ORDER BY list_contains($3::VARCHAR[], draft), state = 'sent_back',
            CASE WHEN $4 = '' THEN '' ELSE md5($4 || draft) END, first_seq, draft
        LIMIT 1""",
        [second, reviewer, list(skip), batch],
    )
    if not rows:
        return None, 0
    return drafts(study, names=[rows[0]["draft"]])[0], rows[0]["n"]


def count_drafts(study: Reads) -> dict[str, Any]:
    """Return how many drafts are in which state, by type and answer, and what checks said.

    Returns:
        `states`: state -> n; `types` and `answers` (type -> letter -> n) of those unreviewed or
        accepted; `verdicts`: (JSON of all verdicts of a draft, n) for each that occurs.
    """
    states: dict[str, int] = dict.fromkeys(
        ("unreviewed", "accepted", "rejected", "sent_back", "dropped"), 0
    )
    types: dict[str, int] = {}
    answers: dict[str, dict[str, int]] = {}
    for row in study.rows(
        """SELECT s.state, json_extract_string(d.body, '$.type') AS type,
            json_extract_string(d.body, '$.answer') AS answer, count(*) AS n
        FROM draft_states s JOIN drafts d ON d.seq = s.seq AND d.draft = s.draft
        GROUP BY ALL ORDER BY min(s.first_seq)"""
    ):
        states[row["state"]] += row["n"]
        if row["state"] in ("unreviewed", "accepted"):
            types[row["type"]] = types.get(row["type"], 0) + row["n"]
            letters = answers.setdefault(row["type"], {})
            letters[row["answer"]] = letters.get(row["answer"], 0) + row["n"]
    verdicts = study.rows(
        """SELECT d.verdicts, count(*) AS n
        FROM draft_states s JOIN drafts d ON d.seq = s.seq AND d.draft = s.draft
        GROUP BY d.verdicts"""
    )
    return {
        "states": states,
        "types": types,
        "answers": answers,
        "verdicts": [(row["verdicts"], row["n"]) for row in verdicts],
    }


def sample_verdicts(study: Reads, batch: str, unseen: str) -> list[str]:
    """Return the first verdict on each draft of a sample.

    Reasons that start with `unseen` were not looked at.
    """
    rows = study.rows(
        """SELECT arg_min(verdict, seq) AS verdict FROM reviews
        WHERE batch = ? AND NOT starts_with(reason, ?) GROUP BY draft ORDER BY min(seq)""",
        [batch, unseen],
    )
    return [row["verdict"] for row in rows]


def review_votes(study: Reads, unseen: str) -> list[dict[str, Any]]:
    """Return the last verdict of each reviewer on each draft they looked at themselves."""
    return study.rows(
        """SELECT reviewer, draft, arg_max(verdict, seq) AS verdict FROM reviews
        WHERE NOT starts_with(reason, ?) AND draft IN (
            SELECT draft FROM draft_states)
        GROUP BY reviewer, draft ORDER BY reviewer, draft""",
        [unseen],
    )
