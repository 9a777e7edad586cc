"""The scorer around a real study: command, kept features, order in the queue, what goes wrong."""

from __future__ import annotations

import csv
import json
import os
import signal
import time
from pathlib import Path

import pytest

from annotator.commands import main
from annotator.drafts import Drafts
from annotator.ordering import Ordering
from annotator.queue import Queue, Turn
from annotator.refitting import Refitter
from annotator.scoring import compute_features, make_version, material_of, study_scorer
from annotator.scoring_files import ScoringFolder
from pipelines.engine import InProcess
from schemas.layout import StudyFolder
from tests.conftest import found, make_images
from tests.serving.test_queue import Clock, rate
from tests.store.making import opened, rated

PRIOR = Path(__file__).parents[2] / "pipelines/scoring/weights/prior-hand.safetensors"
TARGETS = ("validity", "completeness", "clarity", "conformity", "knowledge", "perception")


def with_model(text: str) -> str:
    """The preset with the model's order, and the scorer that needs no network."""
    section = f'[scoring]\norder = "model"\nrefit_every = 5\nmodel = "{PRIOR}"\n\n'
    return text.replace("[queue]", section + "[queue]")


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    found(tmp_path / "study", make_images(tmp_path / "images", 24), with_model)
    return StudyFolder(tmp_path / "study")


def score(folder: StudyFolder, *more: str, capsys: pytest.CaptureFixture[str]) -> dict:
    capsys.readouterr()
    code = main(["--data", str(folder.root), "score", "--json", *more])
    document = json.loads(capsys.readouterr().out)
    assert code == 0, document
    return document


