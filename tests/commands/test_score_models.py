"""`score` with models of one's own, on this machine and on a cluster."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotator.scoring_files import SILENT, ScoringFolder
from annotator.store import open_study
from pipelines.scoring.models.vlm import VlmScorer
from pipelines.scoring.targets import targets_of
from schemas.layout import StudyFolder
from tests.scoring import tiny_models


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    tiny_models.siglip2(root / "siglip2")
    tiny_models.llava_onevision(root / "q-sit")
    return root


@pytest.fixture
def study(command, tmp_path):
    folder = tmp_path / "study"
    tiny_models.pictures(tmp_path / "images", sizes=((60, 40), (40, 90), (64, 64)))
    assert command("study", "init", "--preset", "siqa", data=folder).code == 0
    assert command("import", tmp_path / "images", data=folder).code == 0
    return folder


def test_encoder_words_and_baselines_before_any_rating(command, study, models):
    folder = models / "siglip2"
    means = {}
    for backend in ("encoder", "zero-shot", "clip-iqa", "niqe"):
        model = () if backend == "niqe" else ("--model", folder)
        said = command("--json", "score", "--backend", backend, *model, data=study)
        assert said.code == 0, said.err
        rows = json.loads(said.out)["predictions"]
        assert len(rows) == 3 * 6
        assert all(row["mean"] is not None and row["sd"] > 0 for row in rows)
        assert {row["predictable"] for row in rows} == {backend != "niqe"}
        means[backend] = [row["mean"] for row in rows]
    assert means["encoder"] == pytest.approx(means["zero-shot"], abs=1e-4)
    assert means["clip-iqa"] != pytest.approx(means["zero-shot"], abs=1e-2)


def test_a_model_that_gives_no_answer_orders_nothing(command, study, models, tmp_path):
    out = tmp_path / "said.csv"
    said = command("score", "--backend", "vlm", "--model", models / "q-sit", "--out", out,
                   data=study)  # fmt: skip
    assert said.code == 0, said.err
    rows = list(csv.DictReader(out.open()))
    with open_study(study) as opened:
        scorer = VlmScorer(targets_of(opened.study), models / "q-sit")
    folder = ScoringFolder(StudyFolder(study).scoring)
    known = {p: row for part in folder.features(scorer.version)
             for p, row in zip(part.pictures, part.rows, strict=True)}  # fmt: skip
    answered = np.array([row[5] > 0 for row in known.values()])
    state = folder.predictions(folder.current()).state
    assert (state == SILENT).sum() == (~answered).sum() > 0
    silent = [row for row in rows if row["reason"].startswith("The model gave no answer")]
    assert len(silent) == 6 * (~answered).sum()
    assert {row["predictable"] for row in silent} == {"false"}
    assert all(1 <= float(row["mean"]) <= 5 for row in rows)
    assert f"{(~answered).sum()} images got no answer" in said.out + said.err


def test_a_linear_probe_of_siglip_2(command, models, tmp_path):
    """The recipe of docs/scoring-models.md: published scores as ratings of one rater."""
    folder, images = tmp_path / "study", tmp_path / "images"
    images.mkdir()
    rows = ["stimulus,rater,dimension,score"]
    for number in range(50):
        # Grey at random, with a little noise; the published score goes with the grey.
        rng = np.random.default_rng(number)
        grey = rng.integers(30, 220)
        pixels = np.clip(grey + rng.normal(0, 4, (40, 56, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(images / f"{number:02d}.png")
        rows.append(f"{number:02d}.png,published,clarity,{1 + round(4 * (grey - 30) / 190)}")
    (tmp_path / "scores.csv").write_text("\n".join(rows) + "\n")
    for step in (
        ("study", "init", "--preset", "siqa"),
        ("import", images),
        ("ratings", "import", tmp_path / "scores.csv"),
    ):
        assert command(*step, data=folder).code == 0
    said = command("--json", "score", "--backend", "encoder", "--model", models / "siglip2",
                   data=folder)  # fmt: skip
    assert said.code == 0, said.err
    evidence = said.document["model"]["evidence"]
    assert evidence["clarity"]["n_rated"] == 50
    assert evidence["clarity"]["srcc"] > 0.8
    # Better than its words alone, which know nothing of grey; what nobody rated stays unlearned.
    assert evidence["clarity"]["srcc"] > evidence["clarity"]["prior_srcc"] + 0.2
    assert evidence["validity"]["srcc"] is None


def test_engines_are_named_rightly(command, study):
    assert command("score", "--engine", "ray", data=study).code == 2
    assert command("score", "--engine", "dask", data=study).code == 2
    assert command("score", "--scheduler", "tcp://127.0.0.1:9", data=study).code == 2
    assert command("import", study, "--engine", "dask", data=study).code == 2
    by_dask = ("--engine", "dask", "--scheduler", "tcp://127.0.0.1:9")
    assert command("import", study, "--format", "siqa", *by_dask, data=study).code == 2


@pytest.mark.heavy
def test_a_scheduler_that_does_not_answer_is_named(command, study):
    by_dask = ("--engine", "dask", "--scheduler", "tcp://127.0.0.1:9")
    said = command("import", study / "images", *by_dask, data=study)
    assert said.code == 1
    assert "No Dask scheduler answers" in said.err


@pytest.mark.heavy
def test_a_cluster_gives_what_this_machine_gives(command, study, models, tmp_path):
    from tests.test_engine_dask import Cluster

    (tmp_path / "dask").mkdir()
    cluster = Cluster(tmp_path / "dask")
    try:
        # Hashing and decoding too, by workers in another working folder.
        more = tiny_models.pictures(tmp_path / "more", sizes=((30, 50), (51, 20)))
        said = command("--json", "import", tmp_path / "more", more[0], "--engine", "dask",
                       "--scheduler", cluster.file, data=study)  # fmt: skip
        assert (said.document["added"], len(said.document["duplicates"])) == (2, 1), said.err
        found = []
        for engine in (("--engine", "dask", "--scheduler", cluster.file), ("--engine", "local")):
            said = command("--json", "score", "--backend", "zero-shot", "--model",
                           models / "siglip2", *engine, data=study)  # fmt: skip
            assert said.code == 0, said.err
            found.append(json.loads(said.out)["predictions"])
            for kept in Path(study / "scoring").rglob("*.arrow"):
                kept.unlink()
        assert found[0] == found[1]
    finally:
        cluster.stop()


@pytest.mark.heavy
def test_the_slurm_script_on_workers_of_this_machine(study, models):
    root = Path(__file__).resolve().parents[2]
    found = subprocess.run(
        [sys.executable, root / "docs" / "slurm" / "score.py", "--local", "2", "--", "--data",
         study, "--json", "score", "--backend", "zero-shot", "--model", models / "siglip2"],
        capture_output=True, text=True, timeout=280, check=False,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    assert len(json.loads(found.stdout)["predictions"]) == 3 * 6
