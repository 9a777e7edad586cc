"""A small study whose facts are known, and drafts of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipelines.questions.check_one import Context
from pipelines.questions.drafting import Drafter
from pipelines.questions.evidence import Evidence, Image, Opinion, Remark
from pipelines.questions.lexicon import load_lexicon
from schemas.draft import Draft

DIMENSIONS = ("validity", "completeness", "clarity", "conformity")


def evidence(mos: float = 1.8, scores: dict[str, float] | None = None, **changes: Any) -> Evidence:
    """One image; every dimension has the same MOS ± 0.4 and scores."""
    scores = {"ann": 2.0, "bob": 1.0, "eve": 2.0} if scores is None else scores
    made = Evidence(
        low=1,
        high=5,
        labels={name: name.capitalize() for name in DIMENSIONS},
        opinions={("s1", name): Opinion(mos, mos - 0.4, mos + 0.4) for name in DIMENSIONS},
        scores={("s1", name): scores for name in DIMENSIONS},
        images={"s1": Image("bridge-7.png", "00" * 8, "physics", "line plot", "")},
        raters={"ann", "bob", "eve"},
    )
    return replace(made, **changes)


def remark(text: str, rater: str = "ann", submission: str = "r1", stimulus: str = "s1") -> Remark:
    return Remark(submission, 0, stimulus, rater, text)


def drafts(text: str, study: Evidence | None = None) -> dict[str, Draft]:
    """Type -> the first draft of a text, right answer first."""
    found, _ = Drafter(study or evidence()).draft(remark(text))
    result: dict[str, Draft] = {}
    for candidate in found:
        result.setdefault(candidate.draft.type, candidate.draft)
    return result


def context(text: str, study: Evidence | None = None, *others: str, rater: str = "ann") -> Context:
    """What a draft of `text` is checked against; `others` are said of the image as well."""
    study = study or evidence()
    reader = Drafter(study).reader
    own = reader.read(text).claims
    said = [claim for other in others for claim in reader.read(other).claims]
    return Context(study, load_lexicon(), text, rater, own, [*own, *said])
