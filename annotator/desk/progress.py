"""Progress: by rater, by stimulus, pace, and when the study may be complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from annotator.clock import iso, now, parse_iso
from annotator.store import Store
from annotator.store.tallies import (
    results_position,
    submissions_over_time,
    submissions_per_stimulus,
    tally_of_raters,
)

__all__ = ["Forecast", "Pace", "Progress", "ProgressView", "forecast"]

RECENT = timedelta(days=7)
"""What counts as recent."""
_FEWEST = 10
"""Recent submissions below which there is no pace to speak of."""
_SHORTEST = timedelta(days=1)
"""A pace is never taken over less time than this: nobody rates day and night."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the study may be complete at the recent pace; None where that cannot be said."""

    n_missing: int
    """Submissions still wanted."""
    n_recent: int
    """Submissions of the last seven days."""
    per_day: float | None
    """Recent pace, submissions a day."""
    ends_at: str | None
    """ISO 8601; None without a recent pace."""
    reason: str
    """Why there is none: `complete`, `nothing_recent`, `too_few`, or empty."""


@dataclass(frozen=True, slots=True)
class Pace:
    """One rater's progress."""

    rater: str
    n: int
    """Submissions that count."""
    n_recent: int
    """Those of the last seven days."""
    median_s: float | None
    """Median time from seeing an image to submitting, s; None for imported ratings."""
    first_at: str
    last_at: str


@dataclass(frozen=True, slots=True)
class ProgressView:
    """The whole page."""

    forecast: Forecast
    wanted: int
    """Submissions wanted for each stimulus."""
    unit: str
    """`day` or `hour`: what `over_time` counts by."""
    over_time: Sequence[tuple[str, int]]
    """Start of the day or hour (UTC) and submissions in it, oldest first."""
    per_stimulus: Sequence[tuple[int, int]]
    """Submissions, and how many stimuli have so many."""
    raters: Sequence[Pace]


class Progress:
    """Counts over the submissions of a study."""

    def __init__(self, store: Store) -> None:
        """Read from `store`."""
        self._store = store
        self._kept: dict[str, tuple[object, ProgressView]] = {}

    def view(self, unit: str = "day", moment: datetime | None = None) -> ProgressView:
        """Return the page.

        Args:
            unit: `day`, or `hour` for the last seven days.
            moment: What is taken for now; the clock where None.
        """
        moment = moment or now()
        key = (results_position(self._store), iso(moment)[:16])
        if unit not in self._kept or self._kept[unit][0] != key:
            self._kept[unit] = (key, self._count(unit, moment))
        return self._kept[unit][1]

    def _count(self, unit: str, moment: datetime) -> ProgressView:
        since = iso(moment - RECENT)
        per = submissions_per_stimulus(self._store).to_pydict()
        wanted = self._store.study.queue.raters_per_stimulus
        missing = sum(
            max(0, wanted - n) * stimuli
            for n, stimuli in zip(per["n"], per["stimuli"], strict=True)
        )
        raters = tally_of_raters(self._store, since)
        recent = sum(row["n_recent"] for row in raters)
        begun = min((row["first"] for row in raters), default=None)
        over = submissions_over_time(
            self._store, "hour" if unit == "hour" else "day", since if unit == "hour" else ""
        ).to_pydict()
        return ProgressView(
            forecast=forecast(missing, recent, begun and parse_iso(begun), moment),
            wanted=wanted,
            unit=unit,
            over_time=list(zip(over["at"], over["n"], strict=True)),
            per_stimulus=list(zip(per["n"], per["stimuli"], strict=True)),
            raters=[
                Pace(
                    row["rater"], row["n"], row["n_recent"],
                    None if row["duration_ms"] is None else row["duration_ms"] / 1000,
                    row["first"], row["last"],
                )
                for row in raters
            ],
        )  # fmt: skip


def forecast(
    n_missing: int, n_recent: int, begun_at: datetime | None, moment: datetime
) -> Forecast:
    """Return when `n_missing` submissions are in at the pace of the last seven days.

    Args:
        n_missing: Submissions still wanted.
        n_recent: Submissions of the last seven days.
        begun_at: When the first submission of all came, or None.
        moment: Now.
    """
    if not n_missing:
        return Forecast(0, n_recent, None, None, "complete")
    if not n_recent or begun_at is None:
        return Forecast(n_missing, n_recent, None, None, "nothing_recent")
    if n_recent < _FEWEST:
        return Forecast(n_missing, n_recent, None, None, "too_few")
    span = max(_SHORTEST, min(RECENT, moment - begun_at))
    per_day = n_recent / (span / timedelta(days=1))
    days = n_missing / per_day
    ends_at = iso(moment + timedelta(days=days)) if days < 36_500 else None
    return Forecast(n_missing, n_recent, per_day, ends_at, "" if ends_at else "too_few")
