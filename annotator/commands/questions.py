"""`questions draft|list`: from feedback to checked drafts, and what became of them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from annotator.commands.answer import Answer

if TYPE_CHECKING:
    from annotator.questions import Drafts
    from annotator.store.questions import StoredDraft

__all__ = ["commands", "draft"]

commands = typer.Typer(no_args_is_help=True, help="Questions drafted from feedback.")


@commands.command("draft")
def draft(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be drafted; keep nothing.")
    ] = False,
) -> None:
    """Draft yes-or-no, what and how questions from feedback; check them; keep what is new."""
    from annotator.questions import draft_embedded
    from annotator.store import open_study

    answer: Answer = context.obj
    with open_study(answer.folder) as study:
        drafts = draft_embedded(study, dry_run=dry_run)
    answer.give(_drafted(drafts, dry_run=dry_run), _drafted_text(drafts, dry_run=dry_run))


def _drafted(drafts: Drafts, *, dry_run: bool) -> dict[str, Any]:
    from pipelines.questions.drafting import EMBEDDED, RULES
    from pipelines.questions.flow import check_table, is_kept, largest_share

    topic, share = largest_share(drafts.drafting.kept)
    kept = [item for item in drafts.added if is_kept(item.verdicts)]
    return {
        "backend": EMBEDDED,
        "model": EMBEDDED,
        "prompt": RULES,
        "dry_run": dry_run,
        "feedback": drafts.drafting.n_feedback,
        "added": len(drafts.added),
        "kept": len(kept),
        "dropped": len(drafts.added) - len(kept),
        "left_out": drafts.drafting.left_out,
        "checks": check_table(item.verdicts for item in drafts.added),
        "largest_topic": {"topic": topic, "share": share},
        "cost_usd": 0.0,
    }


def _drafted_text(drafts: Drafts, *, dry_run: bool) -> str:
    document = _drafted(drafts, dry_run=dry_run)
    verb = "would be added" if dry_run else "added"
    lines = [
        (
            f"{document['added']} drafts {verb} from {document['feedback']} texts: "
            f"{document['kept']} kept, {document['dropped']} dropped by checks."
        ),
        *_check_lines(document["checks"]),
    ]
    if document["left_out"]:
        told = ", ".join(f"{n} {reason}" for reason, n in document["left_out"].items())
        lines.append(f"Sentences nothing was drafted from: {told}.")
    return "\n".join(lines)


def _check_lines(checks: list[dict[str, Any]]) -> list[str]:
    if not checks:
        return []
    lines = ["check\tkept\tdropped\tnot run\treasons"]
    for row in checks:
        reasons = ", ".join(f"{reason} {n}" for reason, n in row["reasons"].items())
        numbers = "\t".join(str(row[name]) for name in ("keep", "drop", "not_run"))
        lines.append(f"{row['check']}\t{numbers}\t{reasons}")
    return lines


@commands.command("list")
def list_(
    context: typer.Context,
    state: Annotated[
        str,
        typer.Option(help="Only unreviewed, accepted, rejected, sent_back or dropped ones."),
    ] = "",
) -> None:
    """List the drafts with their checks and reviews, what checks dropped, and what was spent."""
    from annotator.questions import summary_of
    from annotator.store import open_study
    from annotator.store.questions import drafts, spent
    from pipelines.questions.flow import check_table
    from schemas.errors import UserError

    answer: Answer = context.obj
    with open_study(answer.folder) as study:
        stored = drafts(study)
        ledger = spent(study)
    summary = summary_of(stored)
    if state and state not in summary["states"]:
        raise UserError(
            "unknown_state",
            f"There is no state '{state}' of a draft; use one of {', '.join(summary['states'])}.",
        )
    shown = [item for item in stored if not state or item.state == state]
    document = {
        "questions": [_listed(item) for item in shown],
        **summary,
        "checks": check_table(item.verdicts for item in stored),
        "spent": ledger,
    }
    answer.give(document, _list_text(shown, document))


def _listed(item: StoredDraft) -> dict[str, Any]:
    document = dataclasses.asdict(item.draft)
    return {
        "question_id": document.pop("draft"),
        "state": item.state,
        **document,
        "answer_text": item.draft.answer_text,
        "checks": [verdict._asdict() for verdict in item.verdicts],
        "reviews": [review._asdict() for review in item.reviews],
        "call": item.call,
    }


def _list_text(shown: list[StoredDraft], document: dict[str, Any]) -> str:
    lines = [
        "\t".join(
            (item.draft.draft, item.state, item.draft.type, item.draft.question,
             item.draft.answer_text)
        )
        for item in shown
    ]  # fmt: skip
    states = ", ".join(f"{n} {state}" for state, n in document["states"].items())
    return "\n".join([*lines, f"In all: {states}.", *_check_lines(document["checks"])])
