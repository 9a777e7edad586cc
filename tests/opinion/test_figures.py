"""Scorer figures, levels, planning, raters as instruments, the report."""

import json
import math
from html.parser import HTMLParser
from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from pipelines.opinion.agreement import compute_agreement
from pipelines.opinion.coding import rating_table
from pipelines.opinion.correlation import logistic4, logistic5, scorer_figures
from pipelines.opinion.instruments import rater_readings
from pipelines.opinion.levels import (
    levels_of,
    minimum_variance_votes,
    round_trip,
    soft_labels,
    two_point_split,
)
from pipelines.opinion.mos import compute_mos
from pipelines.opinion.planning import expected_half_width, plan_ratings, raters_needed
from pipelines.opinion.report import report_html
from schemas.errors import UserError
from tests.opinion.strategies import table_of


def test_scorer_figures_equal_scipy():
    generator = np.random.default_rng(0)
    mos = generator.uniform(1, 5, 80)
    predicted = np.rint(mos * 3 + generator.normal(size=80))
    found = scorer_figures(predicted, mos, replicates=50)
    assert found.srcc == pytest.approx(stats.spearmanr(predicted, mos).statistic, abs=1e-12)
    assert found.plcc == pytest.approx(stats.pearsonr(predicted, mos).statistic, abs=1e-12)
    assert found.krcc == pytest.approx(stats.kendalltau(predicted, mos).statistic, abs=1e-12)
    assert found.rmse == pytest.approx(np.sqrt(np.mean((predicted - mos) ** 2)), abs=1e-12)
    for fit in (found.logistic4, found.logistic5, found.polynomial4):
        assert fit.plcc >= found.plcc - 1e-9
        assert fit.rmse < found.rmse
    assert found.ci95["srcc"][0] < found.srcc < found.ci95["srcc"][1]
    json.dumps(found.as_json(), allow_nan=False)


def test_logistic_fit_finds_its_own_curve():
    x = np.linspace(-3, 3, 60)
    fit = scorer_figures(x, logistic4(x, 4.8, 1.2, 0.3, 0.7), replicates=0).logistic4
    assert fit.kind == "logistic4" and fit.fallback is None
    assert fit.rmse < 1e-6
    assert fit.parameters == pytest.approx((4.8, 1.2, 0.3, 0.7), abs=1e-5)
    mapped = logistic5(x, *(five := scorer_figures(x, x**3, replicates=0).logistic5).parameters)
    assert np.sqrt(np.mean((mapped - x**3) ** 2)) == pytest.approx(five.rmse, abs=1e-9)
    falling = scorer_figures(-x, logistic4(x, 4.8, 1.2, 0.3, 0.7), replicates=0).logistic4
    assert falling.rmse < 1e-6


def test_scorer_fallbacks_are_said():
    found = scorer_figures(np.array([1.0, 2, 3]), np.array([1.0, 2, 4]), replicates=0)
    assert found.logistic5.kind == "linear" and "too few" in found.logistic5.fallback
    constant = scorer_figures(np.ones(9), np.arange(9.0), replicates=5)
    assert math.isnan(constant.srcc) and constant.as_json()["plcc"] is None
    with pytest.raises(UserError, match="2 predictions"):
        scorer_figures(np.ones(2), np.ones(3))
    with pytest.raises(UserError, match="not a number"):
        scorer_figures(np.array([1, np.nan]), np.ones(2))


def test_bin_rules_on_every_edge():
    edges = np.array([1, 1.8, 2.6, 3.4, 4.2, 5])
    assert levels_of(edges, 1, 5, "q-align").tolist() == [1, 1, 2, 3, 4, 5]
    assert levels_of(edges, 1, 5, "siqa").tolist() == [1, 2, 3, 4, 5, 5]
    assert levels_of(edges, 1, 5, "siqa-as-published").tolist() == [1, 2, 3, 3, 5, 5]


@pytest.mark.parametrize("rule", ["q-align", "siqa"])
def test_bins_agree_with_whole_number_arithmetic(rule):
    for n in (3, 5, 7, 9, 15, 20):
        for total in range(n, 5 * n + 1):
            above = 5 * (total - n)
            exact = above // (4 * n) + 1 if rule == "siqa" else -(-above // (4 * n))
            level = levels_of(np.array([total / n]), 1, 5, rule)[0]
            assert level == min(max(exact, 1), 5), (n, total)


@pytest.mark.parametrize("n", [1, 3, 5])
def test_minimum_variance_votes_against_brute_force(n):
    best = {}
    for votes in product(range(1, 6), repeat=n):
        total, spread = sum(votes), np.var(votes)
        if total not in best or spread < best[total][0]:
            best[total] = (spread, np.bincount(votes, minlength=6)[1:].tolist())
    for total, (_, votes) in best.items():
        assert minimum_variance_votes(total / n, n).tolist() == votes
    with pytest.raises(UserError, match="cannot come from"):
        minimum_variance_votes(3.3, 3)


def test_soft_labels_and_split():
    ratings = table_of([("a", "x", 1), ("a", "y", 5), ("b", "x", 3)]).ratings("quality")
    assert soft_labels(ratings).tolist() == [[0.5, 0, 0, 0, 0.5], [0, 0, 1, 0, 0]]
    split = two_point_split(np.array([3.25, 5.0]), np.arange(1.0, 6))
    assert split.tolist() == [[0, 0, 0.75, 0.25, 0], [0, 0, 0, 0, 1]]
    assert (split @ np.arange(1.0, 6)).tolist() == [3.25, 5]


