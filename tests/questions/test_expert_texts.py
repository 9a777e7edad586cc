"""Texts in the styles of many disciplines, every accepted claim read by hand.

A line has the text and, last, the claims (attribute, element, name, place, side) that a person
found right among what the rules made of it; in `feedback_140.tsv` what it states in words stands
between them. `feedback_139.tsv` was written against the rules: negations of all kinds,
comparatives, two faults in a sentence, subjects left out, places shared or not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from pipelines.questions.evidence import Image, Opinion, Remark
from pipelines.questions.flow import Drafting, draft_by_rules
from schemas.draft import Draft
from tests.questions.making import DIMENSIONS, evidence

FLIPPED = ("068", "072", "009", "040", "061", "092", "093", "094")
"""Texts that say the contrary of what a few of their words say, or nothing at all."""


class Read(NamedTuple):
    text: str
    right: frozenset[str]


def texts(name: str) -> list[Read]:
    file = Path(__file__).with_name(f"feedback_{name}.tsv")
    rows = (line.split("\t") for line in file.read_text(encoding="utf-8").splitlines())
    return [Read(text, frozenset(filter(None, rest[-1].split(";")))) for text, *rest in rows]


def drafted(items: list[Read], mos: float) -> Drafting:
    """Every image has one rater and an opinion that contradicts neither praise nor blame."""
    names = [f"{n:03d}" for n in range(len(items))]
    made = evidence(
        images={
            s: Image(f"f{s}.png", f"{int(s) * 0x9E3779B97F4A7C15 % 2**64:016x}") for s in names
        },
        opinions={(s, d): Opinion(mos, 1.0, 5.0) for s in names for d in DIMENSIONS},
    )
    made = replace(made, scores={key: {"ann": mos} for key in made.opinions})
    remarks = [Remark(s, 0, s, "ann", item.text) for s, item in zip(names, items, strict=True)]
    return draft_by_rules(made, remarks, seed=20260101)


def claim_of(draft: Draft) -> str:
    return f"{draft.topic.split('|', 1)[1]}|{'+' if draft.polarity > 0 else '-'}"


@pytest.mark.parametrize(("name", "least"), [("140", 105), ("139", 165)])
def test_precision_and_yield(name: str, least: int) -> None:
    items = texts(name)
    kept = [d for d in drafted(items, 1.9).kept if d.type != "how"]
    wrong = [d for d in kept if claim_of(d) not in items[int(d.stimulus)].right]
    assert len(wrong) <= 0.05 * len(kept), [(d.span, d.question) for d in wrong]
    assert len(kept) >= least
    assert name != "140" or not [d for d in wrong if d.stimulus in FLIPPED]


@pytest.mark.parametrize("name", ["140", "139"])
def test_sides_and_letters_are_balanced_also_over_few_drafts_of_many_dimensions(name: str) -> None:
    for mos in (1.9, 4.1):
        kept = drafted(texts(name), mos).kept
        sides = Counter(d.direct_answer in ("Yes", "是") for d in kept if d.type == "yes-or-no")
        assert 0.48 <= sides[True] / sides.total() <= 0.52
        letters = Counter(d.answer for d in kept if d.type != "yes-or-no")
        assert all(0.22 <= letters[letter] / letters.total() <= 0.28 for letter in "ABCD")
