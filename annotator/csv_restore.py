"""A folder of `export csv` back into a study."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from annotator.clock import fresh_id, iso, now
from annotator.questions_import import draft_of, question_facts
from annotator.store import SnapshotStore, Store
from exports.csv_reading import CsvExport, read_csv_export
from pipelines.engine import LocalEngine
from pipelines.intake import facts_of, intake, sync_folder
from schemas.errors import UserError
from schemas.facts import (
    Access,
    Decided,
    Described,
    Fact,
    Feedback,
    Imported,
    RaterAdded,
    Reversed,
    Sighted,
    Submitted,
)
from schemas.study import Study

__all__ = ["is_csv_export", "restore_csv"]


def is_csv_export(folder: Path) -> bool:
    """Return whether a folder says of itself that it is a csv export."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        return False
    return isinstance(manifest, dict) and manifest.get("format") == "csv"


def restore_csv(
    study: Store | SnapshotStore, folder: Path, progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Take in images, raters, ratings, texts, decisions and questions of a csv export.

    What the study has already is left as it is, so that an interrupted restore can be run
    again. Raters come as the export names them: pseudonyms, unless it was made with names.

    Returns:
        The JSON of `import`, and `ratings`, `feedback`, `decisions`, `questions` that were
        added.

    Raises:
        UserError: what the reader refuses, `images_missing`, or `unknown_dimension` and
            `invalid_score` where the study does not rate what was exported.
    """
    export = read_csv_export(folder)
    _check_scores(study.study, export, folder)
    report = _images(study, export, folder, progress)
    known = study.submission_ids()
    people = list(_people(study, export))
    submissions = [s for s in _submissions(export) if s.submission not in known]
    decisions = list(_decisions(study, export))
    asked = [(q.stimulus, draft_of(q, "csv", n)) for n, q in enumerate(export.questions)]
    questions, n_questions = question_facts(study, asked, "questions.csv")
    study.append_many([*people, *submissions, *decisions, *questions])
    return report | {
        "questions": n_questions,
        "ratings": sum(len(s.scores) for s in submissions),
        "feedback": sum(len(s.feedback) for s in submissions),
        "decisions": sum(isinstance(d, Decided) for d in decisions),
    }


def _check_scores(study: Study, export: CsvExport, folder: Path) -> None:
    cure = f"make the study with `study init --preset {folder / 'study.toml'}`, then import"
    for table in (export.ratings, export.removed):
        for dimension in table["dimension"].unique().to_pylist():
            if dimension not in study.dimension_names:
                raise UserError(
                    "unknown_dimension",
                    f"{folder} holds ratings of '{dimension}', which study '{study.name}' does "
                    f"not rate; {cure}.",
                )
        for score in table["score"].unique().to_pylist():
            if score not in study.scale.scores:
                raise UserError(
                    "invalid_score",
                    f"{folder} holds the score {score:g}, which is not on the scale of study "
                    f"'{study.name}'; {cure}.",
                )


def _images(
    study: Store | SnapshotStore,
    export: CsvExport,
    folder: Path,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    known = study.known_hashes()
    wanted = export.stimuli.to_pylist()
    missing = [row for row in wanted if row["sha256"] not in known]
    if missing and not export.images:
        raise UserError(
            "images_missing",
            f"{folder} was exported without images and the study lacks {len(missing)} of them; "
            "import the images first, then this folder.",
        )
    by_hash = {row["sha256"]: row for row in wanted}
    at = iso(now())
    report: dict[str, Any] = {"added": 0, "duplicates": [], "rejected": [], "ignored": 0}
    files = [export.images[row["stimulus"]] for row in missing if row["stimulus"] in export.images]
    for batch in intake(files, None, study.folder.images, known, LocalEngine(), progress):
        new = [fact for fact in facts_of(batch, at) if isinstance(fact, Imported)]
        named = [_named(fact, by_hash.get(fact.sha256)) for fact in new]
        if named:
            sync_folder(study.folder.images.root)
            study.append(named)
        report["added"] += len(new)
        report["rejected"] += [{"path": r.path, "reason": r.reason} for r in batch.refused]
    report["duplicates"] = [
        {"path": row["file_name"], "stimulus": row["stimulus"]}
        for row in wanted
        if row["sha256"] in known
    ]
    if isinstance(study, SnapshotStore):
        study.refresh()
    study.append_many(_about_images(study, export, at))
    return report


def _named(fact: Imported, row: dict[str, Any] | None) -> Imported:
    """Give a stimulus the name it had; its file in the export is called by its id."""
    from dataclasses import replace

    return fact if row is None else replace(fact, file_name=row["file_name"])


def _about_images(study: Store | SnapshotStore, export: CsvExport, at: str) -> Iterator[Fact]:
    here = {stimulus["stimulus"] for stimulus in study.stimuli().select(["stimulus"]).to_pylist()}
    sighted = study.sighted_paths()
    details = dict(
        zip(*study.stimuli().select(["stimulus", "details"]).to_pydict().values(), strict=True)
    )
    table = export.extra.get("sightings")
    rows = table.to_pylist() if table is not None else [
        {"stimulus": r["stimulus"], "file_name": r["file_name"], "source_path": r["source_path"],
         "relative_path": r["file_name"]} for r in export.stimuli.to_pylist()
    ]  # fmt: skip
    first = {r["stimulus"]: r["source_path"] for r in export.stimuli.to_pylist()}
    rows.sort(key=lambda r: r["source_path"] != first.get(r["stimulus"]))
    for row in rows:
        key = (row["stimulus"], row["source_path"], row["relative_path"])
        if row["stimulus"] in here and key not in sighted:
            yield Sighted(at, row["stimulus"], row["file_name"], *key[1:])
    for row in export.stimuli.to_pylist():
        values = json.loads(row["details"] or "{}")
        if values and row["stimulus"] in here and json.loads(details[row["stimulus"]]) != values:
            yield Described(at, row["stimulus"], values)


def _people(study: Store | SnapshotStore, export: CsvExport) -> Iterator[Fact]:
    at = iso(now())
    known = {row["rater"] for row in study.raters()}
    table = export.extra.get("raters")
    for row in table.to_pylist() if table is not None else ():
        if row["rater"] not in known:
            known.add(row["rater"])
            expertise = tuple(part for part in (row["expertise"] or "").split(",") if part)
            yield RaterAdded(at, row["rater"], row["role"], expertise, False)
            if not row["enabled"]:
                yield Access(at, row["rater"], False, "import")
    for rater in [*export.ratings["rater"].to_pylist(), *export.removed["rater"].to_pylist()]:
        if rater not in known:
            known.add(rater)
            yield RaterAdded(at, rater, "rater", (), False)


def _submissions(export: CsvExport) -> Iterator[Submitted]:
    at = iso(now())
    rated: dict[str, dict[str, Any]] = {}
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    for row in [*export.ratings.to_pylist(), *export.removed.to_pylist()]:
        rated.setdefault(row["submission"], row)
        scores[row["submission"]][row["dimension"]] = row["score"]
    texts: dict[str, list[Feedback]] = defaultdict(list)
    for row in export.feedback.to_pylist():
        rated.setdefault(row["submission"], row)
        texts[row["submission"]].append(Feedback(row["text"], row["dimension"]))
    table = export.extra.get("submissions")
    whole = {row["submission"]: row for row in table.to_pylist()} if table is not None else {}
    late = {row["submission"] for row in rated.values() if row.get("is_late")}
    # The table of submissions keeps the order in which they came, where it is there.
    for submission in [*(s for s in whole if s in rated), *(s for s in rated if s not in whole)]:
        row = rated[submission] | whole.get(submission, {})
        yield Submitted(
            at=at,
            submission=submission,
            rater=row["rater"],
            stimulus=row["stimulus"],
            scores=scores.get(submission, {}),
            feedback=tuple(texts.get(submission, ())),
            duration_ms=row.get("duration_ms"),
            late=bool(row.get("is_late")) or submission in late,
            session=row.get("session"),
            arm=row.get("arm"),
            probability=row.get("probability"),
            rated_at=row.get("rated_at") or row.get("written_at"),
        )


def _decisions(study: Store | SnapshotStore, export: CsvExport) -> Iterator[Fact]:
    known = set(study.decisions()["decision"].to_pylist())
    for row in export.decisions.to_pylist():
        if row["decision"] in known:
            continue
        yield Decided(
            row["at"],
            row["decision"] or fresh_id("d"),
            row["action"],
            row["target"],
            row["author"],
            row["reason"],
        )
        if row["is_reversed"]:
            yield Reversed(row["at"], row["decision"], row["author"], "as exported")
