"""SIQA-S: correlation of predicted with true perception and knowledge, in three conventions.

Website and toolkit: max((SRCC + PLCC) / 2, 0) x 100 for each dimension; leaderboard: each
coefficient is clipped at 0 before the mean. The score is the mean of both dimensions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.evaluate.correlations import (
    Correlations,
    correlations,
    defined,
    resampled_correlations,
)
from pipelines.evaluate.items import Joined, Predictions, Truth
from pipelines.evaluate.numbers import DIMENSIONS, Pairs, pairs_of, true_scores
from pipelines.evaluate.resampling import compared, interval, replicates_for, resampled
from pipelines.evaluate.submission import Choices, Submission
from schemas.text import one_line

__all__ = ["evaluate_s"]

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]


class _Side(NamedTuple):
    """One submission as numbers beside the truth; arrays are (n_predictions, 2)."""

    joined: Joined
    truth: Floats
    given: Pairs
    is_given: Truths
    """Both truths and both predictions are there, shape (n_predictions,)."""
    computed: dict[bytes, list[Correlations]]
    """Correlations of a choice of predictions; the conventions mostly choose the same."""

    @property
    def predicted(self) -> Floats:
        """The predictions as numbers."""
        return self.given.number


class _Outcome(NamedTuple):
    """A convention's numbers."""

    score: float
    parts: dict[str, dict[str, float]]
    n: int
    fault: str = ""


def evaluate_s(
    truth: Truth, own: Submission, choices: Choices, against: Submission | None = None
) -> dict[str, Any]:
    """Return the score of a submission to SIQA-S, every convention beside it.

    Args:
        truth: Items with the true perception and knowledge.
        own: The pairs of scores to score.
        choices: Convention, bootstrap and seed.
        against: Another submission to compare with, on the same items.
    """
    true = true_scores(truth.items, is_answer_file=truth.is_answer_file)
    side = _side(true, own)
    outcomes = {
        "website": _website(side),
        "leaderboard": _leaderboard(side),
        "toolkit": _toolkit(side, truth, own.predictions),
    }
    chosen = outcomes[choices.convention]
    first = _first(side)
    replicates = replicates_for(len(first), choices.bootstrap)
    result: dict[str, Any] = {
        "track": "S",
        "convention": choices.convention,
        "model": own.predictions.model,
        "score": defined(chosen.score),
        **{name: {k: defined(v) for k, v in part.items()} for name, part in chosen.parts.items()},
        "n": chosen.n,
        "ci95": _interval(side, first, replicates, choices.seed),
        "conventions": {name: defined(outcome.score) for name, outcome in outcomes.items()},
        **own.ids(),
        "warnings": own.joined.warnings + _warnings(truth, side, outcomes),
    }
    if against is not None:
        other = _side(true, against)
        result["against"] = against.as_rival(_compare(side, other, replicates, choices.seed))
    return result


def _side(true: Floats, submission: Submission) -> _Side:
    predictions, joined = submission
    given = pairs_of(predictions.items, predictions.key)
    own = true[joined.place]
    is_given = given.is_there & (joined.place >= 0) & ~np.isnan(own).any(axis=1)
    return _Side(joined, own, given, is_given, {})


def _first(side: _Side) -> npt.NDArray[np.intp]:
    """Return the predictions that count once for each item of the truth, in its order."""
    first = side.joined.first[side.joined.first >= 0]
    usable: npt.NDArray[np.intp] = first[(side.is_given & side.given.is_readable)[first]]
    return usable


def _pairs(side: _Side, taken: npt.NDArray[np.intp]) -> list[Correlations]:
    key = taken.tobytes()
    if key not in side.computed:
        true, predicted = side.truth[taken], side.predicted[taken]
        side.computed[key] = [correlations(true[:, at], predicted[:, at]) for at in (0, 1)]
    return side.computed[key]


def _mean_then_clip(pair: Correlations) -> float:
    mean = (pair.srcc + pair.plcc) / 2
    return mean if np.isnan(mean) else max(mean, 0) * 100


