"""`score`: what a model expects of every image; it orders the queue and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from annotator.commands.answer import Answer
from annotator.commands.engines import (
    EngineOption,
    SchedulerOption,
    check_engine,
    chosen_engine,
)
from annotator.commands.progress import progress_bar

if TYPE_CHECKING:
    from annotator.scoring import Material
    from pipelines.scoring.checks.findings import Finding

__all__ = ["score"]

_BACKENDS = "embedded, encoder, vlm, zero-shot, clip-iqa or niqe"


def score(
    context: typer.Context,
    backend: Annotated[
        str,
        typer.Option(metavar="NAME", help=f"{_BACKENDS}; default: the study file's."),
    ] = "",
    model: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Folder, file, or id in the hub cache, of the model."),
    ] = None,
    engine: EngineOption = "local",
    scheduler: SchedulerOption = "",
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the predictions: .json, .csv or .parquet."),
    ] = None,
    checks: Annotated[
        bool,
        typer.Option(
            "--checks",
            help="Also read the words in each image and say what is wrong with them, for "
            "curators only; needs requirements-ocr.txt.",
        ),
    ] = False,
) -> None:
    """Predict every image on every dimension and composite; works before anyone has rated.

    Images are looked at once: a second run computes only new ones. What comes out orders the
    queue where the study file says so (`[scoring]`); raters never see it.
    """
    from annotator.scoring import compute_features, make_version, material_of, study_scorer
    from annotator.scoring_checks import finding_rows
    from annotator.scoring_files import SILENT
    from annotator.scoring_table import (
        check_predictions_target,
        file_names,
        model_json,
        prediction_rows,
        write_predictions,
    )
    from annotator.store import open_study

    answer: Answer = context.obj
    check_engine(engine, scheduler)
    if out is not None:
        check_predictions_target(out)
    if checks:
        _check_reader()
    with open_study(answer.folder) as study:
        scorer = study_scorer(study.study, answer.folder, backend, model)
        where = chosen_engine(scheduler, answer.folder, scorer.n_processes)
        material = material_of(study)
        with progress_bar(answer, "Looking at images") as advance:
            n_new = compute_features(material, scorer, where, advance)
        found = _found(answer, material, scheduler) if checks else None
        card = make_version(material, scorer)
        predictions = material.files.predictions(card.version)
        said = [f"{n_new:,} new images looked at; {card.n_rated:,} rated ones learned from."]
        said += [
            f"{name}: {evidence['reason'] or 'predictable'}"
            for name, evidence in card.evidence.items()
        ]
        if n_silent := int((predictions.state == SILENT).sum()):
            said.append(f"{n_silent:,} images got no answer from the model.")
        if study.study.scoring.order == "model" and scorer.name != study.study.scoring.backend:
            said.append(
                f"A running server orders by this until it learns again, with "
                f"'{study.study.scoring.backend}'; [scoring] in the study file names its scorer."
            )
        if found is not None:
            n_found = sum(map(len, found.values()))
            said.append(f"Reading found {n_found:,} things in {len(found):,} images.")
        if out is not None:
            rows = prediction_rows(study, predictions, card, found)
            n = write_predictions(rows, card, out, with_checks=checks)
            said.append(f"{n:,} predictions written to {out}.")
        given: dict[str, Any] = {"predictions": [], "model": model_json(card)}
        if answer.as_json:
            given["predictions"] = list(prediction_rows(study, predictions, card, found))
            if found is not None:
                given["checks"] = list(finding_rows(found, file_names(study)))
    answer.give(given, "\n".join(said))


def _check_reader() -> None:
    from pipelines.scoring.checks.reading import check_reader

    check_reader()


def _found(answer: Answer, material: Material, scheduler: str) -> dict[str, list[Finding]]:
    """Read the images that were not read yet; return what was found in all, by stimulus."""
    from annotator.scoring_checks import compute_checks, findings_by_stimulus

    with progress_bar(answer, "Reading words") as advance:
        compute_checks(material, chosen_engine(scheduler, answer.folder), advance)
    return findings_by_stimulus(material)
