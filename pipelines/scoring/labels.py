"""From opinion scores and links between images to what the head learns from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.scoring.head import Labels
from pipelines.scoring.targets import Targets
from pipelines.splits import Link

__all__ = ["groups_of", "labels_of"]


def labels_of(mos: pa.Table, stimuli: Sequence[str], targets: Targets) -> Labels:
    """Arrange opinion scores as `[n, t]`; a target without a score is NaN with 0 ratings.

    Args:
        mos: As `MosResult.stimuli_table` gives it: stimulus, dimension, n, mos, sos.
        stimuli: Ids, the rows wanted; others are left out.
        targets: The columns wanted; others are left out.
    """
    shape = (len(stimuli), len(targets.names))
    labels = Labels(np.full(shape, np.nan), np.zeros(shape), np.full(shape, np.nan))
    rows = pc.index_in(mos["stimulus"], value_set=pa.array(stimuli, pa.string()))
    columns = pc.index_in(mos["dimension"], value_set=pa.array(targets.names, pa.string()))
    kept = pc.and_(pc.is_valid(rows), pc.is_valid(columns))
    at = tuple(places.filter(kept).to_numpy() for places in (rows, columns))
    for column, name in zip(labels, ("mos", "n", "sos"), strict=True):
        values = pc.cast(mos[name], pa.float64()).filter(kept)
        column[at] = pc.fill_null(values, float("nan")).to_numpy()
    labels.n_ratings[~np.isfinite(labels.mos)] = 0
    return labels


def groups_of(stimuli: Sequence[str], links: Sequence[Link]) -> list[str]:
    """Return a group for each stimulus: those that links connect share one.

    >>> groups_of(["a", "b", "c"], [Link("a", "c", "doi", "10.1/x")])
    ['a', 'b', 'a']
    """
    parent = {name: name for name in stimuli}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = name = parent[parent[name]]
        return name

    for link in links:
        first, second = root(link.first), root(link.second)
        parent[max(first, second)] = min(first, second)
    return [root(name) for name in stimuli]
