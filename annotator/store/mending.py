"""A damaged journal made whole again from the database, which holds the same facts as rows.

The damaged journal stays beside the mended one. A fact that neither has is never passed over
silently: mending is refused, or a note stands in its place.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import duckdb

from annotator.clock import iso, now
from annotator.store.index import connect
from annotator.store.journal import JournalFault, decode, encode, is_whole, line_of, lines_of
from annotator.store.recall import recall_facts
from annotator.store.store import hold_lock
from schemas.errors import UserError
from schemas.facts import Fact, Setting
from schemas.layout import StudyFolder

__all__ = ["mend_journal"]


class _Line(NamedTuple):
    offset: int
    content: bytes
    seq: int | None
    """None where the line is damaged, or stands where it cannot belong."""


class _Fault(NamedTuple):
    """Facts that the journal lacks."""

    offset: int
    """Where they stood."""
    numbers: range
    damaged: tuple[bytes, ...]
    """What stands there instead."""


def mend_journal(folder: StudyFolder, *, accept_loss: bool = False) -> list[str]:
    """Make a damaged journal whole; one that is whole is left alone.

    Args:
        folder: The study folder, which no server has open.
        accept_loss: Put a note in the place of facts that the database does not have either.

    Returns:
        What was done, in sentences for people.

    Raises:
        UserError: `journal_damaged` naming what is lost, `folder_in_use`, or `other_version` for
            facts of a kind that this version does not know. Then nothing was changed.
    """
    with hold_lock(folder):
        try:
            faults = list(_faults(folder.journal))
        except JournalFault as fault:
            raise _from_later_version(folder.journal, fault) from fault
        if not faults:
            return []
        numbers = [number for fault in faults for number in fault.numbers]
        facts = _from_database(folder, numbers)
        lost = [number for number in numbers if number not in facts]
        if lost and not accept_loss:
            first = next(fault for fault in faults if lost[0] in fault.numbers)
            raise _too_damaged(folder.journal, first, lost)
        aside = folder.journal.with_name(f"{folder.journal.name}.damaged-{_stamp()}")
        for number in lost:
            facts[number] = _note(number, aside.name)
        _write_mended(folder.journal, faults, facts, aside)
    return _told(faults, lost, aside)


def _faults(journal: Path) -> Iterator[_Fault]:
    """Yield what is missing or damaged, in order; stray lines without a missing fact too."""
    expected, damaged = 1, list[_Line]()
    for line in _lines(journal):
        if line.seq is None or line.seq < expected:
            damaged.append(line)
            continue
        if damaged or line.seq > expected:
            place = damaged[0].offset if damaged else line.offset
            yield _Fault(place, range(expected, line.seq), tuple(bad.content for bad in damaged))
        expected, damaged = line.seq + 1, []
    if damaged:
        # Where they end the journal nothing says how many they were: one each.
        numbers = range(expected, expected + len(damaged))
        yield _Fault(damaged[0].offset, numbers, tuple(bad.content for bad in damaged))


def _lines(journal: Path) -> Iterator[_Line]:
    for offset, content in lines_of(journal):
        yield _Line(offset, content, decode(content, offset)[0] if is_whole(content) else None)


def _from_database(folder: StudyFolder, numbers: list[int]) -> dict[int, Fact]:
    """Return what the database has of these facts, if it is one of this study."""
    if not folder.database.exists():
        return {}
    try:
        with closing(connect(str(folder.database))) as connection:
            facts = recall_facts(connection, {1, *numbers})
    except duckdb.Error:
        # Damaged itself; then what the journal lacks is lost, and that is said.
        return {}
    offset, first = next(lines_of(folder.journal))
    if is_whole(first) and facts.get(1) != decode(first, offset)[1]:
        return {}
    return facts


def _write_mended(journal: Path, faults: list[_Fault], facts: dict[int, Fact], aside: Path) -> None:
    part = journal.with_name(f"{journal.name}.part")
    try:
        with part.open("wb") as mended:
            mended.writelines(_mended_lines(journal, faults, facts))
            mended.flush()
            os.fsync(mended.fileno())
        shutil.copyfile(journal, aside)
        part.replace(journal)
    except OSError:
        # A full disk; the journal is as it was.
        part.unlink(missing_ok=True)
        aside.unlink(missing_ok=True)
        raise


def _mended_lines(journal: Path, faults: list[_Fault], facts: dict[int, Fact]) -> Iterator[bytes]:
    by_place = {fault.offset: fault for fault in faults}
    bad = {place for fault in faults for place in _places(fault)}
    for offset, content in lines_of(journal):
        if offset in by_place:
            for number in by_place[offset].numbers:
                yield line_of(number, encode(facts[number]))
        if offset not in bad:
            yield content


def _places(fault: _Fault) -> Iterator[int]:
    offset = fault.offset
    for content in fault.damaged:
        yield offset
        offset += len(content)


def _note(number: int, aside: str) -> Setting:
    return Setting(iso(now()), f"lost_fact_{number}", f"damaged and not in the database: {aside}")


def _told(faults: list[_Fault], lost: list[int], aside: Path) -> list[str]:
    n_missing = sum(len(fault.numbers) for fault in faults)
    mended = (
        f"The journal was damaged in {len(faults)} place(s); {n_missing - len(lost)} fact(s) were "
        f"written again from the database. The damaged journal is {aside.name}."
    )
    told = [mended]
    if lost:
        told.append(f"Lost, since the database did not have them either: {_listed(lost)}.")
    return told


def _too_damaged(journal: Path, first: _Fault, lost: list[int]) -> UserError:
    return UserError(
        "journal_damaged",
        f"The journal {journal} is damaged at byte {first.offset}, and the database does not have "
        f"{_listed(lost)} either; nothing was changed. Put the journal back from a backup, or run "
        "`verify --rebuild --accept-loss` to go on without.",
    )


def _from_later_version(journal: Path, fault: JournalFault) -> UserError:
    return UserError(
        "other_version",
        f"The journal {journal} holds what this version cannot read ({fault}); use the version "
        "that wrote it.",
    )


def _listed(numbers: list[int]) -> str:
    some = ", ".join(map(str, numbers[:10]))
    return f"fact {some}" if len(numbers) == 1 else f"{len(numbers)} facts ({some}…)"


def _stamp() -> str:
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime())
