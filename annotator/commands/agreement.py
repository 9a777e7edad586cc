"""`agreement`: how far raters agree, and the report on it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from annotator.commands.answer import Answer
from annotator.commands.mos import checked_options, option_values, table_of_file
from schemas.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.opinion.agreement import AgreementResult
    from pipelines.opinion.mos import MosResult, RemovedRating
    from pipelines.opinion.options import MosOptions
    from pipelines.opinion.scorer import ScorerPairs
    from pipelines.opinion.table import RatingTable
    from schemas.study import Composite

__all__ = ["agreement"]


class _Given(NamedTuple):
    """What is compared."""

    table: RatingTable
    composites: tuple[Composite, ...]
    removed: Sequence[RemovedRating]
    title: str
    groups: Mapping[str, str]
    """Stimulus -> discipline, where the manifest has it."""


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
    predictions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A scorer's predictions, to compare with the MOS."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report .html, or .json.")
    ] = None,
) -> None:
    """Compute agreement between raters; thresholds of a method by name as in `mos`."""
    from pipelines.opinion.agreement import compute_agreement

    answer: Answer = context.obj
    options = checked_options(option_values(context.args))
    if out is not None and out.suffix not in (".html", ".json"):
        raise UserError(
            "unknown_file_type", f"{out} ends in neither .html nor .json; choose one of them."
        )
    given = _given(answer, ratings, scale)
    result = compute_agreement(
        given.table,
        given.composites,
        method or None,  # type: ignore[arg-type]
        options,
        replicates=replicates,
        seed=seed,
    )
    answer.note(result.warnings)
    scores = None
    if predictions is not None or out is not None:
        scores = _scores(given, method or "mean", options)
    scorer = None
    if predictions is not None and scores is not None:
        scorer = _scorer(predictions, scores, replicates, seed)
    document = _document(given, result, scorer)
    if out is not None and scores is not None:
        text = (
            json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
            if out.suffix == ".json"
            else _report(given, result, scores, options, scorer, _command(answer, out))
        )
        _write(out, text)
    answer.give(document, _summary(document, out))


def _scores(given: _Given, method: str, options: MosOptions) -> MosResult:
    from pipelines.opinion.mos import compute_mos

    return compute_mos(given.table, method, options, given.composites, given.removed)  # type: ignore[arg-type]


def _scorer(file: Path, scores: MosResult, replicates: int, seed: int) -> dict[str, ScorerPairs]:
    from pipelines.opinion.prediction_file import read_predictions
    from pipelines.opinion.scorer import compare_scorer

    return compare_scorer(scores, read_predictions(file), replicates, seed)


def _document(
    given: _Given, result: AgreementResult, scorer: Mapping[str, ScorerPairs] | None
) -> dict[str, Any]:
    """Return agreement, raters as instruments, and where more ratings help."""
    from pipelines.opinion.instruments import rater_readings
    from pipelines.opinion.planning import plan_ratings

    table = given.table
    document = result.as_json()
    document["readings"] = [r.as_json() for r in rater_readings(table, given.groups)]
    step = (table.high - table.low) / 4
    document["plan"] = {
        name: plan_ratings(table.ratings(name)).as_json(table.stimuli, step)
        for name in (table.dimensions if table.n else ())
    }
    if scorer is not None:
        document["scorer"] = {
            name: pairs.figures.as_json() | {"without_prediction": pairs.n_without}
            for name, pairs in scorer.items()
        }
    return document


def _given(answer: Answer, ratings: Path | None, scale: str) -> _Given:
    if ratings is not None:
        return _Given(table_of_file(ratings, scale), (), (), ratings.name, {})
    if scale:
        raise typer.BadParameter("--scale goes with --ratings; a study has its own scale.")
    from annotator.results import removed_ratings, study_ratings
    from annotator.store import open_study

    with open_study(answer.folder) as study:
        return _Given(
            study_ratings(study),
            study.study.composites,
            removed_ratings(study),
            study.study.title,
            study.detail("discipline"),
        )


def _report(
    given: _Given,
    result: AgreementResult,
    scores: MosResult,
    options: MosOptions,
    scorer: Mapping[str, ScorerPairs] | None,
    command: str,
) -> str:
    """Return the report: scores by the method, beside those of the others, and agreement."""
    from annotator.clock import now
    from pipelines.opinion.options import METHODS
    from pipelines.opinion.report import report_html

    others = [name for name in METHODS if name != scores.method]
    return report_html(
        given.title,
        scores,
        result,
        command=command,
        made_at=now().strftime("%Y-%m-%d %H:%M UTC"),
        compared=[_scores(given, name, options) for name in others],
        table=given.table,
        groups=given.groups,
        scorer=scorer,
    )


def _command(answer: Answer, out: Path) -> str:
    """Return the command line that makes the report again."""
    return shlex.join(["python", "app.py", *answer.arguments]) if answer.arguments else str(out)


def _write(out: Path, text: str) -> None:
    part = out.with_name(f".{out.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _summary(document: dict[str, Any], out: Path | None) -> str:
    if out is not None:
        return f"Report written to {out}."
    lines = ["dimension\tstimuli\traters\tratings\talpha (ordinal)\talpha (interval)\tICC(A,1)"]
    for name, entry in document["dimensions"].items():
        alpha, icc = entry["krippendorff_alpha"], entry["icc"]
        cells = [alpha["ordinal"], alpha["interval"], icc["a_1"]]
        shown = ["–" if cell is None else f"{cell:.3f}" for cell in cells]
        counts = [str(entry[key]) for key in ("n_stimuli", "n_raters", "n_ratings")]
        lines.append("\t".join([name, *counts, *shown]))
    return "\n".join(lines)
