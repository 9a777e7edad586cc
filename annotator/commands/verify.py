"""`verify`: do journal, database and images agree; `--rebuild` makes the database anew."""

from __future__ import annotations

from typing import Annotated

import typer

from annotator.commands.answer import Answer

__all__ = ["verify"]


def verify(
    context: typer.Context,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make the database anew from the journal first.")
    ] = False,
    accept_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss",
            help="With --rebuild: go on without facts that journal and database have lost.",
        ),
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Check the images' sizes, not their bytes.")
    ] = False,
) -> None:
    """Compare journal, database and images; say what differs."""
    from annotator.commands.progress import progress_bar
    from annotator.verification import rebuild_database, verify_study
    from schemas.errors import UserError

    answer: Answer = context.obj
    if accept_loss and not rebuild:
        raise typer.BadParameter("--accept-loss goes with --rebuild.")
    notices = rebuild_database(answer.folder, accept_loss=accept_loss) if rebuild else []
    for notice in notices:
        answer.say(notice)
    with progress_bar(answer, "images") as advance:
        report = verify_study(answer.folder, quick=quick, progress=advance)
    report["notices"] = [*notices, *report["notices"]]
    for problem in report["problems"]:
        answer.say(f"Differs: {problem}")
    if report["problems"]:
        answer.give(report)
        # The document carries the error as well, so that scripts find all in one place.
        first = report["problems"][0]
        raise UserError(
            "study_differs",
            f"{len(report['problems'])} things in {answer.folder} are not as they should be; the "
            f"first: {first}. `verify --rebuild` makes the database anew, and a damaged journal "
            "whole from the database; images come from a backup.",
        )
    answer.give(
        report,
        f"{report['facts']} facts, database and {report['images']} images agree.",
    )