def _outcome(pairs: list[Correlations], n: int) -> _Outcome:
    scores = [_mean_then_clip(pair) for pair in pairs]
    parts = {
        name: {"srcc": pair.srcc, "plcc": pair.plcc, "score": score}
        for name, pair, score in zip(DIMENSIONS, pairs, scores, strict=True)
    }
    return _Outcome(sum(scores) / 2, parts, n)


def _none(fault: str, n: int = 0, score: float = np.nan) -> _Outcome:
    part = {"srcc": np.nan, "plcc": np.nan, "score": score}
    return _Outcome(score, dict.fromkeys(DIMENSIONS, part), n, fault)


def _website(side: _Side) -> _Outcome:
    taken = _first(side)
    return _outcome(_pairs(side, taken), len(taken))


def _toolkit(side: _Side, truth: Truth, predictions: Predictions) -> _Outcome:
    taken = side.is_given
    n = int(taken.sum())
    if not side.given.is_object[side.joined.place >= 0].all():
        return _none("the toolkit stops with an error: an item's prediction is no object", n)
    if _is_misspelt(truth, predictions):
        return _none(
            "the toolkit reads 'perception_rating' only and gives 0.0, because the items write "
            "'perception_raing'",
            score=0.0,
        )
    if not n:
        return _none("the toolkit finds no complete item and gives 0.0", score=0.0)
    if not side.given.is_number[taken].all():
        return _none("the toolkit stops with an error: a score is text, no number", n)
    if n < 2:
        return _none("the toolkit stops with an error: one item has no correlation", n)
    return _outcome(_pairs(side, np.flatnonzero(taken)), n)


def _is_misspelt(truth: Truth, predictions: Predictions) -> bool:
    if truth.is_answer_file:
        return False
    rows = (*truth.items.head, *predictions.items.head)
    return not any("perception_rating" in row for row in rows)


def _leaderboard(side: _Side) -> _Outcome:
    taken = side.is_given & side.joined.is_strict
    n = int(taken.sum())
    if not n:
        return _none("the leaderboard finds no complete item and gives 0.0", score=0.0)
    if not side.given.is_readable[taken].all():
        return _none("the leaderboard skips the file: a score is no number", n)
    true, predicted = side.truth[taken], side.predicted[taken]
    for at, name in enumerate(DIMENSIONS):
        if _is_constant(true[:, at]) or _is_constant(predicted[:, at]):
            return _none(
                f"the leaderboard skips the file, so that the team is not listed: all values of "
                f"{name} are equal",
                n,
            )
    clipped = [
        Correlations(*(max(0.0 if np.isnan(r) else r, 0.0) for r in pair))
        for pair in _pairs(side, np.flatnonzero(taken))
    ]
    scores = [(pair.srcc + pair.plcc) / 2 * 100 for pair in clipped]
    parts = {
        name: {"srcc": round(pair.srcc, 4), "plcc": round(pair.plcc, 4), "score": round(score, 2)}
        for name, pair, score in zip(DIMENSIONS, clipped, scores, strict=True)
    }
    return _Outcome(round(sum(scores) / 2, 2), parts, n)


def _is_constant(values: Floats) -> bool:
    return bool((values == values[0]).all() or np.isnan(values).all())


def _drawn_scores(truth: Floats, predicted: Floats, places: npt.NDArray[np.intp]) -> Floats:
    """Return the website's score of each row of places."""
    total = np.zeros(len(places))
    for at in (0, 1):
        srcc, plcc = resampled_correlations(truth[:, at], predicted[:, at], places)
        total += np.maximum((srcc + plcc) / 2, 0) * 50
    return total


def _interval(
    side: _Side, taken: npt.NDArray[np.intp], replicates: int, seed: int
) -> list[float] | None:
    true, predicted = side.truth[taken], side.predicted[taken]
    if not replicates or len(taken) < 3 or not np.isfinite(predicted).all():
        return None
    (scores,) = resampled(
        len(taken), replicates, seed, lambda places: (_drawn_scores(true, predicted, places),)
    )
    return interval(scores)


