"""What one rater gave, and how the scale was used."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotator.desk.people import People, Person
from annotator.store import Store
from annotator.store.tallies import (
    n_submissions_of,
    results_position,
    submissions_of_rater,
    submissions_over_time,
    use_of_scale,
)
from schemas.errors import UserError

__all__ = ["Given", "RaterView", "Raters"]

PAGE = 50


@dataclass(frozen=True, slots=True)
class Given:
    """One submission of the rater."""

    submission: str
    stimulus: str
    file_name: str
    scores: Mapping[str, float]
    texts: Sequence[str]
    at: str
    duration_ms: int | None
    is_corrected: bool
    removed_because: str | None


@dataclass(frozen=True, slots=True)
class RaterView:
    """All about one rater."""

    person: Person
    use: Mapping[str, Mapping[float, int]]
    """Dimension -> score -> how often given."""
    use_of_all: Mapping[str, Mapping[float, int]]
    """The same over everybody's submissions, to compare with."""
    per_day: Sequence[tuple[str, int]]
    """Day (UTC) and submissions that count, oldest first."""
    given: Sequence[Given]
    """One page of submissions, newest first."""
    page: int
    n_pages: int


class Raters:
    """Raters of a study, one at a time."""

    def __init__(self, store: Store, people: People) -> None:
        """Read from `store`; `people` knows everybody."""
        self._store, self._people = store, people
        self._of_all: tuple[int, dict[str, dict[float, int]]] = (-1, {})

    def view(self, name: str, page: int = 1) -> RaterView:
        """Return a rater's page.

        Raises:
            UserError: `unknown_rater`.
        """
        store = self._store
        person = next((one for one in self._people.everybody() if one.rater == name), None)
        if person is None:
            raise UserError("unknown_rater", f"There is nobody called '{name}'.", status=404)
        n_pages = max(1, math.ceil(n_submissions_of(store, name) / PAGE))
        page = min(max(1, page), n_pages)
        days = submissions_over_time(store, "day", rater=name).to_pydict()
        rows = submissions_of_rater(store, name, PAGE, (page - 1) * PAGE)
        return RaterView(
            person=person,
            use=_by_dimension(use_of_scale(store, name).to_pylist()),
            use_of_all=self._use_of_all(),
            per_day=list(zip(days["at"], days["n"], strict=True)),
            given=[_given(row) for row in rows],
            page=page,
            n_pages=n_pages,
        )

    def _use_of_all(self) -> dict[str, dict[float, int]]:
        position, _ = results_position(self._store)
        if self._of_all[0] != position:
            self._of_all = (position, _by_dimension(use_of_scale(self._store).to_pylist()))
        return self._of_all[1]


def _by_dimension(rows: list[dict[str, Any]]) -> dict[str, dict[float, int]]:
    found: dict[str, dict[float, int]] = {}
    for row in rows:
        found.setdefault(row["dimension"], {})[row["score"]] = row["n"]
    return found


def _given(row: dict[str, Any]) -> Given:
    return Given(
        submission=row["submission"],
        stimulus=row["stimulus"],
        file_name=row["file_name"],
        scores=dict(zip(row["dimensions"], row["scores"], strict=True)),
        texts=row["texts"] or [],
        at=row["at"],
        duration_ms=row["duration_ms"],
        is_corrected=row["is_corrected"],
        removed_because=row["reason"] and f"{row['author']}: {row['reason']}",
    )
