"""`evaluate`: the official scores of predictions; no study is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from annotator.commands.answer import Answer

__all__ = ["evaluate"]

_CONVENTIONS = ("website", "leaderboard", "toolkit")


def evaluate(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    track: Annotated[str, typer.Option(metavar="T", help="U, S, isrgq, medq, qbench or regions.")],
    truth: Annotated[Path, typer.Option(metavar="FILE", help="What is right.")],
    predictions: Annotated[Path, typer.Option(metavar="FILE", help="What was predicted.")],
    model: Annotated[
        str, typer.Option(metavar="NAME", help="Key of the model's answers in the predictions.")
    ] = "",
    convention: Annotated[
        str, typer.Option(metavar="C", help="website, leaderboard or toolkit (U and S).")
    ] = "website",
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Another submission to compare with (U, S, isrgq)."),
    ] = None,
    bootstrap: Annotated[
        int, typer.Option(metavar="N", help="Replicates of the 95 % interval; 0 none, -1 by size.")
    ] = -1,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
) -> None:
    """Compute a benchmark's score, with what is missing, duplicate or unknown named."""
    from pipelines.evaluate.files import TRACKS, Choices, evaluate_files

    answer: Answer = context.obj
    named = {name.lower(): name for name in TRACKS}.get(track.lower())
    if named is None:
        raise typer.BadParameter(f"--track is one of {', '.join(TRACKS)}.")
    if convention not in _CONVENTIONS:
        raise typer.BadParameter(f"--convention is one of {', '.join(_CONVENTIONS)}.")
    choices = Choices(convention, model, None if bootstrap < 0 else bootstrap, seed)
    result = evaluate_files(named, truth, predictions, choices, against)
    for warning in result["warnings"]:
        answer.say(f"Note: {warning}")
    answer.give(result, _words(result))


def _words(result: dict[str, Any]) -> str:
    """Return the score, its parts and the published results as lines of text."""
    skipped = ("published", "warnings", "missing", "duplicate", "unknown")
    lines = [f"{name}\t{_value(value)}" for name, value in result.items() if name not in skipped]
    for table in result["published"]:
        lines += ["", f"{table['title']} ({table['source']}). {table['note']}"]
        lines.append("\t".join(table["rows"][0]))
        lines += ["\t".join(_value(value) for value in row.values()) for row in table["rows"]]
    return "\n".join(lines)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(part)}" for name, part in value.items())
    if isinstance(value, list):
        return " to ".join(map(_value, value))
    if isinstance(value, float):
        return f"{value:.4f}"
    return "-" if value is None else str(value)
