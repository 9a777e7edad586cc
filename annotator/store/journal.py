"""The journal: one JSON fact a line, flushed to disk before it is acknowledged.

A line is `{"seq":N,"kind":…,…,"crc":"xxxxxxxx"}`; `crc` is the CRC-32 of the bytes before it.
A last line without its end was never acknowledged: it is set aside when the journal opens.
"""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import orjson

from schemas.errors import UserError
from schemas.facts import Fact, fact_from

__all__ = [
    "Entry", "Journal", "JournalFault", "decode", "encode", "is_whole", "line_of", "lines_of",
    "read_entries",
]  # fmt: skip

_CRC = b',"crc":"'
_TAIL = len(_CRC) + 8 + len(b'"}\n')


class Entry(NamedTuple):
    """A fact and where it stands."""

    seq: int
    """Place in the journal, from 1, without gaps."""
    fact: Fact
    end: int
    """Byte after its line."""


class JournalFault(Exception):
    """A line that is not what was written."""

    def __init__(self, offset: int, what: str) -> None:
        """Keep where and what."""
        self.offset = offset
        self.what = what
        super().__init__(f"byte {offset}: {what}")


def encode(fact: Fact) -> bytes:
    """Return a fact as JSON, the part of its line that does not depend on where it stands.

    Raises:
        UserError: `unstorable`, for text that is no Unicode and numbers past 64 bits.
    """
    try:
        return orjson.dumps(fact.as_json())
    except orjson.JSONEncodeError as error:
        raise UserError(
            "unstorable",
            f"Nothing was saved: a value of this {fact.kind} cannot be stored ({error}); "
            "correct it and do the same again.",
            status=422,
        ) from error


def line_of(seq: int, encoded: bytes) -> bytes:
    """Return the line of an encoded fact."""
    body = b'{"seq":%d,' % seq + encoded[1:-1]
    return body + _CRC + b"%08x" % zlib.crc32(body) + b'"}\n'


def is_whole(line: bytes) -> bool:
    """Say whether a line is as it was written."""
    return line[-_TAIL:] == _CRC + b"%08x" % zlib.crc32(line[:-_TAIL]) + b'"}\n'


def decode(line: bytes, offset: int) -> tuple[int, Fact]:
    """Return sequence number and fact of a line that stands at `offset`.

    Raises:
        JournalFault: the line is damaged or of a kind this version does not know.
    """
    if not is_whole(line):
        raise JournalFault(offset, "the line is damaged (its checksum does not fit)")
    record = orjson.loads(line[:-_TAIL] + b"}")
    seq = record.pop("seq")
    try:
        return seq, fact_from(record)
    except (KeyError, TypeError) as error:
        kind = record.get("kind")
        raise JournalFault(
            offset, f"a fact of kind '{kind}' that this version does not know"
        ) from error


def read_entries(path: Path, start: int = 0, next_seq: int = 1) -> Iterator[Entry]:
    """Yield the entries of a journal from byte `start`, whose first has number `next_seq`.

    An incomplete last line is passed over.

    Raises:
        JournalFault: a damaged line, or numbers that do not follow each other.
    """
    for offset, line in lines_of(path, start):
        seq, fact = decode(line, offset)
        if seq != next_seq:
            raise JournalFault(offset, f"fact {next_seq} is missing, {seq} stands here")
        next_seq += 1
        yield Entry(seq, fact, offset + len(line))


def lines_of(path: Path, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield the place and the bytes of every line from byte `start`, but an incomplete last."""
    with path.open("rb") as file:
        file.seek(start)
        offset = start
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield offset, line
            offset += len(line)


class Journal:
    """The open journal of the process that owns the study."""

    def __init__(self, path: Path) -> None:
        """Open `path` for appending; a torn last line is moved to a file beside it."""
        self.path = path
        self.torn: Path | None = None
        """Where an unfinished last line was moved to, if there was one."""
        self._set_aside_torn_line()
        self._file: BinaryIO = path.open("ab", buffering=0)
        self.end = self._file.tell()

    def _set_aside_torn_line(self) -> None:
        if not self.path.exists():
            self.path.touch()
            _flush_folder(self.path.parent)
            return
        keep = _last_line_end(self.path)
        size = self.path.stat().st_size
        if keep == size:
            return
        with self.path.open("r+b") as file:
            file.seek(keep)
            self.torn = self.path.with_name(f"{self.path.name}.torn-{keep}")
            self.torn.write_bytes(file.read())
            file.truncate(keep)
            os.fsync(file.fileno())

    def append(
        self, first_seq: int, facts: Sequence[Fact], encoded: Sequence[bytes] | None = None
    ) -> list[Entry]:
        """Write facts and flush them to disk; on return they are durable.

        Args:
            first_seq: Number of the first.
            facts: The facts.
            encoded: What `encode` returns for each, where it is known already.

        Raises:
            UserError: `disk_full` or `journal_unwritable`; then nothing was appended.
        """
        entries, lines, end = [], [], self.end
        bodies = [encode(fact) for fact in facts] if encoded is None else encoded
        for seq, (fact, body) in enumerate(zip(facts, bodies, strict=True), first_seq):
            line = line_of(seq, body)
            end += len(line)
            lines.append(line)
            entries.append(Entry(seq, fact, end))
        try:
            _write_all(self._file, b"".join(lines))
            os.fdatasync(self._file.fileno())
        except OSError as error:
            # What was half written must not stand before the next line.
            os.ftruncate(self._file.fileno(), self.end)
            full = error.errno == errno.ENOSPC
            raise UserError(
                "disk_full" if full else "journal_unwritable",
                f"Nothing was saved: the disk that holds {self.path} "
                + ("is full; make room" if full else f"refused the write ({error.strerror})")
                + " and do the same again.",
                status=507 if full else 500,
            ) from error
        self.end = end
        return entries

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _write_all(file: BinaryIO, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[file.write(view) :]


def _last_line_end(path: Path) -> int:
    """Return the byte after the last complete line."""
    with path.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        while position:
            step = min(position, 1 << 16)
            position -= step
            file.seek(position)
            found = file.read(step).rfind(b"\n")
            if found >= 0:
                return position + found + 1
    return 0


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
