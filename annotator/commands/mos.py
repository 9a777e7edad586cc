"""`mos`: mean opinion scores of the study, or of any table of ratings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from annotator.commands.answer import Answer

if TYPE_CHECKING:
    from pipelines.opinion.labels import Labels
    from pipelines.opinion.mos import MosResult
    from pipelines.opinion.options import MosOptions
    from pipelines.opinion.table import RatingTable

__all__ = ["SETTINGS", "mos", "option_values", "table_of_file"]

SETTINGS = {"allow_extra_args": True, "ignore_unknown_options": True}
"""For commands that take the thresholds of the methods by name."""


def mos(
    context: typer.Context,
    ratings: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A long table of ratings; no study is needed."),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            metavar="M",
            help="mean, bt500, bias, p913, p910, zscore, correlation, iqr or mad.",
        ),
    ] = "mean",
    strict: Annotated[
        bool | None,
        typer.Option("--strict/--not-strict", help="Only beyond a threshold, not on it."),
    ] = None,
    scale: Annotated[
        str, typer.Option(metavar="LOW:HIGH", help="Scale of --ratings; else taken from the data.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write .csv, .parquet or .json.")
    ] = None,
    levels: Annotated[
        str,
        typer.Option(
            metavar="RULE",
            help="Add level, word and vote shares: q-align, siqa or siqa-as-published.",
        ),
    ] = "",
    save: Annotated[
        str, typer.Option(metavar="NAME", help="Keep the scores in the study as a named run.")
    ] = "",
) -> None:
    """Compute mean opinion scores with SD and 95 % CI, every exclusion named.

    Further options, by method: --interval t|normal, --ddof 0|1, --denominator own|all,
    --constant skip|count, and every threshold by name (--outlier-share 0.05,
    --correlation-threshold 0.75, --mad-threshold 3.5, ...); docs/statistics.md has all of them
    with their defaults and reasons.
    """
    answer: Answer = context.obj
    options = _options(context.args, strict)
    _check_method(method)
    if out is not None:
        from annotator.commands.mos_file import check_target

        check_target(out)
    if ratings is not None:
        if save:
            raise typer.BadParameter(
                "--save keeps scores of a study; it does not go with --ratings."
            )
        result = _of_file(ratings, method, options, scale)
    else:
        if scale:
            raise typer.BadParameter("--scale goes with --ratings; a study has its own scale.")
        result = _of_study(answer, method, options, save)
    answer.note([*result.warnings, *_inapplicable(result)])
    labels = _labels(result, levels)
    document: dict[str, Any] = {}
    if out is not None or answer.as_json:
        from annotator.commands.mos_file import mos_document

        document = mos_document(result, labels)
    if out is not None:
        from annotator.commands.mos_file import write_mos

        write_mos(result, labels, document, out)
    answer.give(document, _summary(result, out))


def _inapplicable(result: MosResult) -> list[str]:
    """Return where a rule could not act, or only in part, and why."""
    return [
        f"{name}: {'' if estimate.applicable else 'not applicable: '}{estimate.reason}."
        for name, estimate in result.estimates.items()
        if estimate.reason
    ]


def _labels(result: MosResult, rule: str) -> Labels | None:
    if not rule:
        return None
    from pipelines.opinion.labels import label_scores

    return label_scores(result, rule)


def _check_method(method: str) -> None:
    from pipelines.opinion.options import METHODS

    if method not in METHODS:
        raise typer.BadParameter(f"There is no method '{method}'; use {', '.join(METHODS)}.")


def option_values(arguments: Sequence[str]) -> dict[str, Any]:
    """Return `--some-name VALUE` pairs as some_name -> VALUE.

    Raises:
        typer.BadParameter: an argument without a name or a value.
    """
    values: dict[str, Any] = {}
    remaining = iter(arguments)
    for argument in remaining:
        name, equals, value = argument.partition("=")
        if not name.startswith("--"):
            raise typer.BadParameter(f"Got an unexpected argument '{argument}'.")
        given = value if equals else next(remaining, None)
        if given is None:
            raise typer.BadParameter(f"Option '{name}' requires a value.")
        values[name[2:].replace("-", "_")] = given
    return values


def table_of_file(file: Path, scale: str) -> RatingTable:
    """Return the ratings of a file, on `scale` (LOW:HIGH) or the scale they show."""
    import pyarrow as pa

    from pipelines.opinion.coding import rating_table
    from pipelines.opinion.rating_file import read_ratings_file

    given = read_ratings_file(file)
    table = rating_table(given, scale=_scale(scale), place=file.name)
    # Of a large file the text is a third of what is held; its codes are enough from here.
    del given
    pa.default_memory_pool().release_unused()
    return table


def checked_options(values: dict[str, Any]) -> MosOptions:
    """Return the options of a method; an unknown name is wrong usage."""
    from pipelines.opinion.options import MosOptions, mos_options

    unknown = sorted(set(values) - set(MosOptions.model_fields))
    if unknown:
        known = ", ".join(f"--{name.replace('_', '-')}" for name in MosOptions.model_fields)
        raise typer.BadParameter(
            f"No such option: --{unknown[0].replace('_', '-')}. Options of the methods: {known}."
        )
    return mos_options(**{name: _plain(value) for name, value in values.items()})


def _plain(value: Any) -> Any:
    """Return whole numbers as such: ddof is 0 or 1, not "0" or "1"."""
    return int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else value


def _options(arguments: Sequence[str], strict: bool | None) -> MosOptions:
    values = option_values(arguments)
    if strict is not None:
        values["strict"] = strict
    return checked_options(values)


def _of_file(ratings: Path, method: str, options: MosOptions, scale: str) -> MosResult:
    from pipelines.opinion.mos import compute_mos

    return compute_mos(table_of_file(ratings, scale), method, options)  # type: ignore[arg-type]


def _of_study(answer: Answer, method: str, options: MosOptions, save: str) -> MosResult:
    from annotator.results import study_mos
    from annotator.runs import compute_run, save_run
    from annotator.store import open_study

    with open_study(answer.folder) as study:
        if not save:
            result = study_mos(study, method, options)  # type: ignore[arg-type]
        else:
            result, counted = compute_run(study, method, options)  # type: ignore[arg-type]
            save_run(study, save, result, counted)
            answer.say(f"Kept as run '{save}'; `runs choose '{save}'` makes exports use it.")
    return result


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
