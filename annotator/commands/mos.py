"""`mos`: mean opinion scores of the study, or of any table of ratings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from annotator.commands.answer import Answer

if TYPE_CHECKING:
    from pipelines.opinion.mos import MosResult

__all__ = ["mos"]


def mos(
    context: typer.Context,
    ratings: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A long table of ratings; no study is needed."),
    ] = None,
    method: Annotated[str, typer.Option(metavar="M", help="How to compute them.")] = "mean",
    interval: Annotated[
        str, typer.Option(help="95 % interval: t (n-1 degrees of freedom) or normal.")
    ] = "",
    scale: Annotated[
        str, typer.Option(metavar="LOW:HIGH", help="Scale of --ratings; else taken from the data.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write .csv, .parquet or .json.")
    ] = None,
) -> None:
    """Compute mean opinion scores with SD and 95 % CI, every exclusion named."""
    from pipelines.opinion.options import mos_options

    answer: Answer = context.obj
    options = mos_options(**({"interval": interval} if interval else {}))
    if ratings is not None:
        result = _of_file(ratings, method, options, scale)
    else:
        from annotator.results import study_mos
        from annotator.store import open_study

        with open_study(answer.folder) as study:
            result = study_mos(study, method, options)  # type: ignore[arg-type]
    for warning in result.warnings:
        answer.say(f"Note: {warning}")
    document = result.as_json()
    if out is not None:
        from annotator.commands.mos_file import write_mos

        write_mos(result, document, out)
    answer.give(document, _summary(result, out))


def _of_file(ratings: Path, method: str, options: object, scale: str) -> MosResult:
    from pipelines.opinion.coding import rating_table
    from pipelines.opinion.mos import compute_mos
    from pipelines.opinion.rating_file import read_ratings_file

    table = rating_table(read_ratings_file(ratings), scale=_scale(scale), place=ratings.name)
    return compute_mos(table, method, options)  # type: ignore[arg-type]


def _scale(text: str) -> tuple[float, float] | None:
    if not text:
        return None
    try:
        low, high = (float(part) for part in text.split(":"))
    except ValueError as error:
        raise typer.BadParameter(f"--scale {text} is not LOW:HIGH, e.g. 1:5.") from error
    return low, high


def _summary(result: MosResult, out: Path | None) -> str:
    if out is not None:
        return f"Scores written to {out}."
    rows = result.stimuli_table().to_pylist()
    lines = ["stimulus\tdimension\tn\tmos\tsos\tci95"]
    for row in rows:
        numbers = ["" if row[k] is None else f"{row[k]:.4f}" for k in ("mos", "sos", "ci95")]
        lines.append("\t".join([row["stimulus"], row["dimension"], str(row["n"]), *numbers]))
    return "\n".join(lines)
