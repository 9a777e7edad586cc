"""Exports opened by readers nobody here wrote, in a virtual environment of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from exports.formats import FORMATS, write_export
from exports.masks import mask_image
from exports.source import ExportOptions
from tests.exports.test_more_formats import full_study, isrgq_study
from tests.exports.test_siqa import small_replace

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(600)]

Read = Callable[..., Any]
PACKAGES = Path(__file__).with_name("readers.txt")

LOAD_FOLDER = """
import datasets
found = {}
for name in datasets.get_dataset_config_names(given):
    loaded = datasets.load_dataset(given, name)
    found[name] = {
        split: [{k: v.size if k == "image" else v for k, v in row.items()} for row in rows]
        for split, rows in loaded.items()
    }
found["default"] = {k: len(v) for k, v in datasets.load_dataset(given).items()}
"""
LOAD_JSON = """
import datasets
found = {}
for path in given:
    rows = datasets.load_dataset("json", data_files=path, split="train")
    found[path] = [rows.num_rows, rows.column_names]
"""
CROISSANT = """
import logging, mlcroissant, numpy
def plain(value):
    if isinstance(value, (list, numpy.ndarray)):
        return [plain(one) for one in value]
    return getattr(value, "size", value.decode() if isinstance(value, bytes) else value)
logging.disable(logging.WARNING)
described = mlcroissant.Dataset(jsonld=given)
issues = described.metadata.ctx.issues
found = {"errors": sorted(issues.errors), "warnings": sorted(issues.warnings), "records": {}}
for records in described.metadata.record_sets:
    rows = [
        {key.split("/")[-1]: plain(value) for key, value in row.items()}
        for row in described.records(records.uuid)
    ]
    found["records"][records.uuid] = rows
"""
COCO = """
import contextlib, io
from pycocotools.coco import COCO
with contextlib.redirect_stdout(io.StringIO()):
    coco = COCO(given)
found = [
    {"file": coco.imgs[a["image_id"]]["file_name"], "area": a["area"], "box": a["bbox"],
     "kind": coco.cats[a["category_id"]]["name"],
     "mask": coco.annToMask(a).tolist()} for a in coco.loadAnns(coco.getAnnIds())
]
"""


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Run a script of `given`, which sets `found`, beside the installed readers."""
    folder = tmp_path_factory.mktemp("readers")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    # pandas, Arrow and Pillow are those of this environment: large, and pinned to one version.
    (packages / "shared.pth").write_text(sysconfig.get_paths()["purelib"])
    python = str(folder / "venv" / "bin" / "python")
    done = subprocess.run(
        [python, "-m", "pip", "install", "-q", "-r", str(PACKAGES)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"The readers cannot be installed: {done.stderr.strip()[-200:]}")
    told = {**os.environ, "HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1"}

    def run(script: str, given: Any) -> Any:
        head = "import json, sys\ngiven = json.loads(sys.argv[1])\n"
        tail = "\njson.dump(found, sys.stdout, default=str)"
        done = subprocess.run(
            [python, "-c", head + script + tail, json.dumps(given)],
            capture_output=True, text=True, check=False, env=told,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    return run


def exported(tmp_path: Path, name: str) -> tuple[Any, Path]:
    study = full_study(tmp_path)
    a, b, c = sorted(study.stimuli["stimulus"].to_pylist())
    study = small_replace(study, splits={"train": (a,), "val": (b,), "test": (c,)})
    write_export(name, study, tmp_path / "out", ExportOptions())
    return study, tmp_path / "out"


def test_datasets_loads_the_folder(read: Read, tmp_path: Path) -> None:
    study, out = exported(tmp_path, "hf")
    found = read(LOAD_FOLDER, str(out))
    assert found["default"] == {"train": 1, "validation": 1, "test": 1}
    rows = [row for split in found["scores"].values() for row in split]
    assert {row["stimulus"]: row["validity_mos"] for row in rows} == study.mos_by_stimulus(
        "validity"
    )
    assert {tuple(row["image"]) for row in rows} == {(8, 6)}
    assert {row["file_name"] for row in rows} == {"fig1.png", 'odd "name" #1,\n图.png'}
    asked = [row for split in found["questions"].values() for row in split]
    assert [(row["options"], row["answer"]) for row in asked] == [
        (["None", "NA"], "A"), (["Yes", "No"], "B"),
    ]  # fmt: skip


def test_mlcroissant_finds_no_error_and_reads_the_records(read: Read, tmp_path: Path) -> None:
    study, out = exported(tmp_path, "hf")
    found = read(CROISSANT, str(out / "croissant.json"))
    assert found["errors"] == []
    asked = [row for rows in found["records"].values() for row in rows if "options" in row]
    assert {(row["options"][0], row["answer"]) for row in asked} == {("None", "A"), ("Yes", "B")}
    rows = [row for name, rows in found["records"].items() for row in rows if "image" in row]
    assert {row["stimulus"]: row["validity_mos"] for row in rows} == study.mos_by_stimulus(
        "validity"
    )
    assert {tuple(row["image"]) for row in rows} == {(8, 6)}


def test_pycocotools_draws_the_masks_that_were_exported(read: Read, tmp_path: Path) -> None:
    study, out = exported(tmp_path, "regions")
    (found,) = read(COCO, str(out / "coco_train.json"))
    (region,) = study.regions
    inside = mask_image(region, (8, 6)).point(lambda value: value // 255)
    assert bytes(value for line in found["mask"] for value in line) == inside.tobytes()
    assert (found["file"], found["kind"]) == (f"images/{region['stimulus']}.png", "blur")
    assert (found["area"], found["box"]) == (6, [1, 1, 3, 2])


def test_every_table_of_json_is_one_for_datasets_too(read: Read, tmp_path: Path) -> None:
    tables = {}
    for name in sorted(set(FORMATS) - {"csv", "hf", "medq", "isrgq"}):
        (tmp_path / name).mkdir()
        _, out = exported(tmp_path / name, name)
        for path in sorted(out.rglob("*.json*")):
            text = path.read_text("utf-8")
            is_lines = path.suffix == ".jsonl"
            rows = [*map(json.loads, text.splitlines())] if is_lines else json.loads(text)
            if isinstance(rows, list) and rows:
                tables[str(path)] = rows
    assert len(tables) > 20
    for path, (n_rows, columns) in read(LOAD_JSON, list(tables)).items():
        assert n_rows == len(tables[path])
        assert set(columns) == {key for row in tables[path] for key in row}


def test_openpyxl_reads_the_votes(tmp_path: Path) -> None:
    study, rows = isrgq_study(tmp_path)
    write_export("isrgq", study, tmp_path / "out", ExportOptions())
    sheet = openpyxl.load_workbook(tmp_path / "out" / "test.xlsx").worksheets[0]
    header, *lines = sheet.iter_rows(values_only=True)
    assert header == ("Image_name", "LR_ref", "HR_ref", "P1", "P2", "P3", "MOS")
    for line in lines:
        votes = [vote for vote in line[3:6] if vote is not None]
        assert line[6] == pytest.approx(sum(votes) / len(votes), abs=1e-12)
    assert len(lines) == len(rows)
