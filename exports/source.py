"""What an export is made from: tables of one study at one moment, and the choices taken."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from schemas.layout import ImageFolder
from schemas.question import Comparison, Conversation, Question
from schemas.study import Study

__all__ = [
    "DECISIONS",
    "FEEDBACK",
    "MOS",
    "RATINGS",
    "REMOVED",
    "SCREENED",
    "STIMULI",
    "ExportOptions",
    "ExportSource",
    "QuestionOrigin",
    "conform",
]

_TEXT, _REAL, _WHOLE, _TRUTH = pa.string(), pa.float64(), pa.int64(), pa.bool_()

STIMULI = {
    "stimulus": _TEXT, "file_name": _TEXT, "source_path": _TEXT, "sha256": _TEXT,
    "suffix": _TEXT, "format": _TEXT, "width": _WHOLE, "height": _WHOLE, "n_bytes": _WHOLE,
    "mode": _TEXT, "n_pages": _WHOLE, "phash": _TEXT, "rendition": _TEXT, "details": _TEXT,
    "is_retired": _TRUTH,
}  # fmt: skip
"""Columns of `ExportSource.stimuli`."""

RATINGS = {
    "submission": _TEXT, "stimulus": _TEXT, "rater": _TEXT, "dimension": _TEXT, "score": _REAL,
    "rated_at": _TEXT, "session": _TEXT, "arm": _TEXT, "probability": _REAL, "is_late": _TRUTH,
}  # fmt: skip
"""Columns of `ExportSource.ratings`."""

REMOVED = {
    "submission": _TEXT, "stimulus": _TEXT, "rater": _TEXT, "dimension": _TEXT, "score": _REAL,
    "reason": _TEXT,
}  # fmt: skip
"""Columns of `ExportSource.removed`; more may follow (`rated_at`, …) and are kept."""

FEEDBACK = {
    "submission": _TEXT, "stimulus": _TEXT, "rater": _TEXT, "dimension": _TEXT, "text": _TEXT,
    "written_at": _TEXT,
}  # fmt: skip
"""Columns of `ExportSource.feedback`."""

DECISIONS = {
    "decision": _TEXT, "action": _TEXT, "target": _TEXT, "author": _TEXT, "reason": _TEXT,
    "at": _TEXT, "is_reversed": _TRUTH,
}  # fmt: skip
"""Columns of `ExportSource.decisions`."""

MOS = {
    "stimulus": _TEXT, "dimension": _TEXT, "n": _WHOLE, "mos": _REAL, "sos": _REAL,
    "ci95": _REAL, "ci95_low": _REAL, "ci95_high": _REAL,
}  # fmt: skip
"""Columns of `ExportSource.mos`."""

SCREENED = {
    "stimulus": _TEXT, "rater": _TEXT, "dimension": _TEXT, "score": _REAL, "reason": _TEXT,
}  # fmt: skip
"""Columns of `ExportSource.screened`."""

_SCHEMAS: dict[str, dict[str, pa.DataType]] = {
    "stimuli": STIMULI,
    "ratings": RATINGS,
    "removed": REMOVED,
    "feedback": FEEDBACK,
    "decisions": DECISIONS,
    "mos": MOS,
    "screened": SCREENED,
}


def _empty(columns: Mapping[str, pa.DataType]) -> pa.Table:
    return pa.schema(list(columns.items())).empty_table()


@dataclass(frozen=True)
class ExportOptions:
    """What the curator chose for one export."""

    with_images: bool = True
    """Copy the images into the package."""
    with_names: bool = False
    """Write raters' names instead of pseudonyms."""
    with_ratings: bool = True
    """Put the single ratings beside the scores."""
    keep_metadata: bool = False
    """Leave EXIF, XMP, comments (place, camera, author) in the exported images."""
    is_rehearsal: bool = False
    """Write no image, to see counts and card first; the package is thrown away."""
    progress: Callable[[int, int], None] | None = None
    """Called with images done and images in all."""


class QuestionOrigin(NamedTuple):
    """Questions of an export that one model wrote with one prompt."""

    model: str
    """`embedded` for the rules."""
    prompt: str
    n: int
    n_accepted: int
    """Reviewed and taken as drafted."""
    n_edited: int
    """Reviewed and taken with changes."""
    n_unreviewed: int


