"""`agreement`: how far raters agree, and the report on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from annotator.commands.answer import Answer
from annotator.commands.mos import checked_options, option_values, table_of_file
from schemas.errors import UserError

if TYPE_CHECKING:
    from pipelines.opinion.agreement import AgreementResult
    from schemas.study import Composite

__all__ = ["agreement"]


def agreement(
    context: typer.Context,
    ratings: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A long table of ratings; no study is needed."),
    ] = None,
    method: Annotated[
        str, typer.Option(metavar="M", help="Of the ratings that this method keeps; else of all.")
    ] = "",
    scale: Annotated[
        str, typer.Option(metavar="LOW:HIGH", help="Scale of --ratings; else taken from the data.")
    ] = "",
    replicates: Annotated[
        int, typer.Option(min=0, max=100_000, help="Bootstrap replicates of the intervals.")
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report .html, or .json.")
    ] = None,
) -> None:
    """Compute agreement between raters; thresholds of a method by name as in `mos`."""
    from annotator.results import study_ratings
    from annotator.store import open_study
    from pipelines.opinion.agreement import compute_agreement

    answer: Answer = context.obj
    options = checked_options(option_values(context.args))
    chosen = method or None
    if ratings is not None:
        table = table_of_file(ratings, scale)
        composites: tuple[Composite, ...] = ()
    else:
        with open_study(answer.folder) as study:
            table, composites = study_ratings(study), study.study.composites
    result = compute_agreement(
        table,
        composites,
        chosen,  # type: ignore[arg-type]
        options,
        replicates=replicates,
        seed=seed,
    )
    for warning in result.warnings:
        answer.say(f"Note: {warning}")
    if out is not None:
        _write(out, result)
    answer.give(result.as_json(), _summary(result, out))


def _write(out: Path, result: AgreementResult) -> None:
    if out.suffix != ".json":
        raise UserError(
            "unknown_file_type", f"{out} does not end in .html or .json; choose one of them."
        )
    text = json.dumps(result.as_json(), ensure_ascii=False, allow_nan=False, indent=1)
    out.write_text(text + "\n", encoding="utf-8")


def _summary(result: AgreementResult, out: Path | None) -> str:
    if out is not None:
        return f"Report written to {out}."
    lines = ["dimension\tstimuli\traters\tratings\talpha (ordinal)\talpha (interval)\tICC(A,1)"]
    for name, entry in result.as_json()["dimensions"].items():
        alpha, icc = entry["krippendorff_alpha"], entry["icc"]
        cells = [alpha["ordinal"], alpha["interval"], icc["a_1"]]
        shown = ["–" if cell is None else f"{cell:.3f}" for cell in cells]
        counts = [str(entry[key]) for key in ("n_stimuli", "n_raters", "n_ratings")]
        lines.append("\t".join([name, *counts, *shown]))
    return "\n".join(lines)
