"""AC2 and weighted kappa by distance of scores: the same numbers as by level."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from pipelines.opinion.agreement import compute_agreement
from pipelines.opinion.by_value import gwet_by_value, kappa_by_value
from pipelines.opinion.gwet import gwet_ac2
from pipelines.opinion.kappa import pairwise_kappa
from tests.opinion.strategies import rating_rows, table_of


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=rating_rows(fewest=2))
def test_a_level_scale_gives_the_same_by_value(rows):
    ratings = table_of(rows).ratings("quality")
    unlevelled = replace(ratings, level=None, levels=np.empty(0))
    for kind in ("linear", "quadratic"):
        assert gwet_by_value(unlevelled, kind) == pytest.approx(
            gwet_ac2(ratings, kind), abs=1e-9, nan_ok=True
        )
    assert kappa_by_value(unlevelled) == pytest.approx(
        tuple(pairwise_kappa(ratings)), abs=1e-9, nan_ok=True
    )


def test_a_slider_by_hand():
    generator = np.random.default_rng(2)
    quality = generator.uniform(0, 100, 40)
    rows = [(f"s{s}", f"r{r}", float(np.clip(quality[s] + 15 * generator.normal(), 0, 100)))
            for s in range(40) for r in range(4)]  # fmt: skip
    ratings = table_of(rows, (0, 100)).ratings("quality")
    assert ratings.level is None
    scores = np.array([x for _, _, x in rows]).reshape(40, 4)
    expected = [
        1 - np.mean((x - y) ** 2) / np.mean((x[:, None] - y[None, :]) ** 2)
        for x, y in combinations(scores.T, 2)
    ]
    found = pairwise_kappa(ratings)
    assert (found.quadratic, found.pairs) == (pytest.approx(np.mean(expected)), 6)
    assert 0 < gwet_ac2(ratings, "linear") < gwet_ac2(ratings, "quadratic") < 1


def test_kappa_of_too_many_raters_on_a_slider_is_null_and_said():
    rows = [("a", f"r{r}", 0.1 + r / 1000) for r in range(448)]
    found = compute_agreement(table_of(rows, (0, 1)), replicates=0)
    assert found.as_json()["dimensions"]["quality"]["weighted_kappa"]["linear"] is None
    assert any("448 raters" in warning for warning in found.warnings)
    fewer = compute_agreement(table_of(rows[:100], (0, 1)), replicates=0)
    assert not any("kappa" in warning for warning in fewer.warnings)
