"""From the store's tables to opinion scores and to what exports are made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

import pyarrow as pa

from annotator.store import Reads
from exports.source import ExportSource
from pipelines.opinion.agreement import compute_agreement
from pipelines.opinion.coding import rating_table
from pipelines.opinion.mos import MosResult, RemovedRating, compute_mos
from pipelines.opinion.options import Method, MosOptions
from pipelines.opinion.table import RatingTable

__all__ = ["export_source", "facts_hash", "removed_ratings", "study_mos", "study_ratings"]

_REPLICATES = 200
"""Bootstrap replicates of the agreement that a data card shows."""
_VERSIONED = ("duckdb", "numpy", "pandas", "pillow", "pyarrow", "scipy")


def study_mos(
    study: Reads,
    method: Method = "mean",
    options: MosOptions | None = None,
    table: RatingTable | None = None,
) -> MosResult:
    """Compute the opinion scores of a study from the ratings that count; `table` where coded."""
    table = study_ratings(study) if table is None else table
    return compute_mos(table, method, options, study.study.composites, removed_ratings(study))


def removed_ratings(study: Reads) -> list[RemovedRating]:
    """Return the ratings that curators' decisions took out."""
    return [
        RemovedRating(
            row["stimulus"],
            row["rater"],
            row["dimension"],
            row["score"],
            f"{row['reason']} (by {row['author']})",
        )
        for row in study.removed().to_pylist()
    ]


def study_ratings(study: Reads, ratings: pa.Table | None = None) -> RatingTable:
    """Return the ratings that count, coded for the statistics; `ratings` where read already."""
    return rating_table(
        study.ratings() if ratings is None else ratings,
        scale=(study.study.scale.low, study.study.scale.high),
        dimensions=study.study.dimension_names,
        levels=sorted(study.study.scale.scores),
        place=f"the ratings of study {study.study.name}",
    )


def facts_hash(*tables: pa.Table) -> str:
    """Return a SHA-256 of what scores were computed from, independent of when."""
    digest = hashlib.sha256()
    for table in tables:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table.combine_chunks())
        digest.update(sink.getvalue())
    return digest.hexdigest()


def export_source(
    study: Reads,
    seed: int | None = None,
    scores: MosResult | None = None,
    run: Mapping[str, Any] | None = None,
    *,
    include_unreviewed: bool = False,
) -> ExportSource:
    """Return a study as exports see it.

    Args:
        study: The open study.
        seed: Seed of the export; the study's where absent.
        scores: The opinion scores to export; plain means of the ratings that count where absent.
        run: What the manifest says of the run they are from: name, as_of, facts.
        include_unreviewed: Also questions that only the automatic checks have seen.
    """
    # Questions need the scores of this module.
    from annotator.questions import chosen_drafts, exported_questions, known_of, withheld_texts
    from annotator.questions_composed import composed_texts

    chosen = chosen_drafts(study, include_unreviewed=include_unreviewed)
    asked = exported_questions(chosen)
    founded = study.founded()
    ratings, removed = study.ratings(), study.removed()
    table, people = study_ratings(study, ratings), study.raters()
    result = study_mos(study, table=table) if scores is None else scores
    described: dict[str, Any] = {
        "name": None,
        "method": result.method,
        "options": dict(result.options),
        "facts": facts_hash(ratings, removed),
        **(run or {}),
    }
    known = known_of(study, result)
    composed = composed_texts(chosen, known)
    return ExportSource(
        study=study.study,
        study_text=study.folder.study_file.read_text(encoding="utf-8"),
        study_id=founded["study_id"],
        salt=founded["salt"],
        images=study.folder.images,
        stimuli=study.stimuli(),
        ratings=ratings,
        removed=removed,
        feedback=study.all_feedback(),
        decisions=study.decisions(),
        mos=result.stimuli_table(),
        run=described,
        screened=_screened(result, removed.num_rows),
        withheld=withheld_texts(study, known),
        questions=asked.questions,
        question_notes=asked.notes,
        question_origins=asked.origins,
        comparisons=composed.comparisons,
        conversations=composed.conversations,
        composed_notes=composed.notes,
        expertise={row["rater"]: row["expertise"] for row in people},
        agreement=compute_agreement(
            table, study.study.composites, replicates=_REPLICATES
        ).as_json(),
        versions={name: metadata.version(name) for name in _VERSIONED},
        seed=study.study.seed if seed is None else seed,
        extra={
            "raters": _people(people),
            "submissions": study.submissions(),
            "sightings": study.sightings(),
        },
    )


def _people(raters: Iterable[Mapping[str, Any]]) -> pa.Table:
    schema = pa.schema(
        [("rater", pa.string()), ("role", pa.string()), ("expertise", pa.string()),
         ("enabled", pa.bool_())]
    )  # fmt: skip
    rows = [{**row, "expertise": ",".join(row["expertise"])} for row in raters]
    return pa.Table.from_pylist(
        [{name: row[name] for name in schema.names} for row in rows], schema=schema
    )


def _screened(result: MosResult, n_before: int) -> pa.Table:
    """Return what the run's own rules left out; decisions come first in `removed`."""
    columns = ("stimulus", "rater", "dimension", "score", "reason")
    rows = list(result.removed)[n_before:]
    schema = pa.schema([(c, pa.float64() if c == "score" else pa.string()) for c in columns])
    return pa.table({c: [getattr(row, c) for row in rows] for c in columns}, schema=schema)
