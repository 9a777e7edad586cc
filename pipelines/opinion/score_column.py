"""The score column: numbers, blanks and faults, each fault with its rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.opinion.table import Floats
from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["name_rows", "read_scores"]


def name_rows(row: Sequence[int], bad: npt.NDArray[np.int64]) -> str:
    """Return up to three row numbers and how many more there are."""
    shown = ", ".join(str(row[int(index)] + 1) for index in bad[:3])
    more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
    return f"row{'s' if len(bad) > 1 else ''} {shown}{more}"


def read_scores(column: pa.ChunkedArray, place: str) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return scores and which rows have one; text, NaN and infinity are errors."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        found = _scores_of_codes(column, place)
        if found is not None:
            return found
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        column = pc.utf8_trim_whitespace(column)
        column = pc.if_else(pc.equal(column, ""), pa.scalar(None, kind), column)
    elif pa.types.is_boolean(kind) or not (
        pa.types.is_integer(kind) or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind) or pa.types.is_null(kind)
    ):  # fmt: skip
        raise UserError("invalid_score", f"{place}: the column 'score' holds {kind}; give numbers.")
    present = column.is_valid().to_numpy(zero_copy_only=False).astype(bool)
    try:
        numbers = column.cast(pa.float64(), safe=False)
    except pa.ArrowInvalid as error:
        raise _not_a_number(column, place) from error
    score = numbers.to_numpy().astype(np.float64, copy=False)
    bad = np.flatnonzero(present & ~np.isfinite(score))
    if len(bad):
        raise UserError(
            "invalid_score",
            f"{place}: the score in {name_rows(range(len(score)), bad)} is "
            f"{score[bad[0]]:g}; give a finite number or leave the field empty.",
        )
    return score, present


def _scores_of_codes(
    column: pa.ChunkedArray, place: str
) -> tuple[Floats, npt.NDArray[np.bool_]] | None:
    """Return scores of a coded column by reading each distinct text once; None at a fault."""
    array = column.unify_dictionaries().combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        return None
    try:
        values, valid = read_scores(pa.chunked_array([array.dictionary]), place)
    except UserError:
        # The caller reads the column row by row, to name the rows at fault.
        return None
    codes = pc.fill_null(array.indices, len(values)).to_numpy(zero_copy_only=False)
    return np.append(values, np.nan)[codes], np.append(valid, False)[codes]


def _not_a_number(column: pa.ChunkedArray, place: str) -> UserError:
    bad = [
        i for i, text in enumerate(column.to_pylist()) if text is not None and not _is_number(text)
    ]
    text = one_line(str(column[bad[0]].as_py()), 40) if bad else "text"
    where = name_rows(range(len(column)), np.asarray(bad)) if bad else "a row"
    cure = "write decimals with a point" if "," in text else "correct it"
    return UserError(
        "invalid_score", f"{place}: the score in {where} is '{text}', not a number; {cure}."
    )


def _is_number(text: str) -> bool:
    try:
        pa.scalar(text).cast(pa.float64())
    except pa.ArrowInvalid:
        return False
    return True
