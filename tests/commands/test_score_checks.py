"""`score --checks`: read once, kept, interrupted, given as JSON and tables, or refused."""

from __future__ import annotations

import csv
import json
import sys

import pyarrow.parquet as pq
import pytest
from PIL import Image

from annotator.commands import main
from annotator.scoring import material_of
from annotator.scoring_checks import compute_checks, findings_by_stimulus
from annotator.store import open_study
from pipelines.engine import InProcess
from pipelines.scoring.checks.checking import CHECKS_VERSION
from tests.conftest import found
from tests.scoring.figures_with_words import draw_plot


def score(folder, capsys, *more):
    capsys.readouterr()
    code = main(["--data", str(folder), "--json", "score", "--backend", "niqe", *map(str, more)])
    return code, json.loads(capsys.readouterr().out)


def test_sentences_are_kept_and_given(tmp_path, capsys):
    pytest.importorskip("rapidocr", reason="the optional extra requirements-ocr.txt")
    folder, images = tmp_path / "study", tmp_path / "images"
    images.mkdir()
    draw_plot(images / "bad.png", x_label="Time (s)", y_label="Velocity")
    draw_plot(images / "good.png", x_label="Time (s)", y_label="Velocity (m/s)")
    found(folder, [images])
    code, document = score(folder, capsys, "--checks", "--out", tmp_path / "p.csv")
    assert code == 0
    sentence = "The y axis has no unit: its label says only “Velocity”."
    (row,) = document["checks"]
    assert set(row) == {"stimulus", "file_name", "check", "dimension", "sentence", "box", "words",
                        "sureness"}  # fmt: skip
    assert (row["file_name"], row["sentence"], row["words"]) == ("bad.png", sentence, ["Velocity"])
    said = {one["file_name"]: one["checks"] for one in document["predictions"]}
    assert said == {"bad.png": [sentence], "good.png": []}
    cells = {one["file_name"]: one["checks"] for one in csv.DictReader((tmp_path / "p.csv").open())}
    assert cells == {"bad.png": sentence, "good.png": ""}

    kept = sorted(folder.glob("scoring/checks/*/*"))
    _, again = score(folder, capsys, "--checks", "--out", tmp_path / "p.parquet")
    assert again["checks"] == document["checks"]
    assert sorted(folder.glob("scoring/checks/*/*")) == kept
    column = pq.read_table(tmp_path / "p.parquet")["checks"].to_pylist()
    assert column.count([sentence]) == 6

    _, plain = score(folder, capsys, "--out", tmp_path / "p.csv")
    assert "checks" not in plain
    assert "checks" not in plain["predictions"][0]
    assert "checks" not in (tmp_path / "p.csv").read_text().splitlines()[0]


def test_interrupted_reading_goes_on_where_it_was(tmp_path):
    pytest.importorskip("rapidocr", reason="the optional extra requirements-ocr.txt")
    images = tmp_path / "images"
    images.mkdir()
    for number in range(6):
        Image.new("RGB", (48, 48), (40 * number, 90, 90)).save(images / f"{number}.png")
    found(tmp_path / "study", [images])

    def stop(done, total):
        assert total == 6
        raise KeyboardInterrupt

    with open_study(tmp_path / "study") as study:
        material = material_of(study)
        with pytest.raises(KeyboardInterrupt):
            compute_checks(material, InProcess(), stop)
        assert len(material.files.checked_pictures(CHECKS_VERSION)) == 4
        told = []
        n_read = compute_checks(material, InProcess(), lambda *two: told.append(two))
        assert (n_read, told) == (2, [(2, 2)])
        assert compute_checks(material, InProcess(), stop) == 0
        assert findings_by_stimulus(material) == {}


def test_without_the_extra_it_is_refused_before_anything_is_done(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    found(tmp_path / "study")
    code, document = score(tmp_path / "study", capsys, "--checks")
    assert (code, document["error"]["code"]) == (1, "ocr_missing")
    assert "requirements-ocr.txt" in document["error"]["message"]
    assert not (tmp_path / "study" / "scoring").exists()
