"""Laws of MOS and agreement, each first put through a search for counterexamples.

Laws that the search refuted stand at the end, with the smallest counterexample.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.opinion.agreement import compute_agreement
from pipelines.opinion.mos import compute_mos
from pipelines.opinion.options import METHODS, MosOptions
from tests.opinion.strategies import by_stimulus, rating_rows, same, table_of

# No test depends on a quiet machine: how long drawing a panel takes says nothing.
EXAMPLES = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TOLERANCE = {"p910": 1e-6}


def run(rows, method, scale=(1, 5), **options):
    return compute_mos(table_of(rows, scale), method, MosOptions(**options)).as_json()


def verdicts(document):
    return {(row["rater"], row["rejected"]) for row in document["raters"]}


def agreement(rows, scale=(1, 5), replicates=20):
    found = compute_agreement(table_of(rows, scale), replicates=replicates).as_json()
    return found["dimensions"]["quality"]


def flat(value, place=""):
    if isinstance(value, dict):
        return {k: v for name, e in value.items() for k, v in flat(e, f"{place}.{name}").items()}
    if isinstance(value, list):
        return {k: v for i, e in enumerate(value) for k, v in flat(e, f"{place}.{i}").items()}
    return {place: value}


@pytest.mark.parametrize("method", METHODS)
@EXAMPLES
@given(data=st.data(), rows=rating_rows())
def test_row_order_is_irrelevant(method, data, rows):
    shuffled = data.draw(st.permutations(rows))
    ours, theirs = run(rows, method), run(shuffled, method)
    tolerance = TOLERANCE.get(method, 1e-9)
    for column in ("n", "mos", "sos", "ci95"):
        assert same(by_stimulus(ours, column), by_stimulus(theirs, column), tolerance)
    assert verdicts(ours) == verdicts(theirs)
    assert ours["applicable"] == theirs["applicable"]


@pytest.mark.parametrize("method", METHODS)
@EXAMPLES
@given(data=st.data(), rows=rating_rows())
def test_names_of_raters_are_irrelevant(method, data, rows):
    names = sorted({rater for _, rater, _ in rows})
    renamed = dict(zip(names, data.draw(st.permutations(names)), strict=True))
    other = [(stimulus, renamed[rater], score) for stimulus, rater, score in rows]
    ours, theirs = run(rows, method), run(other, method)
    tolerance = TOLERANCE.get(method, 1e-9)
    assert same(by_stimulus(ours), by_stimulus(theirs), tolerance)
    assert {(renamed[r], rejected) for r, rejected in verdicts(ours)} == verdicts(theirs)


@pytest.mark.parametrize("method", METHODS)
@EXAMPLES
@given(rows=rating_rows(), shift=st.integers(-7, 100))
def test_adding_a_constant_to_scores_and_scale(method, rows, shift):
    moved = [(stimulus, rater, score + shift) for stimulus, rater, score in rows]
    ours, theirs = run(rows, method), run(moved, method, (1 + shift, 5 + shift))
    step = 0 if method == "zscore" else shift
    expected = {s: None if m is None else m + step for s, m in by_stimulus(ours).items()}
    tolerance = TOLERANCE.get(method, 1e-7)
    assert same(by_stimulus(theirs), expected, tolerance)
    for column in ("n", "sos", "ci95"):
        assert same(by_stimulus(theirs, column), by_stimulus(ours, column), tolerance)
    assert verdicts(theirs) == verdicts(ours)
    assert len(theirs["removed"]) == len(ours["removed"])


@EXAMPLES
@given(rows=rating_rows(), shift=st.integers(-7, 100))
def test_agreement_does_not_feel_a_constant(rows, shift):
    moved = [(stimulus, rater, score + shift) for stimulus, rater, score in rows]
    ours, theirs = flat(agreement(rows)), flat(agreement(moved, (1 + shift, 5 + shift)))
    assert same(ours, theirs, 1e-6)


@EXAMPLES
@given(data=st.data(), rows=rating_rows())
def test_agreement_does_not_feel_row_order_or_names(data, rows):
    shuffled = data.draw(st.permutations(rows))
    assert same(flat(agreement(rows)), flat(agreement(shuffled)), 1e-9)
    names = sorted({rater for _, rater, _ in rows})
    renamed = dict(zip(names, data.draw(st.permutations(names)), strict=True))
    other = [(stimulus, renamed[rater], score) for stimulus, rater, score in rows]
    assert same(flat(agreement(rows)), flat(agreement(other)), 1e-9)


@pytest.mark.parametrize("method", ["mean", "bias", "p910"])
@EXAMPLES
@given(rows=rating_rows(), copies=st.integers(2, 4))
def test_copying_every_rater_leaves_mos(method, rows, copies):
    copied = [(s, f"{r}-{c}", x) for s, r, x in rows for c in range(copies)]
    tolerance = TOLERANCE.get(method, 1e-9)
    assert same(by_stimulus(run(rows, method)), by_stimulus(run(copied, method)), tolerance)


@EXAMPLES
@given(rows=rating_rows(), copies=st.integers(2, 4))
def test_copying_every_rater_leaves_the_population_variance(rows, copies):
    copied = [(s, f"{r}-{c}", x) for s, r, x in rows for c in range(copies)]
    ours, theirs = run(rows, "p910", max_iterations=1), run(copied, "p910", max_iterations=1)
    for stimulus, n in by_stimulus(ours, "n").items():
        if n > 1:
            a, b = by_stimulus(ours, "sos")[stimulus], by_stimulus(theirs, "sos")[stimulus]
            assert a == pytest.approx(b, abs=1e-7)


@pytest.mark.parametrize("method", METHODS)
@EXAMPLES
@given(rows=rating_rows(most_raters=3))
def test_one_rating_has_no_interval(method, rows):
    for row in run(rows, method)["stimuli"]:
        if row["n"] == 0:
            assert row["mos"] is None
        if row["n"] < 2:
            assert row["sos"] is row["ci95"] is row["ci95_low"] is row["ci95_high"] is None
        else:
            assert row["ci95"] >= 0
            assert row["ci95_high"] - row["ci95_low"] == pytest.approx(2 * row["ci95"], abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
@EXAMPLES
@given(left=rating_rows(most_stimuli=3, most_raters=3), right=rating_rows(4, 3))
def test_disjoint_groups_are_named(method, left, right):
    rows = left + [(f"t{s}", f"q{r}", x) for s, r, x in right]
    assert any("share no stimulus" in warning for warning in run(rows, method)["warnings"])


@pytest.mark.parametrize("method", ["mean", "bt500", "correlation", "iqr", "mad"])
@EXAMPLES
@given(rows=rating_rows())
def test_means_of_scores_stay_on_the_scale(method, rows):
    for mos in by_stimulus(run(rows, method)).values():
        assert mos is None or 1 <= mos <= 5


@pytest.mark.parametrize("method", METHODS)
@EXAMPLES
@given(rows=rating_rows())
def test_every_rating_counts_or_is_listed(method, rows):
    document = run(rows, method)
    assert sum(by_stimulus(document, "n").values()) + len(document["removed"]) == len(rows)
    assert all(entry["reason"] for entry in document["removed"])
    gone = {entry["rater"] for entry in document["removed"]}
    assert {row["rater"] for row in document["raters"] if row["rejected"]} <= gone


@EXAMPLES
@given(rows=rating_rows(most_raters=5), ddof=st.sampled_from([0, 1]))
def test_bt500_says_when_it_cannot_act(rows, ddof):
    document = run(rows, "bt500", ddof=ddof)
    most = max(by_stimulus(document, "n").values())
    applicable = document["applicable"]["quality"]
    assert applicable["applicable"] == (most >= 5 + ddof)
    assert applicable["reason"]
    if not applicable["applicable"]:
        assert not any(rejected for _, rejected in verdicts(document))


@EXAMPLES
@given(rows=rating_rows(fewest=4))
def test_bounds_of_agreement(rows):
    found = agreement(rows)
    for name in ("nominal", "ordinal", "interval"):
        value = found["krippendorff_alpha"][name]
        assert value is None or value <= 1 + 1e-12
    assert found["kendall_w"] is None or -1e-12 <= found["kendall_w"] <= 1 + 1e-12
    assert found["missing"] >= 0
    for name in ("mean", "min", "max"):
        value = found["leave_one_out_srcc"][name]
        assert value is None or abs(value) <= 1 + 1e-12


@EXAMPLES
@given(rows=rating_rows(fewest=2))
def test_full_agreement_is_one_or_undefined(rows):
    agreed = [(stimulus, rater, 1 + int(stimulus[1:]) % 5) for stimulus, rater, _ in rows]
    found = agreement(agreed)
    for name in ("nominal", "ordinal", "interval"):
        assert found["krippendorff_alpha"][name] in (None, pytest.approx(1))


def test_refuted_copying_raters_does_not_leave_alpha():
    """Pairs of copies agree: observed disagreement shrinks by k (m - 1) / (k m - 1)."""
    rows = [("s0", "r0", 1), ("s0", "r1", 2), ("s1", "r0", 4), ("s1", "r1", 5)]
    copied = [(s, f"{r}-{c}", x) for s, r, x in rows for c in range(2)]
    once, twice = agreement(rows), agreement(copied)
    assert once["krippendorff_alpha"]["nominal"] == pytest.approx(0)
    assert twice["krippendorff_alpha"]["nominal"] == pytest.approx(2 / 9)


def test_refuted_copying_raters_does_not_leave_bt500():
    """The divisor n - 1 and the number that can be reached both change with n."""
    rows = [("s0", f"r{i}", x) for i, x in enumerate((1, 3, 3, 3, 3))]
    copied = [(s, f"{r}-{c}", x) for s, r, x in rows for c in range(3)]
    assert not run(rows, "bt500")["applicable"]["quality"]["applicable"]
    assert run(copied, "bt500")["applicable"]["quality"]["applicable"]
