"""Bad tables get one line that names the row; odd ones a defined result and a warning."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.opinion import memory
from pipelines.opinion.agreement import compute_agreement
from pipelines.opinion.coding import rating_table
from pipelines.opinion.mos import compute_mos
from pipelines.opinion.options import METHODS, mos_options
from pipelines.opinion.rating_file import read_ratings_file
from schemas.errors import UserError
from tests.opinion.strategies import table_of


def read(tmp_path, text, name="ratings.csv", **options):
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return rating_table(read_ratings_file(path), place=name, **options)


@pytest.mark.parametrize(
    ("text", "options", "code", "said"),
    [
        ("item,rater\na,b\n", {}, "missing_column", "'score'"),
        ("item,rater,score,score\na,b,1,2\n", {}, "missing_column", "more than one column"),
        ("item,rater,score\na,b,1\nc,d,x\n", {}, "invalid_score", "row 2 is 'x'"),
        ("item,rater,score\na,b,NaN\n", {}, "invalid_score", "row 1 is nan"),
        ("item,rater,score\na,b,1\nc,d,-inf\n", {}, "invalid_score", "row 2 is -inf"),
        ("item,rater,score\na,b,1\na,c,9\n", {"scale": (1, 5)}, "score_off_scale", "9 in row 2"),
        ("item,rater,score\na,b,1\n", {"scale": (5, 5)}, "invalid_scale", "5:5"),
        ("item,rater,score\na,b,1\na,,2\n", {}, "empty_id", "rater is empty in row 2"),
        ("item,rater,score\na,b,1\na,b,2\n", {}, "duplicate_rating", "rows 1 and 2"),
        (
            "item,rater,score,dimension\na,b,1,x\na,b,2,y\n",
            {"dimensions": ("x",)}, "unknown_dimension", "'y' (row 2)",
        ),
        ("item,rater,score\na,b\n", {}, "unreadable_file", "row 1 has 2 fields"),
        ("", {}, "no_ratings", "empty"),
        ("item,rater,score\n", {}, "no_ratings", "no ratings"),
        (b"item,rater,score\n\xff,b,1\n", {}, "unreadable_file", "UTF-8"),
    ],
)  # fmt: skip
def test_csv_faults_name_the_place(tmp_path, text, options, code, said):
    with pytest.raises(UserError) as caught:
        read(tmp_path, text, **options)
    assert caught.value.code == code
    assert said in caught.value.message
    assert "\n" not in caught.value.message


def test_other_files(tmp_path):
    with pytest.raises(UserError, match="line 2 is not JSON"):
        read(tmp_path, '{"item":"a","rater":"b","score":1}\n{"item"', "r.jsonl")
    with pytest.raises(UserError, match=r"read from \.csv"):
        read(tmp_path, "x", "r.xls")
    with pytest.raises(UserError, match="Parquet"):
        read(tmp_path, "no parquet", "r.parquet")
    with pytest.raises(UserError, match="no file"):
        read_ratings_file(tmp_path / "absent.csv")


def test_ids_come_back_as_they_were_written(tmp_path):
    table = read(tmp_path, "\ufeffitem;rater;score\n007;1.0;3\n7;1e5;4\nNA;null;5\n")
    assert table.stimuli == ("007", "7", "NA")
    assert table.raters == ("1.0", "1e5", "null")
    table = read(tmp_path, '{"item":7,"rater":1.10,"score":2.5}', "r.jsonl")
    assert (table.stimuli, table.raters, table.score.tolist()) == (("7",), ("1.10",), [2.5])


def test_the_three_files_read_the_same(tmp_path):
    rows = {"stimulus": ["a", "b"], "rater": ["x", "y"], "dimension": ["d", "d"], "score": [1, 5]}
    pq.write_table(pa.table(rows), tmp_path / "r.parquet")
    lines = "\n".join(
        json.dumps(dict(zip(rows, v, strict=True))) for v in zip(*rows.values(), strict=True)
    )
    tables = [
        rating_table(read_ratings_file(tmp_path / "r.parquet")),
        read(tmp_path, lines, "r.jsonl"),
        read(tmp_path, "stimulus,rater,dimension,score\na,x,d,1\nb,y,d,5\n"),
    ]
    documents = [compute_mos(table).as_json() for table in tables]
    assert documents[0] == documents[1] == documents[2]


def test_blank_scores_are_skipped_and_said(tmp_path):
    table = read(tmp_path, "item,rater,score\na,b,\na,c,4\n")
    assert table.n == 1
    assert "row 1" in table.warnings[0]


def test_scale_from_data_is_said(tmp_path):
    table = read(tmp_path, "item,rater,score\na,b,2\na,c,4\n")
    assert (table.low, table.high, table.scale_source) == (2, 4, "data")
    assert any("taken from the data" in warning for warning in table.warnings)
    assert not read(tmp_path, "item,rater,score\na,b,2\n", scale=(1, 5)).warnings


def test_sessions_and_submissions_tell_repetitions_apart(tmp_path):
    assert read(tmp_path, "item,rater,score,session\na,b,1,1\na,b,2,2\n").n == 2
    table = read(tmp_path, "item,rater,score,submission\na,b,1,q\na,b,2,p\na,c,2,z\n")
    assert table.repetition.tolist() == [1, 0, 0]
    with pytest.raises(UserError, match="both rate"):
        read(tmp_path, "item,rater,score,session\na,b,1,1\na,b,2,1\n")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "rows",
    [
        [("a", "x", 3)],
        [("a", "x", 3), ("b", "x", 4), ("c", "x", 1)],
        [("a", "x", 3), ("a", "y", 4), ("a", "z", 1)],
        [("a", "x", 3), ("b", "y", 4), ("c", "z", 1)],
        [(s, r, 4) for s in "abcd" for r in "uvwxyz"],
        [(s, r, 1 if r == "u" else int(x)) for x, s in enumerate("abcd", 1) for r in "uvwxyz"],
    ],
    ids=["one", "one rater", "one item", "one each", "all equal", "a constant rater"],
)
@pytest.mark.parametrize("constant", ["skip", "count"])
def test_odd_tables_have_defined_results(rows, method, constant):
    table = table_of(rows)
    document = compute_mos(table, method, mos_options(constant=constant)).as_json()
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text)["method"] == method
    agreement = compute_agreement(table, method=method, replicates=10).as_json()
    json.dumps(agreement, allow_nan=False)
    if method not in ("zscore", "iqr", "mad"):
        assert all(row["mos"] is not None for row in document["stimuli"])


def test_an_empty_study_has_an_empty_document():
    table = table_of([])
    for method in METHODS:
        document = compute_mos(table, method).as_json()
        assert document["stimuli"] == document["raters"] == document["removed"] == []
        assert "no ratings" in document["warnings"][-1]
    assert compute_agreement(rating_table(_empty())).as_json()["dimensions"]["quality"]


def _empty():
    return pa.table({"stimulus": pa.array([], pa.string()), "rater": pa.array([], pa.string()),
                     "score": pa.array([], pa.float64())})  # fmt: skip


def test_unknown_names_are_errors():
    table = table_of([("a", "x", 3)])
    with pytest.raises(UserError, match="There is no method 'median'"):
        compute_mos(table, "median")
    with pytest.raises(UserError, match="There is no option 'dof'"):
        mos_options(dof=1)
    with pytest.raises(UserError, match="ddof"):
        mos_options(ddof=2)


def test_numpy_scores_of_any_kind():
    for kind in (np.int8, np.int64, np.float32, np.float64):
        table = rating_table(
            pa.table({"item": ["a", "a"], "rater": ["x", "y"], "score": np.array([1, 5], kind)})
        )
        assert compute_mos(table).as_json()["stimuli"][0]["mos"] == 3
    with pytest.raises(UserError, match="holds bool"):
        rating_table(pa.table({"item": ["a"], "rater": ["x"], "score": [True]}))


def test_objects_without_a_known_field_are_named(tmp_path):
    with pytest.raises(UserError, match="its objects have votes;") as caught:
        read(tmp_path, '{"votes":[{"stimulus":"a","rater":"b","score":1}]}', "r.json")
    assert caught.value.code == "missing_column"


def test_decimal_commas_are_recognised(tmp_path):
    with pytest.raises(UserError, match="write decimals with a point"):
        read(tmp_path, "item;rater;score\na;b;3,5\n")


def test_single_ratings_and_single_stimuli_are_said():
    alone = table_of([("a", "x", 3), ("b", "x", 4)])
    assert any("SOS and intervals" in warning for warning in compute_mos(alone).warnings)
    one = compute_agreement(table_of([("a", "x", 3), ("a", "y", 4)]), replicates=0)
    assert any("one stimulus" in warning for warning in one.warnings)


def test_a_file_beyond_the_free_memory_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "r.csv"
    path.write_text("item,rater,score\n" + "a,b,1\n" * 200)
    monkeypatch.setattr(memory, "_SMALL_FILE", 0)
    monkeypatch.setattr(memory, "free_memory", lambda: 10_000)
    with pytest.raises(UserError) as caught:
        read_ratings_file(path)
    assert caught.value.code == "too_many_ratings"
    monkeypatch.setattr(memory, "free_memory", lambda: None)
    assert read_ratings_file(path).num_rows == 200


def test_free_memory_is_the_less_of_the_machine_and_the_container(tmp_path):
    assert memory.free_memory(tmp_path) is None
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 9 kB\nMemAvailable:  100 kB\n")
    assert memory.free_memory(tmp_path) == 102_400
    group = tmp_path / "sys/fs/cgroup"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("5000\n")
    (group / "memory.current").write_text("1000\n")
    assert memory.free_memory(tmp_path) == 4000
    (group / "memory.max").write_text("max\n")
    assert memory.free_memory(tmp_path) == 102_400
