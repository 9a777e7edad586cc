"""Learn the prior from figures with known flaws. For developers; the product only loads it.

One linear detector for each flaw, then the composition that the table of flaws defines. On kinds
of figure that training had not seen, networks with hidden layers found the same flaws far worse:
they learn which kinds go with which flaws.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.figures.flaws import FLAWS
from pipelines.scoring.prior import Prior, expand

__all__ = ["Examples", "learn_prior", "names_hash"]

Array = NDArray[np.float32]

_N_COMPONENTS = 64
_N_KNOTS = 25
_FOLDS = 4
_CRAFTED_PENALTY, _WHOLE_PENALTY = 300.0, 4000.0
_CRAFTED_SCALE = 1.5
"""Weight of the crafted features beside the network's, which are five times as many."""
_CAUTION = 0.7
"""Factor on logits: detectors are less sure on kinds of figure that they have not seen."""


class Examples(NamedTuple):
    """Features of rendered figures and what is known about them."""

    features: Array
    """`[n, p]`."""
    kinds: tuple[str, ...]
    """Kind of each figure."""
    severity: Array
    """`[n, 4]` how much is wrong on each dimension, 0–1."""
    presence: Array
    """`[n, 59]` severity of each flaw, 0 where it is absent."""

    def take(self, kept: NDArray[np.bool_]) -> Examples:
        """Return the examples for which `kept`, `[n]`, is true."""
        kinds = tuple(k for k, keep in zip(self.kinds, kept, strict=True) if keep)
        return Examples(self.features[kept], kinds, self.severity[kept], self.presence[kept])

    def of_kinds(self, kinds: Sequence[str], *, inside: bool = True) -> Examples:
        """Return the examples of some kinds, or of all others."""
        return self.take(np.array([(kind in kinds) == inside for kind in self.kinds]))


def names_hash(names: Sequence[str]) -> str:
    """Return a short hash of the names of features, in order."""
    return hashlib.sha256(",".join(names).encode()).hexdigest()[:16]


def learn_prior(examples: Examples, names: Sequence[str], n_crafted: int | None = None) -> Prior:
    """Learn a prior; correlations and residuals are left for the caller to measure.

    The same examples give the same prior.

    Args:
        examples: Of several kinds.
        names: Names of the features.
        n_crafted: How many of the features, from the first on, are hand-crafted; the others
            come from a network. All of them when absent.
    """
    features = examples.features
    n_crafted = features.shape[1] if n_crafted is None else n_crafted
    arrays = _scales(features, n_crafted)
    x = expand(features, arrays)
    weights, offset = _both(x, 3 * n_crafted, examples)
    arrays |= {
        "weights": weights * _CAUTION,
        "offset": offset * _CAUTION,
        "basis": _basis(x),
    }
    width = len(FLAWS) + arrays["basis"].shape[1]
    wide = arrays | {"input_mean": np.zeros(width), "input_sd": np.full(width, 1e4)}
    raw = Prior(_single(wide), {}, {}, "")(features).inputs * 1e4
    scaled = arrays | {
        "input_mean": raw.mean(axis=0),
        "input_sd": raw.std(axis=0) + 1e-3,
    }
    return Prior(_single(scaled), {}, {}, names_hash(names))


def _both(x: Array, n_wide: int, examples: Examples) -> tuple[Array, Array]:
    """Return weights and offsets: the mean of detectors with and without the network's features."""
    kinds = np.unique(examples.kinds, return_inverse=True)[1]
    weights, offset = _detectors(x[:, :n_wide], examples.presence, kinds, _CRAFTED_PENALTY)
    if n_wide == x.shape[1]:
        return weights, offset
    weighted = x.copy()
    weighted[:, :n_wide] *= _CRAFTED_SCALE
    whole, whole_offset = _detectors(weighted, examples.presence, kinds, _WHOLE_PENALTY)
    whole[:n_wide] *= _CRAFTED_SCALE
    whole[:n_wide] += weights
    half = np.float32(0.5)
    return whole * half, (offset + whole_offset) * half


def _single(arrays: dict[str, Array]) -> dict[str, Array]:
    return {name: np.asarray(value, dtype=np.float32) for name, value in arrays.items()}


