"""Scores as words: the toolkit's rule and Q-Align's, which differ at the edges of the bins."""

from __future__ import annotations

from fractions import Fraction

__all__ = ["Q_ALIGN_LEVELS", "TOOLKIT_LEVELS", "q_align_level", "toolkit_level"]

TOOLKIT_LEVELS = ("Bad", "Poor", "Fair", "Good", "Excellent")
Q_ALIGN_LEVELS = ("bad", "poor", "fair", "good", "excellent")

_FINEST = 10_000


def toolkit_level(score: float) -> str:
    """Return the word that SIQA-Eval's `data/tran_OpenAI.py` gives a score on 1 to 5.

    Five bins of 0.8, closed on the left, in floating point as there: 3.4 is Fair, although
    exact arithmetic makes it Good.

    >>> [toolkit_level(score) for score in (1, 1.8, 2.6, 3.4, 4.2, 9)]
    ['Bad', 'Poor', 'Fair', 'Fair', 'Excellent', 'Excellent']
    """
    clipped = max(1.0, min(5.0, score))
    return TOOLKIT_LEVELS[min(5, int((clipped - 1.0) // 0.8) + 1) - 1]


def q_align_level(score: float, low: float, high: float) -> str:
    """Return the word of Q-Align's rule: five equal bins of [low, high], closed on the right.

    Exact: a mean of ratings is a fraction, and means that should lie on an edge do.

    Args:
        score: The score; outside of [low, high] the nearest word is given.
        low: m, the lowest score there can be.
        high: M, the highest; above `low`.

    >>> [q_align_level(score, 1, 5) for score in (1, 1.8, 2.6, 3.4, 4.2, 5)]
    ['bad', 'bad', 'poor', 'fair', 'good', 'excellent']
    """
    exact = Fraction(score).limit_denominator(_FINEST)
    share = (exact - Fraction(low)) * 5 / (Fraction(high) - Fraction(low))
    above = -(-share.numerator // share.denominator)  # rounded up
    return Q_ALIGN_LEVELS[min(5, max(1, above)) - 1]
