"""Checks of a single draft. Each is pure and says keep, drop or not_run with a reason code."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines.questions.claims import Claim
from pipelines.questions.evidence import Evidence
from pipelines.questions.leaks import leak_in
from pipelines.questions.levels import level_of
from pipelines.questions.lexicon import Lexicon
from pipelines.questions.phrases import all_level_words, what_options, word_list
from schemas.draft import Draft, Verdict
from schemas.question import question_fault

__all__ = ["CHECKS", "Context", "check_one"]

_LONGEST_RATIO = 2.5


@dataclass(frozen=True)
class Context:
    """What the checks of one draft look at."""

    evidence: Evidence
    lexicon: Lexicon
    text: str
    """The whole feedback."""
    rater: str
    """Who wrote it."""
    span_claims: Sequence[Claim]
    """What the rules read in the span."""
    image_claims: Sequence[Claim]
    """What anybody said about the image."""


def _keep(check: str, mark: str = "") -> Verdict:
    return Verdict(check, "keep", mark)


def _drop(check: str, reason: str) -> Verdict:
    return Verdict(check, "drop", reason)


def well_formed(draft: Draft, context: Context) -> Verdict:
    """Drop what cannot be asked as multiple choice, under the code of `question_fault`."""
    fault = question_fault(draft.as_question())
    return _drop("well_formed", fault) if fault else _keep("well_formed")


def span_quoted(draft: Draft, context: Context) -> Verdict:
    """Drop where the span is not what stands at its place in the feedback."""
    is_there = draft.span and context.text[draft.span_start : draft.span_end] == draft.span
    return _keep("span_quoted") if is_there else _drop("span_quoted", "span_not_in_feedback")


def answer_supported(draft: Draft, context: Context) -> Verdict:
    """Drop where what the span says is not what the answer says.

    A how question needs a span on its level's side of the middle; the others a claim of the
    span on their topic. A model's draft is held against the words of the span.
    """
    name = "answer_supported"
    if draft.type == "how":
        opinion = context.evidence.opinions.get((draft.stimulus, draft.dimension or ""))
        if opinion is None:
            return _drop(name, "no_mos")
        side = 1 if opinion.mos >= context.evidence.middle else -1
        if draft.polarity != side:
            return _drop(name, "span_against_level")
        return _keep(name)
    if draft.model == "embedded":
        topics = {claim.topic for claim in context.span_claims if claim.polarity == draft.polarity}
        is_said = draft.topic.split("|", 2)[2] in topics
        return _keep(name) if is_said else _drop(name, "answer_not_in_span")
    return _words_supported(draft, name)


def _words_supported(draft: Draft, name: str) -> Verdict:
    span = set(_words(draft.span))
    wanted = (
        set(_words(draft.question)) if draft.type == "yes-or-no" else set(_words(draft.answer_text))
    )
    if not wanted:
        return Verdict(name, "not_run", "no_content_words")
    return _keep(name) if wanted & span else _drop(name, "answer_not_in_span")


def _words(text: str) -> list[str]:
    plain = re.findall(r"[a-z0-9]+|[\u4e00-\u9fff]", text.lower())
    told = [word for word in plain if word not in word_list("empty")]
    return [word[:-1] if word.endswith("s") and len(word) > 3 else word for word in told]


def distractors_contradicted(draft: Draft, context: Context) -> Verdict:
    """Drop where somebody said of the image what a distractor says.

    The options of a rule's *what* question exclude each other, so that the answer contradicts
    the rest; for a model's, whether the words exclude each other is not known (`not_run`).
    """
    name = "distractors_contradicted"
    if draft.type != "what":
        return _keep(name)
    if draft.model != "embedded":
        return _model_distractors(draft, name)
    attribute, topic = draft.topic.split("|", 2)[1:]
    options = what_options(draft.language, attribute)
    said = {
        options[claim.state]
        for claim in context.image_claims
        if claim.topic == topic and claim.language == draft.language and claim.state in options
    }
    supported = said & set(draft.distractors)
    return _drop(name, "distractor_supported") if supported else _keep(name)


def _model_distractors(draft: Draft, name: str) -> Verdict:
    span, right = set(_words(draft.span)), set(_words(draft.answer_text))
    for distractor in draft.distractors:
        own = set(_words(distractor)) - right
        if not own or own <= span:
            return _drop(name, "distractor_supported")
    return Verdict(name, "not_run", "needs_a_reader")


def options_distinct(draft: Draft, context: Context) -> Verdict:
    """Drop where two options say the same but for case, punctuation or articles."""
    plain = {" ".join(_words(option)) or option.strip().lower() for option in draft.options}
    is_distinct = len(plain) == len(draft.options)
    return _keep("options_distinct") if is_distinct else _drop("options_distinct", "same_options")


def options_parallel(draft: Draft, context: Context) -> Verdict:
    """Drop where the answer stands out: by length, capital, full stop or list of levels."""
    name = "options_parallel"
    if draft.type == "yes-or-no":
        return _keep(name)
    lengths = [len(option) for option in draft.distractors]
    right = draft.answer_text
    mean = sum(lengths) / len(lengths)
    if len(right) > 4 and not mean / _LONGEST_RATIO <= len(right) <= mean * _LONGEST_RATIO:
        return _drop(name, "answer_length_stands_out")
    forms = {(option[:1].isupper(), option.endswith((".", "。"))) for option in draft.distractors}
    if (right[:1].isupper(), right.endswith((".", "。"))) not in forms:
        return _drop(name, "answer_form_stands_out")
    return _keep(name)


def one_right_answer(draft: Draft, context: Context) -> Verdict:
    """Drop where the answer is not the one that the evidence gives.

    For *how*: the level of the MOS. Else: somebody said the contrary of the same thing.
    """
    name = "one_right_answer"
    if draft.type == "how":
        return _level_answer(draft, context, name)
    topic = draft.topic.split("|", 2)
    if len(topic) < 3:
        return Verdict(name, "not_run", "no_topic")
    states = context.lexicon.states
    for claim in context.image_claims:
        is_same = not claim.is_verdict and claim.topic == topic[2]
        if (
            is_same
            and states[claim.state].attribute == topic[1]
            and claim.polarity != draft.polarity
        ):
            return _drop(name, "experts_contradict")
    return _keep(name)


def _level_answer(draft: Draft, context: Context, name: str) -> Verdict:
    evidence = context.evidence
    opinion = evidence.opinions.get((draft.stimulus, draft.dimension or ""))
    if opinion is None:
        return _drop(name, "no_mos")
    level = level_of(opinion.mos, evidence.low, evidence.high)
    words = all_level_words(level)
    starts = [o for o in draft.options if any(o.startswith(word) for word in words)]
    return _keep(name) if starts == [draft.answer_text] else _drop(name, "level_is_not_mos")


def polarity_fits_mos(draft: Draft, context: Context) -> Verdict:
    """Drop only where the 95 % interval of the MOS excludes the middle on the other side."""
    name = "polarity_fits_mos"
    if draft.dimension is None:
        return Verdict(name, "not_run", "no_dimension")
    opinion = context.evidence.opinions.get((draft.stimulus, draft.dimension or ""))
    if opinion is None:
        return Verdict(name, "not_run", "no_mos")
    if not draft.polarity:
        return Verdict(name, "not_run", "no_polarity")
    if opinion.ci95_low is None or opinion.ci95_high is None:
        return Verdict(name, "not_run", "no_interval")
    middle = context.evidence.middle
    is_against = opinion.ci95_high < middle if draft.polarity > 0 else opinion.ci95_low > middle
    return _drop(name, "against_mos") if is_against else _keep(name)


def raters_agree(draft: Draft, context: Context) -> Verdict:
    """Drop where more of the other raters scored on the other side of the middle than on this.

    With no other rater the draft is kept and marked `single_source`.
    """
    name = "raters_agree"
    if draft.dimension is None:
        return Verdict(name, "not_run", "no_dimension")
    if not draft.polarity:
        return Verdict(name, "not_run", "no_polarity")
    scores = context.evidence.scores.get((draft.stimulus, draft.dimension or ""), {})
    others = [score for rater, score in scores.items() if rater != context.rater]
    if not others:
        return _keep(name, "single_source")
    sides = [(score - context.evidence.middle) * draft.polarity for score in others]
    n_with, n_against = sum(s > 0 for s in sides), sum(s < 0 for s in sides)
    return _drop(name, "raters_disagree") if n_against > n_with else _keep(name)


def no_leak(draft: Draft, context: Context) -> Verdict:
    """Drop where question, options or explanation name a rater, a score or a file."""
    name = "no_leak"
    text = "\n".join((draft.question, *draft.options, draft.explanation))
    reason = leak_in(text, draft.stimulus, context.evidence)
    return _drop(name, reason) if reason else _keep(name)


CHECKS: tuple[Callable[[Draft, Context], Verdict], ...] = (
    well_formed, span_quoted, answer_supported, distractors_contradicted, options_distinct,
    options_parallel, one_right_answer, polarity_fits_mos, raters_agree, no_leak,
)  # fmt: skip
"""Checks of one draft, in the order they are reported."""


def check_one(draft: Draft, context: Context) -> list[Verdict]:
    """Return the verdicts of all checks of one draft; checks need a well-formed one."""
    first = well_formed(draft, context)
    if first.outcome == "drop":
        return [first]
    return [first, *(check(draft, context) for check in CHECKS[1:])]
