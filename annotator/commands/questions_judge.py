"""`questions judge`: models judged on the questions; descriptions graded by a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from annotator.commands.answer import Answer
from annotator.commands.endpoint_options import (
    BaseUrl,
    Batch,
    Budget,
    Concurrency,
    Deadline,
    PriceIn,
    PriceOut,
    Wait,
    spending,
    told_of_budget,
)

if TYPE_CHECKING:
    from annotator.questions_calls import Way

__all__ = ["judge"]


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
