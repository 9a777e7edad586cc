"""`label-studio push|pull`: a study on a Label Studio server, and its annotations back."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from annotator.commands.answer import Answer

__all__ = ["commands"]

commands = typer.Typer(no_args_is_help=True, help="Exchange with a Label Studio server.")

_Url = Annotated[str, typer.Option("--url", envvar="LABEL_STUDIO_URL", help="The server.")]
_Token = Annotated[
    str, typer.Option("--token", envvar="LABEL_STUDIO_API_KEY", help="A user's access token.")
]
_Title = Annotated[str, typer.Option("--project", help="Title; the study's name where absent.")]


@commands.callback()
def _group() -> None:
    """Exchange with a Label Studio server."""


@commands.command("push")
def push(context: typer.Context, url: _Url, token: _Token, project: _Title = "") -> None:
    """Make the project where it is missing and add the images it lacks."""
    from annotator.label_studio import SdkProject, push_tasks
    from annotator.store import open_study
    from exports.label_studio import labelling_config

    answer: Answer = context.obj
    with open_study(answer.folder) as study:
        title = project or study.study.name
        counts = push_tasks(study, SdkProject(url, token, title, labelling_config(study.study)))
    answer.give(
        {"project": title, **counts},
        f"{counts['added']} images added to '{title}', {counts['already_there']} were there.",
    )


@commands.command("pull")
def pull(context: typer.Context, url: _Url, token: _Token, project: _Title = "") -> None:
    """Take in the annotations as ratings, with who and when; what is there is left."""
    from annotator.foreign_import import import_foreign
    from annotator.label_studio import SdkProject, named_annotators
    from annotator.store import open_study

    answer: Answer = context.obj
    with open_study(answer.folder) as study, tempfile.TemporaryDirectory() as folder:
        there = SdkProject(url, token, project or study.study.name)
        tasks = named_annotators(there.annotated(), there.annotators())
        file = Path(folder, "label-studio.json")
        file.write_text(json.dumps(tasks), encoding="utf-8")
        report = import_foreign(study, [file], "label-studio", {}, with_images=False)
    for note in report["notes"]:
        answer.say(f"Note: {note}")
    counts = {name: report[name] for name in ("ratings", "feedback")}
    answer.give(
        {"annotations": sum(len(task["annotations"]) for task in tasks), **counts},
        f"{counts['ratings']} ratings and {counts['feedback']} texts added.",
    )
