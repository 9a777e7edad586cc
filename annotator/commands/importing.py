"""`import`: images, with or without a manifest, or a whole csv export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from annotator.commands.answer import Answer

__all__ = ["import_images"]


def import_images(
    context: typer.Context,
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH…")] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV, JSON lines or Parquet that describes the images."),
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="F", help="images, or csv: a folder of `export csv`.")
    ] = "",
) -> None:
    """Import images: files, folders, or what a manifest names."""
    from annotator.commands.progress import progress_bar
    from annotator.images_import import import_into
    from annotator.store import open_study

    answer: Answer = context.obj
    if not paths and manifest is None:
        raise typer.BadParameter("Name files or folders, or a --manifest.")
    if format_ not in ("", "images", "csv"):
        raise typer.BadParameter("--format is images or csv.")
    with open_study(answer.folder) as study, progress_bar(answer, "images") as advance:
        report = import_into(study, paths or [], manifest, format_, advance)
    for duplicate in report["duplicates"][:20]:
        answer.say(f"Already there: {duplicate['path']} is {duplicate['stimulus']}")
    for refused in report["rejected"]:
        answer.say(f"Rejected: {refused['path']}: {refused['reason']}")
    answer.give(
        report,
        f"{report['added']} images added, {len(report['duplicates'])} already there, "
        f"{len(report['rejected'])} rejected, {report['ignored']} other files ignored.",
    )
