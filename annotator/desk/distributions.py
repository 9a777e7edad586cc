"""What the plots of the results show: counts per bin, never single ratings of one rater."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from annotator.desk.standing import Standings
from annotator.store import Store

__all__ = ["Distributions", "Histogram", "Pairs"]

_BINS = 20
_MOST_POINTS = 2000
"""More stimuli than this are counted in cells instead of drawn one by one."""
_CELLS = 40


@dataclass(frozen=True, slots=True)
class Histogram:
    """How MOS of one dimension are spread."""

    dimension: str
    n: int
    """Stimuli with a MOS."""
    edges: Sequence[float]
    """Bin edges in units of the scale, one more than counts; the last bin holds its edge."""
    counts: Sequence[int]
    mean: float | None
    """Mean of the MOS; None where n is 0."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two dimensions of the same stimuli: points, or counts per cell where there are many."""

    x_name: str
    y_name: str
    n: int
    """Stimuli with a MOS on both."""
    x: Sequence[float]
    y: Sequence[float]
    stimuli: Sequence[str]
    """File name of each point."""
    edges: Sequence[float]
    """Cell edges on both axes; empty where points are given."""
    cells: Sequence[Sequence[int]]
    """Counts, rows by y and columns by x; empty where points are given."""
    plcc: float | None
    """Pearson correlation; None below 3 stimuli or where one is constant."""


class Distributions:
    """Spread of the MOS of a study."""

    def __init__(self, store: Store, standings: Standings) -> None:
        """Read what `standings` has."""
        self._standings = standings
        scale = store.study.scale
        self.low, self.high = float(scale.low), float(scale.high)

    def histograms(self, where: Mapping[str, str]) -> list[Histogram]:
        """Return one histogram a dimension, of the stimuli that match the filters."""
        standing, _ = self._standings.now()
        if standing is None:
            return []
        table = matching(standing.table, where)
        return [self._histogram(name, table) for name in standing.names]

    def pairs(self, x_name: str, y_name: str, where: Mapping[str, str]) -> Pairs | None:
        """Return two dimensions against each other; None before the first results."""
        standing, _ = self._standings.now()
        if standing is None:
            return None
        table = matching(standing.table, where)
        x, y = _numbers(table, x_name), _numbers(table, y_name)
        both = np.isfinite(x) & np.isfinite(y)
        names = table["file_name"].filter(pa.array(both)) if table.num_rows else None
        x, y = x[both], y[both]
        r = float(np.corrcoef(x, y)[0, 1]) if len(x) > 2 and np.ptp(x) and np.ptp(y) else None
        if len(x) <= _MOST_POINTS or names is None:
            file_names = names.to_pylist() if names is not None else []
            return Pairs(x_name, y_name, len(x), x.tolist(), y.tolist(), file_names, (), (), r)
        edges = np.linspace(self.low, self.high, _CELLS + 1)
        cells, _, _ = np.histogram2d(y, x, bins=(edges, edges))
        counts = cells.astype(int).tolist()
        return Pairs(x_name, y_name, len(x), (), (), (), edges.tolist(), counts, r)

    def _histogram(self, name: str, table: pa.Table) -> Histogram:
        values = _numbers(table, name)
        values = values[np.isfinite(values)]
        counts, edges = np.histogram(values, bins=_BINS, range=(self.low, self.high))
        mean = float(values.mean()) if len(values) else None
        return Histogram(name, len(values), edges.tolist(), counts.tolist(), mean)


def matching(table: pa.Table, where: Mapping[str, str]) -> pa.Table:
    """Return the rows in use whose manifest columns have the wanted values."""
    keep = pc.invert(table["is_retired"])
    for column, value in where.items():
        if value and f"is:{column}" in table.column_names:
            keep = pc.and_(keep, pc.fill_null(pc.equal(table[f"is:{column}"], value), False))
    return table.filter(keep)


def _numbers(table: pa.Table, name: str) -> NDArray[np.float64]:
    column = pc.fill_null(table[f"mos:{name}"], float("nan"))
    numbers: NDArray[np.float64] = column.to_numpy().astype(np.float64)
    return numbers
