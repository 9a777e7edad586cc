"""`questions draft|list|judge`: from feedback to checked drafts; models judged on them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
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

if TYPE_CHECKING:
    from annotator.endpoints import Endpoint
    from annotator.questions import Drafts
    from annotator.questions_calls import Way
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


@commands.command("judge")
def judge(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    model: Annotated[str, typer.Option(metavar="NAME", help="Model to judge, or that judges.")],
    base_url: BaseUrl = "",
    blind: Annotated[
        bool, typer.Option("--blind", help="Ask without the image: what can be guessed.")
    ] = False,
    include_unreviewed: Annotated[
        bool, typer.Option("--include-unreviewed", help="Also questions nobody has reviewed.")
    ] = False,
    descriptions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Have the model grade these descriptions instead."),
    ] = None,
    rubric: Annotated[
        str, typer.Option(metavar="medq|medq-paired|lldescribe", help="How they are graded.")
    ] = "medq",
    rounds: Annotated[
        int | None, typer.Option(min=1, help="Times each is graded; as published where absent.")
    ] = None,
    people: Annotated[
        Path | None, typer.Option(metavar="FILE", help="People's marks of the same, to compare.")
    ] = None,
    batch: Batch = False,
    wait: Wait = True,
    concurrency: Concurrency = 8,
    deadline: Deadline = 120.0,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    budget: Budget = None,
) -> None:
    """Ask a model the questions; report how many it gets right. Or have it grade descriptions."""
    from annotator.endpoints import Endpoint

    answer: Answer = context.obj
    endpoint = Endpoint(model, base_url, concurrency, deadline, price_in, price_out, budget)
    asker = endpoint.asker()
    way = endpoint.way(asker, in_batches=batch, is_waiting=wait)
    if descriptions is None:
        document, text = _answers(answer, way, not blind, include_unreviewed)
    else:
        document, text = _grades(answer, way, rubric, rounds, descriptions, people)
    for line in told_of_budget(asker):
        answer.say(line)
    answer.give({"model": model, **document, **spending(asker)}, text)


def _answers(
    answer: Answer, way: Way, with_image: bool, include_unreviewed: bool
) -> tuple[dict[str, Any], str]:
    from annotator.commands.progress import progress_bar
    from annotator.questions_judge import judge_model
    from annotator.store import open_study
    from pipelines.questions.judging import accuracy_table

    with open_study(answer.folder) as study, progress_bar(answer, "questions") as advance:
        judged = judge_model(
            study, way, advance, with_image=with_image, include_unreviewed=include_unreviewed
        )
    table = accuracy_table(judged.answers)
    document = {
        "with_image": with_image,
        "questions": judged.n_questions,
        "unanswered": judged.n_unanswered,
        "calls": dict(judged.outcomes),
        "accuracy": table,
    }
    return document, _accuracy_text(table)


def _grades(
    answer: Answer,
    way: Way,
    rubric_name: str,
    rounds: int | None,
    descriptions: Path,
    people: Path | None,
) -> tuple[dict[str, Any], str]:
    from annotator.commands.progress import progress_bar
    from annotator.questions_describe import grade_descriptions, read_descriptions, read_people
    from annotator.store import open_study
    from pipelines.questions.rubrics import agreement_with_people, load_rubric, mark_table

    rubric = load_rubric(rubric_name)
    marks_of_people = read_people(people) if people else {}
    with open_study(answer.folder) as study, progress_bar(answer, "marks") as advance:
        items = read_descriptions(study, descriptions)
        graded = grade_descriptions(study, way, rubric, rounds or rubric.rounds, items, advance)
    table = mark_table(graded.marks, list(rubric.dimensions))
    agreement = agreement_with_people(graded.marks, marks_of_people)
    document = {
        "rubric": rubric.version,
        "descriptions": len(items),
        "rounds": rounds or rubric.rounds,
        "unanswered": graded.n_unanswered,
        "calls": dict(graded.outcomes),
        "scores": table,
        "agreement": agreement,
    }
    return document, _grades_text(table, agreement)


def _grades_text(table: list[dict[str, Any]], agreement: list[dict[str, Any]]) -> str:
    lines = ["model\tdimension\tn\tmean\tunreadable"]
    for row in table:
        for name, told in row["dimensions"].items():
            mean = _number(told["mean"])
            lines.append(f"{row['model']}\t{name}\t{told['n']}\t{mean}\t{told['unreadable']}")
        lines.append(f"{row['model']}\tsum of {row['out_of']}\t\t{_number(row['sum'])}\t")
    if agreement:
        lines.append("dimension\trater\tn\tequal\tkappa, quadratic weights")
    for row in agreement:
        rater = row["rater"] if row["rater"] is not None else "all"
        numbers = f"{_number(row['accuracy'])}\t{_number(row['kappa_quadratic'])}"
        lines.append(f"{row['dimension']}\t{rater}\t{row['n']}\t{numbers}")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _accuracy_text(table: list[dict[str, Any]]) -> str:
    lines = ["by\tgroup\tn\tright\tunreadable\taccuracy\t95 % interval"]
    for row in table:
        shares = [row[name] for name in ("accuracy", "ci95_low", "ci95_high")]
        share, low, high = ("" if value is None else f"{value:.3f}" for value in shares)
        numbers = "\t".join(str(row[name]) for name in ("n", "right", "unreadable"))
        lines.append(f"{row['by']}\t{row['group']}\t{numbers}\t{share}\t{low} to {high}")
    return "\n".join(lines)
