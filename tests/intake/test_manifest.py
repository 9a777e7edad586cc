"""Reading manifests and matching their rows with files."""

from __future__ import annotations

import datetime
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.intake.manifest import read_manifest
from schemas.errors import UserError


@pytest.fixture
def pictures(tmp_path, encoded):
    """Return a function that makes one-colour images, each of its own bytes, by path."""

    def make(**paths):
        for level, path in enumerate(paths.values()):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(encoded(np.full((4, 4), level, np.uint8)))
        return tmp_path

    return make


def written(tmp_path, text, name="m.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_manifest(path)


def test_csv_keeps_other_columns_as_given(tmp_path):
    text = '\ufeffimage,discipline,caption,empty\na.png,007,"say ""hi"",\nthere",\n'
    (row,) = written(tmp_path, text).rows
    assert (row.path, row.number) == ("a.png", 1)
    assert row.values == {"discipline": "007", "caption": 'say "hi",\nthere'}


def test_semicolons_and_tabs(tmp_path):
    assert written(tmp_path, "path;licence\na.png;CC, BY\n").rows[0].values == {"licence": "CC, BY"}
    assert written(tmp_path, "path\tn\na.png\t1\n", "m.tsv").rows[0].values == {"n": "1"}


def test_jsonl_keeps_types(tmp_path):
    lines = [{"file": "a.png", "year": 2020, "tags": ["x"], "none": None, "nan": 1.5}, {"file": ""}]
    first, second = written(tmp_path, "\n".join(map(json.dumps, lines)), "m.jsonl").rows
    assert first.values == {"year": 2020, "tags": ["x"], "nan": 1.5}
    assert (second.path, second.values) == ("", {})


def test_parquet(tmp_path):
    table = pa.table(
        {
            "image_path": ["a.png", "b.png"],
            "when": [datetime.date(2020, 1, 2), None],
            "score": [0.5, float("nan")],
        }
    )
    pq.write_table(table, tmp_path / "m.parquet")
    first, second = read_manifest(tmp_path / "m.parquet").rows
    assert first.values == {"when": "2020-01-02", "score": 0.5}
    assert second.values == {}


def test_own_columns_are_not_descriptions(tmp_path):
    sha = "ab" * 32
    head = "stimulus,file_name,source_path,sha256,width,height,discipline"
    (row,) = written(tmp_path, f"{head}\ns1,a.png,in/a.png,{sha},3,4,physics\n").rows
    assert row.values == {"discipline": "physics"}
    assert (row.path, row.file_name, row.sha256, row.is_ours) == ("in/a.png", "a.png", sha, True)


@pytest.mark.parametrize(
    ("text", "name", "code", "says"),
    [
        ("name,x\na,b\n", "m.csv", "manifest_columns", "file_name"),
        ("image,x\na,b,c\n", "m.csv", "manifest_invalid", "line 2"),
        ("image,x,x\n", "m.csv", "manifest_invalid", "two columns 'x'"),
        ("", "m.csv", "manifest_invalid", "heading"),
        (b"image,x\na.png,caf\xe9\n", "m.csv", "manifest_encoding", "line 2"),
        ("image\n".encode("utf-16"), "m.csv", "manifest_encoding", "UTF-8"),
        ('{"image": 1}\n{', "m.jsonl", "manifest_invalid", "line 2"),
        ("[1]", "m.jsonl", "manifest_invalid", "line 1"),
        ("PAR1", "m.parquet", "manifest_invalid", "Parquet"),
        ("x", "m.xlsx", "manifest_invalid", ".csv"),
    ],
)
def test_faults_are_told_in_one_line(tmp_path, text, name, code, says):
    with pytest.raises(UserError) as told:
        written(tmp_path, text, name)
    assert told.value.code == code
    assert says in told.value.message
    assert str(tmp_path / name) in told.value.message


def test_missing_manifest(tmp_path):
    with pytest.raises(UserError, match=r"m\.csv cannot be read"):
        read_manifest(tmp_path / "m.csv")


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.binary(max_size=200), suffix=st.sampled_from(["csv", "jsonl", "parquet"]))
def test_any_bytes_give_rows_or_a_user_error(tmp_path, content, suffix):
    path = tmp_path / f"m.{suffix}"
    path.write_bytes(content)
    try:
        manifest = read_manifest(path)
    except UserError as error:
        assert "\n" not in error.message
    else:
        json.dumps([row.values for row in manifest.rows], allow_nan=False)


def test_rows_find_their_files(pictures, images, gather):
    folder = pictures(one="in/a/1.png", two="in/b/1.png", three="in/b/3.png")
    text = "image,k\na/1.png,one\n3.png,three\nb\\1.png,two\ngone.png,four\n1.png,five\n"
    manifest = written(folder, text)
    batch = gather([folder / "in"], images, manifest)
    names = {new.stimulus: new.file_name for new in batch.new}
    assert sorted(names.values()) == ["1.png", "1.png", "3.png"]
    paths = {one.stimulus: one.relative_path for one in batch.sightings}
    assert {paths[one.stimulus]: one.values["k"] for one in batch.descriptions} == {
        "a/1.png": "one",
        "b/3.png": "three",
        "b/1.png": "two",
    }
    assert [(no.path, no.reason.split("; ")[0]) for no in batch.refused] == [
        ("gone.png", "Row 4 of the manifest: there is no such file among those imported."),
        ("1.png", "Row 5 of the manifest fits 2 files"),
    ]


def test_manifest_alone_names_the_files_from_its_folder(pictures, images, gather):
    folder = pictures(one="in/x.png", two="in/sub/y.png", three="in/not-named.png")
    (folder / "in" / "out.png").symlink_to("/etc/hostname")
    manifest = written(folder / "in", "path,k\nsub/y.png,1\nx.png,2\nz.png,3\n,4\nout.png,5\n")
    batch = gather([], images, manifest)
    assert [new.file_name for new in batch.new] == ["y.png", "x.png"]
    assert [one.source_path for one in batch.sightings] == ["sub/y.png", "x.png"]
    assert [one.values for one in batch.descriptions] == [{"k": "1"}, {"k": "2"}]
    assert [no.path for no in batch.refused] == ["out.png", "z.png", "row 4"]


def test_our_own_table_gives_names_back_by_hash(pictures, images, gather, tmp_path):
    folder = pictures(one="export/images/renamed.png")
    first = gather([folder / "export"], images).new[0]
    head = "stimulus,file_name,source_path,sha256,width,height,topic"
    line = f"{first.stimulus},old.png,/home/me/old.png,{first.sha256},4,4,optics"
    manifest = written(folder, f"{head}\n{line}\n")
    batch = gather([folder / "export" / "images"], images, manifest)
    assert batch.new[0].file_name == "old.png"
    assert [one.source_path for one in batch.sightings] == [
        "/home/me/old.png",
        f"{folder}/export/images/renamed.png",
    ]
    assert batch.descriptions[0].values == {"topic": "optics"}
    assert not batch.refused
    known = {first.sha256: first.stimulus}
    batch = gather([], images, manifest, known)
    assert batch.descriptions[0].values == {"topic": "optics"}
    assert not batch.refused


def test_rows_of_refused_files_are_not_refused_again(tmp_path, images, gather):
    (tmp_path / "a.png").write_bytes(b"")
    manifest = written(tmp_path, "image,k\na.png,1\n")
    batch = gather([tmp_path / "a.png"], images, manifest)
    assert [no.reason for no in batch.refused] == ["Empty: the file has zero bytes."]
