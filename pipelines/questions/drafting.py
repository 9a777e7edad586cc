"""Drafting by rules: from claims, scores and opinion scores to drafts, before any check.

A claim gives a yes-or-no question and, where its attribute has four states that exclude each
other, a *what* question; a dimension that was spoken of gives a *how* question whose level is
its MOS. Which side of a yes-or-no question is asked, and which letter is right, is dealt later
(`settle`), to what the checks have kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipelines.questions.claims import Claim
from pipelines.questions.dealing import Dealer
from pipelines.questions.evidence import Evidence, Image, Remark
from pipelines.questions.levels import LEVELS, is_close_to_cut, level_of
from pipelines.questions.lexicon import Lexicon, load_lexicon
from pipelines.questions.phrases import (
    SIDES,
    clause_of,
    how_wordings,
    level_word,
    lowered,
    what_options,
    what_wordings,
    yes_or_no_wordings,
)
from pipelines.questions.reading import Reader
from schemas.draft import Draft
from schemas.question import LETTERS

__all__ = ["EMBEDDED", "RULES", "Candidate", "Drafter", "settle", "stream_of"]

EMBEDDED = "embedded"
"""Model name of the rules."""
RULES = "rules-1"
"""Version of the rules; another one drafts anew."""


@dataclass(frozen=True)
class Candidate:
    """A draft before dealing: the right answer stands first."""

    draft: Draft
    """As it would be with the right answer in the first place."""
    denied: str = ""
    """Yes-or-no: the same fact asked so that the answer is No."""


class Drafter:
    """Drafts from the feedback of one study."""

    def __init__(self, evidence: Evidence) -> None:
        """Prepare the reader for the study's dimensions and chips."""
        self._evidence = evidence
        self._lexicon: Lexicon = load_lexicon(tuple(evidence.chips))
        self.reader = Reader(evidence.dimension_names(), evidence.chips)

    def draft(self, remark: Remark) -> tuple[list[Candidate], list[tuple[str, str]]]:
        """Return candidates of a feedback, and (sentence, reason) of what was not understood."""
        reading = self.reader.read(remark.text)
        claims = [self._of_study(claim) for claim in reading.claims]
        found = list(self._facts(remark, claims)) + list(self._grades(remark, claims))
        return list({c.draft.draft: c for c in found}.values()), list(reading.left_out)

    def _of_study(self, claim: Claim) -> Claim:
        """Return a claim with a dimension that the study rates, with none where there is none.

        A dimension called like the claim's attribute (sharpness, contrast, …) takes it too.
        """
        labels = self._evidence.labels
        if claim.is_verdict or claim.dimension in labels:
            return claim
        attribute = self._lexicon.states[claim.state].attribute
        return replace(claim, dimension=attribute if attribute in labels else None)

    def _facts(self, remark: Remark, claims: Sequence[Claim]) -> Iterator[Candidate]:
        for claim in claims:
            if claim.is_verdict:
                continue
            yield self._yes_or_no(remark, claim)
            what = self._what(remark, claim)
            if what is not None:
                yield what

    def _yes_or_no(self, remark: Remark, claim: Claim) -> Candidate:
        opposite = self._lexicon.states[claim.state].opposite
        draft = self._base(remark, claim, "yes-or-no")
        sides = SIDES[claim.language]
        draft = replace(
            draft,
            question=self._ask(claim, claim.state, draft.draft),
            options=sides,
            direct_answer=sides[0],
            difficulty="easy",
        )
        return Candidate(draft, self._ask(claim, opposite, draft.draft))

    def _ask(self, claim: Claim, state: str, key: str) -> str:
        wordings = yes_or_no_wordings(claim.language, state)
        said = self._lexicon.states[state]
        text = said.en_text if claim.language == "en" else said.zh_text
        return _fill(_pick(wordings, key), claim, text)

    def _what(self, remark: Remark, claim: Claim) -> Candidate | None:
        attribute = self._lexicon.states[claim.state].attribute
        states = what_options(claim.language, attribute)
        if claim.state not in states:
            return None
        draft = self._base(remark, claim, "what")
        right = states[claim.state]
        others = [text for state, text in states.items() if state != claim.state]
        wordings = what_wordings(claim.language, attribute)
        return Candidate(
            replace(
                draft,
                question=_fill(_pick(wordings, draft.draft), claim, ""),
                options=(right, *others),
                direct_answer=right,
                difficulty="medium",
            )
        )

    def _grades(self, remark: Remark, claims: Sequence[Claim]) -> Iterator[Candidate]:
        for dimension in dict.fromkeys(claim.dimension for claim in claims):
            if dimension is None:
                continue
            opinion = self._evidence.opinions.get((remark.stimulus, dimension))
            if opinion is None:
                continue
            low, high = self._evidence.low, self._evidence.high
            level = level_of(opinion.mos, low, high)
            spoken = [claim for claim in claims if claim.dimension == dimension]
            claim = _best_witness(spoken, level)
            draft = self._base(remark, claim, "how")
            label = self._evidence.label_in(dimension, claim.language)
            label = label.lower() if claim.language == "en" else label
            options = [clause_of(claim.language, dimension, name) for name in reversed(LEVELS)]
            right = clause_of(claim.language, dimension, level)
            yield Candidate(
                replace(
                    draft,
                    question=_pick(how_wordings(claim.language), draft.draft).format(label=label),
                    options=(right, *(o for o in options if o != right)),
                    direct_answer=level_word(claim.language, level),
                    difficulty="hard" if is_close_to_cut(opinion.mos, low, high) else "medium",
                )
            )

    def _base(self, remark: Remark, claim: Claim, type_: str) -> Draft:
        image = self._evidence.images.get(remark.stimulus, Image(""))
        topic = f"{type_}|{claim.dimension}"
        if type_ != "how":
            state = self._lexicon.states[claim.state]
            topic = f"{type_}|{state.attribute}|{claim.topic}"
        key = (remark.submission, remark.position, RULES, topic, claim.language, claim.state)
        digest = hashlib.sha256(repr(key).encode()).hexdigest()
        span = remark.text[claim.start : claim.end]
        mark = ("An expert wrote: “{}”", "专家写道：“{}”")[claim.language == "zh"]
        return Draft(
            draft="q" + digest[:16],
            stimulus=remark.stimulus,
            submission=remark.submission,
            position=remark.position,
            prompt=RULES,
            model=EMBEDDED,
            type=type_,
            dimension=claim.dimension,
            question="",
            options=(),
            answer="A",
            direct_answer="",
            span_start=claim.start,
            span_end=claim.end,
            span=span,
            language=claim.language,
            polarity=claim.polarity,
            topic=topic,
            explanation=mark.format(re.sub(r"\s+", " ", span)),
            discipline=image.discipline,
            category=image.category,
            concern="in-context other" if claim.thing.place else "other",
            modality=image.modality,
        )


