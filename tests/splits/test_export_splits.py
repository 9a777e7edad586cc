from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from annotator.commands import main
from annotator.splitting import _members
from tests.exports.test_siqa import with_scores


def picture(path: Path, seed: int) -> Path:
    """A picture of its own: coarse noise, so that its perceptual hash is near no other's."""
    noise = np.random.default_rng(seed).integers(0, 255, (8, 8), np.uint8)
    Image.fromarray(noise).resize((64, 64), Image.Resampling.BICUBIC).save(path)
    return path


@pytest.fixture
def study(tmp_path: Path, capsys):
    def run(*line: str, code: int = 0):
        capsys.readouterr()
        assert main(["--data", str(tmp_path / "study"), "--json", *line]) == code
        return json.loads(capsys.readouterr().out)

    run("study", "init", "--preset", "siqa")
    (tmp_path / "images").mkdir()
    for n in range(10):
        picture(tmp_path / "images" / f"{n}.png", n)
    assert run("import", str(tmp_path / "images"))["added"] == 10
    return run


def split_of(folder: Path) -> dict[str, str]:
    lines = (folder / "splits.csv").read_text("utf-8").splitlines()[1:]
    return {s.strip('"'): name.strip('"') for s, name in (line.split(",") for line in lines)}


def test_shares_are_kept_when_images_are_added(study, tmp_path: Path) -> None:
    shares = ("--splits", "train=0.8,val=0.1,test=0.1", "--seed", "3")
    report = study("export", "csv", "--out", str(tmp_path / "one"), *shares)
    assert report["splits"] == {"train": 8, "val": 1, "test": 1}
    leaks = json.loads((tmp_path / "one" / "leaks.json").read_text("utf-8"))
    assert leaks["n_leaks"] == 0
    for n in range(20, 30):
        picture(tmp_path / "images" / f"{n}.png", n)
    study("import", str(tmp_path / "images"))
    report = study("export", "csv", "--out", str(tmp_path / "two"), *shares)
    assert report["splits"] == {"train": 16, "val": 2, "test": 2}
    before, after = split_of(tmp_path / "one"), split_of(tmp_path / "two")
    assert {s: after[s] for s in before} == before


def test_a_given_split_that_leaks_is_refused_unless_accepted(study, tmp_path: Path) -> None:
    small = Image.open(tmp_path / "images" / "0.png").resize((48, 48))
    small.save(tmp_path / "images" / "copy.png")
    study("import", str(tmp_path / "images"))
    given = tmp_path / "given.csv"
    given.write_text("stimulus,split\n0.png,train\ncopy.png,test\n1.png,train\n")
    line = ("export", "csv", "--out", str(tmp_path / "out"), "--splits", str(given))
    error = study(*line, code=1)["error"]
    assert error["code"] == "leaking_splits"
    assert "0.png" in error["message"] and "copy.png" in error["message"]
    assert not (tmp_path / "out").exists()
    report = study(*line, "--accept-leaks", "as published")
    assert report["splits"] == {"train": 2, "test": 1}
    assert "as published" in (tmp_path / "out" / "README.md").read_text("utf-8")


@pytest.mark.parametrize("wrong", ["train=0.8", "train=a,test=0.2", "x=0.5,x=0.5", "nofile.csv"])
def test_wrong_shares_are_an_error(study, tmp_path: Path, wrong: str) -> None:
    line = ("export", "csv", "--out", str(tmp_path / "out"), "--splits", wrong)
    assert study(*line, code=1)["error"]["code"] == "invalid_splits"


def test_a_table_of_splits_in_another_encoding_is_refused_and_embeddings_are_kept(
    study, tmp_path: Path
) -> None:
    given = tmp_path / "given.csv"
    given.write_bytes(b"stimulus,split\n\xe9.png,train\n")
    report = study("export", "csv", "--out", str(tmp_path / "out"), "--splits", str(given), code=1)
    assert "given.csv is not UTF-8" in report["error"]["message"]
    assert not (tmp_path / "out").exists()
    kept = tmp_path / "study" / "embeddings.parquet"
    assert kept.exists()
    before = kept.stat().st_mtime_ns
    shares = ("--splits", "train=0.5,test=0.5")
    first = study("export", "csv", "--out", str(tmp_path / "one"), *shares)
    assert kept.stat().st_mtime_ns == before
    kept.write_bytes(b"damaged")
    again = study("export", "csv", "--out", str(tmp_path / "two"), *shares)
    assert again["splits"] == first["splits"]


def test_an_image_on_the_edge_of_a_stratum_stays_on_its_side(tmp_path: Path) -> None:
    source = with_scores(tmp_path, [3.4], [3.4])
    rows = source.mos.to_pylist()
    # Means of 3.4 and of 4.2 are edges of the fifths of 1 to 5; float sums fall on either side.
    for edge, fifth in ((3.4, 3), (4.2, 4)):
        around = [edge + step for step in (-0.3, 0.1, 0.2, -0.1, 0.3, -0.2)]
        for order in itertools.permutations(around):
            more = [rows[0] | {"mos": mos, "dimension": f"d{mos}"} for mos in order]
            mos = pa.Table.from_pylist(more, schema=source.mos.schema)
            strata = [member.stratum for member in _members(replace(source, mos=mos), {})]
            assert strata == [f"/{fifth}/"]
