"""`import`: images, with or without a manifest, or a whole csv export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from annotator.commands.answer import Answer
from annotator.commands.engines import (
    EngineOption,
    SchedulerOption,
    check_engine,
    chosen_engine,
)

__all__ = ["import_images"]


def import_images(
    context: typer.Context,
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH…")] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV, JSON lines or Parquet that describes the images."),
    ] = None,
    format_: Annotated[
        str,
        typer.Option("--format", metavar="F", help="images, csv, siqa, isrgq, medq, hf, …"),
    ] = "",
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="A=B", help="Column A of the file is our B; repeatable."),
    ] = None,
    engine: EngineOption = "local",
    scheduler: SchedulerOption = "",
) -> None:
    """Import images: files, folders, or what a manifest names."""
    from annotator.commands.progress import progress_bar
    from annotator.foreign_files import READERS
    from annotator.foreign_import import import_foreign, parse_map
    from annotator.images_import import import_into
    from annotator.store import open_study

    answer: Answer = context.obj
    if not paths and manifest is None:
        raise typer.BadParameter("Name files or folders, or a --manifest.")
    if format_ not in ("", "images", *READERS):
        raise typer.BadParameter(f"--format is one of images, {', '.join(READERS)}.")
    check_engine(engine, scheduler)
    renamed = parse_map(map_ or [])
    is_foreign = format_ not in ("", "images") and not (
        format_ == "csv" and all(path.is_dir() for path in paths or [])
    )
    if scheduler and is_foreign:
        raise typer.BadParameter("--engine dask is for images; leave it out with this --format.")
    with open_study(answer.folder) as study, progress_bar(answer, "images") as advance:
        if is_foreign:
            report = import_foreign(study, paths or [], format_, renamed, advance)
        else:
            where = chosen_engine(scheduler, answer.folder)
            report = import_into(study, paths or [], manifest, format_, advance, where)
    for note in report.get("notes", ()):
        answer.say(f"Note: {note}")
    for duplicate in report["duplicates"][:20]:
        answer.say(f"Already there: {duplicate['path']} is {duplicate['stimulus']}")
    for refused in report["rejected"]:
        answer.say(f"Rejected: {refused['path']}: {refused['reason']}")
    answer.give(
        report,
        f"{report['added']} images added, {len(report['duplicates'])} already there, "
        f"{len(report['rejected'])} rejected, {report['ignored']} other files ignored.",
    )
