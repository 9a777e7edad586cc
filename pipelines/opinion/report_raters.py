"""Section of the report: every reading of every rater, and what stands out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipelines.opinion.instruments import rater_readings
from pipelines.opinion.reading import Reading
from pipelines.opinion.report_table import html_table
from pipelines.opinion.table import RatingTable

__all__ = ["readings_html"]

_MOST_READINGS = 60
_MOST_ROWS = 300
_BY_DIMENSION = {
    "bias": "bias", "inconsistency": "inconsistency", "scale_use": "levels used",
    "spread": "SD of scores", "longest_run": "longest run", "drift": "drift / 100",
    "previous_image": "previous image", "test_retest": "test–retest",
}  # fmt: skip
_BY_RATER = {"halo": "halo", "speed": "seconds an image"}


def readings_html(table: RatingTable, groups: Mapping[str, str] | None) -> str:
    """Return what stands out as sentences, then all readings as numbers."""
    readings = rater_readings(table, groups)
    parts = [_outstanding(readings)]
    whole = [r for r in readings if r.group is None]
    rows = list(_rows([r for r in whole if r.dimension is not None], _BY_DIMENSION))
    if rows:
        shown = rows[:_MOST_ROWS]
        more = f" The first {len(shown)} of {len(rows)}." if len(rows) > len(shown) else ""
        parts.append(
            "<p>All readings (a dash where there are too few ratings, or no times or repeated "
            f"images, to tell).{more}</p>"
        )
        parts.append(html_table(["rater", "dimension", "n", *_BY_DIMENSION.values()], shown))
    both = list(_rows([r for r in whole if r.dimension is None], _BY_RATER))[:_MOST_ROWS]
    if both:
        head = ["rater", "dimension", "n", *_BY_RATER.values()]
        parts.append("<p>Across dimensions:</p>" + html_table(head, both))
    grouped = [
        [r.rater, r.dimension, r.group, r.n, r.value] for r in readings if r.group is not None
    ][:_MOST_ROWS]
    if grouped:
        head = ["rater", "dimension", "discipline", "n", "bias"]
        parts.append("<p>Bias by discipline:</p>" + html_table(head, grouped))
    return "".join(parts)


def _rows(readings: Sequence[Reading], figures: Mapping[str, str]) -> Iterator[list[Any]]:
    found: dict[tuple[str, str | None], dict[str, Reading]] = {}
    for reading in readings:
        found.setdefault((reading.rater, reading.dimension), {})[reading.figure] = reading
    for (rater, dimension), of in found.items():
        values = [_value(of[name]) if name in of else None for name in figures]
        yield [rater, dimension or "all", max(r.n for r in of.values()), *values]


def _value(reading: Reading) -> float | int:
    is_count = reading.figure in ("scale_use", "longest_run")
    return int(reading.value) if is_count else reading.value


def _outstanding(readings: Sequence[Reading]) -> str:
    asking = [r for r in readings if r.asks]
    if not asking:
        return "<p>No rater stands out from the panel.</p>"
    shown = asking[:_MOST_READINGS]
    more = f" The first {len(shown)} of {len(asking)}." if len(asking) > len(shown) else ""
    rows = [[r.rater, r.dimension or "all", r.n, r.sentence] for r in shown]
    return f"<p>What stands out, to calibrate with; nobody is removed for it.{more}</p>" + (
        html_table(["rater", "dimension", "ratings", "what"], rows)
    )
