"""`ratings import`: ratings made elsewhere join the study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from annotator.commands.answer import Answer

__all__ = ["commands"]

commands = typer.Typer(no_args_is_help=True, help="Bring in ratings made elsewhere.")


@commands.callback()
def _group() -> None:
    """Bring in ratings made elsewhere."""


@commands.command("import")
def import_ratings(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="Long table: stimulus,rater,dimension,score[,feedback,…].")
    ],
) -> None:
    """Import a long table of ratings (CSV, Parquet or JSON lines), all or nothing."""
    from annotator.ratings_import import IMPORT_COLUMNS, rating_facts
    from annotator.store import open_study
    from pipelines.opinion.rating_file import read_ratings_file

    answer: Answer = context.obj
    table = read_ratings_file(file, IMPORT_COLUMNS)
    with open_study(answer.folder) as study:
        facts, counts = rating_facts(table, study)
        study.append_many(facts)
    if counts.blank:
        answer.say(f"{counts.blank} rows have no score and add none.")
    answer.give(
        counts._asdict(),
        f"{counts.ratings} ratings and {counts.feedback} texts of {counts.raters} raters on "
        f"{counts.stimuli} images added; {counts.already_there} ratings were there already.",
    )
