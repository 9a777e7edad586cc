"""Every check with a draft it keeps and one it drops, and the reasons it gives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.questions import check_one as checks
from pipelines.questions.check_all import duplicates, longest_answers, topic_shares
from pipelines.questions.dealing import Dealer
from pipelines.questions.drafting import Drafter, settle
from pipelines.questions.evidence import Image, Opinion
from pipelines.questions.guessing import blind_guess, views
from schemas.draft import Draft, Verdict
from tests.questions.making import context, drafts, evidence, remark

TEXT = "The legend is missing."


def test_well_formed() -> None:
    draft = drafts(TEXT)["what"]
    assert checks.well_formed(draft, context(TEXT)).outcome == "keep"
    broken = replace(draft, options=("Same", "same ", "Same", "Other"))
    assert checks.well_formed(broken, context(TEXT)) == Verdict(
        "well_formed", "drop", "same_options"
    )
    assert [v.check for v in checks.check_one(broken, context(TEXT))] == ["well_formed"]


def test_span_quoted() -> None:
    draft = drafts(TEXT)["yes-or-no"]
    assert checks.span_quoted(draft, context(TEXT)).outcome == "keep"
    moved = replace(draft, span_start=1)
    assert checks.span_quoted(moved, context(TEXT)).reason == "span_not_in_feedback"


def test_answer_supported_by_the_span() -> None:
    draft = drafts(TEXT)["yes-or-no"]
    assert checks.answer_supported(draft, context(TEXT)).outcome == "keep"
    other = context("The title is missing.")
    assert checks.answer_supported(draft, other).reason == "answer_not_in_span"


def test_a_how_question_needs_a_span_on_its_side() -> None:
    poor = drafts(TEXT, evidence(mos=1.8))["how"]
    assert checks.answer_supported(poor, context(TEXT)).outcome == "keep"
    good = evidence(mos=4.2)
    assert (
        checks.answer_supported(drafts(TEXT, good)["how"], context(TEXT, good)).reason
        == "span_against_level"
    )


def test_a_models_answer_is_held_against_the_words_of_the_span() -> None:
    draft = replace(drafts(TEXT)["what"], model="m", options=("The legend", "Nine", "Axis", "Grid"))
    assert checks.answer_supported(draft, context(TEXT)).outcome == "keep"
    invented = replace(draft, options=("The scale bar", "Nine", "Axis", "Grid"))
    assert checks.answer_supported(invented, context(TEXT)).reason == "answer_not_in_span"
    empty = replace(draft, options=("It is", "Nine", "Axis", "Grid"))
    assert checks.answer_supported(empty, context(TEXT)).outcome == "not_run"


def test_distractors_contradicted() -> None:
    text = "The tick labels are too small."
    draft = drafts(text)["what"]
    assert checks.distractors_contradicted(draft, context(text)).outcome == "keep"
    other = context(text, None, "The tick labels are large enough.")
    assert checks.distractors_contradicted(draft, other).reason == "distractor_supported"
    by_model = replace(draft, model="m", options=("too small", "tick labels", "wrong", "blue"))
    assert checks.distractors_contradicted(by_model, context(text)).reason == "distractor_supported"
    unknown = replace(draft, model="m", options=("too small", "too large", "wrong", "blue"))
    assert checks.distractors_contradicted(unknown, context(text)).outcome == "not_run"


def test_options_distinct() -> None:
    draft = drafts(TEXT)["what"]
    assert checks.options_distinct(draft, context(TEXT)).outcome == "keep"
    same = replace(draft, options=("The legend", "A legend.", "Axis", "Grid"))
    assert checks.options_distinct(same, context(TEXT)).reason == "same_options"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("Blurred a lot", "Sharp all over", "Missing here", "Too dark"), ""),
        (("Blurred because the microscope was out of focus all day", "Sharp", "Gone", "Dark"),
         "answer_length_stands_out"),
        (("blurred.", "sharp", "missing", "too dark"), "answer_form_stands_out"),
    ],
)  # fmt: skip
def test_options_parallel(options: tuple[str, ...], reason: str) -> None:
    draft = replace(drafts(TEXT)["what"], options=options)
    assert checks.options_parallel(draft, context(TEXT)).reason == reason


def test_one_right_answer_when_experts_contradict() -> None:
    draft = drafts(TEXT)["yes-or-no"]
    assert checks.one_right_answer(draft, context(TEXT)).outcome == "keep"
    other = context(TEXT, None, "The legend is present.")
    assert checks.one_right_answer(draft, other).reason == "experts_contradict"


def test_one_right_answer_of_how_is_the_level_of_the_mos() -> None:
    draft = drafts(TEXT)["how"]
    assert checks.one_right_answer(draft, context(TEXT)).outcome == "keep"
    assert (
        checks.one_right_answer(replace(draft, answer="B"), context(TEXT)).reason
        == "level_is_not_mos"
    )


@pytest.mark.parametrize(
    ("opinion", "outcome", "reason"),
    [
        (Opinion(1.8, 1.4, 2.2), "keep", ""),
        (Opinion(3.2, 2.9, 3.5), "keep", ""),
        (Opinion(4.2, 3.01, 5.0), "drop", "against_mos"),
        (Opinion(4.2, 3.0, 5.0), "keep", ""),
        (Opinion(4.0, None, None), "not_run", "no_interval"),
    ],
)
def test_polarity_is_dropped_only_where_the_interval_excludes_the_middle(
    opinion: Opinion, outcome: str, reason: str
) -> None:
    study = evidence(opinions={("s1", "completeness"): opinion})
    verdict = checks.polarity_fits_mos(drafts(TEXT)["yes-or-no"], context(TEXT, study))
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("scores", "outcome", "reason"),
    [
        ({"ann": 1, "bob": 2, "eve": 2}, "keep", ""),
        ({"ann": 1, "bob": 4, "eve": 5}, "drop", "raters_disagree"),
        ({"ann": 1, "bob": 4, "eve": 2}, "keep", ""),
        ({"ann": 5, "bob": 2}, "keep", ""),
        ({"ann": 1}, "keep", "single_source"),
        ({"ann": 1, "bob": 3}, "keep", ""),
    ],
)
def test_other_raters_scores_lie_on_the_same_side(
    scores: dict[str, float], outcome: str, reason: str
) -> None:
    verdict = checks.raters_agree(drafts(TEXT)["yes-or-no"], context(TEXT, evidence(scores=scores)))
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("explanation", "reason"),
    [
        ("The legend is missing.", ""),
        ("As Bob said, the legend is missing.", "names_rater"),
        ("Missing in bridge-7.png.", "names_file"),
        ("See figure_9.tif", "names_file"),
        ("bridge-7 has none", "names_file"),
        ("I gave it 2/5.", "names_score"),
        ("我给2分。", "names_score"),
        ("The bobbin is at 2 of 5 places.", ""),
    ],
)
def test_no_leak(explanation: str, reason: str) -> None:
    draft = replace(drafts(TEXT)["yes-or-no"], explanation=explanation)
    assert checks.no_leak(draft, context(TEXT)).reason == reason


def test_a_chinese_name_leaks_without_word_ends() -> None:
    study = evidence(raters={"李雷"})
    draft = replace(drafts(TEXT)["yes-or-no"], explanation="正如李雷所说")
    assert checks.no_leak(draft, context(TEXT, study)).reason == "names_rater"


@pytest.mark.parametrize(
    ("answers", "outcome", "reason"),
    [
        ([], "not_run", "no_endpoint"),
        ([None, None], "not_run", "unreadable"),
        ([True, False, True], "keep", ""),
        ([True, None, True], "drop", "guessable"),
    ],
)
def test_blind_guess(answers: list[bool | None], outcome: str, reason: str) -> None:
    assert blind_guess(answers)[1:] == (outcome, reason)
    if reason == "guessable":
        assert blind_guess(answers, is_marked=True)[1:] == ("keep", "guessable")


def test_habits_are_no_guesses() -> None:
    """Whoever always says Yes, or always A, is wrong at least once in two askings."""
    dealt = settle(Drafter(evidence()).draft(remark(TEXT))[0][0], Dealer(1))
    asked = list(views(dealt, 2))
    assert [v.round for v in asked] == [0, 1, 2, 3]
    for habit in ("Yes", "No"):
        assert not all(v.options["AB".index(v.answer)] == habit for v in asked)
    assert {v.answer for v in asked} == {"A", "B"}
    what = drafts(TEXT)["what"]
    assert [v.answer for v in views(what, 4)] == ["A", "D", "C", "B"]
    assert {v.options["ABCD".index(v.answer)] for v in views(what, 4)} == {what.answer_text}
    assert list(views(replace(dealt, contrast=""), 3)) == []


def _of(stimulus: str, draft: Draft, name: str = "") -> Draft:
    return replace(draft, stimulus=stimulus, draft=name or draft.draft + stimulus)


def test_duplicates_within_an_image_and_across_near_copies() -> None:
    draft = drafts(TEXT)["yes-or-no"]
    copies = {"s1": "s1", "s2": "s1", "s3": "s3"}
    found = duplicates(
        [_of("s1", draft), _of("s1", draft), _of("s2", draft), _of("s3", draft)], copies
    )
    assert [v.reason for v in found] == ["", "asked_of_image", "asked_of_near_copy", ""]
    again = duplicates([_of("s3", draft)], copies, known=[_of("s3", draft)])
    assert again[0].reason == "asked_of_image"


def test_one_topics_share_is_capped() -> None:
    draft = drafts(TEXT)["yes-or-no"]
    many = [_of(f"s{i}", draft) for i in range(8)]
    other = drafts("The title is missing.")["yes-or-no"]
    found = topic_shares([*many, other], share=0.5, floor=2)
    assert sum(v.outcome == "drop" for v in found) == 4
    assert found[-1].outcome == "keep"
    assert {v.reason for v in found} == {"", "over_share"}


def test_the_right_answer_is_not_the_longest_more_often_than_chance() -> None:
    draft = drafts(TEXT)["what"]
    long = replace(draft, options=("Missing altogether now", "Small", "Blurred", "Fine"))
    short = replace(draft, options=("Gone", "Present but small", "Blurred", "Fine"))
    fair = [replace(long, draft=f"l{i}") for i in range(5)] + [
        replace(short, draft=f"s{i}") for i in range(15)
    ]
    assert {v.outcome for v in longest_answers(fair)} == {"keep"}
    biased = [replace(long, draft=f"l{i}") for i in range(20)]
    # 20 · ¼ + 1.645 · √(20 · ¼ · ¾) = 8.18, so nine may stay.
    assert sum(v.outcome == "keep" for v in longest_answers(biased)) == 9


def test_near_copies_share_a_question_only_once() -> None:
    study = evidence(images={"s1": Image("a.png", "00" * 8), "s2": Image("b.png", "00" * 7 + "03")})
    assert study.near_copies == {"s1": "s1", "s2": "s1"}
