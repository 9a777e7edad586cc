"""`study init|show`: make a study, show its file as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from annotator.commands.answer import Answer

__all__ = ["commands"]

commands = typer.Typer(no_args_is_help=True, help="Make a study; show its file.")


@commands.command("init")
def init(
    context: typer.Context,
    preset: Annotated[
        str, typer.Option(metavar="NAME|FILE.toml", help="A preset (siqa) or a study file.")
    ] = "siqa",
) -> None:
    """Make a study in the study folder."""
    from annotator.founding import found_study, read_preset

    answer: Answer = context.obj
    study = found_study(answer.folder, read_preset(preset))
    answer.give(
        study.model_dump(mode="json"),
        f"Study '{study.name}' made in {answer.folder}. Next: import images, add raters, serve.",
    )


@commands.command("show")
def show(context: typer.Context) -> None:
    """Show the study file as data."""
    from annotator.store.access import load_study
    from schemas.layout import StudyFolder

    answer: Answer = context.obj
    study = load_study(StudyFolder(Path(answer.folder)))
    document = study.model_dump(mode="json")
    answer.give(document, json.dumps(document, ensure_ascii=False, indent=2))
