"""Long conversations by rules: what each answer rests on, and where there is none."""

from __future__ import annotations

from pipelines.questions.citing import citations
from pipelines.questions.conversing import converse
from pipelines.questions.drafting import Drafter
from pipelines.questions.evidence import Evidence, Opinion
from schemas.question import Conversation
from tests.questions.making import evidence, remark


def told(known: Evidence, text: str) -> list[Conversation]:
    drafts = [candidate.draft for candidate in Drafter(known).draft(remark(text))[0]]
    return converse(citations(drafts, known), known)


def answers(known: Evidence, text: str) -> list[str]:
    (conversation,) = told(known, text)
    return [answer for _, answer in conversation.turns]


def of(**moses: float) -> Evidence:
    opinions = {("s1", name): Opinion(mos, mos - 0.4, mos + 0.4) for name, mos in moses.items()}
    return evidence(opinions=opinions)


def test_a_blamed_image_is_analysed_explained_mended_and_not_recommended() -> None:
    known = of(clarity=2.5, completeness=1.5)
    words = "Completeness: “The x axis has no unit.” Clarity: “The labels overlap.”"
    assert answers(known, "The x axis has no unit. The labels overlap.") == [
        f"{words} Therefore, completeness is poor, clarity is fair.",
        words,
        "The unit on the x axis should be present. The labels should be well separated.",
        "No: completeness is poor, clarity is fair.",
    ]


def test_a_praised_image_has_no_causes_and_nothing_to_mend() -> None:
    assert answers(of(clarity=4.5), "The labels are sharp.") == [
        "Clarity: “The labels are sharp.” Therefore, clarity is excellent.",
        "Yes: clarity is excellent.",
    ]


def test_chinese_words_are_talked_about_in_chinese() -> None:
    assert answers(of(clarity=2.5), "标签重叠。") == [
        "清晰度：“标签重叠。”因此，清晰度一般。",
        "清晰度：“标签重叠。”",
        "标签应互不重叠。",
        "有保留地可以：清晰度一般。",
    ]


def test_the_whole_image_is_recommended_by_its_worst_dimension() -> None:
    known = of(clarity=4.5, validity=1.2)
    assert (
        answers(known, "The labels are sharp.")[-1] == "No: validity is poor, clarity is excellent."
    )


def test_words_against_the_level_lead_to_no_conclusion() -> None:
    assert told(of(clarity=4.5), "The labels overlap.") == []


def test_words_that_give_something_away_are_not_cited() -> None:
    assert told(of(clarity=1.5), "The labels overlap in bridge-7.png.") == []
    assert told(of(clarity=1.5), "Nothing that rules can read.") == []


def test_a_verdict_alone_asks_for_no_mending() -> None:
    (conversation,) = told(of(clarity=1.5), "Therefore clarity is poor.")
    asked = [question for question, _ in conversation.turns]
    assert len(asked) == 3 and not any("improve" in question for question in asked)
