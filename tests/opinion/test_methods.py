"""What each method does on small tables worked by hand."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from pipelines.opinion.bt500 import smallest_panel
from pipelines.opinion.coding import rating_table
from pipelines.opinion.connection import rater_groups
from pipelines.opinion.gwet import gwet_ac2
from pipelines.opinion.leave_one_out import leave_one_out
from pipelines.opinion.mos import RemovedRating, compute_mos
from pipelines.opinion.options import METHODS, MosOptions, mos_options, options_of
from pipelines.opinion.p910 import project
from schemas.errors import UserError
from schemas.study import Composite
from tests.opinion.strategies import by_stimulus, table_of


def run(rows, method, **options):
    return compute_mos(table_of(rows), method, mos_options(**options)).as_json()


def panel(scores_by_stimulus):
    return [(s, f"r{i}", x) for s, xs in scores_by_stimulus.items() for i, x in enumerate(xs)]


def test_mean_by_hand():
    row = run(panel({"a": [1, 2, 3, 4]}), "mean")["stimuli"][0]
    sd = np.sqrt(5 / 3)
    assert (row["n"], row["mos"], row["sos"]) == (4, 2.5, pytest.approx(sd, abs=1e-15))
    assert row["ci95"] == pytest.approx(3.182446305284263 * sd / 2, abs=1e-12)
    assert row["ci95_low"] == pytest.approx(2.5 - row["ci95"])
    normal = run(panel({"a": [1, 2, 3, 4]}), "mean", interval="normal")["stimuli"][0]
    assert normal["ci95"] == pytest.approx(1.959963984540054 * sd / 2, abs=1e-12)


def test_samuelson_bounds():
    bounds = [smallest_panel(s, d, strict) for s in (2, 20**0.5) for d in (0, 1)
              for strict in (False, True)]  # fmt: skip
    assert bounds == [5, 6, 6, 6, 21, 22, 22, 22]


def test_bt500_boundary_is_decided_in_integers():
    # 5 scores 1, 3, 3, 3, 5 around 3: m2 = 8/5, 2 SD = 2.53; nobody is outside.
    # 1 x 9 and one 5: deviation 3.6 = 3 SD (divisor n), kurtosis 8.1: the sqrt(20) branch.
    # -2, 0 x 6, 2 with 8 votes: SD (divisor n) is 1, both ends lie exactly on 2 SD, kurtosis 4.
    edge = {"a": [1, 3, 3, 3, 3, 3, 3, 5]}
    document = run(panel(edge), "bt500", ddof=0)
    counted = {r["rater"]: (r["statistics"]["above"], r["statistics"]["below"])
               for r in document["raters"]}  # fmt: skip
    assert counted["r0"] == (0, 1)
    assert counted["r7"] == (1, 0)
    strict = run(panel(edge), "bt500", ddof=0, strict=True)
    assert all(r["statistics"]["above"] == 0 for r in strict["raters"])


@pytest.mark.parametrize("method", ["bt500", "iqr", "mad"])
def test_integer_and_float_paths_decide_alike(method):
    generator = np.random.default_rng(5)
    rows = [(f"s{s}", f"r{r}", int(np.clip(np.rint(generator.normal(1 + s % 5, 0.9)), 1, 5)))
            for s in range(60) for r in range(24)]  # fmt: skip
    whole = compute_mos(table_of(rows), method, MosOptions(iqr_floor=1.0)).as_json()
    factor = np.pi
    stretched = [(s, r, x * factor) for s, r, x in rows]
    table = table_of(stretched, (factor, 5 * factor))
    assert table.ratings("quality").grid is None
    other = compute_mos(table, method, MosOptions(iqr_floor=factor)).as_json()
    keys = [(r["stimulus"], r["rater"]) for r in whole["removed"]]
    assert keys == [(r["stimulus"], r["rater"]) for r in other["removed"]]
    for mine, theirs in zip(whole["raters"], other["raters"], strict=True):
        for name in ("above", "below"):
            assert mine["statistics"].get(name) == theirs["statistics"].get(name)
    assert keys or method == "bt500"


def test_all_equal_and_counting_constants_rejects_nobody():
    rows = panel({s: [4] * 8 for s in "abcdef"})
    document = run(rows, "bt500", constant="count")
    assert not any(r["rejected"] for r in document["raters"])
    assert any("every rater" in warning for warning in document["warnings"])
    skipping = run(rows, "bt500")["warnings"]
    assert len(skipping) == 1 and "8 raters gave one score throughout" in skipping[0]


def test_partly_applicable_is_said():
    document = run(panel({"a": [1, 2, 3, 4, 5, 3, 3, 3, 2], "b": [1, 2]}), "bt500")
    said = document["applicable"]["quality"]
    assert said["applicable"]
    assert "√20" in said["reason"] and "1 of 2 stimuli" in said["reason"]


def test_bias_by_hand():
    # MOS 2 and 4; the raters lie 1 below and 1 above on both.
    document = run([("a", "x", 1), ("a", "y", 3), ("b", "x", 3), ("b", "y", 5)], "bias")
    assert by_stimulus(document) == {"a": 2, "b": 4}
    assert [(r["bias"], r["inconsistency"]) for r in document["raters"]] == [(-1, 0), (1, 0)]
    assert [row["ci95"] for row in document["stimuli"]] == [0, 0]


def test_least_squares_bias_does_not_depend_on_the_company():
    # x lies 1 above y wherever both rated; y alone rated c, x alone d.
    rows = [("a", "x", 4), ("a", "y", 3), ("b", "x", 3), ("b", "y", 2), ("c", "y", 2),
            ("d", "x", 5)]  # fmt: skip
    once = {r["rater"]: r["bias"] for r in run(rows, "bias")["raters"]}
    least = {
        r["rater"]: r["bias"] for r in run(rows, "bias", bias_estimate="least-squares")["raters"]
    }
    assert least["x"] - least["y"] == pytest.approx(1, abs=1e-6)
    assert once["x"] - once["y"] == pytest.approx(2 / 3)
    assert any("least-squares" in w for w in run(rows, "bias")["warnings"])


def test_p910_guard_acts_only_below_the_floor():
    generator = np.random.default_rng(1)
    rows = [(f"s{s}", f"r{r}", int(np.clip(np.rint(3 + s % 3 - 1 + generator.normal()), 1, 5)))
            for s in range(30) for r in range(8)]  # fmt: skip
    ratings = table_of(rows).ratings("quality")
    guarded, free = project(ratings, MosOptions()), project(ratings, MosOptions(sigma_floor=0))
    assert not guarded.guarded.any()
    assert np.array_equal(guarded.quality, free.quality)
    lone = [*rows, ("s0", "one", 5)]
    document = run(lone, "p910")
    one = next(r for r in document["raters"] if r["rater"] == "one")
    assert one["inconsistency"] is None and one["statistics"]["guarded"] == 1
    assert any("fewer than 2 ratings" in w for w in document["warnings"])


def sparse_panel(seed):
    generator = np.random.default_rng(seed)
    quality, noise = generator.uniform(1, 5, 30), generator.uniform(0.3, 1.6, 20)
    return [
        (
            f"s{s:02}",
            f"r{r:02}",
            int(np.clip(np.rint(generator.normal(quality[s], noise[r])), 1, 5)),
        )
        for s in range(30)
        for r in generator.permutation(20)[:3]
    ]


def test_p910_without_the_guard_one_rater_becomes_the_score():
    collapsed = 0
    for seed in range(4):
        table = table_of(sparse_panel(seed))
        ratings = table.ratings("quality")
        free = project(ratings, MosOptions(sigma_floor=0))
        guarded = project(ratings, MosOptions())
        lowest = int(np.nanargmin(free.inconsistency))
        if free.inconsistency[lowest] > 0.04:
            assert np.array_equal(free.quality, guarded.quality)
            continue
        collapsed += 1
        own = ratings.rater == lowest
        offset = ratings.score[own] - free.quality[ratings.stimulus[own]]
        assert np.ptp(offset) < 1e-3
        assert guarded.guarded.any()
        warnings = compute_mos(table, "p910").warnings
        assert any("fell below 0.01 of the scale's range" in warning for warning in warnings)
        assert not any("fell to 0" in warning for warning in warnings)
        unguarded = compute_mos(table, "p910", MosOptions(sigma_floor=0)).warnings
        assert any("fell to 0" in warning for warning in unguarded)
    assert collapsed


def test_p910_says_when_it_has_not_converged():
    rows = panel({"a": [1, 3, 2], "b": [3, 5, 1], "c": [2, 2, 4]})
    assert any("did not converge" in w for w in run(rows, "p910", max_iterations=2)["warnings"])


def test_zscores_are_taken_within_sessions():
    table = rating_table(
        pa.table({
            "stimulus": ["a", "b", "c", "a", "b", "c"], "rater": ["x"] * 6,
            "session": ["1", "1", "1", "2", "2", "2"], "score": [1.0, 2, 3, 3, 4, 5],
        }),
        scale=(1, 5),
    )  # fmt: skip
    document = compute_mos(table, "zscore", MosOptions(rescale="none")).as_json()
    assert by_stimulus(document) == pytest.approx({"a": -1, "b": 0, "c": 1})
    hundred = by_stimulus(compute_mos(table, "zscore").as_json())
    assert hundred == pytest.approx({"a": 100 / 3, "b": 50, "c": 200 / 3})


def test_a_straight_liner_has_no_zscore():
    rows = [(s, r, x) for i, s in enumerate("abc") for r, x in (("x", i + 1), ("flat", 3))]
    document = run(rows, "zscore")
    assert {entry["rater"] for entry in document["removed"]} == {"flat"}
    assert all(row["n"] == 1 for row in document["stimuli"])


def test_correlation_needs_a_panel():
    document = run([("a", "x", 1), ("b", "x", 2), ("c", "x", 3)], "correlation")
    assert not document["applicable"]["quality"]["applicable"]


def test_leave_one_out_and_part_whole_are_both_reported():
    good = {f"s{i}": [1 + i % 5, 1 + i % 5, 1 + i % 5, 5 - i % 5] for i in range(10)}
    document = run(panel(good), "correlation")
    bad = document["raters"][3]
    assert bad["rejected"] and bad["statistics"]["leave_one_out"] == pytest.approx(-1)
    assert bad["statistics"]["part_whole"] == pytest.approx(-1)
    whole = document["raters"][0]["statistics"]
    assert whole["leave_one_out"] < whole["part_whole"] or whole["part_whole"] == pytest.approx(1)


def test_iqr_and_mad_by_hand():
    scores = {"a": [4, 4, 4, 4, 4, 4, 4, 4, 1, 5]}
    # Quartiles 4 and 4, floor 0.7: fences 2.95 and 5.05.
    iqr = run(panel(scores), "iqr")
    assert [(r["rater"], r["score"]) for r in iqr["removed"]] == [("r8", 1)]
    assert "2.95 to 5.05" in iqr["removed"][0]["reason"]
    # MAD 0, mean |x - 4| = 0.4: 3 / (1.253314 x 0.4) = 5.98 > 3.5, 1 / 0.501 = 1.99.
    mad = run(panel(scores), "mad")
    assert [(r["rater"], r["score"]) for r in mad["removed"]] == [("r8", 1)]
    assert "5.98" in mad["removed"][0]["reason"]
    assert run(panel(scores), "mad", mad_fallback="skip")["removed"] == []
    assert len(run(panel(scores), "mad", mad_fallback="none")["removed"]) == 2
    assert len(run(panel(scores), "mad", mad_fallback="floor")["removed"]) == 1
    few = run(panel({"a": [4, 4, 4, 1]}), "iqr")
    assert few["removed"] == [] and not few["applicable"]["quality"]["applicable"]


def test_composites_are_weighted_means_of_whole_sets():
    table = rating_table(
        pa.table({
            "stimulus": ["a"] * 5, "rater": ["x", "x", "y", "y", "z"],
            "dimension": ["v", "c", "v", "c", "v"], "score": [1, 5, 3, 3, 5],
        }),
        scale=(1, 5),
    )  # fmt: skip
    composite = Composite(name="k", label="K", parts={"v": 1, "c": 3})
    document = compute_mos(table, "mean", composites=[composite]).as_json()
    row = next(row for row in document["stimuli"] if row["dimension"] == "k")
    assert (row["n"], row["mos"]) == (2, 3.5)
    assert row["sos"] == pytest.approx(np.std([4, 3], ddof=1))
    assert set(document["applicable"]) == {"v", "c", "k"}


def test_a_composite_lacks_whoever_was_rejected_on_a_part():
    generator = np.random.default_rng(3)
    rows = [
        (f"s{s}", f"r{r}", d, int(generator.integers(1, 6)) if (r, d) == (0, "v") else 1 + s % 5)
        for s in range(20) for r in range(6) for d in "vc"
    ]  # fmt: skip
    columns = dict(zip(("stimulus", "rater", "dimension", "score"), zip(*rows, strict=True),
                       strict=True))  # fmt: skip
    table = rating_table(pa.table({k: list(v) for k, v in columns.items()}), scale=(1, 5))
    composite = Composite(name="k", label="K", parts={"v": 1, "c": 1})
    document = compute_mos(table, "correlation", composites=[composite]).as_json()
    rejected = {(r["rater"], r["dimension"]) for r in document["raters"] if r["rejected"]}
    assert rejected == {("r0", "v"), ("r0", "k")}
    assert {r["n"] for r in document["stimuli"] if r["dimension"] == "k"} == {5}
    assert {r["dimension"] for r in document["removed"]} == {"v"}


def test_what_a_curator_removed_is_listed_first():
    gone = RemovedRating("a", "z", "quality", 2, "voided: wrong image")
    document = compute_mos(table_of([("a", "x", 3)]), removed_before=[gone]).as_json()
    assert document["removed"] == [
        {"stimulus": "a", "rater": "z", "dimension": "quality", "score": 2.0,
         "reason": "voided: wrong image"}
    ]  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_odd_raters_are_named_with_every_method(method):
    rows = [(f"s{i}", r, 3 if r == "flat" else 1 + i % 5) for i in range(6) for r in ("flat", "x")]
    said = " ".join(run([*rows, ("s0", "once", 2)], method)["warnings"])
    assert "1 rater gave one score throughout" in said
    assert "1 rater has fewer than 2 ratings" in said


def test_groups_that_share_nothing():
    chain = [(f"s{i}", f"r{i + j}", 3) for i in range(40) for j in (0, 1)]
    assert set(rater_groups(table_of(chain).ratings("quality"))) == {0}
    apart = [("a", "x", 1), ("a", "y", 2), ("b", "z", 3)]
    assert rater_groups(table_of(apart).ratings("quality")).tolist() == [0, 0, 1]


@pytest.mark.parametrize("method", METHODS)
def test_recorded_options_have_no_open_default(method):
    recorded = options_of(method, MosOptions())
    assert None not in recorded.values()
    assert recorded["interval"] == ("normal" if method == "p910" else "t")


def test_equal_means_tie_on_scales_of_tenths():
    """0.1 + 0.7 and 0.3 + 0.5 differ in floats; ranks must not."""
    scores = {"a": [0.1, 0.7, 0.2], "b": [0.3, 0.5, 0.2], "c": [0.5, 0.3, 0.9]}
    alone = leave_one_out(table_of(panel(scores), (0, 1)).ratings("quality"))
    of_third = alone.mean[alone.ratings.rater == 2]
    assert len(set(of_third.tolist())) == 1


def test_a_cell_rated_in_two_sessions_counts_as_repeated():
    rows = [(f"s{j}", f"r{i}", 1 + (i + 2 * j + k) % 5, f"day {k}")
            for k in range(2) for j in range(6) for i in range(5)]  # fmt: skip
    names = ("stimulus", "rater", "score", "session")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    numbered = {**columns, "repetition": [int(day[-1]) for day in columns["session"]]}
    del numbered["session"]
    by_session, by_number = (rating_table(pa.table(c), scale=(1, 5)) for c in (columns, numbered))
    for options in ({"denominator": "all"}, {"repetitions": "separate", "ddof": 0}):
        ours, theirs = (
            compute_mos(table, "bt500", mos_options(**options)).as_json()
            for table in (by_session, by_number)
        )
        assert ours["raters"] == theirs["raters"]
    assert ours["raters"][0]["statistics"]["presentations"] == 12
    with pytest.raises(UserError, match="both rate"):
        rating_table(pa.concat_tables([pa.table(columns).slice(0, 1)] * 2), scale=(1, 5))


def test_counted_constant_stimuli_act_on_panels_too_small_for_outliers():
    """As sureal: who rated stimuli that everyone scored the same goes, three raters or not."""
    rows = [("a", r, 3) for r in "xyz"] + [("b", r, 1 + i) for i, r in enumerate("uvw")]
    document = compute_mos(table_of(rows), "bt500", mos_options(constant="count")).as_json()
    assert {row["rater"] for row in document["raters"] if row["rejected"]} == set("xyz")
    said = document["applicable"]["quality"]
    assert said["applicable"] and "everyone scored the same" in said["reason"]


def test_a_long_whole_numbered_scale_counts_every_level_in_gwets_ac2():
    """0 to 100 with two scores used has 101 categories, like 0 to 100 with all used."""
    rows = [(f"s{j}", f"r{i}", 10 * (j % 3) + i) for j in range(9) for i in range(2)]
    ratings = table_of(rows, (0, 100)).ratings("quality")
    listed = replace(ratings, levels=np.arange(101.0), level=ratings.score.astype(np.uint8))
    assert len(ratings.levels) == 6
    for kind in ("linear", "quadratic"):
        assert gwet_ac2(ratings, kind) == pytest.approx(gwet_ac2(listed, kind), abs=1e-12)


def test_means_of_thirds_tie_in_ranks_as_those_of_whole_numbers_do():
    generator = np.random.default_rng(3)
    whole = [
        (f"s{j}", f"r{i}", int(generator.integers(3, 16))) for j in range(25) for i in range(9)
    ]
    thirds = [(s, r, x / 3) for s, r, x in whole]
    for comparison in ("leave-one-out", "part-whole"):
        found = [
            compute_mos(
                table_of(rows, scale), "correlation",
                mos_options(coefficient="spearman", comparison=comparison),
            ).estimates["quality"].raters.statistics[comparison.replace("-", "_")]
            for rows, scale in ((whole, (3, 15)), (thirds, (1, 5)))
        ]  # fmt: skip
        assert np.allclose(found[0], found[1], rtol=0, atol=1e-12)
