"""Two hundred feedbacks written for the purpose, with what they state written beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pipelines.questions.evidence import Evidence, Image, Opinion, Remark
from pipelines.questions.flow import Drafting, draft_by_rules
from pipelines.questions.lexicon import load_lexicon
from pipelines.questions.phrases import what_options
from schemas.draft import Draft
from tests.questions.making import DIMENSIONS, evidence

FILE = Path(__file__).with_name("feedback_200.tsv")
STATES = load_lexicon().states


class Known(NamedTuple):
    text: str
    facts: frozenset[tuple[str, str, bool]]
    """(element, state, whether a place is named)."""


def known() -> list[Known]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return [Known(line.split("\t")[0], frozenset(_facts(line.split("\t")[1]))) for line in lines]


def _facts(field: str) -> Iterator[tuple[str, str, bool]]:
    for part in filter(None, field.split(";")):
        element, state = part.removesuffix("@").split("=")
        assert state in STATES, part
        yield element, state, part.endswith("@")


def study(items: list[Known]) -> tuple[Evidence, list[Remark]]:
    """One image a feedback, rated on each dimension as its facts say; praise and blame alike."""
    opinions, images, scores, remarks = {}, {}, {}, []
    for n, item in enumerate(items):
        name = f"s{n:03d}"
        images[name] = Image(f"figure-{n:03d}.png", f"{n * 0x9E3779B97F4A7C15 % 2**64:016x}")
        for dimension in DIMENSIONS:
            sides = [
                STATES[s].polarity for _, s, _ in item.facts if STATES[s].dimension == dimension
            ]
            mos = 3.0 + 1.1 * (sum(sides) / len(sides) if sides else 0) + (n % 5) * 0.15 - 0.3
            opinions[name, dimension] = Opinion(mos, mos - 0.9, mos + 0.9)
            scores[name, dimension] = {"bob": mos, "eve": mos}
        remarks.append(Remark(f"r{n:03d}", 0, name, "ann", item.text))
    made = evidence(images=images, opinions=opinions, raters={"ann", "Rater 7"})
    return replace(made, scores=scores), remarks


def drafted() -> tuple[list[Known], Drafting]:
    items = known()
    made, remarks = study(items)
    return items, draft_by_rules(made, remarks, seed=20260101)


def is_right(draft: Draft, item: Known) -> bool:
    """Whether the facts of the feedback give the answer."""
    if draft.type == "how":
        return any(STATES[s].dimension == draft.dimension for _, s, _ in item.facts) or (
            (draft.dimension or "") in item.text.lower()
            or {"completeness": "完整性"}.get(draft.dimension or "", "\0") in item.text
        )
    _, attribute, element, _, place = draft.topic.split("|")
    stated = [
        state
        for known_element, state, is_placed in item.facts
        if known_element == element
        and STATES[state].attribute == attribute
        and STATES[state].polarity == draft.polarity
        and is_placed == bool(place)
    ]
    if draft.type == "yes-or-no" or not stated:
        return bool(stated)
    return draft.answer_text == what_options(draft.language, attribute)[stated[0]]


def test_precision_of_what_the_rules_keep_is_at_least_95_percent() -> None:
    items, drafting = drafted()
    wrong = [d for d in drafting.kept if not is_right(d, items[int(d.submission[1:])])]
    share = 1 - len(wrong) / len(drafting.kept)
    assert share >= 0.95, [(d.span, d.question, d.answer_text) for d in wrong]
    assert len(drafting.kept) >= 250
    assert len(items) == 200


def test_most_stated_facts_are_found() -> None:
    items, drafting = drafted()
    stated = sum(len(item.facts) for item in items)
    asked = sum(d.type == "yes-or-no" for d in drafting.kept)
    assert asked >= 0.7 * stated


def test_sides_and_letters_are_balanced() -> None:
    _, drafting = drafted()
    sides = Counter(
        d.direct_answer in ("Yes", "是") for d in drafting.kept if d.type == "yes-or-no"
    )
    assert 0.48 <= sides[True] / sides.total() <= 0.52
    letters = Counter(d.answer for d in drafting.kept if d.type != "yes-or-no")
    assert all(0.22 <= letters[letter] / letters.total() <= 0.28 for letter in "ABCD")


def test_nobody_is_named_and_no_score_is_told() -> None:
    _, drafting = drafted()
    for draft in drafting.kept:
        assert "Rater 7" not in draft.explanation
        assert "2/5" not in draft.explanation
