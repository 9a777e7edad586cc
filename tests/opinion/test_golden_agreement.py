"""Agreement against krippendorff, pingouin, irrCAC, scikit-learn, scipy and textbooks."""

import numpy as np
import pytest

from pipelines.opinion.agreement import agreement_of, compute_agreement
from pipelines.opinion.coding import rating_table
from pipelines.opinion.krippendorff import krippendorff_alpha
from tests.opinion.golden import FOLDER, STUDIES, needs_golden, reference, table

pytestmark = needs_golden


@pytest.mark.parametrize("name", [*STUDIES, "tiny_repetitions_list"])
def test_studies(name):
    theirs = reference(name)["agreement"]
    ours = compute_agreement(table(name), replicates=0).as_json()["dimensions"]["quality"]
    for kind, value in theirs["krippendorff_alpha"].items():
        assert ours["krippendorff_alpha"][kind] == pytest.approx(value, abs=1e-9)
    for mine, kind in (("linear", "linear"), ("quadratic", "quadratic")):
        expected = theirs["irrCAC"][kind]["gwet_AC"]["value"]
        assert ours["gwet_ac2"][mine] == pytest.approx(expected, abs=1e-9)
    if name in STUDIES:
        assert ours["icc"]["n_complete"] == theirs["complete_items"]
        for mine, other in (("a_1", "A,1"), ("a_k", "A,k"), ("c_1", "C,1"), ("c_k", "C,k")):
            expected = theirs["icc_on_complete_items"][f"ICC({other})"]["value"]
            assert ours["icc"][mine] == pytest.approx(expected, abs=1e-9)
        assert ours["kendall_w"] == pytest.approx(theirs["kendall_w"]["W"], abs=1e-9)
        kappa = theirs["cohen_kappa_pairwise"]
        assert ours["weighted_kappa"]["pairs"] == kappa["pairs"]
        assert ours["weighted_kappa"]["linear"] == pytest.approx(kappa["mean_linear"], abs=1e-9)
        expected = kappa["mean_quadratic"]
        assert ours["weighted_kappa"]["quadratic"] == pytest.approx(expected, abs=1e-9)
        expected = reference(name)["sos_hypothesis"]["a_population_variance"]
        assert ours["sos_a"] == pytest.approx(expected, abs=1e-9)
    if theirs.get("complete_items") == ours["n_stimuli"] and name in STUDIES:
        assert ours["icc"]["incomplete"]["a_1"] == pytest.approx(ours["icc"]["a_1"], abs=1e-9)


@pytest.mark.parametrize("name", ["nflx_public", "vqeg_hd3"])
def test_bootstrap_interval_is_that_of_the_reference_up_to_chance(name):
    theirs = reference(name)["agreement"]["krippendorff_alpha_bootstrap"]
    ours = agreement_of(table(name).ratings("quality"), replicates=4000, seed=1).alpha_ci95
    for kind in ("ordinal", "interval"):
        assert ours[kind] == pytest.approx(theirs[kind]["ci95_percentile"], abs=0.008)


@pytest.mark.parametrize("name", ["krippendorff_3x15", "krippendorff_4x12"])
def test_krippendorff_textbook(name):
    theirs = reference("textbook")[name]["computed"]
    alpha = krippendorff_alpha(table("textbook", f"{name}.csv").ratings("quality"))
    for kind in ("nominal", "ordinal", "interval"):
        assert getattr(alpha, kind) == pytest.approx(theirs[kind], abs=1e-9)


def test_shrout_fleiss_textbook():
    theirs = reference("textbook")["shrout_fleiss_1979"]["computed"]
    ratings = table("textbook", "shrout_fleiss_1979.csv", (1, 10)).ratings("quality")
    icc = agreement_of(ratings, replicates=0).icc
    for mine, other in (("a_1", "A,1"), ("a_k", "A,k"), ("c_1", "C,1"), ("c_k", "C,k")):
        assert getattr(icc, mine) == pytest.approx(theirs[f"ICC({other})"], abs=1e-9)


def test_gwet_textbook():
    lines = (FOLDER / "textbook" / "gwet_raw_4raters.csv").read_text().splitlines()[1:]
    rows = [
        {"item": f"u{unit}", "rater": f"r{index}", "score": float(score)}
        for unit, *scores in (line.split(",") for line in lines)
        for index, score in enumerate(scores)
        if score
    ]
    import pandas as pd

    ratings = rating_table(pd.DataFrame(rows), scale=(1, 5)).ratings("quality")
    theirs = reference("textbook")["gwet_raw_4raters"]
    ours = agreement_of(ratings, replicates=0)
    for index, kind in enumerate(("linear", "quadratic")):
        expected = theirs[kind]["gwet"]["computed"]["coefficient_value"]
        assert ours.gwet_ac2[index] == pytest.approx(expected, abs=1e-9)
    assert np.isfinite(ours.icc_incomplete)
