"""The scorer as a whole: every stimulus × target, on the study's scale, never NaN."""

import numpy as np
import pytest

from pipelines.scoring.embedded import MosRow, labels_from, learn, predict, starting_head
from pipelines.scoring.figures.flaws import DIMENSIONS, FLAWS
from pipelines.scoring.prior import Prior, PriorOutput
from pipelines.scoring.targets import Targets

SIQA = Targets(
    DIMENSIONS,
    {
        "knowledge": {"validity": 1.0, "completeness": 1.0},
        "perception": {"clarity": 1.0, "conformity": 3.0},
    },
)
FACTS = Prior(
    {},
    {"validity": 0.1, "completeness": 0.4, "clarity": 0.6, "conformity": 0.4},
    {"validity": 0.8, "completeness": 0.9, "clarity": 1.0, "conformity": 0.6},
    "",
)


def _said(n, seed=0):
    rng = np.random.default_rng(seed)
    return PriorOutput(
        rng.uniform(1, 5, (n, 4)).astype(np.float32),
        rng.uniform(0, 1, (n, len(FLAWS))).astype(np.float32),
        rng.normal(size=(n, 30)).astype(np.float32),
    )


def _names(n):
    return [f"s{i}" for i in range(n)]


def test_before_any_rating_composites_are_weighted_means_of_the_prior():
    said = _said(3)
    found = {
        (p.stimulus, p.dimension): p
        for p in predict(_names(3), said, starting_head(FACTS, SIQA), SIQA)
    }
    assert len(found) == 3 * 6
    validity, completeness, clarity, conformity = (float(q) for q in said.quality[1])
    assert found["s1", "knowledge"].mean == pytest.approx((validity + completeness) / 2)
    assert found["s1", "perception"].mean == pytest.approx((clarity + 3 * conformity) / 4)
    assert found["s1", "knowledge"].sd == pytest.approx(0.85)
    assert found["s1", "clarity"].predictable
    assert found["s1", "clarity"].reason == ""
    assert not found["s1", "validity"].predictable
    assert "Not predictable yet" in found["s1", "validity"].reason


def test_another_scale_and_unknown_dimensions_start_in_the_middle():
    targets = Targets(("clarity", "beauty"), {}, 0.0, 100.0)
    said = _said(2)
    found = predict(_names(2), said, starting_head(FACTS, targets), targets)
    assert found[0].mean == pytest.approx((float(said.quality[0, 2]) - 1) * 25, abs=1e-4)
    assert found[0].sd == pytest.approx(25.0)
    assert found[1].mean == pytest.approx(50.0)
    assert not found[1].predictable


def test_labels_are_put_in_their_places_and_the_rest_stays_unknown():
    rows = [
        MosRow("s1", "clarity", 9, 4.2, 0.5),
        MosRow("s0", "knowledge", 1, 3.0, None),
        MosRow("elsewhere", "clarity", 9, 1.0, 0.1),
        MosRow("s1", "beauty", 9, 1.0, 0.1),
    ]
    labels = labels_from(rows, _names(2), SIQA)
    assert labels.mos[1, 2] == 4.2
    assert labels.n_ratings[1, 2] == 9
    assert labels.mos[0, 4] == 3.0
    assert np.isnan(labels.sos[0, 4])
    assert np.isfinite(labels.mos).sum() == 2


def test_learning_from_mos_improves_the_named_target():
    said = _said(240)
    signal = 3 + said.inputs[:, 0] * 0.6 + said.inputs[:, 1] * 0.5
    rows = [
        MosRow(f"s{i}", "validity", 9, float(np.clip(signal[i], 1, 5)), 0.6) for i in range(200)
    ]
    start = starting_head(FACTS, SIQA)
    head = learn(said, labels_from(rows, _names(240), SIQA), start, SIQA)
    found = predict(_names(240), said, head, SIQA)
    validity = [p for p in found if p.dimension == "validity"]
    assert all(p.predictable for p in validity)
    left_out = np.array([p.mean for p in validity[200:]])
    assert np.corrcoef(left_out, signal[200:])[0, 1] > 0.8
    assert all(1 <= p.mean <= 5 and p.sd > 0 for p in found)
    assert head.targets[2] == start.targets[2]
