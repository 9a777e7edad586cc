"""Ratings from elsewhere, and the scores made of them."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Command
from tests.commands.test_line import failed
from tests.conftest import make_images

DIMENSIONS = ("validity", "completeness", "clarity", "conformity")


@pytest.fixture
def study(founded: Path, tmp_path: Path) -> Path:
    shutil.copytree(founded, tmp_path / "study")
    return tmp_path / "study"


def table(path: Path, rows: list[dict[str, Any]]) -> Path:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return path


def whole(stimulus: str, rater: str, score: int = 3, **more: Any) -> list[dict[str, Any]]:
    return [
        {"stimulus": stimulus, "rater": rater, "dimension": d, "score": score, **more}
        for d in DIMENSIONS
    ]


def test_an_import_counts_and_a_second_adds_nothing(
    command: Command, study: Path, tmp_path: Path
) -> None:
    rows = whole("figure-000.png", "Ada", 4) + whole("figure-001.png", "Ben", 2)
    rows[1]["feedback"] = "no scale bar"
    file = table(tmp_path / "r.csv", rows)
    first = command("ratings", "import", file, "--json", data=study)
    assert first.code == 0, first.err
    assert {k: first.document[k] for k in ("ratings", "feedback", "raters", "stimuli")} == {
        "ratings": 8, "feedback": 1, "raters": 2, "stimuli": 2,
    }  # fmt: skip
    again = command("ratings", "import", file, "--json", data=study).document
    assert (again["ratings"], again["feedback"], again["already_there"]) == (0, 0, 8)
    people = command("raters", "list", "--json", data=study).document["raters"]
    assert {(p["rater"], p["login"], p["submissions"]) for p in people} == {
        ("Ada", False, 1), ("Ben", False, 1),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["007", "1e5", "NaN", "True", "1.0", " x ", "Zoë \u202b", "-1"])
def test_ids_come_back_exactly(command: Command, study: Path, tmp_path: Path, name: str) -> None:
    file = table(tmp_path / "r.csv", whole("figure-000.png", name))
    done = command("ratings", "import", file, "--json", data=study)
    assert done.code == 0, done.err
    people = command("raters", "list", "--json", data=study).document["raters"]
    assert [p["rater"] for p in people] == [name]
    scores = command("mos", "--json", data=study).document
    assert {row["rater"] for row in scores["raters"]} == {name}
    out = tmp_path / "out"
    exported = command("export", "csv", "--out", out, "--with-names", "--json", data=study)
    assert exported.code == 0, exported.err
    with (out / "ratings.csv").open(newline="", encoding="utf-8") as rows:
        assert {row["rater"] for row in csv.DictReader(rows)} == {name}


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown stimulus": ({"stimulus": "nope.png"}, "unknown_stimulus", "nope.png"),
    "unknown dimension": ({"dimension": "beauty"}, "unknown_dimension", "beauty"),
    "composite": ({"dimension": "knowledge"}, "unknown_dimension", "composite"),
    "six": ({"score": "6"}, "invalid_score", "6"),
    "zero": ({"score": "0"}, "invalid_score", "0"),
    "half": ({"score": "4.5"}, "invalid_score", "4.5"),
    "word": ({"score": "good"}, "invalid_score", "good"),
    "nan": ({"score": "nan"}, "invalid_score", "nan"),
    "infinite": ({"score": "1e999"}, "invalid_score", "1e999"),
    "no rater": ({"rater": ""}, "empty_id", "rater"),
    "no stimulus": ({"stimulus": ""}, "empty_id", "stimulus"),
    "probability": ({"probability": "nan"}, "invalid_probability", "probability"),
    "chance of two": ({"probability": "2"}, "invalid_probability", "probability"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_fault_names_its_row_and_nothing_is_imported(
    command: Command, study: Path, tmp_path: Path, case: str
) -> None:
    change, code, word = BAD[case]
    rows = whole("figure-000.png", "Ada")
    rows[2] |= change
    file = table(tmp_path / "r.csv", rows)
    message = failed(command("ratings", "import", file, "--json", data=study), code)
    assert "ow 3" in message
    assert word in message
    assert command("raters", "list", "--json", data=study).document == {"raters": []}


def test_rows_given_twice_are_refused(command: Command, study: Path, tmp_path: Path) -> None:
    rows = [*whole("figure-000.png", "Ada"), *whole("figure-000.png", "Ada", 5)[:1]]
    file = table(tmp_path / "r.csv", rows)
    message = failed(command("ratings", "import", file, "--json", data=study), "duplicate_rating")
    assert "1 and 5" in message
    # Sessions tell them apart.
    rows = [{**row, "session": "1" if n < 4 else "2"} for n, row in enumerate(rows)]
    file = table(tmp_path / "r.csv", rows)
    assert command("ratings", "import", file, "--json", data=study).document["ratings"] == 5


def test_other_scores_for_the_same_submission_are_refused(
    command: Command, study: Path, tmp_path: Path
) -> None:
    command(
        "ratings", "import", table(tmp_path / "a.csv", whole("figure-000.png", "A")), data=study
    )
    file = table(tmp_path / "b.csv", whole("figure-000.png", "A", 5))
    failed(command("ratings", "import", file, "--json", data=study), "already_rated")


def test_an_ambiguous_name_lists_the_candidates(
    command: Command, study: Path, tmp_path: Path
) -> None:
    for n, folder in enumerate(("one", "two")):
        (made,) = make_images(tmp_path / folder, 1, first=50 + n)
        made.rename(made.with_name("same.png"))
        assert command("import", tmp_path / folder, data=study).code == 0
    file = table(tmp_path / "r.csv", whole("same.png", "Ada"))
    message = failed(command("ratings", "import", file, "--json", data=study), "ambiguous_name")
    assert "one" in message
    assert "two" in message
    file = table(tmp_path / "r.csv", whole(str(tmp_path / "one" / "same.png"), "Ada"))
    assert command("ratings", "import", file, "--json", data=study).code == 0


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "stimulus,rater,score\nx,y,3\n", "\x00\xff"])
def test_a_table_without_its_columns(
    command: Command, study: Path, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "r.csv"
    file.write_text(content, encoding="latin-1")
    answered = command("ratings", "import", file, "--json", data=study)
    assert answered.code == 1, answered.err
    assert set(answered.document["error"]) == {"code", "message"}
    assert "Traceback" not in answered.err
    missing = command("ratings", "import", tmp_path / "none.csv", "--json", data=study)
    assert missing.code == 1
    assert "none.csv" in missing.document["error"]["message"]


def test_an_export_imported_into_its_own_study_adds_nothing(
    command: Command, study: Path, tmp_path: Path
) -> None:
    from annotator.store import open_study
    from tests.store.making import person, rated

    with open_study(study) as store:
        one = store.stimuli()["stimulus"][0].as_py()
        store.append([person("Ada"), rated("r1", "Ada", one, assignment="a1", client_id="c1")])
    command("export", "csv", "--out", tmp_path / "out", "--with-names", data=study)
    again = command("ratings", "import", tmp_path / "out" / "ratings.csv", "--json", data=study)
    assert again.code == 0, again.err
    assert (again.document["ratings"], again.document["already_there"]) == (0, 4)


def test_mos_of_a_study_by_hand(command: Command, study: Path, tmp_path: Path) -> None:
    rows = [
        row
        for rater, score in (("A", 5), ("B", 4), ("C", 3))
        for row in whole("figure-000.png", rater, score)
    ] + whole("figure-001.png", "A", 2)
    command("ratings", "import", table(tmp_path / "r.csv", rows), data=study)
    document = command("mos", "--json", data=study).document
    found = {(r["stimulus"], r["dimension"]): r for r in document["stimuli"]}
    names = {dimension for _, dimension in found}
    assert names == {*DIMENSIONS, "knowledge", "perception"}
    first = next(r for r in document["stimuli"] if r["n"] == 3 and r["dimension"] == "clarity")
    assert (first["mos"], first["sos"]) == (4, 1)
    # Student's t at 0.975 with two degrees of freedom, over the root of three.
    assert first["ci95"] == pytest.approx(4.302652729911275 / 3**0.5)
    alone = next(r for r in document["stimuli"] if r["n"] == 1 and r["dimension"] == "clarity")
    assert (alone["mos"], alone["sos"], alone["ci95"]) == (2, None, None)
    for ending in ("csv", "json", "parquet"):
        out = tmp_path / f"mos.{ending}"
        assert command("mos", "--out", out, "--json", data=study).code == 0
        assert out.stat().st_size
    assert json.loads((tmp_path / "mos.json").read_text()) == document
    failed(command("mos", "--out", tmp_path / "mos.xls", "--json", data=study), "unknown_file_type")


def test_removed_ratings_are_named(command: Command, study: Path, tmp_path: Path) -> None:
    from annotator.store import open_study
    from schemas.facts import Decided
    from tests.store.making import AT

    rows = whole("figure-000.png", "A", 5) + whole("figure-000.png", "B", 1)
    command("ratings", "import", table(tmp_path / "r.csv", rows), data=study)
    with open_study(study) as store:
        store.append([Decided(AT, "d1", "exclude", "B", "Cura", "random clicks")])
    document = command("mos", "--json", data=study).document
    removed = document["removed"]
    assert {(r["rater"], r["score"]) for r in removed} == {("B", 1)}
    assert len(removed) == 4
    assert all("random clicks" in r["reason"] and "Cura" in r["reason"] for r in removed)
    assert {r["mos"] for r in document["stimuli"] if r["n"]} == {5}
