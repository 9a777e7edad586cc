"""The store: the process that holds it owns journal and database."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import IO

import duckdb
import pyarrow as pa

from annotator.store.appends import Appends
from annotator.store.index import applied_position, apply_entries, connect, migrate
from annotator.store.journal import Entry, Journal, JournalFault, read_entries
from annotator.store.reads import Reads
from annotator.store.writer import Observer, Writer
from schemas.errors import UserError
from schemas.facts import Fact
from schemas.layout import StudyFolder
from schemas.study import Study

__all__ = ["Store", "hold_lock", "replay"]

_REPLAY_CHUNK = 20_000
_NOT_ITS_CONTENT = ("No space left", "Permission denied", "Could not set lock", "Read-only")
"""Signs in DuckDB's errors that the file itself may be whole."""


class Store(Appends, Reads):
    """Reads and appends, in the one process that owns the folder."""

    def __init__(
        self, folder: StudyFolder, study: Study, *, rebuild: bool = False, wait_s: float = 5.0
    ) -> None:
        """Open the study; replay what the database lacks.

        Args:
            folder: The study folder.
            study: Its study file.
            rebuild: Make the database anew from the journal; the old one is set aside.
            wait_s: How long to wait for another process to let go of the folder.

        Raises:
            UserError: `folder_in_use`, `journal_damaged`, `journal_behind_database`.
        """
        self.folder, self.study = folder, study
        self.notices: list[str] = []
        """What had to be mended while opening, for people."""
        self._lock = hold_lock(folder, wait_s)
        try:
            shutil.rmtree(folder.temporary, ignore_errors=True)
            self._journal = self._open_journal()
            is_missing = not folder.database.exists()
            self._connection = self._open_database(rebuild=rebuild)
            last_seq = self._catch_up()
            if is_missing and last_seq > 1:
                self.notices.append("The database was missing; it was made from the journal.")
        except BaseException:
            self._lock.close()
            raise
        self._writer = Writer(self._journal, self._connection, last_seq)

    # -- writing -----------------------------------------------------------------------

    def append(self, facts: Sequence[Fact]) -> list[Entry]:
        """Append facts; on return they are on disk.

        Raises:
            UserError: `disk_full` or `journal_unwritable`; then none was appended.
        """
        return self._writer.append(facts).result()

    def append_soon(self, facts: Sequence[Fact]) -> Future[list[Entry]]:
        """Append facts without waiting; the future is done when they are on disk."""
        return self._writer.append(facts)

    def observe(self, observer: Observer) -> None:
        """Call `observer` with the entries of every group, in the writer's thread."""
        self._writer.observers.append(observer)

    def keep_scores(self, run_seq: int, scores: pa.Table) -> None:
        """Keep the scores of a run in the database: columns as `run_scores` gives them."""
        cursor = self.connection()
        try:
            numbered = scores.add_column(
                0, "run_seq", pa.array([run_seq] * scores.num_rows, pa.int64())
            )
            cursor.from_arrow(numbered).insert_into("run_scores")
        finally:
            cursor.close()

    # -- reading -----------------------------------------------------------------------

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return a cursor that sees every acknowledged fact."""
        self._writer.settle()
        return self._connection.cursor()

    def close(self) -> None:
        """Write what is queued, close everything, let go of the folder."""
        self._writer.close()
        self._connection.close()
        self._journal.close()
        self._lock.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- opening -----------------------------------------------------------------------

    def _open_journal(self) -> Journal:
        path = self.folder.journal
        if not path.exists() or not path.stat().st_size:
            raise UserError(
                "journal_missing",
                f"The journal {path} is missing or empty, and with it every fact of the study. "
                "Put it back from a backup.",
            )
        journal = Journal(path)
        if journal.torn is not None:
            self.notices.append(
                "The last line of the journal was unfinished, so never acknowledged; it was moved "
                f"to {journal.torn.name}."
            )
        return journal

    def _open_database(self, *, rebuild: bool) -> duckdb.DuckDBPyConnection:
        path = self.folder.database
        if rebuild and path.exists():
            self._set_database_aside("as asked")
        try:
            return _connected(path)
        except duckdb.Error as error:
            if not path.exists() or any(sign in str(error) for sign in _NOT_ITS_CONTENT):
                raise _unusable(path, error) from error
            why = str(error).splitlines()[0]
        self._set_database_aside(f"it could not be read ({why})")
        try:
            return _connected(path)
        except duckdb.Error as error:
            raise _unusable(path, error) from error

    def _set_database_aside(self, why: str) -> None:
        path = self.folder.database
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        aside = path.with_name(f"{path.name}.before-{stamp}")
        path.rename(aside)
        wal = path.with_name(path.name + ".wal")
        if wal.exists():
            wal.rename(aside.with_name(aside.name + ".wal"))
        self.notices.append(
            f"The database was made anew from the journal, {why}; the old one is {aside.name}."
        )

    def _catch_up(self) -> int:
        seq, position = applied_position(self._connection)
        if position > self._journal.end or not _line_ends_at(self.folder.journal, position):
            self._connection.close()
            raise UserError(
                "journal_behind_database",
                f"The journal {self.folder.journal} is not the one its database was made from "
                "(it is shorter or was replaced). Put the right journal back from a backup, or "
                "run `verify --rebuild` to go on with the journal as it is.",
            )
        return replay(self._connection, self.folder.journal, position, seq)


def _connected(path: Path) -> duckdb.DuckDBPyConnection:
    connection = connect(str(path))
    try:
        migrate(connection)
        applied_position(connection)
    except duckdb.Error:
        # DuckDB shares what this process has open; a file made anew must not meet the old one.
        connection.close()
        raise
    return connection


def _unusable(path: Path, error: duckdb.Error) -> UserError:
    return UserError(
        "database_unusable",
        f"The database {path} cannot be opened: {error}. Make room, mend the permissions, or close "
        "the program that has it open; the journal holds everything.",
    )


def replay(
    connection: duckdb.DuckDBPyConnection, journal: Path, position: int = 0, seq: int = 0
) -> int:
    """Add the facts after byte `position` to a database; return the last one's number.

    Raises:
        UserError: `journal_damaged`, naming the byte.
    """
    chunk: list[Entry] = []
    fault: JournalFault | None = None
    try:
        for entry in read_entries(journal, position, seq + 1):
            chunk.append(entry)
            if len(chunk) == _REPLAY_CHUNK:
                apply_entries(connection, chunk)
                seq, chunk = chunk[-1].seq, []
    except JournalFault as found:
        fault = found
    if chunk:
        apply_entries(connection, chunk)
        seq = chunk[-1].seq
    if fault is not None:
        raise UserError(
            "journal_damaged",
            f"The journal {journal} is damaged at {fault}. Run `verify --rebuild`, which mends it "
            "from the database where that still has the facts, or put it back from a backup; the "
            f"facts up to number {seq} can be read.",
        ) from fault
    return seq


def _line_ends_at(journal: Path, position: int) -> bool:
    if position == 0:
        return True
    with journal.open("rb") as file:
        file.seek(position - 1)
        return file.read(1) == b"\n"


def hold_lock(folder: StudyFolder, wait_s: float = 5.0) -> IO[str]:
    """Take the folder's lock, waiting for a command that is just ending.

    Raises:
        UserError: `folder_in_use`, naming the process that has it.
    """
    deadline = time.monotonic() + wait_s
    file = folder.lock.open("a+")
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.seek(0)
                owner = file.read().strip() or "another process"
                file.close()
                raise UserError(
                    "folder_in_use",
                    f"The study in {folder.root} is in use by {owner}; wait until it is done "
                    "or stop it, then try again.",
                ) from None
            time.sleep(0.05)
    file.seek(0)
    file.truncate()
    file.write(f"process {os.getpid()} ({' '.join(Path(a).name for a in sys.argv[:3])})")
    file.flush()
    return file