def _scales(features: Array, n_crafted: int) -> dict[str, Array]:
    """Return mean and deviation of all features, and the ranks of the crafted ones.

    Ranks are 25 knots of the empirical distribution with the normal deviate of each, so that no
    feature's tail decides.
    """
    from scipy.stats import norm

    shares = np.linspace(0.01, 0.99, _N_KNOTS)
    deviates = norm.ppf(shares)
    crafted = features[:, :n_crafted]
    knots = np.quantile(crafted, shares, axis=0)
    levels = np.empty_like(knots)
    for column, values, level in zip(crafted.T, knots.T, levels.T, strict=True):
        _, place = np.unique(values, return_inverse=True)
        level[:] = (np.bincount(place, weights=deviates) / np.bincount(place))[place]
        reached = np.interp(column, values, level)
        level[:] = ((level - reached.mean()) / (reached.std() + 0.05)).clip(-3, 3)
    mean, sd = features.mean(axis=0), features.std(axis=0) + 1e-3
    return _single({"knots": knots, "levels": levels, "mean": mean, "sd": sd})


def _basis(x: Array) -> Array:
    """Return the directions of largest variance, scaled to unit variance, `[q, 64]`."""
    from scipy.linalg import eigh

    centred = x - x.mean(axis=0)
    n_columns = x.shape[1]
    n = min(_N_COMPONENTS, len(x) - 1, n_columns)
    largest = (n_columns - n, n_columns - 1)
    values, columns = eigh(centred.T @ centred / np.float32(len(x)), subset_by_index=largest)
    basis: Array = columns[:, ::-1] / np.sqrt(values[::-1].clip(1e-4))
    return basis


class _Moments(NamedTuple):
    """Sums over some examples; sums of disjoint sets add up."""

    gram: Array
    moment: Array

    def solve(self, penalty: float) -> Array:
        """Return the ridge's weights."""
        from scipy.linalg import solve

        ridge = np.diag(np.full(len(self.gram), penalty, np.float32))
        weights: Array = solve(self.gram + ridge, self.moment, assume_a="pos")
        return weights


def _detectors(
    x: Array, presence: Array, kinds: NDArray[np.intp], penalty: float
) -> tuple[Array, Array]:
    """Return weights `[q, 59]` and offsets `[59]` of the flaws' logits.

    Ridge on presence less the mean of its kind: no weight goes to what only tells kinds apart.
    What makes logits of it is fitted on kinds that each ridge had not seen, so that a detector
    which only knows kinds gets no say.
    """
    n_kinds = np.bincount(kinds)
    means = np.stack([np.bincount(kinds, flaw) for flaw in presence.T], axis=1) / n_kinds[:, None]
    centred = presence - means[kinds].astype(np.float32)
    folds = [np.flatnonzero(kinds % _FOLDS == fold) for fold in range(_FOLDS)]
    parts = [_Moments(x[rows].T @ x[rows], x[rows].T @ centred[rows]) for rows in folds]
    whole = _Moments(sum(p.gram for p in parts), sum(p.moment for p in parts))  # type: ignore[arg-type]
    unseen = np.zeros_like(centred)
    for rows, part in zip(folds, parts, strict=True):
        rest = _Moments(whole.gram - part.gram, whole.moment - part.moment)
        unseen[rows] = x[rows] @ rest.solve(penalty)
    slope, offset = _calibrated(unseen.astype(float), presence.astype(float))
    return whole.solve(penalty) * slope.astype(np.float32), offset.astype(np.float32)


def _calibrated(
    scores: NDArray[np.float64], presence: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return slope (never negative) and offset of each flaw's logit, by Newton's method.

    Platt (1999), with severities as targets and a weak pull of the slope to 0.5 deviations.
    """
    sd = scores.std(axis=0) + 1e-6
    u = scores / sd
    slope, offset = np.ones(u.shape[1]), np.full(u.shape[1], -3.0)
    for _ in range(40):
        share = 1 / (1 + np.exp(-(slope * u + offset).clip(-30, 30)))
        weight, rest = share * (1 - share) + 1e-9, presence - share
        to_slope, to_offset = (rest * u).sum(axis=0) - (slope - 0.5), rest.sum(axis=0)
        a, b, c = (
            (weight * u * u).sum(axis=0) + 1,
            (weight * u).sum(axis=0),
            weight.sum(0) + 0.1,
        )
        determinant = a * c - b * b
        slope += ((c * to_slope - b * to_offset) / determinant).clip(-1, 1)
        offset += ((a * to_offset - b * to_slope) / determinant).clip(-1, 1)
    return slope.clip(0) / sd, offset
