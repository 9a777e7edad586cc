"""The data card's sections on who rated, how far they agree, and who wrote the questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from statistics import median
from typing import Any

import pyarrow as pa

from exports.markdown import line, table
from exports.opinions import shown_raters
from exports.source import ExportOptions, ExportSource

__all__ = [
    "SIMULATED",
    "agreement_section",
    "questions_section",
    "raters_section",
    "simulated_note",
]

SIMULATED = "simulated"
"""Expertise of raters that a program played."""

_N_NAMED = 60
"""A card lists at most so many raters; `ratings.csv` has them all."""


def raters_section(source: ExportSource, options: ExportOptions) -> str:
    """Return how much each rater gave and what of it screening left out."""
    given = _submissions_by_rater(source)
    if not given:
        return ""
    counts = sorted(given.values())
    spread = f"{counts[0]} to {counts[-1]} submissions each (median {median(counts):g})"
    if counts[0] == counts[-1]:
        spread = f"{counts[0]} submissions each"
    expertise = Counter(word for rater in given for word in source.expertise.get(rater, ()))
    known = (
        " Expertise, as given: "
        + ", ".join(f"{line(word)} {n}" for word, n in sorted(expertise.items()))
        + "."
        if expertise
        else ""
    )
    shown = shown_raters(source, options)
    rated, left_out = _rows_by_rater(source.ratings), _rows_by_rater(source.screened)
    rows = sorted((shown[r], n, rated[r], left_out.get(r, 0)) for r, n in given.items())
    head = ("rater", "submissions", "ratings", "left out by screening")
    more = f"\n\n… and {len(rows) - _N_NAMED} more." if len(rows) > _N_NAMED else ""
    return (
        f"## Raters\n\nRaters: {len(given)}, {spread}.{known}\n\n"
        + table(head, rows[:_N_NAMED])
        + more
    )


def simulated_note(source: ExportSource) -> list[str]:
    """Return the sentence that says so where a program played some of the raters."""
    given = _submissions_by_rater(source)
    played = sum(SIMULATED in source.expertise.get(rater, ()) for rater in given)
    if not played:
        return []
    return [f"{played} of {len(given)} raters are simulated: nobody gave their ratings and texts."]


def _rows_by_rater(ratings: pa.Table) -> dict[str, int]:
    counted = ratings["rater"].value_counts()
    return dict(
        zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True)
    )


def _submissions_by_rater(source: ExportSource) -> dict[str, int]:
    pairs = source.ratings.select(["rater", "submission"]).group_by("rater")
    counted = pairs.aggregate([("submission", "count_distinct")])
    return dict(
        zip(
            counted["rater"].to_pylist(),
            counted["submission_count_distinct"].to_pylist(),
            strict=True,
        )
    )


def agreement_section(source: ExportSource) -> str:
    """Return the agreement of the ratings that count, before the run's screening."""
    found = dict((source.agreement or {}).get("dimensions", {}))
    if not found:
        return ""
    head = (
        "dimension", "images", "raters", "ratings", "Krippendorff α, ordinal", "95 % interval",
        "ICC(A,1)", "leave-one-out SRCC", "SOS a",
    )  # fmt: skip
    rows = [(f"`{name}`", *_agreement_row(entry)) for name, entry in found.items()]
    options = source.agreement.get("options", {}) if source.agreement else {}
    how = (
        "Of all ratings that count, before screening. ICC(A,1) is of the incomplete design; the "
        f"interval is from {options.get('bootstrap_replicates')} bootstrap replicates over images "
        f"(seed {options.get('bootstrap_seed')})."
    )
    return f"## Agreement between raters\n\n{how}\n\n" + table(head, rows)


def _agreement_row(entry: Mapping[str, Any]) -> tuple[object, ...]:
    alpha = entry["krippendorff_alpha"]
    low, high = alpha["ci95"]["ordinal"]
    interval = "" if low is None or high is None else f"{low:.3f} to {high:.3f}"
    return (
        entry["n_stimuli"],
        entry["n_raters"],
        entry["n_ratings"],
        _number(alpha["ordinal"]),
        interval,
        _number(entry["icc"]["incomplete"]["a_1"]),
        _number(entry["leave_one_out_srcc"]["mean"]),
        _number(entry["sos_a"]),
    )


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"


def questions_section(source: ExportSource) -> str:
    """Return which rules or models wrote the questions, and who has seen them."""
    if not source.question_origins:
        return ""
    head = ("written by", "prompt", "questions", "accepted", "accepted as edited", "not reviewed")
    rows = [
        (
            "rules (`embedded`)" if origin.model == "embedded" else f"`{line(origin.model)}`",
            f"`{line(origin.prompt)}`",
            *origin[2:],
        )
        for origin in source.question_origins
    ]
    return "## Where the questions came from\n\n" + table(head, rows)
