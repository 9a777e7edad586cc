"""`questions draft|list`: from feedback to checked drafts, and what became of them."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from annotator.commands.answer import Answer
from annotator.commands.endpoint_options import (
    BaseUrl,
    Batch,
    Budget,
    Concurrency,
    Deadline,
    Model,
    PriceIn,
    PriceOut,
    Wait,
    spending,
    told_of_budget,
)
from annotator.commands.questions_judge import judge

if TYPE_CHECKING:
    from annotator.endpoints import Endpoint
    from annotator.questions import Drafts
    from annotator.store.questions import StoredDraft

__all__ = ["commands", "draft"]

commands = typer.Typer(no_args_is_help=True, help="Questions drafted from feedback.")


@commands.command("draft")
def draft(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    backend: Annotated[
        str, typer.Option(metavar="embedded|openai", help="Rules, or a model at an endpoint.")
    ] = "embedded",
    base_url: BaseUrl = "",
    model: Model = "",
    image: Annotated[
        bool, typer.Option(help="Send the image along, to an endpoint that takes images.")
    ] = True,
    batch: Batch = False,
    wait: Wait = True,
    blind: Annotated[
        int,
        typer.Option(metavar="TIMES", min=0, help="Ask the model each draft without its image."),
    ] = 0,
    guessable: Annotated[
        str, typer.Option(metavar="drop|mark", help="What becomes of drafts that it guesses.")
    ] = "drop",
    read_distractors: Annotated[
        bool,
        typer.Option("--read-distractors", help="Have the model read its wrong options again."),
    ] = False,
    concurrency: Concurrency = 8,
    deadline: Deadline = 120.0,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    budget: Budget = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be drafted or asked; keep nothing.")
    ] = False,
) -> None:
    """Draft yes-or-no, what and how questions from feedback; check them; keep what is new."""
    from annotator.endpoints import Endpoint

    endpoint = Endpoint(model, base_url, concurrency, deadline, price_in, price_out, budget)
    wanted = _Wanted(backend, image, batch, wait, blind, guessable, read_distractors)
    wanted.check()
    if wanted.needs_model:
        endpoint.check()
    answer: Answer = context.obj
    if not dry_run:
        _draft(answer, endpoint, wanted)
    elif backend == "embedded":
        _try_embedded(answer)
    else:
        _plan(answer, endpoint, wanted)


class _Wanted(NamedTuple):
    """What a run of drafting is to do."""

    backend: str
    with_image: bool
    in_batches: bool
    is_waiting: bool
    blind: int
    guessable: str
    read_distractors: bool

    @property
    def needs_model(self) -> bool:
        return self.backend == "openai" or bool(self.blind) or self.read_distractors

    def check(self) -> None:
        from schemas.errors import UserError

        for option, given, known in (
            ("backend", self.backend, ("embedded", "openai")),
            ("guessable", self.guessable, ("drop", "mark")),
        ):
            if given not in known:
                raise UserError(
                    f"unknown_{option}",
                    f"There is no {option} '{given}'; use {' or '.join(known)}.",
                )
        if self.in_batches and self.backend != "openai":
            raise UserError("nothing_to_batch", "Rules ask nobody; say --backend openai --batch.")


def _try_embedded(answer: Answer) -> None:
    from annotator.questions import draft_embedded
    from annotator.store import open_study

    with open_study(answer.folder) as study:
        drafts = draft_embedded(study, dry_run=True)
    document = _head("embedded", "") | {"dry_run": True} | _drafted(drafts) | {"cost_usd": 0.0}
    answer.give(document, _drafted_text(document))


def _plan(answer: Answer, endpoint: Endpoint, wanted: _Wanted) -> None:
    from annotator.questions_model import plan_drafting
    from annotator.store import open_study

    with open_study(answer.folder) as study:
        plan = plan_drafting(study, endpoint.asker(), with_image=wanted.with_image)
    document = {
        **_head("openai", endpoint.model),
        "dry_run": True,
        "calls": plan.n_calls,
        "answered_before": plan.n_done,
        "cost_usd": plan.cost_usd,
    }
    price = "unknown" if plan.cost_usd is None else f"at most {plan.cost_usd:.2f} USD"
    answer.give(document, f"{plan.n_calls} calls of {endpoint.model}; price {price}.")


def _head(backend: str, model: str) -> dict[str, Any]:
    from pipelines.questions.drafting import EMBEDDED, RULES
    from pipelines.questions.recipes import load_prompt

    if backend == "embedded":
        return {"backend": EMBEDDED, "model": EMBEDDED, "prompt": RULES}
    return {"backend": backend, "model": model, "prompt": load_prompt("draft").version}


def _draft(answer: Answer, endpoint: Endpoint, wanted: _Wanted) -> None:
    from annotator.commands.progress import progress_bar
    from annotator.questions import draft_embedded
    from annotator.questions_drafting import DraftRun
    from annotator.store import open_study

    with open_study(answer.folder) as study, progress_bar(answer, "calls") as advance:
        run = DraftRun(study, endpoint, advance)
        if wanted.backend == "embedded":
            drafts = draft_embedded(study)
        else:
            drafts = run.draft(
                with_image=wanted.with_image,
                in_batches=wanted.in_batches,
                is_waiting=wanted.is_waiting,
            )
        if wanted.read_distractors:
            run.read_distractors()
        if wanted.blind:
            run.guess(wanted.blind, is_marked=wanted.guessable == "mark")
        drafts = run.with_verdicts(drafts)
    told = run.told()
    document = {
        **_head(wanted.backend, endpoint.model),
        "dry_run": False,
        **({"calls": told["calls"]} if wanted.needs_model else {}),
        **_drafted(drafts),
        **{name: value for name, value in told.items() if name != "calls"},
        **(spending(run.last) if run.last else {"cost_usd": 0.0}),
    }
    for line in told_of_budget(run.last) if run.last else ():
        answer.say(line)
    answer.give(document, _drafted_text(document))


def _drafted(drafts: Drafts) -> dict[str, Any]:
    from pipelines.questions.flow import check_table, is_kept, largest_share

    topic, share = largest_share(drafts.drafting.kept)
    kept = [item for item in drafts.added if is_kept(item.verdicts)]
    return {
        "feedback": drafts.drafting.n_feedback,
        "added": len(drafts.added),
        "kept": len(kept),
        "dropped": len(drafts.added) - len(kept),
        "left_out": drafts.drafting.left_out,
        "checks": check_table(item.verdicts for item in drafts.added),
        "largest_topic": {"topic": topic, "share": share},
    }


def _drafted_text(document: dict[str, Any]) -> str:
    verb = "would be added" if document["dry_run"] else "added"
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
    limit: Annotated[int, typer.Option(min=0, help="Show so many at most.")] = 1000,
    offset: Annotated[int, typer.Option(min=0, help="Pass over so many first.")] = 0,
) -> None:
    """List drafts with their checks and reviews, what checks dropped, and what was spent."""
    from annotator.store import open_study
    from annotator.store.questions import drafts, spent
    from annotator.store.questions_page import count_drafts, draft_names
    from pipelines.questions.flow import counted_table
    from schemas.draft import Verdict
    from schemas.errors import UserError

    answer: Answer = context.obj
    with open_study(answer.folder) as study:
        counts = count_drafts(study)
        if state and state not in counts["states"]:
            raise UserError(
                "unknown_state",
                f"There is no state '{state}' of a draft; use one of "
                f"{', '.join(counts['states'])}.",
            )
        shown = drafts(study, names=draft_names(study, state, limit=limit, offset=offset))
        ledger = spent(study)
    verdicts = ((json.loads(text), n) for text, n in counts.pop("verdicts"))
    total = counts["states"][state] if state else sum(counts["states"].values())
    document = {
        "questions": [_listed(item) for item in shown],
        "total": total,
        "offset": offset,
        **counts,
        "checks": counted_table(([Verdict(*one) for one in many], n) for many, n in verdicts),
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
    left = document["total"] - document["offset"] - len(shown)
    more = [f"{left} more; say --offset {document['offset'] + len(shown)}."] if left > 0 else []
    return "\n".join([*lines, *more, f"In all: {states}.", *_check_lines(document["checks"])])


commands.command("judge")(judge)
