"""Who sees what next: pure policies over arrays, so that they can be simulated.

Arrays are indexed by stimulus, in the order of import.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Choice", "choose_fewest_first", "order_keys", "rater_key", "stimulus_keys"]

Keys = NDArray[np.uint64]


class Choice(NamedTuple):
    """A stimulus, and how it came to be chosen."""

    place: int
    """Index of the stimulus."""
    arm: str
    """Name of the policy."""
    probability: float
    """Probability of this stimulus under the policy at that moment, over the study's seed."""


def _mix(values: Keys) -> Keys:
    """Scramble 64-bit integers (the finaliser of splitmix64, Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def stimulus_keys(stimuli: list[str]) -> Keys:
    """Return one 64-bit key for each stimulus id `s` + hex; independent of its position."""
    return np.array([int(stimulus[1:17], 16) for stimulus in stimuli], dtype=np.uint64)


def rater_key(rater: str, seed: int) -> np.uint64:
    """Return the key that gives a rater an order of their own under the study's seed."""
    import hashlib

    digest = hashlib.blake2b(f"{seed}\0{rater}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "big"))


def order_keys(stimuli: Keys, rater: np.uint64) -> Keys:
    """Return the rater's seeded order: the smallest key comes first.

    A stimulus keeps its key when others are added.
    """
    return _mix(stimuli ^ rater)


def choose_fewest_first(
    n_served: NDArray[np.int32], is_open: NDArray[np.bool_], stimuli: Keys, rater: np.uint64
) -> Choice | None:
    """Choose among the open stimuli with the fewest submissions, in the rater's own order.

    Args:
        n_served: Submissions that count plus those being worked on, for each stimulus.
        is_open: Whether this rater may get the stimulus.
        stimuli: Keys of the stimuli.
        rater: Key of the rater.

    Returns:
        The choice, with probability 1/m among m stimuli tied for fewest; None where none is open.

    >>> keys = stimulus_keys(["s00000000000000aa", "s00000000000000bb"])
    >>> choice = choose_fewest_first(
    ...     np.array([3, 1], np.int32), np.array([True, True]), keys, rater_key("Ada", 1))
    >>> choice.place, choice.probability
    (1, 1.0)
    """
    candidates = np.flatnonzero(is_open)
    if candidates.size == 0:
        return None
    served = n_served[candidates]
    tied = candidates[served == served.min()]
    first = tied[np.argmin(order_keys(stimuli[tied], rater))]
    return Choice(int(first), "random", 1.0 / tied.size)