@dataclass(frozen=True)
class ExportSource:
    """A study as exports see it. Tables may hold more columns than listed, in any order.

    Times are ISO 8601 text in UTC; timestamp columns are converted. Missing values are null.
    """

    study: Study
    """The study file, parsed."""
    study_text: str
    """The study file as it is."""
    study_id: str
    """Random id of the study."""
    salt: str
    """Secret that pseudonyms are made with; never written."""
    images: ImageFolder
    """Where the images lie."""
    stimuli: pa.Table
    """`STIMULI`: every stimulus, retired ones too."""
    ratings: pa.Table
    """`RATINGS`: those that count, before the run's screening."""
    removed: pa.Table
    """`REMOVED`: those taken out by decisions."""
    feedback: pa.Table
    """`FEEDBACK`."""
    decisions: pa.Table
    """`DECISIONS`."""
    mos: pa.Table
    """`MOS` of the chosen run: rated dimensions and composites; null where undefined."""
    run: Mapping[str, Any]
    """The chosen run: name, method, options, as_of, facts (hash), …; must not hold a clock."""
    versions: Mapping[str, str]
    """Package -> version that the numbers were made with."""
    seed: int = 0
    """Seed of the export."""
    screened: pa.Table = field(default_factory=lambda: _empty(SCREENED))
    """`SCREENED`: ratings that count but that the run's screening left out of the MOS."""
    splits: Mapping[str, tuple[str, ...]] | None = None
    """Split -> stimuli in order; None puts everything in `test`."""
    withheld: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(submission, text) -> why this feedback must not become text to learn from: a code."""
    questions: Collection[Question] = ()
    """Questions to export, in order; read more than once, never copied whole."""
    regions: Collection[Mapping[str, Any]] = ()
    """Regions to export; see `exports.regions`."""
    comparisons: Collection[Comparison] = ()
    """Descriptions of pairs to export (`medq`)."""
    conversations: Collection[Conversation] = ()
    """Conversations of several turns (`q-instruct`); `medq` takes their first answers."""
    composed_notes: Sequence[str] = ()
    """What a reader must know of comparisons and conversations, for formats that hold them."""
    extra: Mapping[str, pa.Table] = field(default_factory=dict)
    """More tables for `csv` to carry (raters, submissions, sightings, …), by file stem."""
    expertise: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Rater -> fields, as given."""
    agreement: Mapping[str, Any] | None = None
    """`agreement --json`, for the card."""
    notes: Sequence[str] = ()
    """What a reader of the package must know; the card says it."""
    question_notes: Sequence[str] = ()
    """The same of the questions, for formats that hold them."""
    question_origins: Sequence[QuestionOrigin] = ()
    """Who wrote the questions, for the card."""
    leak_report: Mapping[str, Any] | None = None
    """What the search for leaks between splits found, for the card and a file of its own."""

    def __post_init__(self) -> None:
        """Bring every table to its declared types."""
        for name, columns in _SCHEMAS.items():
            object.__setattr__(self, name, conform(getattr(self, name), columns, name))

    def split_stimuli(self) -> dict[str, tuple[str, ...]]:
        """Return split -> stimuli in the order files list them, without retired ones."""
        retired = set(self.stimuli.filter(pc.field("is_retired"))["stimulus"].to_pylist())
        everything = {"test": tuple(sorted(self.stimuli["stimulus"].to_pylist()))}
        splits = everything if self.splits is None else self.splits
        return {
            name: tuple(stimulus for stimulus in members if stimulus not in retired)
            for name, members in splits.items()
        }

    def file_names(self) -> dict[str, str]:
        """Return stimulus -> name of the file it came as."""
        return dict(
            zip(
                self.stimuli["stimulus"].to_pylist(),
                self.stimuli["file_name"].to_pylist(),
                strict=True,
            )
        )

    def details(self) -> dict[str, dict[str, Any]]:
        """Return stimulus -> the manifest's columns."""
        pairs = zip(
            self.stimuli["stimulus"].to_pylist(), self.stimuli["details"].to_pylist(), strict=True
        )
        return {stimulus: json.loads(text) if text else {} for stimulus, text in pairs}

    def mos_by_stimulus(self, dimension: str) -> dict[str, float]:
        """Return stimulus -> MOS of a dimension or composite, where it is defined."""
        rows = self.mos.filter(pc.field("dimension") == dimension)
        pairs = zip(rows["stimulus"].to_pylist(), rows["mos"].to_pylist(), strict=True)
        return {stimulus: mos for stimulus, mos in pairs if mos is not None}


def conform(table: pa.Table, columns: Mapping[str, pa.DataType], name: str) -> pa.Table:
    """Return `table` with `columns` first, in order and of their types, then the rest.

    Raises:
        ValueError: a column is missing, or a value does not fit its type.
    """
    missing = [column for column in columns if column not in table.column_names]
    if missing:
        raise ValueError(f"the table '{name}' lacks {', '.join(missing)}")
    rest = [column for column in table.column_names if column not in columns]
    arrays = [_cast(table[column], wanted) for column, wanted in columns.items()]
    types = [*columns.values(), *(table.schema.field(column).type for column in rest)]
    arrays += [table[column] for column in rest]
    names = [*columns, *rest]
    return pa.Table.from_arrays(arrays, schema=pa.schema(list(zip(names, types, strict=True))))


def _cast(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    if column.type == wanted:
        return column
    if pa.types.is_timestamp(column.type) and wanted == _TEXT:
        naive = column.cast(pa.timestamp("us", tz=column.type.tz)).cast(pa.timestamp("us"))
        return pc.strftime(naive, format="%Y-%m-%dT%H:%M:%SZ")
    return column.cast(wanted)
