"""Descriptions of pairs by rules, as MedQ-Bench has them: two images, a dimension, which is better.

A pair is made where two images of one discipline have 95 % intervals of the MOS that do not
overlap, where an expert praised the better one on that dimension and blamed the other one.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipelines.questions.citing import Citation, level_in, quoted
from pipelines.questions.evidence import Evidence
from schemas.question import Comparison

__all__ = ["compare"]

_FORMS = {
    "en": (
        "{label}: image A is {level_a}, image B is {level_b}. Image A: {words_a} "
        "Image B: {words_b} Image {better} is better in {lowered}."
    ),
    "zh": (
        "{label}：图像A{level_a}，图像B{level_b}。图像A：{words_a}图像B：{words_b}"
        "图像{better}的{label}更好。"
    ),
}


class _Side(NamedTuple):
    """An image with what was said on one side."""

    stimulus: str
    low: float
    high: float
    cited: list[Citation]


def compare(cited: Sequence[Citation], evidence: Evidence) -> list[Comparison]:
    """Return comparisons, ordered by discipline, dimension and language.

    On a dimension an image is the better one of at most one pair and the worse one of at most
    one, so that their number grows with the images and not with their square. Images without
    discipline are compared with none. Which of the two is A depends on their ids only.
    """
    groups: dict[tuple[str, str, str], list[Citation]] = defaultdict(list)
    for citation in cited:
        image = evidence.images.get(citation.stimulus)
        if image is not None and image.discipline:
            groups[image.discipline, citation.dimension, citation.language].append(citation)
    return [
        _told(worse, better, evidence)
        for _, said in sorted(groups.items())
        for worse, better in _pairs(_sides(said, evidence, -1), _sides(said, evidence, 1))
    ]


def _sides(cited: Sequence[Citation], evidence: Evidence, polarity: int) -> list[_Side]:
    """Return the images spoken of with a polarity; those without an interval are left out."""
    by_image: dict[str, list[Citation]] = defaultdict(list)
    for citation in cited:
        if citation.polarity == polarity:
            by_image[citation.stimulus].append(citation)
    sides = []
    for stimulus, said in by_image.items():
        opinion = evidence.opinions[stimulus, said[0].dimension]
        if opinion.ci95_low is not None and opinion.ci95_high is not None:
            sides.append(_Side(stimulus, opinion.ci95_low, opinion.ci95_high, said))
    return sides


def _pairs(worse: Sequence[_Side], better: Sequence[_Side]) -> Iterator[tuple[_Side, _Side]]:
    """Yield as many pairs as there can be, each with the nearest image that is still free."""
    free = iter(sorted(better, key=lambda side: (side.low, side.stimulus)))
    for low in sorted(worse, key=lambda side: (side.high, side.stimulus)):
        for high in free:
            if high.low > low.high:
                yield low, high
                break


def _told(worse: _Side, better: _Side, evidence: Evidence) -> Comparison:
    language, dimension = worse.cited[0].language, worse.cited[0].dimension
    key = f"{dimension}\0{language}\0{worse.stimulus}\0{better.stimulus}"
    digest = hashlib.sha256(key.encode()).hexdigest()
    a, b = (worse, better) if int(digest[-1], 16) % 2 else (better, worse)
    label = evidence.label_in(dimension, language)
    text = _FORMS[language].format(
        label=label,
        lowered=label.lower(),
        level_a=level_in(language, evidence, a.stimulus, dimension),
        level_b=level_in(language, evidence, b.stimulus, dimension),
        words_a=quoted(a.cited),
        words_b=quoted(b.cited),
        better="A" if a is better else "B",
    )
    return Comparison("c" + digest[:16], a.stimulus, b.stimulus, text)
