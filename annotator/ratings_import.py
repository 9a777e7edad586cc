"""Ratings made elsewhere become submissions: checked whole before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa

from annotator.clock import iso, now
from annotator.names import StimulusNames
from annotator.store import Reads
from schemas.errors import UserError
from schemas.facts import Fact, Feedback, RaterAdded, Submitted
from schemas.study import Study
from schemas.text import clean_text, one_line

__all__ = ["IMPORT_COLUMNS", "ImportCounts", "rating_facts"]

IMPORT_COLUMNS = (
    "stimulus", "item", "rater", "dimension", "score", "rated_at", "session", "feedback",
    "feedback_dimension", "submission", "arm", "probability",
)  # fmt: skip
"""Columns that are read; others are ignored."""

_REQUIRED = ("stimulus", "rater", "dimension", "score")


class ImportCounts(NamedTuple):
    """What an import adds; what the study has already is not counted."""

    ratings: int
    feedback: int
    raters: int
    stimuli: int
    already_there: int
    """Ratings that are in the study already."""
    blank: int
    """Rows without a score."""


@dataclass
class _Sheet:
    """One submission in the making."""

    rater: str
    stimulus: str
    session: str | None
    first_row: int
    given_id: str | None
    scores: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    """Dimension -> row that gave the score."""
    texts: dict[tuple[str, str | None], None] = field(default_factory=dict)
    rated_at: str | None = None
    arm: str | None = None
    probability: float | None = None

    @property
    def submission(self) -> str:
        """Given id, or one made from who, what and when, so that importing twice adds nothing."""
        if self.given_id is not None:
            return self.given_id
        key = "\0".join((self.rater, self.stimulus, self.session or ""))
        return "i" + hashlib.blake2b(key.encode(), digest_size=8).hexdigest()


def rating_facts(
    table: pa.Table, study: Reads, changed: list[str] | None = None
) -> tuple[list[Fact], ImportCounts]:
    """Return the facts that a long table of ratings adds to a study.

    Rows of one rater, stimulus and session (and submission, where given) are one submission.

    Args:
        table: Columns of `IMPORT_COLUMNS`, all text.
        study: The study as it is.
        changed: Where given, submissions that the study has with other scores are named here and
            stay as they are, instead of being refused.

    Raises:
        UserError: naming the row: `missing_column`, `unknown_stimulus`, `ambiguous_name`,
            `unknown_dimension`, `invalid_score`, `duplicate_rating`, `empty_id`,
            `already_rated`. Then nothing is to be written.
    """
    sheets, n_blank = _sheets(table, study)
    known = {row["submission"]: row for row in study.submission_answers()}
    at = iso(now())
    facts: list[Fact] = []
    n_already = 0
    for sheet in sheets:
        there = known.get(sheet.submission)
        if there is None:
            facts.append(_submitted(sheet, at))
            continue
        if dict(zip(there["dimensions"], there["scores"], strict=True)) != sheet.scores:
            if changed is not None:
                changed.append(sheet.submission)
                continue
            raise UserError(
                "already_rated",
                f"Row {sheet.first_row}: {sheet.rater} has rated {sheet.stimulus} in this session "
                f"with other scores already (submission {sheet.submission}). Give these rows "
                "another session, or void the submission first.",
            )
        n_already += len(sheet.scores)
    submitted = [fact for fact in facts if isinstance(fact, Submitted)]
    people = {row["rater"] for row in study.raters()}
    strangers = list(dict.fromkeys(f.rater for f in submitted if f.rater not in people))
    counts = ImportCounts(
        ratings=sum(len(fact.scores) for fact in submitted),
        feedback=sum(len(fact.feedback) for fact in submitted),
        raters=len({fact.rater for fact in submitted}),
        stimuli=len({fact.stimulus for fact in submitted}),
        already_there=n_already,
        blank=n_blank,
    )
    return [*(RaterAdded(at, name, "rater", (), False) for name in strangers), *facts], counts


def _submitted(sheet: _Sheet, at: str) -> Submitted:
    return Submitted(
        at=at,
        submission=sheet.submission,
        rater=sheet.rater,
        stimulus=sheet.stimulus,
        scores=dict(sheet.scores),
        feedback=tuple(Feedback(text, dimension) for text, dimension in sheet.texts),
        session=sheet.session,
        arm=sheet.arm,
        probability=sheet.probability,
        rated_at=sheet.rated_at,
    )


def _sheets(table: pa.Table, study: Reads) -> tuple[list[_Sheet], int]:
    names = StimulusNames(study)
    resolved: dict[str, str] = {}
    sheets: dict[tuple[str | None, ...], _Sheet] = {}
    n_blank = 0
    for number, row in enumerate(_rows(table), 1):
        given, rater = row["stimulus"], row["rater"]
        if not given or not rater:
            raise UserError(
                "empty_id",
                f"Row {number}: the {'rater' if given else 'stimulus'} is empty; fill it in.",
            )
        if given not in resolved:
            resolved[given] = names.resolve(given, f"row {number}")
        session, submission = row.get("session") or None, row.get("submission") or None
        key = (submission, rater, resolved[given], session)
        sheet = sheets.get(key)
        if sheet is None:
            sheet = _Sheet(rater, resolved[given], session, number, submission)
            sheets[key] = sheet
        n_blank += not _add(sheet, row, number, study.study)
    _check_ids(sheets.values())
    return [sheet for sheet in sheets.values() if sheet.scores or sheet.texts], n_blank


def _add(sheet: _Sheet, row: Mapping[str, str | None], number: int, study: Study) -> bool:
    """Take one row in; return whether it has a score."""
    dimension = _dimension(row["dimension"], number, study)
    text = clean_text(row.get("feedback") or "")
    if text.strip():
        about = row.get("feedback_dimension") or None
        sheet.texts[text, about and _dimension(about, number, study)] = None
    sheet.rated_at = sheet.rated_at or row.get("rated_at") or None
    sheet.arm = sheet.arm or row.get("arm") or None
    if sheet.probability is None and row.get("probability"):
        sheet.probability = _probability(row["probability"], number)
    if not (row["score"] or "").strip():
        return False
    score = _number(row["score"], number, "score")
    if score not in study.scale.scores:
        allowed = ", ".join(str(s) for s in sorted(study.scale.scores))
        raise UserError(
            "invalid_score",
            f"Row {number}: the score {one_line(row['score'], 40)} of {sheet.rater} is not on the "
            f"scale of this study; it must be one of {allowed}.",
        )
    if dimension in sheet.scores:
        raise UserError(
            "duplicate_rating",
            f"Rows {sheet.rows[dimension]} and {number} both give {sheet.rater}'s {dimension} of "
            f"{sheet.stimulus}; remove one, or tell them apart by a session column.",
        )
    sheet.scores[dimension] = int(score)
    sheet.rows[dimension] = number
    return True


def _dimension(name: str | None, number: int, study: Study) -> str:
    if name in study.dimension_names:
        return name
    if name in study.composite_names:
        raise UserError(
            "unknown_dimension",
            f"Row {number}: '{name}' is a composite, computed from its parts; give the ratings of "
            f"{', '.join(study.dimension_names)}.",
        )
    raise UserError(
        "unknown_dimension",
        f"Row {number}: this study has no dimension '{one_line(name, 60)}'; it rates "
        f"{', '.join(study.dimension_names)}.",
    )


def _number(text: str | None, number: int, column: str) -> float:
    try:
        return float(text or "")
    except ValueError as error:
        raise UserError(
            f"invalid_{column}",
            f"Row {number}: the {column} '{one_line(text, 40)}' is not a number; correct it.",
        ) from error


def _probability(text: str | None, number: int) -> float:
    value = _number(text, number, "probability")
    if not 0 <= value <= 1:
        raise UserError(
            "invalid_probability",
            f"Row {number}: the probability {one_line(text, 40)} is not between 0 and 1; "
            "correct it.",
        )
    return value


def _check_ids(sheets: Iterator[_Sheet] | Sequence[_Sheet] | Any) -> None:
    first: dict[str, _Sheet] = {}
    for sheet in sheets:
        other = first.setdefault(sheet.submission, sheet)
        if other is not sheet:
            raise UserError(
                "duplicate_rating",
                f"Rows {other.first_row} and {sheet.first_row} give one submission id "
                f"'{one_line(sheet.submission, 40)}' to different raters, images or sessions; "
                "give each its own.",
            )


def _rows(table: pa.Table) -> Iterator[dict[str, str | None]]:
    columns = {name.strip(): table.column(name) for name in table.column_names}
    if "stimulus" not in columns and "item" in columns:
        columns["stimulus"] = columns.pop("item")
    missing = [name for name in _REQUIRED if name not in columns]
    if missing:
        raise UserError(
            "missing_column",
            f"The ratings have no column '{missing[0]}'; the header must name "
            f"{', '.join(_REQUIRED)} (they have {', '.join(columns) or 'none of these'}).",
        )
    texts = {name: column.cast(pa.string()) for name, column in columns.items()}
    for batch in pa.table(texts).to_batches(max_chunksize=50_000):
        yield from batch.to_pylist()
