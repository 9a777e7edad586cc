"""Who sees what next: pure policies over arrays, so that they can be simulated.

Arrays are indexed by stimulus, in the order of import.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Choice", "Mixture", "ModelOrder", "choose_fewest_first", "choose_mixed", "order_keys",
    "rater_key", "stimulus_keys",
]  # fmt: skip

Keys = NDArray[np.uint64]


class Choice(NamedTuple):
    """A stimulus, and how it came to be chosen."""

    place: int
    """Index of the stimulus."""
    arm: str
    """Name of the policy."""
    probability: float
    """Probability of this stimulus at that moment under the whole policy, all its arms together,
    over the study's seed."""


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


SHELF = 8
"""Stimuli of a stratum among which the model's arm draws."""
_WINDOW = 64
_BLOCK = 256


class Mixture(NamedTuple):
    """How arms share the assignments."""

    model_share: float
    """Chance of the model's arm."""
    floor: float
    """ε: chance of a draw among all open stimuli alike; part of the random arm."""


class ModelOrder(NamedTuple):
    """What the model would serve first."""

    strata: tuple[NDArray[np.intp], ...]
    """Places by falling gain, one array for each stratum of predicted quality, best first."""
    stratum: NDArray[np.int8]
    """Stratum of each place; -1 outside the order. May be shorter than the pool has grown."""


def choose_mixed(
    n_served: NDArray[np.int32],
    is_open: NDArray[np.bool_],
    order: ModelOrder | None,
    mixture: Mixture,
    last_stratum: int,
    rng: np.random.Generator,
) -> Choice | None:
    """Draw an arm, then a stimulus by it.

    The arm `model` draws a stratum other than the last one served, so that no run of bad images
    makes a contrast, then one of the eight stimuli that come first there. The arm `random` draws
    among the fewest served or, with chance ε, among all that are open. Where the model has
    nothing to say its share is random too.

    Args:
        n_served: Submissions that count plus those being worked on, for each stimulus.
        is_open: Whether this rater may get the stimulus.
        order: The model's order, or None.
        mixture: Shares of the arms.
        last_stratum: Stratum of what this rater was served last; -1 where that is unknown.
        rng: Source of chance.

    Returns:
        The choice with its probability under both arms together; None where none is open.
    """
    candidates = np.flatnonzero(is_open)
    if candidates.size == 0:
        return None
    served = n_served[candidates]
    tied = candidates[served == served.min()]
    shelves = _shelves(n_served, is_open, order, last_stratum)
    share = mixture.model_share if shelves else 0.0
    drawn = rng.random()
    if drawn < share:
        arm, among = "model", shelves[rng.integers(len(shelves))]
    else:
        arm, among = "random", candidates if drawn < share + mixture.floor else tied
    place = int(among[rng.integers(len(among))])
    by_model = sum(1 / len(shelf) for shelf in shelves if place in shelf) / max(len(shelves), 1)
    by_fewest = (n_served[place] == served.min()) / tied.size
    rest = max(1 - share - mixture.floor, 0.0)
    probability = share * by_model + rest * by_fewest + mixture.floor / candidates.size
    return Choice(place, arm, float(probability))


def _shelves(
    n_served: NDArray[np.int32],
    is_open: NDArray[np.bool_],
    order: ModelOrder | None,
    last_stratum: int,
) -> list[NDArray[np.intp]]:
    """Return the stimuli that come first in each stratum that may be drawn; none empty."""
    if order is None:
        return []
    shelves, owners = [], []
    for places in order.strata:
        first = _first_open(places, is_open)
        if first.size:
            # Gains were computed a while ago: what was served since waits behind what was not.
            fewest = np.argsort(n_served[first], kind="stable")[:SHELF]
            shelves.append(first[fewest])
            owners.append(int(order.stratum[first[0]]))
    others = [s for s, owner in zip(shelves, owners, strict=True) if owner != last_stratum]
    return others or shelves


def _first_open(places: NDArray[np.intp], is_open: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the first places of an order that are open, 64 at most; looks no further."""
    found: list[NDArray[np.intp]] = []
    n, start, size = 0, 0, _BLOCK
    while start < places.size and n < _WINDOW:
        block = places[start : start + size]
        block = block[is_open[block]]
        found.append(block)
        n += block.size
        start, size = start + size, size * 2
    return np.concatenate(found)[:_WINDOW] if found else places[:0]