def test_every_image_and_target_is_predicted_without_any_rating(
    folder: StudyFolder, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "p.csv"
    document = score(folder, "--out", str(out), capsys=capsys)
    rows = document["predictions"]
    assert len(rows) == 24 * 6
    assert {row["dimension"] for row in rows} == set(TARGETS)
    assert len({(row["stimulus"], row["dimension"]) for row in rows}) == len(rows)
    for row in rows:
        assert 1 <= row["mean"] <= 5
        assert row["sd"] > 0
        assert row["predictable"] == (row["reason"] == "")
        assert row["file_name"].startswith("figure-")
    assert "Not predictable yet" in next(r["reason"] for r in rows if r["dimension"] == "validity")
    assert document["model"]["backend"] == "embedded"
    with out.open(newline="") as file:
        assert [row["mean"] for row in csv.DictReader(file)] == [str(row["mean"]) for row in rows]


def test_a_second_run_looks_at_new_images_only(folder: StudyFolder, tmp_path: Path) -> None:
    with opened(folder) as store:
        scorer = study_scorer(store.study, store.folder.root)
        seen: list[tuple[int, int]] = []
        advance = lambda done, total: seen.append((done, total))  # noqa: E731
        assert compute_features(material_of(store), scorer, InProcess(), advance, 10) == 10
        assert compute_features(material_of(store), scorer, InProcess(), advance) == 14
        assert compute_features(material_of(store), scorer, InProcess(), advance) == 0
        assert seen[-1] == (14, 14)
    files = ScoringFolder(folder.scoring)
    assert len(files.known_pictures(scorer.version)) == 24


def test_an_unreadable_image_says_so_and_is_never_ordered(
    folder: StudyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = next((folder.root / "images/originals").rglob("*.png"))
    broken.write_bytes(b"\x89PNG\r\n\x1a\n truncated")
    rows = [
        r for r in score(folder, capsys=capsys)["predictions"] if "cannot be read" in r["reason"]
    ]
    assert len(rows) == 6
    assert {row["predictable"] for row in rows} == {False}
    assert {row["mean"] for row in rows} == {3.0}
    with opened(folder) as store:
        ordering = Ordering(folder.scoring, "mos")
        queue = Queue(store, Drafts(folder.drafts), Clock(), ordering.current)
        ordering.refresh(queue.counts())
        order = ordering.current()
        assert order is not None
        place = queue.leasing.pool.place[rows[0]["stimulus"]]
        assert order.stratum[place] == -1
        assert sum(map(len, order.strata)) == 23


def test_arms_and_probabilities_are_logged_and_exported(
    folder: StudyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    score(folder, capsys=capsys)
    with opened(folder) as store:
        ordering = Ordering(folder.scoring, "mos")
        queue = Queue(store, Drafts(folder.drafts), Clock(), ordering.current)
        ordering.refresh(queue.counts())
        for rater in ("Ada", "Ben"):
            for n in range(24):
                rate(queue, rater, f"{rater} {n}")
        rows = store.ratings().to_pylist()
        assert {row["arm"] for row in rows} == {"model", "random"}
        assert all(0.1 / 24 - 1e-9 <= row["probability"] <= 1 for row in rows)
        assert queue.leasing.pool.n_submissions.tolist() == [2] * 24


@pytest.mark.parametrize("fault", ["no version", "no file", "torn file", "no card", "gone stimuli"])
def test_without_a_usable_model_the_queue_goes_on_at_random(
    folder: StudyFolder, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ScoringFolder(folder.scoring)
    if fault != "no version":
        version = score(folder, capsys=capsys)["model"]["version"]
        predictions = folder.scoring / "predictions" / f"{version}.arrow"
        if fault == "no file":
            predictions.unlink()
        elif fault == "torn file":
            predictions.write_bytes(predictions.read_bytes()[:500])
        elif fault == "no card":
            (folder.scoring / "versions.jsonl").write_text('{"version": \n')
    with opened(folder) as store:
        ordering = Ordering(folder.scoring, "mos")
        queue = Queue(store, Drafts(folder.drafts), Clock(), ordering.current)
        if fault == "gone stimuli":
            ordering.refresh(queue.counts()._replace(stimuli=[f"x{n}" for n in range(24)]))
        else:
            ordering.refresh(queue.counts())
        assert ordering.current() is None
        for n in range(24):
            turn = rate(queue, "Ada", f"c{n}")
            assert isinstance(turn, Turn)
            assert turn.lease.arm == "random"
    assert files.current() is None or fault != "no version"


def wait_for(what, seconds: float = 280.0):
    """Return what `what()` gives once that is true; the scorer gives way to all other work."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come")


def test_it_learns_while_people_rate_and_survives_a_killed_worker(folder: StudyFolder) -> None:
    files = ScoringFolder(folder.scoring)
    with opened(folder) as store:
        ordering = Ordering(folder.scoring, "mos")
        queue = Queue(store, Drafts(folder.drafts), Clock(), ordering.current)
        refitter = Refitter(store, queue.counts, ordering)
        refitter.start()
        try:
            first = wait_for(files.current)
            wait_for(lambda: ordering.version == first and ordering.current())
            assert refitter._worker is not None
            os.kill(refitter._worker.process.pid, signal.SIGKILL)
            stimuli = store.stimuli()["stimulus"].to_pylist()
            store.append([rated(f"i{n}", "Eve", s, 1 + n % 5) for n, s in enumerate(stimuli)])
            turn = rate(queue, "Ada", "while it is gone")
            assert turn.lease.arm in ("model", "random")
            wait_for(lambda: any(card.n_rated == 24 for card in files.cards()))
            wait_for(lambda: ordering.version == files.current())
        finally:
            refitter.close()
    assert len(files.cards()) >= 2
    assert all(files.model_file(card.version).exists() for card in files.cards())


def test_a_broken_model_file_leaves_the_app_alone(folder: StudyFolder) -> None:
    folder.study_file.write_text(folder.study_file.read_text().replace(str(PRIOR), "/nowhere"))
    with opened(folder) as store:
        ordering = Ordering(folder.scoring, "mos")
        queue = Queue(store, Drafts(folder.drafts), Clock(), ordering.current)
        refitter = Refitter(store, queue.counts, ordering)
        refitter.start()
        try:
            message = wait_for(ScoringFolder(folder.scoring).failure)
        finally:
            refitter.close()
        assert "nowhere" in message
        assert rate(queue, "Ada", "c").lease.arm == "random"


def test_predictions_that_are_damaged_are_made_anew_and_said_once(folder: StudyFolder) -> None:
    files = ScoringFolder(folder.scoring)
    with opened(folder) as store:
        ordering = Ordering(folder.scoring, "mos")
        queue = Queue(store, Drafts(folder.drafts), Clock(), ordering.current)
        refitter = Refitter(store, queue.counts, ordering)
        scorer = study_scorer(store.study, folder.root)
        compute_features(material_of(store), scorer, InProcess(), lambda done, total: None)
        broken = make_version(material_of(store), scorer).version
        (folder.scoring / "predictions" / f"{broken}.arrow").write_bytes(b"torn")
        refitter._has_new_images = False
        refitter._keep_order()
        assert "cannot be read" in files.failure()
        assert ordering.current() is None
        files.note_failure("")
        refitter._keep_order()
        assert files.failure() == ""  # not read again twice a second
        refitter.start()
        try:
            wait_for(lambda: ordering.current() and ordering.version not in (None, broken))
            wait_for(lambda: not files.failure())
        finally:
            refitter.close()


def test_labels_make_versions_that_are_kept(folder: StudyFolder) -> None:
    with opened(folder) as store:
        scorer = study_scorer(store.study, store.folder.root)
        compute_features(material_of(store), scorer, InProcess(), lambda done, total: None)
        first = make_version(material_of(store), scorer)
        stimuli = store.stimuli()["stimulus"].to_pylist()
        store.append(
            [rated(f"{r}{n}", r, s, 1 + n % 5) for n, s in enumerate(stimuli) for r in "ab"]
        )
        # Somebody rated everything again in another session.
        store.append([rated(f"again{n}", "a", s, 2, session="2") for n, s in enumerate(stimuli)])
        second = make_version(material_of(store), scorer)
    files = ScoringFolder(folder.scoring)
    assert [card.version for card in files.cards()] == [first.version, second.version]
    assert (first.n_rated, second.n_rated) == (0, 24)
    assert second.evidence["clarity"]["srcc"] is not None
    predictions = files.predictions(second.version)
    assert (abs(predictions.left_out) >= 1).all()
    assert files.current() == second.version
