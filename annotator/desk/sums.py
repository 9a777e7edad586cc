"""Opinion scores of every stimulus from sums in the database; what came since is added to them.

The numbers are those of `compute_mos(…, "mean")`; nothing is kept beyond the process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from annotator.store import Store
from annotator.store.tallies import is_only_appended, opinion_sums
from pipelines.opinion.mean import MeanScores, half_widths

__all__ = ["OpinionSums", "read_sums"]

Floats = NDArray[np.float64]


class Part(NamedTuple):
    """One dimension, an entry per stimulus; 0 where nothing counts."""

    n: NDArray[np.int64]
    mean: Floats
    deviations: Floats
    """Sum of squared deviations from the mean."""


@dataclass(frozen=True)
class OpinionSums:
    """Sums per stimulus, in the order of import."""

    upto: int
    """Last fact that was counted."""
    n: NDArray[np.int64]
    """Submissions that count, shape (n_stimuli,)."""
    of: Mapping[str, Part]
    """Dimension or composite -> its sums."""

    def scores(self, name: str) -> MeanScores:
        """Return MOS, SD (n - 1) and CI (Student's t) of every stimulus; NaN where undefined."""
        n, mean, deviations = self.of[name]
        with np.errstate(invalid="ignore", divide="ignore"):
            sos = np.where(n > 1, np.sqrt(deviations / (n - 1)), np.nan)
        return MeanScores(n, np.where(n > 0, mean, np.nan), sos, half_widths(sos, n, "t"))


def read_sums(
    store: Store, stimuli: pa.ChunkedArray, upto: int, before: OpinionSums | None
) -> OpinionSums:
    """Return the sums over all submissions that count, up to a fact.

    Args:
        store: The open store.
        stimuli: Ids of all stimuli in the order of import.
        upto: Last fact to count.
        before: Earlier sums; only what came since is read where nothing was taken out,
            brought back or corrected.
    """
    names = (*store.study.dimension_names, *store.study.composite_names)
    after = 0
    if before is not None and is_only_appended(store, before.upto, upto):
        after = before.upto
    found = opinion_sums(store, after, upto)
    place = pc.index_in(found["stimulus"], value_set=stimuli.combine_chunks()).to_numpy()
    read = _spread(found, place, len(stimuli), names, upto)
    return _joined(before, read) if before is not None and after else read


def _spread(
    found: pa.Table, place: NDArray[np.int64], size: int, names: Sequence[str], upto: int
) -> OpinionSums:
    def column(name: str) -> Floats:
        values = np.zeros(size)
        values[place] = pc.fill_null(found[name], 0).to_numpy()
        return values

    of = {}
    for number, name in enumerate(names):
        n = column(f"n{number}").astype(np.int64)
        deviations = column(f"variance{number}") * np.maximum(n - 1, 0)
        of[name] = Part(n, column(f"mean{number}"), deviations)
    return OpinionSums(upto, column("n").astype(np.int64), of)


def _joined(old: OpinionSums, new: OpinionSums) -> OpinionSums:
    """Add up two sums; the newer may have more stimuli."""
    size = len(new.n)
    of = {name: _add(_padded(old.of[name], size), new.of[name]) for name in new.of}
    return OpinionSums(new.upto, new.n + np.pad(old.n, (0, size - len(old.n))), of)


def _padded(part: Part, size: int) -> Part:
    more = (0, size - len(part.n))
    return Part(np.pad(part.n, more), np.pad(part.mean, more), np.pad(part.deviations, more))


def _add(a: Part, b: Part) -> Part:
    """Join two parts (Chan, Golub & LeVeque 1983, eq. 2.1)."""
    n = a.n + b.n
    share = b.n / np.maximum(n, 1)
    apart = b.mean - a.mean
    deviations = a.deviations + b.deviations + apart * apart * a.n * share
    return Part(n, a.mean + apart * share, deviations)
