"""`study init|show`: make a study, show its file as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from annotator.commands.answer import Answer

__all__ = ["commands"]

commands = typer.Typer(
    no_args_is_help=True, help="Make a study; show its file; play orders of its queue."
)


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


@commands.command("simulate")
def simulate(
    context: typer.Context,
    seeds: Annotated[int, typer.Option(min=2, max=1000, help="Plays of each order.")] = 20,
    raters: Annotated[int, typer.Option(min=1, max=200, help="Simulated raters.")] = 9,
    per_image: Annotated[
        float, typer.Option(min=1, max=8, help="Ratings an image at the end of a play.")
    ] = 3,
    images: Annotated[
        int, typer.Option(min=20, max=5000, help="Images in a play, drawn anew for each.")
    ] = 200,
) -> None:
    """Play the model's orders against chance with simulated raters, before anyone is asked.

    Needs `score` to have run. Says how many ratings each order saves to the same rank accuracy of
    all images, with its interval over the seeds, or that none is shown.
    """
    from annotator.commands.progress import progress_bar
    from annotator.simulating import Wish, simulate_orders
    from annotator.store import open_study

    answer: Answer = context.obj
    with open_study(answer.folder) as opened, progress_bar(answer, "Playing") as advance:
        document = simulate_orders(opened, Wish(seeds, raters, per_image, images), advance)
    lines = ["order\tratings an image\trank correlation"]
    for name, points in document["orders"].items():
        lines += [f"{name}\t{point['per_image']:g}\t{point['srcc']:.3f}" for point in points]
    answer.give(document, "\n".join([*lines, document["verdict"]]))
