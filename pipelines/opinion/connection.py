"""Which raters share stimuli, directly or through others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.opinion.table import Ratings

__all__ = ["connection_warning", "rater_groups"]

_ROUNDS = 8
"""Sweeps from the busiest rater that reach everybody in all but chain-like designs."""


def rater_groups(ratings: Ratings) -> npt.NDArray[np.int64]:
    """Return the connected component of each rater code; -1 for raters without ratings.

    Raters are joined by an edge where they rated the same stimulus. Components are numbered
    by their first rater.
    """
    groups = np.full(ratings.n_raters, -1, np.int64)
    present = ratings.count_by_rater > 0
    if not present.any():
        return groups
    if _all_reached(ratings, present):
        groups[present] = 0
        return groups
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = ratings.n_raters + ratings.n_stimuli
    edges = (np.ones(ratings.n, np.int8), (ratings.rater, ratings.stimulus + ratings.n_raters))
    _, labels = connected_components(coo_array(edges, shape=(size, size)), directed=False)
    present_labels = labels[: ratings.n_raters][present]
    _, first, index = np.unique(present_labels, return_index=True, return_inverse=True)
    groups[present] = np.argsort(np.argsort(first))[index]
    return groups


def _all_reached(ratings: Ratings, present: npt.NDArray[np.bool_]) -> bool:
    """Return whether sweeping out from the busiest rater reaches all of them."""
    reached = np.zeros(ratings.n_raters, np.bool_)
    reached[np.argmax(ratings.count_by_rater)] = True
    seen = np.zeros(ratings.n_stimuli, np.bool_)
    for _ in range(_ROUNDS):
        seen[ratings.stimulus[reached[ratings.rater]]] = True
        before = int(reached.sum())
        reached[ratings.rater[seen[ratings.stimulus]]] = True
        if bool(reached[present].all()):
            return True
        if int(reached.sum()) == before:
            return False
    return False


def connection_warning(ratings: Ratings) -> tuple[str, ...]:
    """Return a warning where raters fall into groups that share no stimulus."""
    groups = rater_groups(ratings)
    sizes = np.bincount(groups[groups >= 0])
    if len(sizes) < 2:
        return ()
    shown = ", ".join(str(size) for size in sorted(sizes.tolist(), reverse=True)[:6])
    more = ", ..." if len(sizes) > 6 else ""
    return (
        (
            f"raters fall into {len(sizes)} groups that share no stimulus ({shown}{more} raters): "
            "biases, inconsistencies and scores are not comparable between groups; let some raters "
            "rate stimuli of several groups."
        ),
    )
