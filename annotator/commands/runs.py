"""`runs list|choose|delete`: opinion scores kept under a name."""

from __future__ import annotations

from typing import Annotated

import typer

from annotator.commands.answer import Answer

__all__ = ["commands"]

commands = typer.Typer(no_args_is_help=True, help="Opinion scores kept with `mos --save`.")


@commands.command("list")
def list_all(context: typer.Context) -> None:
    """List the kept runs, and whether the ratings have moved on since."""
    from annotator.runs import list_runs
    from annotator.store import open_study

    answer: Answer = context.obj
    with open_study(answer.folder) as study:
        runs = list_runs(study)
    lines = [
        f"{run.name}\t{run.method}\tas of fact {run.as_of}\t"
        f"{'current' if run.is_current else 'the ratings have moved on since'}"
        f"{', chosen' if run.is_chosen else ''}"
        for run in runs
    ]
    answer.give(
        {"runs": [run.as_json() for run in runs]},
        "\n".join(lines) or "None yet; `mos --method M --save NAME` keeps one.",
    )


@commands.command("choose")
def choose(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Run; none goes back to plain means.")] = None,
) -> None:
    """Make exports use a run; without a name, plain means of the day again."""
    from annotator.runs import choose_run
    from annotator.store import open_study

    answer: Answer = context.obj
    with open_study(answer.folder) as study:
        choose_run(study, name)
    answer.give({"chosen": name}, f"Exports use {name or 'plain means'}.")


@commands.command("delete")
def delete(context: typer.Context, name: Annotated[str, typer.Argument()]) -> None:
    """Delete a run; it can be computed again."""
    from annotator.runs import delete_run
    from annotator.store import open_study

    answer: Answer = context.obj
    with open_study(answer.folder) as study:
        delete_run(study, name)
    answer.give({"deleted": name}, f"Run {name} deleted.")
