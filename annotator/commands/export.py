"""`export FORMAT`: the study as a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from annotator.commands.answer import Answer

__all__ = ["export"]


def export(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    format_: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT",
            help="siqa, sft, q-instruct, q-align, q-bench, medq, isrgq, regions, label-studio, "
            "hf or csv.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to make.")],
    seed: Annotated[int | None, typer.Option(help="Seed; the study's where absent.")] = None,
    splits: Annotated[
        str,
        typer.Option(metavar="S", help="NAME=SHARE,…; or manifest; or a CSV with stimulus,split."),
    ] = "",
    accept_leaks: Annotated[
        str, typer.Option("--accept-leaks", metavar="REASON", help="Export splits that leak.")
    ] = "",
    run: Annotated[
        str, typer.Option(metavar="NAME", help="Run whose scores to export; else the chosen one.")
    ] = "",
    with_names: Annotated[
        bool, typer.Option("--with-names", help="Raters' names instead of pseudonyms.")
    ] = False,
    include_unreviewed: Annotated[
        bool,
        typer.Option("--include-unreviewed", help="Also questions nobody has reviewed; said so."),
    ] = False,
    images: Annotated[bool, typer.Option(help="Copy the images into the package.")] = True,
    keep_metadata: Annotated[
        bool, typer.Option("--keep-metadata", help="Leave EXIF and comments in the images.")
    ] = False,
) -> None:
    """Write the study as a package with manifest and data card."""
    from annotator.commands.progress import progress_bar
    from annotator.results import export_source
    from annotator.runs import chosen_run, find_run
    from annotator.splitting import keep_splits, with_splits
    from annotator.store import open_study
    from exports.formats import FORMATS, write_export
    from exports.source import ExportOptions
    from schemas.errors import UserError

    answer: Answer = context.obj
    if format_ not in FORMATS:
        raise UserError(
            "unknown_format", f"There is no format '{format_}'; use one of {', '.join(FORMATS)}."
        )
    with open_study(answer.folder) as study:
        used = find_run(study, run) if run else chosen_run(study)
        if used is None:
            source = export_source(study, seed, include_unreviewed=include_unreviewed)
        else:
            told = {"name": used.name, "as_of": used.as_of, "facts": used.facts}
            source = export_source(
                study, seed, used.result(study), told, include_unreviewed=include_unreviewed
            )
            if not used.is_current:
                answer.say(
                    f"Note: the ratings have moved on since run '{used.name}' was computed; "
                    "`mos --save` computes it again."
                )
        if splits:
            source = with_splits(source, study, splits, accept_leaks)
    with progress_bar(answer, "images") as advance:
        options = ExportOptions(
            with_images=images,
            with_names=with_names,
            keep_metadata=keep_metadata,
            progress=advance,
        )
        report = write_export(format_, source, out, options)
    keep_splits(source, study, splits)
    for warning in report.warnings:
        answer.say(f"Note: {warning}")
    document: dict[str, Any] = {
        "format": report.format,
        "out": str(report.out),
        "splits": report.splits,
        "counts": report.counts,
        "left_out": [item._asdict() for item in report.left_out],
        "warnings": report.warnings,
        "files": report.n_files,
    }
    answer.give(document, f"{report.format} export of {report.n_files} files in {report.out}.")
