"""The table of flaws: each owned by one dimension, losses add up like independent ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.scoring.figures.flaws import (
    DIMENSIONS,
    FLAWS,
    KINDS,
    flaws_of_kind,
    parse_flaws,
    quality_of,
    severity_of,
)
from schemas.errors import UserError

pairs = st.lists(
    st.tuples(st.sampled_from(sorted(FLAWS)), st.floats(0, 1)), max_size=8, unique_by=lambda p: p[0]
)


def test_enough_kinds_and_flaws_for_every_dimension():
    assert len(KINDS) >= 12
    assert len(FLAWS) >= 38
    for dimension in DIMENSIONS:
        assert sum(flaw.dimension == dimension for flaw in FLAWS.values()) >= 9
    for kind in KINDS:
        assert {flaw.dimension for flaw in flaws_of_kind(kind)} == set(DIMENSIONS)


def test_two_flaws_by_hand():
    # missing_x_label costs 0.5, missing_unit 0.4: 1 − 0.5 · 0.6 = 0.7; quality 5 − 4 · 0.7.
    flaws = [("missing_x_label", 1.0), ("missing_unit", 1.0)]
    assert severity_of(flaws)["completeness"] == pytest.approx(0.7)
    assert quality_of(flaws) == pytest.approx(
        {"validity": 5, "completeness": 2.2, "clarity": 5, "conformity": 5}
    )


@given(pairs)
def test_quality_stays_on_the_scale_and_order_does_not_matter(flaws):
    quality = quality_of(flaws)
    assert all(1 <= value <= 5 for value in quality.values())
    assert quality_of(flaws[::-1]) == pytest.approx(quality)


@given(pairs, st.sampled_from(sorted(FLAWS)))
def test_one_more_flaw_lowers_its_own_dimension_only(flaws, name):
    before = quality_of([pair for pair in flaws if pair[0] != name])
    after = quality_of([*(pair for pair in flaws if pair[0] != name), (name, 1.0)])
    own = FLAWS[name].dimension
    for dimension in DIMENSIONS:
        if dimension == own:
            assert after[dimension] <= before[dimension]
        else:
            assert after[dimension] == before[dimension]


def test_reading_flaws_of_a_table():
    assert parse_flaws("") == []
    assert parse_flaws("blur:0.5;tilt:1") == [("blur", 0.5), ("tilt", 1.0)]
    with pytest.raises(UserError, match="no flaw 'blurr'"):
        parse_flaws("blurr:1")
