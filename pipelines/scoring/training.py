"""Learn the prior from figures with known flaws. For developers; the product only loads it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.figures.flaws import DIMENSIONS, FLAWS, KINDS, flaws_of_kind
from pipelines.scoring.prior import Prior

__all__ = ["Examples", "learn_prior", "names_hash"]

Array = NDArray[np.float32]

_HIDDEN = (256, 96)
_N_COMPONENTS = 48


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

    def of_kinds(self, kinds: Sequence[str], *, inside: bool = True) -> Examples:
        """Return the examples of some kinds, or of all others."""
        kept = np.array([(kind in kinds) == inside for kind in self.kinds])
        return Examples(
            self.features[kept],
            tuple(k for k, keep in zip(self.kinds, kept, strict=True) if keep),
            self.severity[kept],
            self.presence[kept],
        )


def names_hash(names: Sequence[str]) -> str:
    """Return a short hash of the names of features, in order."""
    return hashlib.sha256(",".join(names).encode()).hexdigest()[:16]


def learn_prior(
    examples: Examples,
    names: Sequence[str],
    seed: int = 0,
    epochs: int = 24,
    seen: Sequence[int] | None = None,
) -> Prior:
    """Learn a prior; correlations and residuals are left for the caller to measure.

    Args:
        examples: What to learn from; a few thousand.
        names: Names of the features.
        seed: Seeds initial weights, order and dropout.
        epochs: Passes over the examples.
        seen: One entry for each network whose answers are averaged: how many of the features,
            from the first on, it sees. One that sees the hand-crafted ones only errs elsewhere
            than one that sees all: on kinds of figure that neither has seen, both together are
            better than either. One network that sees all when absent.
    """
    mean = examples.features.mean(axis=0)
    sd = examples.features.std(axis=0) + 1e-3
    x = ((examples.features - mean) / sd).clip(-5, 5).astype(np.float32)
    basis = _basis(x)
    layers = [
        _padded(_learn(x[:, :n], examples, seed + m, epochs), x.shape[1])
        for m, n in enumerate(seen or (x.shape[1],))
    ]
    arrays = {name: np.stack([weights[name] for weights in layers]) for name in layers[0]} | {
        "mean": mean,
        "sd": sd,
        "basis": basis,
    }
    width = len(FLAWS) + _HIDDEN[1] + basis.shape[1]
    unscaled = arrays | {"input_mean": np.zeros(width), "input_sd": np.full(width, 1e-3)}
    prior = Prior(_single(unscaled), {}, {}, names_hash(names))
    raw = _raw_inputs(prior, examples.features)
    scaled = arrays | {"input_mean": raw.mean(axis=0), "input_sd": raw.std(axis=0) + 1e-3}
    return Prior(_single(scaled), {}, {}, names_hash(names))


def _padded(weights: dict[str, Array], n_features: int) -> dict[str, Array]:
    """Return the layers with zeros for features that the network does not see."""
    missing = n_features - weights["w1"].shape[0]
    return weights | {"w1": np.pad(weights["w1"], ((0, missing), (0, 0)))}


def _single(arrays: dict[str, Any]) -> dict[str, Array]:
    return {name: np.asarray(value, dtype=np.float32) for name, value in arrays.items()}


def _raw_inputs(prior: Prior, features: Array) -> Array:
    """Return the head's inputs before standardisation."""
    wide = prior.arrays | {"input_sd": np.full_like(prior.arrays["input_sd"], 1e4)}
    raw: Array = Prior(wide, {}, {}, "")(features).inputs * 1e4
    return raw


def _basis(x: Array) -> Array:
    """Return the directions of largest variance, scaled to unit variance, `[p, 48]`."""
    _, values, rows = np.linalg.svd(x[:2500] - x[:2500].mean(axis=0), full_matrices=False)
    n = min(_N_COMPONENTS, len(values))
    scale = np.sqrt(min(len(x), 2500)) / (values[:n] + 1e-6)
    basis: Array = (rows[:n] * scale[:, None]).T.astype(np.float32)
    return basis


def _possible(kinds: Sequence[str]) -> Array:
    """Return `[n, 59]` with 1 where a flaw can occur in the kind of figure at all."""
    table = {
        kind: np.isin(list(FLAWS), [flaw.name for flaw in flaws_of_kind(kind)]) for kind in KINDS
    }
    return np.stack([table[kind] for kind in kinds]).astype(np.float32)


def _learn(x: Array, examples: Examples, seed: int, epochs: int) -> dict[str, Array]:
    """Train one network; return its layers as `[inputs, outputs]` matrices and biases."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Dropout(0.2), nn.Linear(x.shape[1], _HIDDEN[0]), nn.GELU("tanh"), nn.Dropout(0.4),
        nn.Linear(*_HIDDEN), nn.GELU("tanh"), nn.Dropout(0.2),
        nn.Linear(_HIDDEN[1], len(DIMENSIONS) + len(FLAWS)),
    )  # fmt: skip
    parts = (x, examples.severity, examples.presence, _possible(examples.kinds))
    inputs, severity, presence, possible = (torch.from_numpy(np.float32(p)) for p in parts)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.05)
    batch = 192
    n_steps = epochs * -(-len(x) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=n_steps)
    for _ in range(epochs):
        for rows in torch.split(torch.randperm(len(x)), batch):
            out = net(inputs[rows])
            loss = _loss(out, severity[rows], presence[rows], possible[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    linear = [layer for layer in net if isinstance(layer, nn.Linear)]
    weights = {f"w{i}": layer.weight.detach().numpy().T for i, layer in enumerate(linear, 1)}
    biases = {f"b{i}": layer.bias.detach().numpy() for i, layer in enumerate(linear, 1)}
    return weights | biases


def _loss(out: Any, severity: Any, presence: Any, possible: Any) -> Any:
    """Return squared error of severities plus cross-entropy of flaws that could be there."""
    import torch
    import torch.nn.functional as F

    n_dimensions = len(DIMENSIONS)
    wrong = F.mse_loss(torch.sigmoid(out[:, :n_dimensions]), severity)
    entropy = F.binary_cross_entropy_with_logits(
        out[:, n_dimensions:], presence.clamp(max=1.0), weight=possible, reduction="sum"
    )
    return wrong * 12 + entropy / possible.sum() * 2
