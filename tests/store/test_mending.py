"""A damaged journal is made whole from the database, and never shorter in silence."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotator.store.index import apply_entries, connect, migrate
from annotator.store.journal import Entry, read_entries
from annotator.store.mending import mend_journal
from annotator.store.recall import recall_facts
from annotator.verification import rebuild_database
from schemas.errors import UserError
from schemas.facts import FACTS, Fact, Feedback
from schemas.layout import StudyFolder
from tests.conftest import found
from tests.store.making import copied, everything, imported, opened, person, rated

SAMPLES: dict[str, Any] = {
    "str": "Ä 'x' \n",
    "int": 2**40,
    "float": 0.125,
    "bool": True,
    "dict[str, Any]": {"ü": [1, 2.5, None], "a": {"b": ""}},
    "dict[str, float]": {"validity": 4, "clarity": 2.5},
    "tuple[str, ...]": ("a", "b"),
    "tuple[tuple[str, str, str], ...]": (("length", "keep", ""),),
    "tuple[Feedback, ...]": (Feedback("second axis", "clarity"), Feedback("no unit")),
}


def sample(cls: type[Fact], *, full: bool) -> Fact:
    fields = {}
    for field in dataclasses.fields(cls):
        kind = str(field.type)
        is_optional = kind.endswith(" | None")
        small = {"width", "height", "n_pages", "round", "attempts"}
        value = 7 if field.name in small else SAMPLES[kind.removesuffix(" | None")]
        fields[field.name] = value if full or not is_optional else None
    return cls(**fields)


@pytest.mark.parametrize("full", [True, False])
def test_every_kind_of_fact_comes_back_from_its_rows(full: bool) -> None:
    facts = [sample(cls, full=full) for cls in FACTS.values()]
    connection = connect(":memory:")
    migrate(connection)
    apply_entries(connection, [Entry(seq, fact, 0) for seq, fact in enumerate(facts, 1)])
    recalled = recall_facts(connection, range(1, len(facts) + 9))
    assert [recalled[seq] for seq in sorted(recalled)] == facts
    connection.close()


@pytest.fixture
def folder(founded: Path, tmp_path: Path) -> StudyFolder:
    place = copied(founded, tmp_path / "study")
    with opened(place) as store:
        stimuli = imported(3)
        store.append([*stimuli, person("Ada")])
        for number, fact in enumerate(stimuli):
            store.append([rated(f"r{number}", "Ada", fact.stimulus, view={"zoom": 2})])
    return place


def flip(lines: list[bytes]) -> list[bytes]:
    lines[-2] = lines[-2].replace(b'"rater"', b'"ratex"')
    return lines


def lose_line_end(lines: list[bytes]) -> list[bytes]:
    lines[4] = lines[4][:-1] + b" "
    return lines


def zeros(lines: list[bytes]) -> list[bytes]:
    whole = b"".join(lines)
    start = len(b"".join(lines[:5])) + 30
    return [whole[:start] + bytes(len(lines[5]) + len(lines[6])) + whole[start:][
        len(lines[5]) + len(lines[6]):]]  # fmt: skip


def line_ends_in_between(lines: list[bytes]) -> list[bytes]:
    lines[3] = lines[3][:20] + b"\n\n" + lines[3][22:]
    return lines


DAMAGE: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "first": lambda lines: [b"?" + lines[0][1:], *lines[1:]],
    "last": lambda lines: [*lines[:-1], b"?" + lines[-1][1:]],
    "middle": flip,
    "two apart": lambda lines: flip([b"?" + lines[0][1:], *lines[1:]]),
    "lost": lambda lines: [*lines[:3], *lines[5:]],
    "twice": lambda lines: [*lines[:6], lines[2], *lines[6:]],
    "foreign": lambda lines: [*lines[:6], b"hello\n", *lines[6:]],
    "line end": lose_line_end,
    "zeros": zeros,
    "line ends": line_ends_in_between,
}


@pytest.mark.parametrize("how", DAMAGE)
def test_what_the_database_has_is_written_again(folder: StudyFolder, how: str) -> None:
    with opened(folder) as store:
        before = everything(store)
    damaged = b"".join(DAMAGE[how](folder.journal.read_bytes().splitlines(keepends=True)))
    folder.journal.write_bytes(damaged)
    notices = rebuild_database(folder.root)
    assert "journal.jsonl.damaged-" in notices[0]
    (aside,) = folder.root.glob("journal.jsonl.damaged-*")
    assert aside.read_bytes() == damaged
    with opened(folder) as store:
        assert everything(store) == before
    assert len(list(read_entries(folder.journal))) == len(before_seqs(before))
    assert mend_journal(folder) == []


def before_seqs(tables: dict[str, list[str]]) -> set[str]:
    return {row.split(",")[0] for rows in tables.values() for row in rows}


@pytest.mark.parametrize("database", ["gone", "damaged", "another's"])
def test_what_neither_has_is_said_and_needs_consent(
    folder: StudyFolder, database: str, tmp_path: Path
) -> None:
    lines = folder.journal.read_bytes().splitlines(keepends=True)
    damaged = b"".join(flip(lines))
    folder.journal.write_bytes(damaged)
    if database == "gone":
        folder.database.unlink()
    elif database == "damaged":
        folder.database.write_bytes(b"no database" * 1000)
    else:
        found(tmp_path / "third")
        with opened(StudyFolder(tmp_path / "third")) as store:
            store.append([person(str(n)) for n in range(40)])
        StudyFolder(tmp_path / "third").database.replace(folder.database)
    with pytest.raises(UserError) as refused:
        rebuild_database(folder.root)
    assert refused.value.code == "journal_damaged"
    assert f"byte {sum(map(len, lines[:-2]))}" in refused.value.message
    assert f"fact {len(lines) - 1} " in refused.value.message
    assert folder.journal.read_bytes() == damaged
    notices = rebuild_database(folder.root, accept_loss=True)
    assert f"fact {len(lines) - 1}." in notices[1]
    mended = folder.journal.read_bytes().splitlines(keepends=True)
    assert [*mended[:-2], mended[-1]] == [*lines[:-2], lines[-1]]
    with opened(folder) as store:
        assert "journal.jsonl.damaged-" in store.settings()[f"lost_fact_{len(lines) - 1}"]
        assert store.counts()["submissions"] == 2
