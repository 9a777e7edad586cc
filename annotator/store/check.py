"""Does the database say what the journal says? Found by making it anew beside it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import duckdb
import pyarrow as pa

from annotator.store.index import apply_entries, connect, migrate
from annotator.store.journal import JournalFault, read_entries
from annotator.store.reads import Reads
from schemas.migrations import FACT_TABLES

__all__ = ["table_differences"]

_CHUNK = 20_000


def table_differences(study: Reads, seq: int, position: int) -> Iterator[str]:
    """Yield a sentence for each difference between the journal up to `seq` and the database.

    Args:
        study: The database.
        seq: Last fact that the database has.
        position: Byte of the journal after it.
    """
    fresh = connect(":memory:")
    migrate(fresh)
    try:
        reached = 0
        entries = read_entries(study.folder.journal)
        try:
            while reached < seq and (chunk := list(islice(entries, min(_CHUNK, seq - reached)))):
                apply_entries(fresh, chunk)
                reached, end = chunk[-1].seq, chunk[-1].end
        except JournalFault as fault:
            yield f"the journal is damaged at {fault}"
            return
        if reached < seq:
            yield f"the database has {seq} facts, the journal {reached}"
        elif seq and end != position:
            yield f"the journal ends fact {seq} at byte {end}, the database says {position}"
        for table in FACT_TABLES:
            try:
                yield from _table_difference(study, fresh, table, seq)
            except duckdb.Error as error:
                yield f"table {table} cannot be read ({str(error).splitlines()[0]})"
    finally:
        fresh.close()


def _table_difference(
    study: Reads, fresh: duckdb.DuckDBPyConnection, table: str, seq: int
) -> Iterator[str]:
    here = _as_text(study.table_as_of(table, seq))
    there = _as_text(fresh.table(table).to_arrow_table())
    missing = len(there - here)
    extra = len(here - there)
    if missing or extra:
        yield (
            f"table {table}: {missing} rows of the journal are not in the database, {extra} rows "
            "of the database are not in the journal"
        )


def _as_text(rows: pa.Table) -> set[str]:
    return {str(tuple(row.values())) for batch in rows.to_batches() for row in batch.to_pylist()}
