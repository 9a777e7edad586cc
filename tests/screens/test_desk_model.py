"""The tab Model over a real study: empty, without ratings, with both arms; nothing crashes it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from annotator.scoring import compute_features, make_version, material_of, study_scorer
from annotator.screens.desk_model import ModelTab, model_html
from annotator.screens.desk_model_plots import curve_figure, expected_figure
from annotator.store_desk import StoreDesk
from pipelines.engine import InProcess
from pipelines.scoring.triage import propose
from pipelines.splits import Link
from schemas.facts import Submitted
from schemas.layout import StudyFolder
from tests.conftest import found, make_images
from tests.serving.test_scoring import with_model
from tests.store.making import AT, DIMENSIONS, opened

N = 48
REQUEST = SimpleNamespace(cookies={})


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory):
    base = tmp_path_factory.mktemp("model")
    found(base / "study", make_images(base / "images", N), with_model)
    with opened(StudyFolder(base / "study")) as store:
        yield store


@pytest.fixture(scope="module")
def empty(study):
    """The page before any version, taken before the others make one."""
    return StoreDesk(study, patience_s=60).model.page()


@pytest.fixture(scope="module")
def page(study, empty):
    scorer = study_scorer(study.study, study.folder.root)
    compute_features(material_of(study), scorer, InProcess(), lambda done, total: None)
    make_version(material_of(study), scorer)
    unrated = StoreDesk(study, patience_s=60).model.page()[0]
    rng = np.random.default_rng(0)
    stimuli = study.stimuli()["stimulus"].to_pylist()
    facts = [
        Submitted(
            AT, f"{rater}{i}", rater, stimulus,
            {d: float(np.clip(round(3 + rng.normal()), 1, 5)) for d in DIMENSIONS},
            assignment=f"a{rater}{i}", arm="model" if (i + n) % 2 else "random",
            probability=0.02, rated_at=AT, session="1",
        )
        for n, rater in enumerate(("Ada", "Ben", "Cem <b>"))
        for i, stimulus in enumerate(stimuli)
    ]  # fmt: skip
    study.append(facts)
    make_version(material_of(study), scorer)
    return unrated, StoreDesk(study, patience_s=60).model.page()[0]


def names_of(study):
    return {d.name: d.label for d in study.study.dimensions} | {
        c.name: c.label for c in study.study.composites
    }


def test_before_any_version_it_says_what_to_do(study, empty):
    assert empty == (None, False)
    html = model_html(None, names_of(study), study.study.scoring)
    assert "Run `score`" in html
    assert "没有模型" in html


def test_without_ratings_it_claims_nothing(study, page):
    unrated, _ = page
    html = model_html(unrated, names_of(study), study.study.scoring)
    assert "learned from 0 rated images" in html
    assert "Too few rated images to tell: 0 of 20" in html
    assert "Cannot be told yet" in html
    assert "From 40 rated images on" in html
    assert unrated.disagreements == []
    assert all(view.pool_mean is None for view in unrated.targets.values())


def test_with_both_arms_everything_is_there(study, page):
    _, rated = page
    assert (rated.card.n_rated, rated.n_versions) == (N, 2)
    assert (rated.n_model, rated.n_random) == (72, 72)
    for dimension in DIMENSIONS:
        view = rated.targets[dimension]
        assert view.blindness.n_stimuli == N
        assert view.blindness.difference.low <= view.blindness.difference.high
        assert view.evidence["srcc"] is not None
        assert len(view.eras) == 4
        # Equal weights: the weighted mean is the plain one, and every image counts whole.
        assert view.pool_mean.estimate == pytest.approx(view.pool_mean.unweighted)
        assert view.pool_mean.n_effective == pytest.approx(N)
    assert rated.targets["knowledge"].blindness is None
    html = model_html(rated, names_of(study), study.study.scoring)
    assert "chooses a share of 70%" in html
    assert "72 submissions so far came by the model" in html
    assert "difference" in html
    assert "nan" not in html.lower().replace("finance", "")


def test_the_noise_of_these_images_is_not_called_predictable(page):
    """Scores were drawn without looking at the images."""
    _, rated = page
    verdicts = [rated.targets[d].evidence["is_predictable"] for d in DIMENSIONS]
    assert sum(verdicts) <= 1


def test_doubtful_images_are_proposed_with_a_button(study, page):
    _, rated = page
    assert rated.n_doubts >= N
    assert {doubt.reason for doubt in rated.doubts} <= {"blank", "small", "near_duplicate"}
    html = model_html(rated, names_of(study), study.study.scoring)
    assert "&quot;do&quot;: &quot;retire&quot;" in html


def test_the_tab_shows_page_and_figures(study, page):
    desk = StoreDesk(study, patience_s=60)
    with gr.Blocks():
        tab = ModelTab(desk.model, study.study, names_of(study))
    html, curve, points, clock = tab.show("clarity", REQUEST)
    assert "How well it predicts" in html
    assert len(points.data[1].x) == N
    assert curve.layout.xaxis.type == "log"
    assert clock.active is False


def test_a_damaged_version_is_a_sentence(study, page):
    desk = StoreDesk(study, patience_s=60)
    version = desk.model._files.current()
    path = Path(study.folder.scoring / "predictions" / f"{version}.arrow")
    kept = path.read_bytes()
    path.write_bytes(b"torn")
    try:
        with gr.Blocks():
            tab = ModelTab(desk.model, study.study, names_of(study))
        html, curve, points, _ = tab.show("clarity", REQUEST)
        assert "cannot be read" in html
        assert (curve, points) == (None, None)
    finally:
        path.write_bytes(kept)


def test_figures_of_nothing_are_figures():
    from annotator.desk.model import Points

    assert curve_figure([], "Clarity").layout.title.text
    assert expected_figure(Points([], [], [], []), "Clarity", (1.0, 5.0)).data


def test_proposals_by_reason_and_once_each():
    found = propose(
        ["a", "b", "c", "d", "e"],
        ["f0" * 8, "0" * 16, "f0" * 8, "ab" * 8, "cd" * 8],
        np.array([[300, 300], [300, 300], [300, 300], [40, 300], [300, 300]]),
        np.array([False, False, False, False, True]),
        np.full(5, np.nan, np.float32),
        [Link("c", "a", "near_duplicate", "0")],
    )
    assert [(p.place, p.reason, p.other) for p in found] == [
        (4, "unreadable", ""), (1, "blank", ""), (3, "small", ""), (2, "near_duplicate", "a"),
    ]  # fmt: skip


def test_what_is_unlike_all_others_is_proposed():
    oddity = np.r_[np.linspace(0.8, 1.2, 50), 9.0].astype(np.float32)
    n = oddity.size
    found = propose(
        [f"s{i}" for i in range(n)], [f"{i:016x}" for i in range(100, 100 + n)],
        np.full((n, 2), 500), np.zeros(n, bool), oddity, [],
    )  # fmt: skip
    assert [(p.place, p.reason) for p in found] == [(50, "unlike")]
