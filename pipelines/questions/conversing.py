"""Long conversations by rules, after Q-Instruct: analysis, causes, improvement, audience.

The first answer is pathway reasoning: experts' words on each dimension, then the levels they lead
to. Every sentence of an answer rests on cited words, on what the rules read in them, or on the
level of a MOS. Which tool would mend an image nobody has said, so it is not asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from pipelines.questions.citing import Citation, level_in, quoted
from pipelines.questions.drafting import Drafter
from pipelines.questions.evidence import Evidence
from pipelines.questions.levels import LEVELS, level_of
from pipelines.questions.lexicon import load_lexicon
from pipelines.questions.phrases import lowered
from schemas.question import Conversation

__all__ = ["converse"]

_FORMS: dict[str, dict[str, Any]] = {
    "en": {
        "analysis": "Describe the image's low-level appearances, and conclude with an evaluation "
        "of its quality.",
        "causes": "What lowers the quality of this image?",
        "improvement": "What would improve this image?",
        "audience": "Would you show this image to readers as it is?",
        "said": "{label}: {words}",
        "level": "{label} is {level}",
        "therefore": "Therefore, {levels}.",
        "wish": "The {thing}{place} should be {state}.",
        "verdicts": ("No", "Only with reservations", "Yes", "Yes"),
        "verdict": "{verdict}: {levels}.",
        "blank": " ",
        "comma": ", ",
    },
    "zh": {
        "analysis": "请描述这张图像的低层次视觉特征，并据此评价其质量。",
        "causes": "哪些因素降低了这张图像的质量？",
        "improvement": "怎样可以改进这张图像？",
        "audience": "这张图像可以直接展示给读者吗？",
        "said": "{label}：{words}",
        "level": "{label}{level}",
        "therefore": "因此，{levels}。",
        "wish": "{place}{thing}应{state}。",
        "verdicts": ("不可以", "有保留地可以", "可以", "可以"),
        "verdict": "{verdict}：{levels}。",
        "blank": "",
        "comma": "，",
    },
}


def converse(cited: Sequence[Citation], evidence: Evidence) -> list[Conversation]:
    """Return one conversation an image and language, ordered by image and language.

    An image has one where words on a dimension stand on the side of the middle that its MOS is
    on. Causes and improvement are asked only where something was blamed.
    """
    groups: dict[tuple[str, str], list[Citation]] = defaultdict(list)
    for citation in cited:
        groups[citation.stimulus, citation.language].append(citation)
    if not groups:
        return []
    teller = _Teller(evidence)
    told = ((key, teller.turns(*key, said)) for key, said in sorted(groups.items()))
    return [Conversation(*key, turns) for key, turns in told if turns]


class _Teller:
    """Puts the turns of one conversation into words."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._reader = Drafter(evidence).reader
        self._states = load_lexicon(tuple(evidence.chips)).states

    def turns(
        self, stimulus: str, language: str, cited: Sequence[Citation]
    ) -> tuple[tuple[str, str], ...]:
        """Return (question, answer) in order; empty where there is nothing to reason from."""
        forms = _FORMS[language]
        fitting = [citation for citation in cited if self._fits(citation)]
        if not fitting:
            return ()
        blamed = [citation for citation in cited if citation.polarity < 0]
        spoken = [name for name in self._evidence.labels if name in {c.dimension for c in fitting}]
        levels = self._levels(stimulus, language, spoken)
        conclusion = forms["therefore"].format(levels=levels)
        answers = {
            "analysis": forms["blank"].join((self._said(language, fitting), conclusion)),
            "causes": self._said(language, blamed),
            "improvement": forms["blank"].join(dict.fromkeys(self._wishes(language, blamed))),
            "audience": self._audience(stimulus, language),
        }
        return tuple((forms[name], answer) for name, answer in answers.items() if answer)

    def _fits(self, citation: Citation) -> bool:
        opinion = self._evidence.opinions[citation.stimulus, citation.dimension]
        return citation.polarity == (1 if opinion.mos >= self._evidence.middle else -1)

    def _said(self, language: str, cited: Sequence[Citation]) -> str:
        """Return the words on each dimension, in the study's order."""
        forms = _FORMS[language]
        parts = [
            forms["said"].format(
                label=self._evidence.label_in(name, language),
                words=quoted([citation for citation in cited if citation.dimension == name]),
            )
            for name in self._evidence.labels
            if any(citation.dimension == name for citation in cited)
        ]
        return str(forms["blank"].join(parts))

    def _levels(self, stimulus: str, language: str, dimensions: Sequence[str]) -> str:
        forms = _FORMS[language]
        told = (
            forms["level"].format(
                label=self._evidence.label_in(name, language).lower(),
                level=level_in(language, self._evidence, stimulus, name),
            )
            for name in dimensions
        )
        return str(forms["comma"].join(told))

    def _wishes(self, language: str, blamed: Sequence[Citation]) -> Iterator[str]:
        """Yield the contrary of each fact that was blamed, where the rules read that fact."""
        for citation in blamed:
            for claim in self._reader.read(citation.span).claims:
                if claim.is_verdict or claim.polarity > 0:
                    continue
                state = self._states[claim.state]
                if citation.topic.partition("|")[2] != f"{state.attribute}|{claim.topic}":
                    continue
                wanted = self._states[state.opposite]
                place = claim.thing.place
                is_english = language == "en"
                yield _FORMS[language]["wish"].format(
                    thing=lowered(claim.thing.name) if is_english else claim.thing.name,
                    place=f" {lowered(place)}" if place and is_english else place,
                    state=wanted.en_text if is_english else wanted.zh_text,
                )

    def _audience(self, stimulus: str, language: str) -> str:
        """Return whether to show it: by the worst level of the rated dimensions."""
        evidence, forms = self._evidence, _FORMS[language]
        rated = {
            name: evidence.opinions[stimulus, name].mos
            for name in evidence.labels
            if (stimulus, name) in evidence.opinions
        }
        worst = LEVELS.index(level_of(min(rated.values()), evidence.low, evidence.high))
        levels = self._levels(stimulus, language, list(rated))
        return str(forms["verdict"].format(verdict=forms["verdicts"][worst], levels=levels))