def _compare(own: _Side, other: _Side, replicates: int, seed: int) -> dict[str, Any]:
    """Compare on the items that both submissions answer."""
    firsts = [side.joined.first for side in (own, other)]
    both = np.flatnonzero((firsts[0] >= 0) & (firsts[1] >= 0))
    for side, first in zip((own, other), firsts, strict=True):
        usable = side.is_given & side.given.is_readable & np.isfinite(side.predicted).all(axis=1)
        both = both[usable[first[both]]]
    places = [first[both] for first in firsts]
    scores = [
        _outcome(_pairs(side, at), len(both)).score
        for side, at in zip((own, other), places, strict=True)
    ]
    if len(both) < 3 or not replicates or np.isnan(scores).any():
        difference = defined(scores[0] - scores[1])
        return {"convention": "website", "n": len(both), "score": defined(scores[1]),
                "difference": difference, "ci95": None, "p": None}  # fmt: skip
    true = own.truth[places[0]]
    predicted = [side.predicted[at] for side, at in zip((own, other), places, strict=True)]
    drawn = resampled(
        len(both),
        replicates,
        seed,
        lambda at: (_drawn_scores(true, predicted[0], at), _drawn_scores(true, predicted[1], at)),
    )
    return {"convention": "website", "n": len(both)} | compared(
        drawn[0], drawn[1], scores[0], scores[1]
    )


def _warnings(truth: Truth, side: _Side, outcomes: dict[str, _Outcome]) -> list[str]:
    said = [
        f"{outcome.fault[0].upper()}{outcome.fault[1:]}."
        for outcome in outcomes.values()
        if outcome.fault
    ]
    said += _gap_warnings(truth, side, outcomes)
    website, leaderboard = outcomes["website"], outcomes["leaderboard"]
    if abs(website.score - leaderboard.score) > 0.006:
        said.append(
            f"Website and toolkit clip the mean of SRCC and PLCC at 0 ({website.score:.4f}); the "
            f"leaderboard clips each first and rounds ({leaderboard.score})."
        )
    for at, name in enumerate(DIMENSIONS):
        if np.isnan(website.parts[name]["score"]) and website.n:
            kind = _why_undefined(side.predicted[_first(side)][:, at])
            said.append(f"{name.capitalize()} has no score on the website: {kind}.")
    return said


def _why_undefined(predicted: Floats) -> str:
    if not np.isfinite(predicted).all():
        return f"{int((~np.isfinite(predicted)).sum())} predictions are NaN or infinite"
    if len(predicted) < 2:
        return "a correlation needs two items"
    return "all predictions, or all true scores, are equal, which has no correlation"


def _gap_warnings(truth: Truth, side: _Side, outcomes: dict[str, _Outcome]) -> list[str]:
    joined, said = side.joined, []
    if joined.missing:
        said.append(
            f"{len(joined.missing)} of {len(truth.items)} items have no prediction: every "
            f"convention correlates the rest only ({outcomes['website'].n} items), so the score "
            "is not comparable with complete submissions."
        )
    if joined.duplicate:
        said.append(
            f"{len(joined.duplicate)} items are predicted more than once: the first prediction "
            "counts here, leaderboard and toolkit count each."
        )
    if joined.unknown:
        said.append(f"{len(joined.unknown)} predictions belong to no item of the truth.")
    known = joined.place >= 0
    n_text = int((known & side.is_given & ~side.given.is_number & side.given.is_readable).sum())
    if n_text:
        said.append(
            f"{n_text} predictions are numbers written as text: website and leaderboard take "
            "them, the toolkit stops with an error."
        )
    n_lost = int((known & ~(side.is_given & side.given.is_readable)).sum())
    if n_lost:
        example = one_line(side.predicted[known & ~(side.is_given & side.given.is_readable)][0], 40)
        said.append(
            f"{n_lost} items lack a true or predicted score that is a number (read as {example}) "
            "and are in no correlation."
        )
    return said
