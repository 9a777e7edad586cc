"""A study as it was after some fact."""

from __future__ import annotations

import duckdb

from annotator.store.index import connect, migrate
from annotator.store.reads import Reads
from schemas.migrations import FACT_TABLES

__all__ = ["PastStore"]


class PastStore(Reads):
    """Reads of a study up to one of its facts, in memory."""

    def __init__(self, study: Reads, as_of: int) -> None:
        """Copy the facts up to number `as_of`."""
        self.folder, self.study = study.folder, study.study
        self._connection = connect(":memory:")
        migrate(self._connection)
        self._connection.execute("INSERT INTO applied VALUES (?, 0)", [as_of])
        for table in FACT_TABLES:
            rows = study.table_as_of(table, as_of)
            if rows.num_rows:
                self._connection.from_arrow(rows).insert_into(table)

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return a cursor on the copy."""
        return self._connection.cursor()
