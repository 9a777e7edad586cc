"""The tree of commands; each is defined in the file of its noun."""

from __future__ import annotations

from typing import Annotated

import typer

from annotator.commands.agreement import agreement
from annotator.commands.evaluate import evaluate
from annotator.commands.export import export
from annotator.commands.importing import import_images
from annotator.commands.label_studio import commands as label_studio
from annotator.commands.mos import SETTINGS, mos
from annotator.commands.questions import commands as questions
from annotator.commands.questions import draft
from annotator.commands.raters import commands as raters
from annotator.commands.ratings import commands as ratings
from annotator.commands.runs import commands as runs
from annotator.commands.score import score
from annotator.commands.serve import serve
from annotator.commands.study import commands as study
from annotator.commands.verify import verify

__all__ = ["application"]

application = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Experts rate scientific images; curators publish data others can trust.",
)


@application.callback()
def _global_options(
    data: Annotated[
        str, typer.Option(metavar="DIR", help="Study folder; else $SIQA_DATA, else ./study.")
    ] = "",
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document on standard output.")
    ] = False,
) -> None:
    """Take the options that every command accepts, before it or after its last argument."""


application.command("serve")(serve)
application.add_typer(study, name="study")
application.command("import")(import_images)
application.add_typer(raters, name="raters")
application.add_typer(ratings, name="ratings")
application.command("mos", context_settings=SETTINGS)(mos)
application.add_typer(runs, name="runs")
application.command("agreement", context_settings=SETTINGS)(agreement)
application.add_typer(questions, name="questions")
application.command("draft")(draft)
application.command("score")(score)
application.command("export")(export)
application.command("evaluate")(evaluate)
application.add_typer(label_studio, name="label-studio")
application.command("verify")(verify)
