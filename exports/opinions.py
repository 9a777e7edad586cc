"""Scores that go along with every export: n, MOS, SD, CI, votes, and the single ratings."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from exports.package import Package
from exports.pictures import Picture
from exports.pseudonyms import pseudonyms
from exports.source import MOS, ExportOptions, ExportSource
from exports.tabular import write_csv

__all__ = ["counted_ratings", "mos_table", "shown_raters", "vote_histogram", "write_opinions"]

_KEYS = ["stimulus", "rater", "dimension"]


def counted_ratings(source: ExportSource) -> pa.Table:
    """Return the ratings that the MOS of the run is made of: those not screened out."""
    if source.screened.num_rows == 0:
        return source.ratings
    return source.ratings.join(
        source.screened.select(_KEYS), keys=_KEYS, join_type="left anti"
    ).select(source.ratings.column_names)


def vote_histogram(source: ExportSource) -> dict[tuple[str, str], dict[str, int]]:
    """Return (stimulus, rated dimension) -> score -> number of raters, lowest score first.

    Composites have no votes of their own; their parts' rows have them.
    """
    ratings = counted_ratings(source)
    triples = zip(
        ratings["stimulus"].to_pylist(),
        ratings["dimension"].to_pylist(),
        ratings["score"].to_pylist(),
        strict=True,
    )
    votes: defaultdict[tuple[str, str], Counter[float]] = defaultdict(Counter)
    for stimulus, dimension, score in triples:
        votes[stimulus, dimension][score] += 1
    return {
        key: {f"{score:g}": count[score] for score in sorted(count)} for key, count in votes.items()
    }


def write_opinions(
    package: Package,
    source: ExportSource,
    options: ExportOptions,
    pictures: Mapping[str, Picture],
) -> dict[str, str]:
    """Write `mos.csv` and, where wanted, `ratings.csv` for the exported pictures.

    Returns:
        File -> what it holds, one line.
    """
    write_csv(package, "mos.csv", mos_table(source, pictures))
    written = {
        "mos.csv": "n, MOS, SD, 95 % interval and votes of every image on every dimension and "
        "composite, before any format rounds or bins them"
    }
    if options.with_ratings:
        exported = pc.is_in(counted_ratings(source)["stimulus"], pa.array(pictures, pa.string()))
        ratings = counted_ratings(source).filter(exported)
        names = ratings["rater"].to_pylist()
        by_name = shown_raters(source, options)
        shown = [by_name[name] for name in names]
        table = ratings.select(["stimulus", "dimension", "score"]).add_column(
            1, "rater", pa.array(shown, pa.string())
        )
        order = [(name, "ascending") for name in ("stimulus", "rater", "dimension", "score")]
        write_csv(package, "ratings.csv", table.sort_by(order))
        written["ratings.csv"] = "every rating the MOS is made of, one a row"
    return written


def shown_raters(source: ExportSource, options: ExportOptions) -> dict[str, str]:
    """Return rater -> what the package calls them."""
    names = set(source.ratings["rater"].to_pylist()) | set(source.feedback["rater"].to_pylist())
    names |= {region["rater"] for region in source.regions if region.get("rater") is not None}
    return {n: n for n in names} if options.with_names else pseudonyms(names, source.salt)


def mos_table(source: ExportSource, pictures: Mapping[str, Picture]) -> pa.Table:
    """Return `MOS` with the image's file name before and the votes (JSON) behind."""
    rows = source.mos.filter(pc.is_in(source.mos["stimulus"], pa.array(pictures, pa.string())))
    rows = rows.select(list(MOS)).sort_by([("stimulus", "ascending"), ("dimension", "ascending")])
    votes = vote_histogram(source)
    keys = list(zip(rows["stimulus"].to_pylist(), rows["dimension"].to_pylist(), strict=True))
    images = pa.array([f"images/{pictures[stimulus].name}" for stimulus, _ in keys], pa.string())
    texts = pa.array(
        [json.dumps(votes[key]) if key in votes else None for key in keys], pa.string()
    )
    return rows.add_column(1, "image", images).append_column("votes", texts)
