"""MOS and screening against sureal and the ITU programs, conventions matched by options."""

import pytest

from pipelines.opinion.mos import compute_mos
from pipelines.opinion.options import mos_options
from tests.opinion.golden import STUDIES, needs_golden, reference, table, worst

pytestmark = needs_golden
SUREAL = {"ddof": 0, "denominator": "all", "constant": "count", "interval": "normal"}
TINY = "tiny_repetitions_list"


def run(name, method, **options):
    return compute_mos(table(name), method, mos_options(**options)).as_json()


def column(document, name, rows="stimuli", key="stimulus"):
    return {row[key]: row[name] for row in document[rows]}


def rejected(document):
    return {row["rater"] for row in document["raters"] if row["rejected"]}


def standard_errors(document):
    return {r["stimulus"]: r["ci95"] / 1.959963984540054 for r in document["stimuli"]}


@pytest.mark.parametrize("name", [*STUDIES, TINY])
def test_mean(name):
    theirs = reference(name)["mos"]
    ours = run(name, "mean")
    for mine, other in (("mos", "mos"), ("sos", "std_ddof1"), ("ci95", "ci95_t_halfwidth")):
        expected = {item: row[other] for item, row in theirs.items()}
        assert worst(column(ours, mine), expected) < 1e-9
    normal = run(name, "mean", interval="normal")
    expected = {item: row["ci95_normal_halfwidth"] for item, row in theirs.items()}
    assert worst(column(normal, "ci95"), expected) < 1e-9
    assert column(ours, "n") == {item: row["n"] for item, row in theirs.items()}


@pytest.mark.parametrize(("method", "key"), [("bt500", "BT500_SR_MOS"), ("p913", "P913_BR_SR_MOS")])
@pytest.mark.parametrize("name", [*STUDIES, TINY])
def test_screening_as_sureal(name, method, key):
    theirs = reference(name)["sureal"][key]
    ours = run(name, method, **SUREAL)
    assert rejected(ours) == set(theirs["rejected"])
    assert worst(column(ours, "mos"), theirs["quality_scores"]) < 1e-9
    assert worst(standard_errors(ours), theirs["quality_scores_std"]) < 1e-9
    for row in ours["raters"]:
        for mine, other in (("outlier_share", "stat1"), ("one_sidedness", "stat2")):
            assert row["statistics"][mine] == pytest.approx(theirs[other][row["rater"]], abs=1e-9)


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("denominator", ["own", "all"])
def test_bt500_variants(name, ddof, denominator):
    key = f"ddof{ddof}_denominator_{denominator}_zero_variance_skipped"
    theirs = reference(name)["bt500_variants_NOT_reference"][key]
    ours = run(name, "bt500", ddof=ddof, denominator=denominator)
    assert rejected(ours) == set(theirs["rejected"])
    for row in ours["raters"]:
        assert row["statistics"]["above"] == theirs["P"][row["rater"]]
        assert row["statistics"]["below"] == theirs["Q"][row["rater"]]


@pytest.mark.parametrize("name", [*STUDIES, TINY])
def test_bias(name):
    theirs = reference(name)["sureal"]["P913_BR_MOS"]
    ours = run(name, "bias", interval="normal")
    assert worst(column(ours, "mos"), theirs["quality_scores"]) < 1e-9
    assert worst(column(ours, "bias", "raters", "rater"), theirs["observer_bias"]) < 1e-9
    assert worst(standard_errors(ours), theirs["quality_scores_std"]) < 1e-9


@pytest.mark.parametrize("name", [*STUDIES, TINY])
def test_p910(name):
    theirs = reference(name)["sureal"]["P910_MLE_CO_AP2"]
    ours = run(name, "p910")
    assert worst(column(ours, "mos"), theirs["quality_scores"]) < 1e-6
    assert worst(standard_errors(ours), theirs["quality_scores_std"]) < 1e-6
    assert worst(column(ours, "bias", "raters", "rater"), theirs["observer_bias"]) < 1e-6
    inconsistency = column(ours, "inconsistency", "raters", "rater")
    assert worst(inconsistency, theirs["observer_inconsistency"]) < 1e-6
    for row in ours["raters"]:
        expected = theirs["observer_bias_std"][row["rater"]] * 1.959963984540054
        assert row["statistics"]["bias_ci95"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "name", ["itut_p910_demo_small_sample_data", "itur_bt500_demo_small_sample_data"]
)
def test_p910_as_the_itu_programs(name):
    theirs = reference(name)["fresh_run"]
    ours = run(name, "p910")
    for mine, other, rows, key in (
        ("mos", "mos_j", "stimuli", "stimulus"),
        ("bias", "bias_i", "raters", "rater"),
        ("inconsistency", "inconsistency_i", "raters", "rater"),
    ):
        expected = {str(index): value for index, value in enumerate(theirs[other])}
        assert worst(column(ours, mine, rows, key), expected) < 1e-6
    expected = {str(index): value for index, value in enumerate(theirs["sos_j"])}
    assert worst(standard_errors(ours), expected) < 1e-6


@pytest.mark.parametrize("name", [*STUDIES, TINY])
def test_zscore(name):
    theirs = reference(name)["sureal"]["ZS_MOS"]
    ours = run(name, "zscore", rescale="none", interval="normal")
    assert worst(column(ours, "mos"), theirs["quality_scores"]) < 1e-9
    assert worst(standard_errors(ours), theirs["quality_scores_std"]) < 1e-9
    hundred = column(run(name, "zscore"), "mos")
    expected = {item: 100 * (z + 3) / 6 for item, z in theirs["quality_scores"].items()}
    assert worst(hundred, expected) < 1e-9


@pytest.mark.parametrize("name", STUDIES)
def test_zscore_with_screening(name):
    theirs = reference(name)["sureal"]["ZS_SR_MOS"]
    # z-scores of either divisor differ by a factor per rater that is nearly the same for all.
    ours = run(name, "zscore", **SUREAL, rescale="none", zscore_screening=True)
    assert rejected(ours) == set(theirs["rejected"])


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize(
    ("coefficient", "key"), [("pearson", "SR_MOS_PCC"), ("spearman", "SR_MOS_SRCC")]
)
def test_correlation_as_sureal(name, coefficient, key):
    theirs = reference(name)["sureal"][key]
    ours = run(
        name, "correlation", coefficient=coefficient, comparison="part-whole",
        rule="adaptive", ddof=0, strict=False, interval="normal",
    )  # fmt: skip
    assert rejected(ours) == set(theirs["rejected"])
    assert worst(column(ours, "mos"), theirs["quality_scores"]) < 1e-9
    whole = {row["rater"]: row["statistics"]["part_whole"] for row in ours["raters"]}
    assert worst(whole, theirs["stat1"]) < 1e-9


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize(
    ("method", "key", "options"),
    [
        ("iqr", "iqr", {}),
        ("mad", "mad_naive", {"mad_fallback": "none", "strict": False}),
        ("mad", "mad_skip0", {"mad_fallback": "skip"}),
        ("mad", "mad_iglewicz_meanad", {}),
    ],
)
def test_single_rating_rules(name, method, key, options):
    theirs = reference(name)["single_rating_outliers"]["counts"][key]
    assert len(run(name, method, **options)["removed"]) == theirs
