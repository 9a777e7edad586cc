"""How well a model answers the questions: shares right, with Wilson intervals."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

__all__ = ["Answered", "accuracy_table", "cohen_kappa", "wilson"]

_Z = 1.959963984540054


class Answered(NamedTuple):
    """One question as a model answered it."""

    is_right: bool | None
    """None where the reply could not be read."""
    groups: dict[str, str]
    """Grouping -> group: type, dimension, discipline, level."""


def wilson(n_right: int, n: int) -> tuple[float, float] | None:
    """Return the 95 % Wilson score interval of a share; None for n = 0.

    Source: Wilson, J. Am. Stat. Assoc. 22 (1927), 209–212.

    >>> [round(limit, 4) for limit in wilson(8, 10)]
    [0.4902, 0.9433]
    """
    if not n:
        return None
    share, z2 = n_right / n, _Z * _Z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def accuracy_table(answers: Iterable[Answered]) -> list[dict[str, Any]]:
    """Return a row for all answers and one for each group of each grouping.

    Rows have `by`, `group`, `n`, `right`, `unreadable`, `accuracy` and `ci95_low`, `ci95_high`.
    Unreadable replies are counted apart: they are in no share. Shares are None for n = 0.
    """
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for answer in answers:
        for key in [("all", ""), *answer.groups.items()]:
            row = counts[key]
            if answer.is_right is None:
                row[2] += 1
            else:
                row[0] += 1
                row[1] += answer.is_right
    return [_row(by, group, *counts[by, group]) for by, group in sorted(counts)]


def _row(by: str, group: str, n: int, right: int, unreadable: int) -> dict[str, Any]:
    limits = wilson(right, n)
    return {
        "by": by,
        "group": group,
        "n": n,
        "right": right,
        "unreadable": unreadable,
        "accuracy": right / n if n else None,
        "ci95_low": limits[0] if limits else None,
        "ci95_high": limits[1] if limits else None,
    }


def cohen_kappa(pairs: Iterable[tuple[bool, bool]]) -> float | None:
    """Return Cohen's kappa of two people's yes and no on the same things.

    None where they share nothing, or both gave one and the same answer throughout.

    Source: Cohen, Educ. Psychol. Meas. 20 (1960), 37–46.

    >>> round(cohen_kappa([(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10
    ...                   + [(False, False)] * 15), 4)
    0.4
    """
    given = list(pairs)
    n = len(given)
    if not n:
        return None
    first = sum(a for a, _ in given) / n
    second = sum(b for _, b in given) / n
    expected = first * second + (1 - first) * (1 - second)
    observed = sum(a == b for a, b in given) / n
    return None if expected == 1 else (observed - expected) / (1 - expected)