def stream_of(draft: Draft) -> str:
    """Return what sides or letters are balanced within."""
    if draft.type == "yes-or-no":
        return f"yes-or-no|{draft.dimension}"
    return f"{draft.type}|{len(draft.options)}"


def settle(candidate: Candidate, dealer: Dealer) -> Draft:
    """Deal a candidate its side (yes-or-no) or its letter; never changed afterwards."""
    draft = candidate.draft
    if draft.type == "yes-or-no":
        if not dealer.deal(stream_of(draft), 2):
            return replace(draft, contrast=candidate.denied)
        return replace(
            draft, question=candidate.denied, contrast=draft.question, answer="B",
            direct_answer=draft.options[1],
        )  # fmt: skip
    place = dealer.deal(stream_of(draft), len(draft.options))
    others = list(draft.options[1:])
    dealer.random(draft.draft).shuffle(others)
    options = (*others[:place], draft.options[0], *others[place:])
    return replace(draft, options=options, answer=LETTERS[place])


def _best_witness(claims: Sequence[Claim], level: str) -> Claim:
    """Return the claim that best stands for a level: on its side, a verdict before a detail."""
    side = 1 if level in ("good", "excellent") else -1
    return max(claims, key=lambda claim: (claim.polarity == side, claim.is_verdict))


def _pick(wordings: Sequence[str], key: str) -> str:
    return wordings[int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % len(wordings)]


def _fill(wording: str, claim: Claim, state: str) -> str:
    thing = claim.thing
    be = "are" if thing.is_plural else "is"
    name = thing.name
    article = "" if thing.is_plural else ("an " if name[0].lower() in "aeiox" else "a ")
    place = thing.place
    if claim.language == "en":
        place = f" {lowered(place)}" if place else ""
    text = wording.format(
        Is=be.capitalize(), thing=name, a_thing=f"{article}{name}", place=place, state=state,
        **{"is": be},
    )  # fmt: skip
    return text[0].upper() + text[1:]