def test_round_trip_of_words():
    found = round_trip(np.array([1.0, 2, 3, 4, 5, np.nan]), 1, 5)
    assert (found.n, found.rmse, found.largest_error) == (5, 0, 0)
    coarse = round_trip(np.linspace(1, 5, 401), 1, 5)
    assert 0.9 < coarse.srcc < 1 and coarse.largest_error < 0.81


def test_planning_pools_variance():
    rows = [(f"s{s}", f"r{r}", 1 + (s + r) % 5) for s in range(10) for r in range(6)]
    rows += [("same", f"r{r}", 4) for r in range(3)]
    plan = plan_ratings(table_of(rows).ratings("quality"))
    same = plan.table(tuple(sorted({s for s, _, _ in rows}))).to_pylist()[0]
    assert same["stimulus"] == "same" and same["opinion_sd"] > 0.5
    assert same["half_width"] > same["half_width_plus_1"] > same["half_width_plus_3"]
    curve = [width for _, width in plan.curve(12)]
    assert curve == sorted(curve, reverse=True)


def test_raters_needed_is_the_smallest_number():
    variance = np.array([0.2, 0.7, 1.5])
    for target in (0.2, 0.5, 1.0):
        needed = raters_needed(variance, target)
        assert (expected_half_width(variance, needed) <= target).all()
        fewer = expected_half_width(variance, needed - 1)
        assert (np.isnan(fewer) | (fewer > target)).all()
    assert raters_needed(np.array([4.0]), 0.01).tolist() == [0]


def instrument_table(flat=False):
    generator = np.random.default_rng(2)
    rows = []
    for s in range(40):
        for r in range(5):
            for d in ("clarity", "validity"):
                score = np.clip(np.rint(1 + s % 5 + generator.normal(0, 0.6)), 1, 5)
                if r == 0:
                    score = 5.0 if flat else np.clip(score + s // 14, 1, 5)
                rows.append(
                    (f"s{s:02}", f"r{r}", d, score, f"2026-01-01T10:{s:02}:00Z", 5000.0 + r)
                )
    names = ("stimulus", "rater", "dimension", "score", "rated_at", "duration_ms")
    return rating_table(
        pa.table({n: list(v) for n, v in zip(names, zip(*rows, strict=True), strict=True)}),
        scale=(1, 5),
    )


def test_readings_find_drift_and_straight_lines():
    groups = {f"s{s:02}": "physics" if s % 2 else "biology" for s in range(40)}
    readings = rater_readings(instrument_table(), groups)
    found = {(r.rater, r.dimension, r.figure, r.group): r for r in readings}
    drift = found["r0", "clarity", "drift", None]
    assert drift.value > 1 and "anchor" in drift.sentence
    assert abs(found["r3", "clarity", "drift", None].value) < drift.value
    assert found["r0", "clarity", "bias", "physics"].n == 20
    assert found["r2", None, "speed", None].value == pytest.approx(5.002)
    flat = {
        (r.rater, r.dimension, r.figure): r for r in rater_readings(instrument_table(flat=True))
    }
    assert flat["r0", "validity", "longest_run"].value == 40
    assert flat["r0", "validity", "scale_use"].value == 1
    assert "one score throughout" in flat["r0", "validity", "spread"].sentence
    assert ("r0", None, "halo") not in flat and ("r1", None, "halo") in flat
    for reading in readings:
        json.dumps(reading.as_json(), allow_nan=False)


def test_test_retest():
    table = rating_table(
        pa.table({"stimulus": ["a", "a", "b", "b"], "rater": ["x"] * 4,
                  "repetition": [0, 1, 0, 1], "score": [3, 3, 2, 4]}), scale=(1, 5),
    )  # fmt: skip
    retest = next(r for r in rater_readings(table) if r.figure == "test_retest")
    assert (retest.value, retest.n) == (1, 2)
    assert "50%" in retest.sentence


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.links = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]


@pytest.mark.parametrize("method", ["mean", "p913", "iqr", "zscore"])
def test_report_is_one_file_with_plots_and_the_command(method):
    table = instrument_table()
    mos = compute_mos(table, method)
    command = "python app.py agreement --ratings 'a & b.csv' --out report.html"
    html = report_html(
        "Study <1>", mos, compute_agreement(table, replicates=20), command=command,
        made_at="2026-01-01T00:00:00Z", compared=[compute_mos(table, "bt500")],
    )  # fmt: skip
    tags = Tags()
    tags.feed(html)
    assert tags.links == [] and "script" not in tags.seen
    assert tags.seen.count("svg") >= 5
    assert "Study &lt;1&gt;" in html and "a &amp; b.csv" in html
    assert "@media print" in html and "nan" not in html.lower().replace("name", "")
    assert "BT.500" in html or method != "p913"
    assert all(f"{name} = " in html for name in mos.options)


def test_report_of_an_empty_study():
    table = table_of([])
    html = report_html(
        "none", compute_mos(table), compute_agreement(table), command="x", made_at="now"
    )
    assert "no scores" in html and "No rating was left out" in html
