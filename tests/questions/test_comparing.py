"""Comparisons by rules: only where intervals are apart and experts spoke of both images."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.questions.citing import citations
from pipelines.questions.comparing import compare
from pipelines.questions.drafting import Drafter
from pipelines.questions.evidence import Evidence, Image, Opinion
from schemas.draft import Draft
from schemas.question import Comparison
from tests.questions.making import evidence, remark

BAD, FINE = "The labels overlap.", "The labels are sharp."


def study(*moses: float, discipline: str = "physics", half: float = 0.4) -> Evidence:
    """Images s0, s1, … with these MOS of clarity."""
    names = [f"s{n}" for n in range(len(moses))]
    return evidence(
        opinions={
            (name, "clarity"): Opinion(mos, mos - half, mos + half)
            for name, mos in zip(names, moses, strict=True)
        },
        images={name: Image(f"bridge-{name}.png", discipline=discipline) for name in names},
    )


def spoken(known: Evidence, *texts: str) -> list[Draft]:
    """Drafts of one feedback an image."""
    drafter = Drafter(known)
    return [
        candidate.draft
        for n, text in enumerate(texts)
        for candidate in drafter.draft(remark(text, submission=f"r{n}", stimulus=f"s{n}"))[0]
    ]


def compared(known: Evidence, *texts: str) -> list[Comparison]:
    return compare(citations(spoken(known, *texts), known), known)


def test_a_comparison_cites_both_experts_and_says_which_is_better() -> None:
    (pair,) = compared(study(1.5, 4.5), BAD, FINE)
    a, b = ("A", "B") if pair.stimulus_a == "s0" else ("B", "A")
    assert {pair.stimulus_a, pair.stimulus_b} == {"s0", "s1"}
    assert (
        f"image {a} is poor" in pair.description and f"image {b} is excellent" in pair.description
    )
    assert f"Image {a}: “{BAD}”" in pair.description and f"Image {b}: “{FINE}”" in pair.description
    assert pair.description.endswith(f"Image {b} is better in clarity.")


def test_chinese_words_are_compared_in_chinese() -> None:
    (pair,) = compared(study(1.5, 4.5), "标签重叠。", "标签清晰。")
    better = "A" if pair.stimulus_a == "s1" else "B"
    assert pair.description.endswith(f"图像{better}的清晰度更好。")


@pytest.mark.parametrize(
    ("known", "texts"),
    [
        (study(2.6, 3.4), (BAD, FINE)),
        (study(4.5, 1.5), (BAD, FINE)),
        (study(1.5, 4.5), (BAD, BAD)),
        (study(1.5, 4.5, discipline=""), (BAD, FINE)),
        (study(1.5, 4.5), (BAD, "标签清晰。")),
        (study(1.5, 4.5), ("The labels overlap in bridge-s0.png.", FINE)),
    ],
    ids=["overlap", "against-mos", "no-praise", "no-discipline", "two-languages", "file-name"],
)
def test_no_comparison_where_the_evidence_does_not_give_one(
    known: Evidence, texts: tuple[str, ...]
) -> None:
    assert compared(known, *texts) == []


@given(st.lists(st.tuples(st.floats(1, 5), st.booleans()), max_size=12), st.floats(0, 1))
def test_every_pair_is_apart_and_every_image_is_used_once_a_side(
    images: list[tuple[float, bool]], half: float
) -> None:
    known = study(*(mos for mos, _ in images), half=half)
    pairs = compared(known, *(FINE if is_fine else BAD for _, is_fine in images))
    mos = {f"s{n}": value for n, (value, _) in enumerate(images)}
    is_fine = {f"s{n}": fine for n, (_, fine) in enumerate(images)}
    used = [name for pair in pairs for name in (pair.stimulus_a, pair.stimulus_b)]
    assert len(used) == len(set(used))
    for pair in pairs:
        low, high = sorted((pair.stimulus_a, pair.stimulus_b), key=mos.__getitem__)
        assert mos[low] + half < mos[high] - half
        assert is_fine[high] and not is_fine[low]
