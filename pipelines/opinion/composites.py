"""Composites: weighted means of rated dimensions, rater by rater."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pipelines.opinion.table import Codes, Floats, Ratings

__all__ = ["CompositeLike", "composite_ratings"]

_MOST_LEVELS = 64


class CompositeLike(Protocol):
    """What is asked of `schemas.study.Composite`."""

    @property
    def name(self) -> str:
        """Name of the composite."""

    @property
    def parts(self) -> Mapping[str, float]:
        """Dimension -> weight; only their ratio counts."""


def composite_ratings(composite: CompositeLike, parts: Sequence[Ratings]) -> Ratings:
    """Return the weighted mean of the parts for each presentation that has all of them.

    Args:
        composite: Name and weights.
        parts: Ratings of its dimensions, in the order of `composite.parts`; a presentation
            (stimulus, rater, session, repetition) may lack any of them.

    Returns:
        Ratings whose `row` is the row of the first part.
    """
    weights = np.array(list(composite.parts.values()), float)
    keys = [_presentation(part, parts) for part in parts]
    index: list[npt.NDArray[np.intp]] = [np.arange(parts[0].n)]
    for key in keys[1:]:
        found = _positions(key, keys[0][index[0]])
        kept = np.flatnonzero(found >= 0)
        index = [positions[kept] for positions in index] + [found[kept]]
    first = parts[0].where(_mask(index[0], parts[0].n))
    order = np.argsort(index[0], kind="stable")
    scores = [part.score[positions[order]] for part, positions in zip(parts, index, strict=True)]
    mean = _weighted_mean(scores, weights)
    levels = _levels([part.levels for part in parts], weights)
    level = None
    if len(levels):
        level = np.searchsorted(levels, mean).astype(np.uint8)
    return replace(first, dimension=composite.name, score=mean, levels=levels, level=level)


def _weighted_mean(scores: Sequence[Floats], weights: Floats) -> Floats:
    total = np.zeros_like(scores[0])
    for score, weight in zip(scores, weights, strict=True):
        total = total + weight * score
    mean: Floats = total / weights.sum()
    return mean


def _levels(levels: Sequence[Floats], weights: Floats) -> Floats:
    """Return every value the composite can take, or none where they are too many."""
    if any(not len(part) for part in levels) or np.prod([len(part) for part in levels]) > 4096:
        return np.empty(0)
    combinations = np.array(list(itertools.product(*levels))).T
    values = np.unique(_weighted_mean(list(combinations), weights))
    return values if len(values) <= _MOST_LEVELS else np.empty(0)


def _mask(positions: npt.NDArray[np.intp], size: int) -> npt.NDArray[np.bool_]:
    mask = np.zeros(size, np.bool_)
    mask[positions] = True
    return mask


def _presentation(part: Ratings, parts: Sequence[Ratings]) -> npt.NDArray[np.int64]:
    """Return one number per presentation, the same in all parts."""
    key = part.stimulus.astype(np.int64) * part.n_raters + part.rater
    for name in ("session", "repetition"):
        codes: Codes | None = getattr(part, name)
        if codes is not None:
            size = 1 + max(int(getattr(other, name).max(initial=0)) for other in parts)
            key = key * size + codes
    return key


def _positions(keys: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Return where each wanted key stands in `keys`, -1 where it does not."""
    if not len(keys):
        return np.full(len(wanted), -1, np.intp)
    order = np.argsort(keys, kind="stable")
    at = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
    found = order[at]
    return np.where(keys[found] == wanted, found, -1)
