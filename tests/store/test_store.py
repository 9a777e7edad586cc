"""The store: facts in, tables out, whatever happened to the files in between."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from annotator.store import open_study
from annotator.store.check import table_differences
from annotator.store.index import applied_position, connect, migrate
from schemas.errors import UserError
from schemas.facts import Decided, Feedback, Reversed, Setting
from schemas.migrations import MIGRATIONS
from tests.store.making import AT, copied, everything, opened, person, rated


def test_two_hundred_concurrent_appends_keep_two_hundred_facts(
    founded: Path, tmp_path: Path
) -> None:
    folder = copied(founded, tmp_path / "study")
    with opened(folder) as store:
        stimulus = store.stimuli()["stimulus"][0].as_py()
        before, _ = store.position()
        start = threading.Barrier(20)

        def write(worker: int) -> list[int]:
            start.wait()
            return [
                store.append([rated(f"r{worker}-{i}", f"rater {worker}", stimulus)])[0].seq
                for i in range(10)
            ]

        with ThreadPoolExecutor(20) as pool:
            numbers = [seq for seqs in pool.map(write, range(20)) for seq in seqs]
        assert sorted(numbers) == list(range(before + 1, before + 201))
        assert store.submissions().num_rows == 200
        assert store.ratings().num_rows == 800
        there = everything(store)
    with opened(folder) as store:
        assert everything(store) == there
        assert not list(table_differences(store, *store.position()))


def test_an_append_is_on_disk_when_it_returns(founded: Path, tmp_path: Path) -> None:
    folder = copied(founded, tmp_path / "study")
    with opened(folder) as store:
        for number in range(5):
            (entry,) = store.append([Setting(AT, "k", str(number))])
            content = folder.journal.read_bytes()
            assert len(content) == entry.end
            assert b'"value":"%d"' % number in content[-120:]
        assert store.settings()["k"] == "4"
        assert store.append([]) == []


def test_what_cannot_be_stored_does_not_stop_the_writer(founded: Path, tmp_path: Path) -> None:
    with opened(copied(founded, tmp_path / "study")) as store:
        seq, _ = store.position()
        with pytest.raises(UserError) as error:
            store.append([Setting(AT, "k", "\ud800")])
        assert error.value.code == "unstorable"
        assert store.append([Setting(AT, "k", "v")])[0].seq == seq + 1


def test_observers_hear_before_the_append_returns(founded: Path, tmp_path: Path) -> None:
    with opened(copied(founded, tmp_path / "study")) as store:
        heard: list[int] = []
        store.observe(lambda entries: heard.extend(entry.seq for entry in entries))
        written = [store.append([Setting(AT, "k", str(i))])[0].seq for i in range(10)]
        assert heard == written


def test_after_close_it_says_so(founded: Path, tmp_path: Path) -> None:
    store = opened(copied(founded, tmp_path / "study"))
    store.close()
    with pytest.raises(UserError) as error:
        store.append([Setting(AT, "k", "v")])
    assert error.value.code == "stopping"


def test_a_torn_line_is_said(founded: Path, tmp_path: Path) -> None:
    folder = copied(founded, tmp_path / "study")
    with opened(folder) as store:
        there = everything(store)
    with folder.journal.open("ab") as file:
        file.write(b'{"seq":99,"kind":"sett')
    with opened(folder) as store:
        assert any("journal.jsonl.torn-" in notice for notice in store.notices)
        assert everything(store) == there
    assert [p.read_bytes() for p in folder.root.glob("*.torn-*")] == [b'{"seq":99,"kind":"sett']
    with opened(folder) as store:
        assert not store.notices


def test_a_damaged_line_in_the_middle_is_named(founded: Path, tmp_path: Path) -> None:
    folder = copied(founded, tmp_path / "study")
    lines = folder.journal.read_bytes().splitlines(keepends=True)
    place = sum(map(len, lines[:2]))
    content = bytearray(b"".join(lines))
    content[place + 20] ^= 4
    folder.journal.write_bytes(content)
    folder.database.unlink()
    with pytest.raises(UserError) as error:
        opened(folder)
    assert error.value.code == "journal_damaged"
    assert f"byte {place}" in error.value.message
    # The lock is free again, and the journal is as it was found.
    with pytest.raises(UserError) as again:
        opened(folder)
    assert again.value.code == "journal_damaged"
    assert folder.journal.read_bytes() == content


def test_damage_is_found_by_verify_while_the_database_is_whole(
    founded: Path, tmp_path: Path
) -> None:
    folder = copied(founded, tmp_path / "study")
    with opened(folder):
        pass
    lines = folder.journal.read_bytes().splitlines(keepends=True)
    content = bytearray(b"".join(lines))
    content[len(lines[0]) + 20] ^= 4
    folder.journal.write_bytes(content)
    with opened(folder) as store:
        (fault,) = table_differences(store, *store.position())
    assert f"byte {len(lines[0])}" in fault


@pytest.mark.parametrize("keep", [1, -1])
def test_a_journal_shorter_than_the_database_is_refused(
    founded: Path, tmp_path: Path, keep: int
) -> None:
    folder = copied(founded, tmp_path / "study")
    with opened(folder):
        pass
    lines = folder.journal.read_bytes().splitlines(keepends=True)
    folder.journal.write_bytes(b"".join(lines[:keep]))
    with pytest.raises(UserError) as error:
        opened(folder)
    assert error.value.code == "journal_behind_database"
    assert "verify --rebuild" in error.value.message
    with opened(folder, rebuild=True) as store:
        assert store.position()[0] == len(lines[:keep])
        assert any("made anew" in notice for notice in store.notices)


@pytest.mark.parametrize("content", [None, b""])
def test_no_journal_is_no_study(founded: Path, tmp_path: Path, content: bytes | None) -> None:
    folder = copied(founded, tmp_path / "study")
    folder.journal.unlink()
    if content is not None:
        folder.journal.write_bytes(content)
    for database in (True, False):
        if not database:
            folder.database.unlink()
        with pytest.raises(UserError) as error:
            opened(folder)
        assert error.value.code == "journal_missing"


@pytest.mark.parametrize("damage", ["deleted", "truncated", "overwritten", "foreign", "empty"])
def test_a_lost_database_is_made_anew(founded: Path, tmp_path: Path, damage: str) -> None:
    folder = copied(founded, tmp_path / "study")
    with opened(folder) as store:
        store.append([person("007"), person("1e5")])
        there = everything(store)
    size = folder.database.stat().st_size
    if damage == "deleted":
        folder.database.unlink()
    elif damage == "truncated":
        with folder.database.open("r+b") as file:
            file.truncate(size // 2)
    elif damage == "overwritten":
        with folder.database.open("r+b") as file:
            file.write(b"\x5a" * size)
    elif damage == "empty":
        folder.database.write_bytes(b"")
    else:
        folder.database.write_text("not a database at all\n" * 500)
    with opened(folder) as store:
        assert everything(store) == there
        assert not list(table_differences(store, *store.position()))
        if damage in ("truncated", "overwritten", "foreign"):
            assert any("made anew" in notice for notice in store.notices)


def test_a_leftover_write_ahead_log_does_not_matter(founded: Path, tmp_path: Path) -> None:
    folder = copied(founded, tmp_path / "study")
    with opened(folder) as store:
        there = everything(store)
    folder.database.with_name("study.duckdb.wal").write_bytes(b"garbage" * 100)
    with opened(folder) as store:
        assert everything(store) == there


def test_the_tail_that_the_database_lacks_is_replayed(founded: Path, tmp_path: Path) -> None:
    folder = copied(founded, tmp_path / "study")
    with opened(folder) as store:
        stimulus = store.stimuli()["stimulus"][0].as_py()
    old = folder.database.read_bytes()
    with opened(folder) as store:
        store.append([person("Ada"), rated("r1", "Ada", stimulus, feedback=(Feedback("x"),))])
        store.append([rated("r2", "Ada", stimulus, 5)])
        there = everything(store)
    folder.database.write_bytes(old)
    with opened(folder) as store:
        assert everything(store) == there
        assert store.submissions().num_rows == 2


def test_migrations_run_once(founded: Path, tmp_path: Path) -> None:
    database = str(tmp_path / "m.duckdb")
    connection = connect(database)
    assert migrate(connection) == [m.number for m in MIGRATIONS]
    assert migrate(connection) == []
    assert applied_position(connection) == (0, 0)
    connection.close()
    again = connect(database)
    assert migrate(again) == []
    again.close()
    assert [m.number for m in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def test_a_second_process_hears_who_has_the_folder(founded: Path, tmp_path: Path) -> None:
    folder = copied(founded, tmp_path / "study")
    with opened(folder), pytest.raises(UserError) as error:
        opened(folder)
    assert error.value.code == "folder_in_use"
    assert "process" in error.value.message
    with open_study(folder.root):
        pass


def test_a_row_lost_from_the_database_is_seen(founded: Path, tmp_path: Path) -> None:
    folder = copied(founded, tmp_path / "study")
    with opened(folder):
        pass
    connection = connect(str(folder.database))
    connection.execute("DELETE FROM stimuli WHERE seq = (SELECT max(seq) FROM stimuli)")
    connection.execute(
        "UPDATE sightings SET file_name = 'other' WHERE seq = (SELECT min(seq) FROM sightings)"
    )
    connection.close()
    with opened(folder) as store:
        faults = list(table_differences(store, *store.position()))
    assert [fault.split(":")[0] for fault in faults] == ["table stimuli", "table sightings"]
    with opened(folder, rebuild=True) as store:
        assert not list(table_differences(store, *store.position()))


# -- views -----------------------------------------------------------------------------


def counted(store: object) -> tuple[set[str], set[str]]:
    """Return submissions that count, and those that were removed."""
    kept = set(store.ratings()["submission"].to_pylist())  # type: ignore[attr-defined]
    gone = set(store.removed()["submission"].to_pylist())  # type: ignore[attr-defined]
    return kept, gone


def test_decisions_take_out_and_bring_back(founded: Path, tmp_path: Path) -> None:
    with opened(copied(founded, tmp_path / "study")) as store:
        one, two = store.stimuli()["stimulus"].to_pylist()[:2]
        store.append([person("Ada"), person("Ben")])
        store.append([rated("a1", "Ada", one), rated("a2", "Ada", two), rated("b1", "Ben", one)])
        everyone = {"a1", "a2", "b1"}
        assert counted(store) == (everyone, set())
        steps = [
            (Decided(AT, "d1", "void", "a1", "Cura", "slip"), {"a1"}),
            (Decided(AT, "d2", "exclude", "Ada", "Cura", "asleep"), {"a1", "a2"}),
            (Decided(AT, "d3", "retire", one, "Cura", "copyright"), everyone),
            (Reversed(AT, "d2", "Cura", "awake"), {"a1", "b1"}),
            (Reversed(AT, "d1", "Cura", "no slip"), {"a1", "b1"}),
            (Reversed(AT, "d3", "Cura", "licensed"), set()),
        ]
        for fact, gone in steps:
            store.append([fact])
            assert counted(store) == (everyone - gone, gone), fact
        store.append([Decided(AT, "d4", "exclude", "Ada", "Cura", "again")])
        assert counted(store) == ({"b1"}, {"a1", "a2"})
        reasons = set(store.removed()["reason"].to_pylist())
        assert reasons == {"rater excluded: again"}
        assert store.counts()["removed"] == 2
        assert [d["is_reversed"] for d in store.decisions().to_pylist()] == [
            True, True, True, False,
        ]  # fmt: skip


def test_of_several_decisions_the_first_standing_one_is_named(
    founded: Path, tmp_path: Path
) -> None:
    with opened(copied(founded, tmp_path / "study")) as store:
        one = store.stimuli()["stimulus"][0].as_py()
        store.append([person("Ada"), rated("a1", "Ada", one)])
        store.append(
            [
                Decided(AT, "d1", "retire", one, "Cura", "first"),
                Decided(AT, "d2", "void", "a1", "Cura", "second"),
            ]
        )
        assert store.removed()["decision"].to_pylist() == ["d1"] * 4
        store.append([Reversed(AT, "d1", "Cura", "back")])
        assert store.removed()["decision"].to_pylist() == ["d2"] * 4


def test_the_last_correction_counts(founded: Path, tmp_path: Path) -> None:
    with opened(copied(founded, tmp_path / "study")) as store:
        one = store.stimuli()["stimulus"][0].as_py()
        store.append(
            [
                person("Ada"),
                rated("r1", "Ada", one, 1, feedback=(Feedback("one"),)),
                rated("r2", "Ada", one, 2, corrects="r1", feedback=(Feedback("two"),)),
                rated("r3", "Ada", one, 3, corrects="r2"),
            ]
        )
        assert set(store.ratings()["score"].to_pylist()) == {3}
        assert counted(store) == ({"r3"}, set())
        assert store.feedback().num_rows == 0
        assert len(store.submissions_of(one)) == 3
        # A decision about what was corrected before touches nothing that counts.
        store.append([Decided(AT, "d1", "void", "r1", "Cura", "old")])
        assert counted(store) == ({"r3"}, set())


def test_later_descriptions_replace_single_columns(founded: Path, tmp_path: Path) -> None:
    import json

    from schemas.facts import Described

    with opened(copied(founded, tmp_path / "study")) as store:
        one, two = store.stimuli()["stimulus"].to_pylist()[:2]
        store.append([Described(AT, one, {"class": "a", "n": 1, "x": {"y": 1}})])
        store.append([Described(AT, one, {"class": "b", "more": None})])
        details = {r["stimulus"]: json.loads(r["details"]) for r in store.stimuli().to_pylist()}
        assert details[one]["class"] == "b"
        assert details[one]["n"] == 1
        assert store.details_of(one)["class"] == "b"
        assert details[two] == {}
