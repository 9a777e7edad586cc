"""From a table with named columns to `RatingTable`: every rule checked once, on entry.

Row numbers in messages count data rows from 1 (the header is not counted).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.opinion.cells import joint_key, rank_within, second_of_pairs
from pipelines.opinion.score_column import name_rows, read_scores
from pipelines.opinion.table import Codes, Floats, RatingTable
from schemas.errors import UserError
from schemas.text import counted, one_line

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "DEFAULT_DIMENSION", "rating_table"]

DEFAULT_DIMENSION = "quality"
"""Name of the dimension where a table has no such column."""
COLUMNS = (
    "stimulus", "item", "rater", "dimension", "score",
    "repetition", "session", "rated_at", "submission", "duration_ms",
)  # fmt: skip
"""Columns that are read; others are ignored."""


def rating_table(
    table: pa.Table | pd.DataFrame,
    *,
    scale: tuple[float, float] | None = None,
    dimensions: Sequence[str] = (),
    levels: Sequence[float] = (),
    place: str = "the ratings",
) -> RatingTable:
    """Validate and code a long table of ratings.

    Args:
        table: Columns `stimulus` (or `item`), `rater`, `score`, and where known `dimension`,
            `repetition`, `session`, `rated_at`, `submission`, `duration_ms`.
        scale: Lowest and highest score; taken from the data where absent, and said.
        dimensions: The only dimensions there may be, in the order to report them; any where
            empty.
        levels: Levels of the scale where they are not simply all whole numbers.
        place: What messages call the table.

    Returns:
        The coded table. A row whose score is blank is skipped and counted in `warnings`.

    Raises:
        UserError: `missing_column`, `empty_id`, `invalid_score`, `score_off_scale`,
            `unknown_dimension`, `duplicate_rating` or `invalid_scale`, naming rows.

    >>> t = rating_table(pa.table({"item": ["b", "a"], "rater": ["7", "7"], "score": [4, 5]}))
    >>> t.stimuli, t.dimensions, t.score.tolist(), t.low, t.high
    (('a', 'b'), ('quality',), [4.0, 5.0], 4.0, 5.0)
    """
    arrow = (
        table if isinstance(table, pa.Table) else pa.Table.from_pandas(table, preserve_index=False)
    )
    arrow = _named(arrow, place)
    score, present = read_scores(arrow["score"], place)
    warnings = []
    row: Sequence[int] = range(len(score))
    if not present.all():
        row = np.flatnonzero(present).tolist()
        first = int(np.flatnonzero(~present)[0]) + 1
        warnings.append(
            f"{counted(len(score) - len(row), 'row')} skipped for want of a score (the first is "
            f"row {first})."
        )
        arrow, score = arrow.filter(pa.array(present)), score[present]
    low, high, source = _scale(score, scale, row, place)
    if source == "data" and len(score):
        warnings.append(
            f"Scale {low:g} to {high:g} taken from the data; name another with --scale."
        )
    stimulus, stimuli = _coded(arrow["stimulus"], "stimulus", row, place)
    rater, raters = _coded(arrow["rater"], "rater", row, place)
    dimension, names = _dimension(arrow, dimensions, row, place)
    session, sessions = _optional(arrow, "session", row, place)
    repetition, _ = _optional(arrow, "repetition", row, place)
    if repetition is None:
        cell = joint_key((stimulus, rater, dimension, session))
        submission, _ = _optional(arrow, "submission", row, place)
        if submission is not None and len(second_of_pairs(cell)):
            repetition = rank_within(cell, submission)
    coded = RatingTable(
        stimuli=stimuli,
        raters=raters,
        dimensions=names,
        stimulus=stimulus,
        rater=rater,
        dimension=dimension,
        score=score,
        low=low,
        high=high,
        scale_source=source,
        sessions=sessions,
        session=session,
        repetition=repetition,
        rated_at=_times(arrow, warnings),
        duration_ms=_durations(arrow),
        warnings=tuple(warnings),
        extra_levels=tuple(float(level) for level in levels),
    )
    _check_single(coded, row, place)
    return _numbered_across_sessions(coded)


def _named(arrow: pa.Table, place: str) -> pa.Table:
    """Return the table with `item` renamed to `stimulus`, checked for required columns."""
    names = [name.strip().removeprefix("\ufeff") for name in arrow.column_names]
    if "stimulus" not in names and "item" in names:
        names[names.index("item")] = "stimulus"
    for needed in ("stimulus", "rater", "score"):
        if names.count(needed) != 1:
            fault = "has no column" if needed not in names else "has more than one column"
            raise UserError(
                "missing_column",
                f"{place}: {fault} '{needed}' (its columns are "
                f"{one_line(', '.join(names), 200)}); name one stimulus, rater and score column.",
            )
    return arrow.rename_columns(names)


def _scale(
    score: Floats, scale: tuple[float, float] | None, row: Sequence[int], place: str
) -> tuple[float, float, str]:
    if scale is None:
        if not len(score):
            return math.nan, math.nan, "data"
        return float(score.min()), float(score.max()), "data"
    low, high = float(scale[0]), float(scale[1])
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise UserError(
            "invalid_scale", f"The scale {low:g}:{high:g} is not LOW:HIGH; give e.g. 1:5."
        )
    bad = np.flatnonzero((score < low) | (score > high))
    if len(bad):
        raise UserError(
            "score_off_scale",
            f"{place}: the score {score[bad[0]]:g} in {name_rows(row, bad)} is off the scale "
            f"{low:g} to {high:g}; correct it or give another scale.",
        )
    return low, high, "given"


def _coded(
    column: pa.ChunkedArray, name: str, row: Sequence[int], place: str
) -> tuple[Codes, tuple[str, ...]]:
    """Return codes and the ids in sorted order, so that no result depends on the row order."""
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.unify_dictionaries().combine_chunks() if array.num_chunks else None
    if array is None or not len(row):
        return np.zeros(0, np.int32), ()
    texts = array.dictionary.cast(pa.string())
    empty = pc.fill_null(pc.equal(texts, ""), True).to_numpy(zero_copy_only=False)
    indices = array.indices
    codes = pc.fill_null(indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    bad = np.flatnonzero((codes < 0) | np.append(empty, True)[codes])
    if len(bad):
        raise UserError(
            "empty_id", f"{place}: {name} is empty in {name_rows(row, bad)}; fill it in."
        )
    used = np.bincount(codes, minlength=len(texts)) > 0
    order = np.asarray(pc.sort_indices(texts))
    order = order[used[order]]
    rank = np.full(len(texts), -1, np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[codes], tuple(texts.take(pa.array(order)).to_pylist())


def _dimension(
    arrow: pa.Table, known: Sequence[str], row: Sequence[int], place: str
) -> tuple[Codes, tuple[str, ...]]:
    if "dimension" not in arrow.column_names:
        codes: Codes = np.zeros(len(row), np.int32)
        names: tuple[str, ...] = (DEFAULT_DIMENSION,)
    else:
        codes, names = _coded(arrow["dimension"], "dimension", row, place)
    if not known:
        return codes, names
    unknown = [index for index, name in enumerate(names) if name not in known]
    if unknown and len(row):
        bad = np.flatnonzero(np.isin(codes, unknown))
        raise UserError(
            "unknown_dimension",
            f"{place}: there is no dimension '{one_line(names[codes[bad[0]]], 60)}' "
            f"({name_rows(row, bad)}); the dimensions are {', '.join(known)}.",
        )
    place_of = np.array([list(known).index(n) for n in names if n in known], np.int32)
    return (place_of[codes] if len(codes) else codes), tuple(known)


def _optional(
    arrow: pa.Table, name: str, row: Sequence[int], place: str
) -> tuple[Codes | None, tuple[str, ...]]:
    """Return codes of a column that may be absent or have gaps; a gap is the session ''."""
    if name not in arrow.column_names or pa.types.is_null(arrow[name].type):
        return None, ()
    column = arrow[name]
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    text = pc.fill_null(column.cast(pa.string()), "(none)")
    text = pc.if_else(pc.equal(text, ""), "(none)", text)
    codes, names = _coded(text, name, row, place)
    return (codes, names) if len(names) else (None, ())


def _times(arrow: pa.Table, warnings: list[str]) -> npt.NDArray[np.datetime64] | None:
    if "rated_at" not in arrow.column_names or pa.types.is_null(arrow["rated_at"].type):
        return None
    column = arrow["rated_at"]
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.if_else(pc.equal(column, ""), pa.scalar(None, column.type), column)
    try:
        stamps = column.cast(pa.timestamp("us", "UTC"))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        try:
            stamps = column.cast(pa.timestamp("us"))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            warnings.append("rated_at is not in ISO 8601 and was ignored; drift is not computed.")
            return None
    times: npt.NDArray[np.datetime64] = stamps.to_numpy().astype("datetime64[us]")
    return times


def _durations(arrow: pa.Table) -> Floats | None:
    if "duration_ms" not in arrow.column_names:
        return None
    try:
        column: Any = arrow["duration_ms"].cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    durations: Floats = column.to_numpy()
    return durations


def _numbered_across_sessions(table: RatingTable) -> RatingTable:
    """Return the table with repetitions counted on over sessions, where a cell recurs in them."""
    if table.session is None:
        return table
    cell = joint_key((table.stimulus, table.rater, table.dimension))
    if not len(second_of_pairs(joint_key((cell, table.repetition)))):
        return table
    order = joint_key((table.session, table.repetition))
    return replace(table, repetition=rank_within(cell, order))


def _check_single(table: RatingTable, row: Sequence[int], place: str) -> None:
    """Raise where two rows are the same presentation of the same cell."""
    key = joint_key((table.stimulus, table.rater, table.dimension, table.session, table.repetition))
    duplicate = second_of_pairs(key)
    if not len(duplicate):
        return
    index = int(duplicate[0])
    first = int(np.flatnonzero(key == key[index])[0])
    raise UserError(
        "duplicate_rating",
        f"{place}: rows {row[first] + 1} and {row[index] + 1} both rate stimulus "
        f"'{one_line(table.stimuli[table.stimulus[index]], 60)}' by rater "
        f"'{one_line(table.raters[table.rater[index]], 60)}' on "
        f"'{one_line(table.dimensions[table.dimension[index]], 60)}' "
        f"({counted(len(duplicate), 'such row')}); remove one, or tell them apart in a column "
        "'repetition'.",
    )
