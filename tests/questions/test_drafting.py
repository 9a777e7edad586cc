"""Drafts by rules: what is asked, how it is dealt, that it stays the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.questions.copies import candidate_pairs, near_copies
from pipelines.questions.dealing import Dealer
from pipelines.questions.drafting import Candidate, Drafter, settle
from pipelines.questions.evidence import Image, Opinion, Remark
from pipelines.questions.flow import check_table, draft_by_rules, is_kept
from pipelines.questions.levels import level_of
from schemas.question import LETTERS
from tests.questions.making import DIMENSIONS, drafts, evidence, remark


def test_a_feedback_gives_all_three_types() -> None:
    found = drafts("The x axis has no unit.")
    assert found["yes-or-no"].question in {
        "Is the unit missing on the x axis?",
        "Does the figure lack a unit on the x axis?",
        "Is a unit absent on the x axis?",
    }
    assert found["yes-or-no"].options == ("Yes", "No")
    assert found["what"].answer_text == "Missing altogether"
    assert found["what"].direct_answer == "Missing altogether"
    assert len(found["what"].distractors) == 3
    assert found["how"].answer_text == "Poor: something essential is missing from it"
    assert found["how"].direct_answer == "Poor"
    for draft in found.values():
        assert draft.span == "The x axis has no unit."
        assert draft.dimension == "completeness"
        assert draft.discipline == "physics"
        assert "The x axis has no unit." in draft.explanation


def test_chinese_feedback_is_asked_about_in_chinese() -> None:
    found = drafts("x轴没有单位。")
    assert found["yes-or-no"].options == ("是", "否")
    assert "单位" in found["yes-or-no"].question and "x轴" in found["yes-or-no"].question
    assert found["what"].answer_text == "完全缺失"
    assert found["how"].answer_text.startswith("较差：")
    assert {draft.language for draft in found.values()} == {"zh"}


def test_the_contrasting_fact_is_asked_so_that_the_answer_is_no() -> None:
    candidate = Drafter(evidence()).draft(remark("The labels overlap."))[0][0]
    sides = {
        settle(candidate, Dealer(seed)).answer: settle(candidate, Dealer(seed)) for seed in range(9)
    }
    assert "well separated" in sides["B"].question and sides["B"].direct_answer == "No"
    assert "overlapping" in sides["A"].question and sides["A"].direct_answer == "Yes"


@pytest.mark.parametrize(
    ("mos", "level"),
    [(1, "poor"), (1.999, "poor"), (2, "fair"), (3, "good"), (4, "excellent"), (5, "excellent")],
)
def test_levels_are_equal_quarters_with_the_upper_level_at_a_cut(mos: float, level: str) -> None:
    assert level_of(mos, 1, 5) == level
    assert level_of((mos - 1) * 25, 0, 100) == level


def test_a_mean_that_is_a_cut_on_paper_takes_the_upper_level() -> None:
    assert level_of(sum([2.7, 3.1, 3.2]) / 3 - 4e-16, 1, 5) == "good"


@settings(deadline=None)
@given(st.integers(0, 9999), st.integers(1, 200), st.sampled_from([2, 4]))
def test_every_block_holds_every_place_once(seed: int, n: int, size: int) -> None:
    dealer = Dealer(seed)
    dealt = [dealer.deal("stream", size) for _ in range(n)]
    counts = Counter(dealt)
    assert max(counts[i] for i in range(size)) - min(counts[i] for i in range(size)) <= 1
    resumed = Dealer(seed, [("stream", size, place) for place in dealt[: n // 2]])
    assert [resumed.deal("stream", size) for _ in range(n - n // 2)] == dealt[n // 2 :]


@given(st.integers(0, 9999), st.lists(st.sampled_from("abcd"), max_size=120))
def test_short_streams_do_not_add_up(seed: int, streams: list[str]) -> None:
    dealer = Dealer(seed)
    counts = Counter(dealer.deal(stream, 2) for stream in streams)
    assert abs(counts[0] - counts[1]) <= 2


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=12), st.integers(0, 9), st.data())
def test_near_copies_are_those_of_all_pairs(
    values: list[int], distance: int, data: st.DataObject
) -> None:
    flips = data.draw(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 63)), max_size=12))
    values = values + [values[i] ^ (1 << bit) for i, bit in flips if i < len(values)]
    hashes = {f"s{i:02d}": f"{value:016x}" for i, value in enumerate(values)}
    group = {name: name for name in hashes}
    for _ in hashes:
        for a in hashes:
            for b in hashes:
                if (int(hashes[a], 16) ^ int(hashes[b], 16)).bit_count() <= distance:
                    group[a] = group[b] = min(group[a], group[b])
    assert near_copies(hashes, distance) == group


def test_the_search_for_near_copies_does_not_grow_with_the_square() -> None:
    chance = np.random.default_rng(5)

    def compared(n: int) -> float:
        values = np.unique(chance.integers(0, 2**64, n, np.uint64))
        return sum(len(left) for left, _ in candidate_pairs(values, 6)) / n

    # All pairs would be 1,000 and 20,000 a value.
    assert compared(2_000) < 10
    assert compared(40_000) < 20
    # A template that many images share: neighbours of neighbours are one group.
    template = {f"s{bits:05d}": f"{0xABCDEF0123456789 ^ bits:016x}" for bits in range(2**10)}
    assert set(near_copies(template).values()) == {"s00000"}


def _many(n: int) -> tuple[list[Remark], dict[str, Image]]:
    flaws = ["The legend is missing.", "The labels overlap.", "The formula is wrong.",
             "The notation is inconsistent.", "The tick labels are too small.",
             "The scale bar is missing.", "The text is illegible."]  # fmt: skip
    merits = ["The legend is present.", "The labels are well separated.", "The formula is correct.",
              "The notation is consistent.", "The tick labels are large enough.",
              "There is a scale bar.", "The text is easy to read."]  # fmt: skip
    remarks = [
        Remark(f"r{i}", 0, f"s{i}", "ann", (flaws if i % 2 else merits)[i % 7]) for i in range(n)
    ]
    return remarks, {f"s{i}": Image(f"f{i}.png") for i in range(n)}


def _study(n: int, **changes: object):
    remarks, images = _many(n)
    mos = {f"s{i}": 1.5 + i % 2 * 0.9 if i % 2 else 3.2 + 1.5 * (i % 4) / 4 for i in range(n)}
    opinions = {(s, d): Opinion(m, m - 0.3, m + 0.3) for s, m in mos.items() for d in DIMENSIONS}
    scores = {(s, d): {"bob": m} for s, m in mos.items() for d in DIMENSIONS}
    made = evidence(images=images, opinions=opinions, **changes)
    return replace(made, scores=scores), remarks


def test_kept_drafts_are_balanced_whatever_was_dropped() -> None:
    study, remarks = _study(400)
    kept = draft_by_rules(study, remarks, seed=5).kept
    for dimension in DIMENSIONS:
        asked = [d.answer for d in kept if d.type == "yes-or-no" and d.dimension == dimension]
        assert abs(asked.count("A") - asked.count("B")) <= 1
    for type_ in ("what", "how"):
        letters = Counter(d.answer for d in kept if d.type == type_)
        assert max(letters[x] for x in LETTERS) - min(letters[x] for x in LETTERS) <= 1


def test_drafting_is_repeatable_and_adds_only_what_is_new() -> None:
    study, remarks = _study(60)
    whole = draft_by_rules(study, remarks, seed=5)
    assert draft_by_rules(study, remarks, seed=5) == whole
    assert draft_by_rules(study, remarks, seed=5, known=whole.kept).kept == []
    first = draft_by_rules(study, remarks[:30], seed=5)
    rest = draft_by_rules(study, remarks, seed=5, known=first.kept)
    ids = [draft.draft for draft in (*first.kept, *rest.kept)]
    assert len(ids) == len(set(ids))
    assert set(ids) == {draft.draft for draft in whole.kept}


def test_every_draft_gets_every_check_and_the_table_counts_them() -> None:
    study, remarks = _study(60)
    checked = draft_by_rules(study, remarks, seed=5).checked
    table = check_table(item.verdicts for item in checked)
    assert {row["keep"] + row["drop"] + row["not_run"] for row in table} == {len(checked)}
    assert [row["check"] for row in table][-1] == "blind_guess"
    assert table[-1]["not_run"] == len(checked)
    assert sum(row["drop"] for row in table) >= sum(not is_kept(i.verdicts) for i in checked)


def test_a_dealt_option_keeps_its_text_and_the_answer_its_letter() -> None:
    draft = drafts("The formula is wrong.")["what"]
    for seed in range(8):
        dealt = settle(Candidate(draft), Dealer(seed))
        assert dealt.answer_text == draft.answer_text == "Wrong"
        assert sorted(dealt.options) == sorted(draft.options)
        assert replace(dealt, options=draft.options, answer="A") == draft


def test_a_study_of_other_dimensions_on_another_scale_loses_no_fact() -> None:
    opinion = Opinion(30.0, 22.0, 38.0)
    study = evidence(
        low=0, high=100, labels={"sharpness": "Image sharpness", "use": "Diagnostic use"},
        opinions={("s1", name): opinion for name in ("sharpness", "use")},
        scores={("s1", "sharpness"): {"ann": 30.0, "bob": 20.0}},
    )  # fmt: skip
    text = "The image is blurred. No scale bar. Diagnostic use is poor."
    made = draft_by_rules(study, [remark(text)], seed=1)
    facts = {(d.type, d.dimension, d.topic.split("|")[1]) for d in made.kept if d.type != "how"}
    assert facts == {
        ("yes-or-no", "sharpness", "sharpness"), ("what", "sharpness", "sharpness"),
        ("yes-or-no", None, "presence"), ("what", None, "presence"),
    }  # fmt: skip
    # 30 of 100 lies in the second quarter.
    graded = {d.dimension: d.answer_text.split(":")[0] for d in made.kept if d.type == "how"}
    assert graded == {"sharpness": "Fair", "use": "Fair"}
    rows = {row["check"]: row for row in check_table(item.verdicts for item in made.checked)}
    assert rows["polarity_fits_mos"]["reasons"] == {"no_dimension": 2}
    assert rows["raters_agree"]["reasons"]["no_dimension"] == 2
