"""From a model's reply to candidates, checked and dealt like those of the rules."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from pipelines.questions.drafting import Candidate
from pipelines.questions.evidence import Evidence, Image, Remark
from pipelines.questions.phrases import SIDES
from pipelines.questions.recipes import DraftedFact, load_prompt, parse_drafts, spoken_language
from schemas.draft import Draft

__all__ = ["model_candidates"]


def model_candidates(evidence: Evidence, remark: Remark, model: str, raw: str) -> list[Candidate]:
    """Return the candidates of a reply.

    Raises:
        Unreadable: the reply is not what the prompt asks for.
    """
    facts = parse_drafts(raw, list(evidence.labels))
    return list(_candidates(evidence, remark, model, facts))


def _candidates(
    evidence: Evidence, remark: Remark, model: str, facts: Sequence[DraftedFact]
) -> Iterator[Candidate]:
    for fact in dict.fromkeys(facts):
        language = spoken_language(fact.question)
        start = remark.text.find(fact.quote) if fact.quote else -1
        sides = SIDES.get(language, SIDES["en"])
        is_yes_or_no = fact.type == "yes-or-no"
        options = sides if is_yes_or_no else (fact.answer, *fact.distractors)
        key = (remark.submission, remark.position, load_prompt("draft").version, model, fact)
        image = evidence.images.get(remark.stimulus, Image(""))
        draft = Draft(
            draft="q" + hashlib.sha256(repr(key).encode()).hexdigest()[:16],
            stimulus=remark.stimulus,
            submission=remark.submission,
            position=remark.position,
            prompt=load_prompt("draft").version,
            model=model,
            type=fact.type,
            dimension=fact.dimension,
            question=" ".join(fact.question.split()),
            options=tuple(" ".join(option.split()) for option in options),
            answer="A",
            direct_answer=options[0],
            span_start=max(start, 0),
            span_end=max(start, 0) + len(fact.quote),
            span=fact.quote,
            language=language,
            polarity=1 if fact.polarity == "good" else -1,
            topic=f"{fact.type}|{' '.join(fact.question.lower().split())}",
            explanation=" ".join(fact.explanation.split()),
            difficulty="easy" if is_yes_or_no else "medium",
            discipline=image.discipline,
            category=image.category,
            modality=image.modality,
        )
        yield Candidate(draft, " ".join(fact.contrast.split()))
