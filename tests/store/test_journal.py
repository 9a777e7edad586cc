"""The journal: what was acknowledged is there, what was not is set aside."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotator.store.journal import Journal, JournalFault, read_entries
from schemas.errors import UserError
from schemas.facts import Feedback, Setting, Skipped, Submitted

AT = "2026-01-02T03:04:05.000006Z"


def setting(value: str) -> Setting:
    return Setting(AT, "key", value)


def write(path: Path, n: int) -> list[int]:
    """Write `n` facts; return the byte after each."""
    journal = Journal(path)
    ends = [entry.end for entry in journal.append(1, [setting(str(i)) for i in range(n)])]
    journal.close()
    return ends


def test_facts_come_back_as_they_were(tmp_path: Path) -> None:
    facts = [
        setting('quote " backslash \\ newline \n emoji 👩🏽‍🔬 \u202b ﷽'),
        Submitted(
            AT, "r1", "007", "s1", {"clarity": 3.0, "validity": 1}, (Feedback("x", "clarity"),),
            "a1", "c1", 5, True, "2", "random", 0.25, "r0", AT, {"zoom": [1, 2.5]},
        ),
        Skipped(AT, "a2", "1e5", "s2", ""),
    ]  # fmt: skip
    journal = Journal(tmp_path / "j")
    written = journal.append(1, facts)
    assert [entry.fact for entry in read_entries(tmp_path / "j")] == facts
    assert list(read_entries(tmp_path / "j")) == written
    assert journal.end == (tmp_path / "j").stat().st_size
    journal.close()


def test_reading_starts_where_it_is_told(tmp_path: Path) -> None:
    ends = write(tmp_path / "j", 5)
    rest = list(read_entries(tmp_path / "j", ends[2], 4))
    assert [(e.seq, e.fact.value) for e in rest] == [(4, "3"), (5, "4")]  # type: ignore[attr-defined]


@pytest.mark.parametrize("cut", [1, 2, 15, 40])
def test_a_torn_last_line_is_set_aside(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "j"
    ends = write(path, 3)
    whole = path.read_bytes()
    path.write_bytes(whole[: ends[1] + cut])
    journal = Journal(path)
    assert journal.end == ends[1]
    assert journal.torn is not None
    assert journal.torn.read_bytes() == whole[ends[1] : ends[1] + cut]
    journal.append(3, [setting("new")])
    journal.close()
    assert [e.fact.value for e in read_entries(path)] == ["0", "1", "new"]  # type: ignore[attr-defined]


def test_a_whole_journal_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "j", 2)
    before = (tmp_path / "j").read_bytes()
    journal = Journal(tmp_path / "j")
    journal.close()
    assert journal.torn is None
    assert (tmp_path / "j").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["j"]


@pytest.mark.parametrize("place", [2, 30, -3, -12])
def test_a_changed_byte_is_named(tmp_path: Path, place: int) -> None:
    path = tmp_path / "j"
    ends = write(path, 3)
    content = bytearray(path.read_bytes())
    at = ends[0] + place if place > 0 else ends[1] + place
    content[at] ^= 1
    path.write_bytes(content)
    with pytest.raises(JournalFault) as fault:
        list(read_entries(path))
    assert fault.value.offset == ends[0]


def test_a_missing_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "j"
    ends = write(path, 3)
    content = path.read_bytes()
    path.write_bytes(content[: ends[0]] + content[ends[1] :])
    with pytest.raises(JournalFault, match="fact 2 is missing, 3 stands here"):
        list(read_entries(path))


def test_what_cannot_be_stored_changes_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.append(1, [setting("one")])
    end = journal.end
    for bad in ("\ud800", 10**30):
        with pytest.raises(UserError) as error:
            journal.append(2, [setting("two"), setting(bad)])  # type: ignore[arg-type]
        assert error.value.code == "unstorable"
    assert journal.end == end == (tmp_path / "j").stat().st_size
    journal.close()
