"""Scores with their words, observed votes and least-variance votes, as training sets want them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.opinion.levels import (
    WORDS,
    LevelRule,
    RoundTrip,
    levels_of,
    round_trip,
    soft_labels,
    two_point_split,
)
from pipelines.opinion.mos import MosResult
from pipelines.opinion.table import Floats
from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["LEVEL_RULES", "Labels", "label_scores"]

LEVEL_RULES: tuple[LevelRule, ...] = get_args(LevelRule)
"""Rules that put a score into a word."""


@dataclass(frozen=True)
class Labels:
    """Levels of a result, with the range they were cut from."""

    result: MosResult
    """The scores."""
    rule: LevelRule
    """Which side of a bin is closed."""
    low: float
    """m, where the lowest bin begins."""
    high: float
    """M, where the highest bin ends."""

    @cached_property
    def table(self) -> pa.Table:
        """One row per stimulus and dimension, in the order of `MosResult.stimuli_table`.

        Added columns: `level` (1 to 5) and `word`; `soft_label`, the observed shares of the
        votes that count on each level of the scale (null for composites and on a continuous
        scale); `min_variance`, the shares on those levels that have this MOS and the least
        variance, and `is_whole_votes`, whether n whole votes have exactly this MOS.
        """
        parts = [self._columns(name) for name in self.result.estimates]
        return pa.concat_tables(parts) if parts else pa.table({})

    def _columns(self, name: str) -> pa.Table:
        scores = self.result.estimates[name].scores
        rated = np.flatnonzero(self.result.estimates[name].n_given)
        mos, n = scores.mos[rated], scores.n[rated]
        known = np.isfinite(mos)
        level = levels_of(np.where(known, mos, self.low), self.low, self.high, self.rule)
        least = self._least(mos)
        whole = np.zeros(len(rated), np.bool_)
        if least is not None:
            votes = least * n[:, None]
            whole = (np.abs(votes - np.rint(votes)) <= 1e-6).all(axis=1)
        base = self.result.stimuli_table(name)
        words = np.array(WORDS)[level - 1]
        columns = {
            "level": pa.array(level, mask=~known),
            "word": pa.array(words.tolist(), pa.string(), mask=~known),
            "soft_label": _lists(self._votes(name, rated), len(rated)),
            "min_variance": _lists(least, len(rated)),
            "is_whole_votes": pa.array(whole, mask=np.full(len(rated), least is None) | ~known),
        }
        for column, values in columns.items():
            base = base.append_column(column, values)
        return base

    def _votes(self, name: str, rated: npt.NDArray[np.intp]) -> Floats | None:
        given = self.result.given.get(name)
        if given is None or given.level is None:
            return None
        shares: Floats = soft_labels(given.where(self.result.estimates[name].kept))[rated]
        return shares

    def _least(self, mos: Floats) -> Floats | None:
        given = next(iter(self.result.given.values()), None)
        on_scale = self.result.mos_scale == self.result.scale
        if given is None or len(given.levels) < 2 or not on_scale:
            return None
        shares = two_point_split(np.where(np.isfinite(mos), mos, self.low), given.levels)
        return np.where(np.isfinite(mos)[:, None], shares, np.nan)

    def precision(self, name: str) -> RoundTrip:
        """Return what is left of a dimension's scores after a word: score, level, score."""
        return round_trip(self.result.estimates[name].scores.mos, self.low, self.high, self.rule)

    def as_json(self) -> dict[str, Any]:
        """Return the rule, m, M, the words, levels of the scale and the precision of words."""
        given = next(iter(self.result.given.values()), None)
        levels = [] if given is None else given.levels.tolist()
        trips = {name: asdict(self.precision(name)) for name in self.result.estimates}
        return {
            "rule": self.rule,
            "m": self.low,
            "M": self.high,
            "words": list(WORDS),
            "scale_levels": levels or None,
            "precision": {
                name: {key: _defined(value) for key, value in trip.items() if key != "rule"}
                for name, trip in trips.items()
            },
        }


def label_scores(result: MosResult, rule: str = "q-align") -> Labels:
    """Return levels of a result by equal fifths of its scale.

    Raises:
        UserError: `unknown_rule`, or `no_scale` where the scores have no two ends.
    """
    known = next((name for name in LEVEL_RULES if name == rule), None)
    if known is None:
        raise UserError(
            "unknown_rule",
            f"There is no rule '{one_line(rule, 40)}'; use {', '.join(LEVEL_RULES)}.",
        )
    low, high = result.mos_scale
    if low is None or high is None or not low < high:
        raise UserError(
            "no_scale", "These scores have no scale to cut into levels; give --scale LOW:HIGH."
        )
    return Labels(result, known, low, high)


def _lists(shares: Floats | None, n: int) -> pa.Array:
    """Return rows as lists; a row that is not defined is null."""
    kind = pa.list_(pa.float64())
    if shares is None:
        return pa.nulls(n, kind)
    width = shares.shape[1]
    undefined = np.isnan(shares).any(axis=1)
    offsets = pa.array(np.arange(n + 1, dtype=np.int32) * width)
    values = pa.array(np.ascontiguousarray(shares).ravel())
    return pa.ListArray.from_arrays(offsets, values, kind, mask=pa.array(undefined))


def _defined(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value
