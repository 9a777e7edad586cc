"""Rows of truth and rows of predictions that share a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["Gaps", "Matches", "Row", "column_of", "match_rows", "model_of"]

Row = Mapping[str, Any]


@dataclass
class Gaps:
    """What does not fit together, by name."""

    missing: list[str] = field(default_factory=list)
    duplicate: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, list[str]]:
        """Return the three lists."""
        return {"missing": self.missing, "duplicate": self.duplicate, "unknown": self.unknown}

    def warnings(self) -> list[str]:
        """Return what to say about them."""
        said = []
        if self.missing:
            said.append(f"{len(self.missing)} items have no prediction.")
        if self.duplicate:
            said.append(
                f"{len(self.duplicate)} items are predicted more than once; the first counts."
            )
        if self.unknown:
            said.append(f"{len(self.unknown)} predictions belong to no item of the truth.")
        return said


@dataclass
class Matches:
    """Pairs in the order of the truth."""

    pairs: list[tuple[Row, Row | None]]
    """Each row of the truth with its first prediction, None where missing."""
    gaps: Gaps


def match_rows(
    truth: Sequence[Row], predicted: Sequence[Row], name_of: Callable[[Row], str]
) -> Matches:
    """Match rows by name; the first of several predictions counts.

    Args:
        truth: Rows with unique names.
        predicted: Rows.
        name_of: Name of a row.

    Raises:
        UserError: `duplicate_truth` where two rows of the truth have one name.
    """
    names = [name_of(row) for row in truth]
    known = set(names)
    if len(known) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(
            "duplicate_truth",
            f"The truth names '{one_line(twice, 60)}' twice; remove one of the rows.",
        )
    found: dict[str, Row] = {}
    gaps = Gaps()
    for row in predicted:
        name = name_of(row)
        if name not in known:
            gaps.unknown.append(name)
        elif name in found:
            gaps.duplicate.append(name)
        else:
            found[name] = row
    gaps.duplicate = list(dict.fromkeys(gaps.duplicate))
    gaps.missing = [name for name in names if name not in found]
    return Matches([(row, found.get(n)) for n, row in zip(names, truth, strict=True)], gaps)


def column_of(rows: Sequence[Row], names: Sequence[str], what: str) -> str:
    """Return the first of `names` that a row has.

    Raises:
        UserError: `missing_column`.
    """
    for name in names:
        if any(name in row for row in rows):
            return name
    has = ", ".join(one_line(name, 30) for name in (rows[0] if rows else ())) or "no columns"
    raise UserError(
        "missing_column", f"{what} has none of the columns {', '.join(names)}; it has {has}."
    )


def model_of(rows: Sequence[Row], known: Sequence[str], model: str, usual: Sequence[str]) -> str:
    """Return the key that holds a model's answers: the named one, a usual one, or the only other.

    Raises:
        UserError: `model_not_found` or `model_not_named`.
    """
    keys = dict.fromkeys(key for row in rows for key in row)
    if model:
        if model not in keys:
            raise UserError(
                "model_not_found",
                f"The predictions have no key '{one_line(model, 60)}'; they have "
                f"{', '.join(one_line(key, 30) for key in keys)}.",
            )
        return model
    candidates = [key for key in usual if key in keys] or [k for k in keys if k not in known]
    if len(candidates) != 1:
        raise UserError(
            "model_not_named",
            "Which key of the predictions holds the answers? Name it with --model; candidates are "
            f"{', '.join(one_line(key, 30) for key in candidates[:8]) or 'none'}.",
        )
    return candidates[0]
