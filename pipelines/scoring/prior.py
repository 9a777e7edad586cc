"""What can be said of an image before anyone has rated it.

Linear detectors of flaws on frozen features, learned from rendered figures whose flaws are
known, and the severity that the flaws found add up to. Shipped as safetensors;
`python -m pipelines.scoring.make_prior` makes the files again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.figures.flaws import DIMENSIONS, FLAWS
from schemas.errors import UserError

__all__ = ["Prior", "PriorOutput", "expand", "load_prior", "prior_file", "save_prior"]

Array = NDArray[np.float32]

_FOLDER = Path(__file__).parent / "weights"
_FORMAT = "siqa-prior-2"
_CLIP = 5.0
_HINGE, _HINGE_SCALE = 0.7, 1.5
_HALO = 0.25
"""Share of the overall impression in raters' scores of each dimension; as in `figures.Panel`."""
_KEYS = (
    "knots", "levels", "mean", "sd", "weights", "offset", "basis", "input_mean", "input_sd",
)  # fmt: skip
_EXACT = ("knots", "levels")
"""Kept in single precision: features have very different scales."""
_WEIGHTS = np.array([flaw.weight for flaw in FLAWS.values()], dtype=np.float32)
_OWNER = np.array([DIMENSIONS.index(flaw.dimension) for flaw in FLAWS.values()])


class PriorOutput(NamedTuple):
    """What the prior says about n images."""

    quality: Array
    """`[n, 4]` quality that raters would see on each of `DIMENSIONS`, 1–5."""
    flaws: Array
    """`[n, 59]` probability of each flaw, in the order of `FLAWS`."""
    inputs: Array
    """`[n, k]` standardised inputs for the head: flaws, principal components."""


@dataclass(frozen=True, slots=True)
class Prior:
    """The learned detectors with their standardisation."""

    arrays: dict[str, Array]
    """Weights by name."""
    srcc: dict[str, float]
    """Dimension -> rank correlation on kinds of figure that were held out of training."""
    residual_sd: dict[str, float]
    """Dimension -> deviation: 1.645 of it hold 90 % of panels' MOS on held-out kinds."""
    feature_names: str
    """Hash of the names of the features it was learned on."""

    def __call__(self, features: Array) -> PriorOutput:
        """Return what the prior says.

        Args:
            features: `[n, p]`, as `embedded.extract_features` gives them.

        Raises:
            UserError: `prior_features_differ` for another number of features.
        """
        a = self.arrays
        if features.ndim != 2 or features.shape[1] != a["mean"].size:
            raise UserError(
                "prior_features_differ",
                f"The prior was learned on {a['mean'].size} features, these are "
                f"{features.shape[-1]}; make it again with python -m pipelines.scoring.make_prior.",
            )
        x = expand(features, a)
        logits = x @ a["weights"] + a["offset"]
        flaws = _sigmoid(logits)
        raw = np.concatenate([logits, x @ a["basis"]], axis=1)
        inputs = ((raw - a["input_mean"]) / a["input_sd"]).clip(-_CLIP, _CLIP)
        return PriorOutput(_quality(flaws), flaws, inputs.astype(np.float32))


def expand(features: Array, arrays: Mapping[str, Array]) -> Array:
    """Return what the detectors take, `[n, 3 c + (p - c)]`.

    Hand-crafted features become normal deviates of their ranks and two hinges beyond ±0.7, so
    that much and little can count differently; the network's are standardised.

    Args:
        features: `[n, p]`, the crafted ones first.
        arrays: `knots` and `levels` of the c crafted features, `mean` and `sd` of all.
    """
    knots, levels = arrays["knots"], arrays["levels"]
    n_crafted = knots.shape[1]
    ranks = np.stack(
        [np.interp(features[:, i], knots[:, i], levels[:, i]) for i in range(n_crafted)],
        axis=1,
    )
    hinges = [_HINGE_SCALE * np.maximum(sign * ranks - _HINGE, 0) for sign in (1, -1)]
    mean, sd = arrays["mean"][n_crafted:], arrays["sd"][n_crafted:]
    rest = ((features[:, n_crafted:] - mean) / sd).clip(-4, 4)
    return np.concatenate([ranks, *hinges, rest], axis=1, dtype=np.float32)


def _quality(flaws: Array) -> Array:
    """Return the quality that raters would see: flaws add up as `figures.flaws.severity_of`."""
    kept = 1 - _WEIGHTS * flaws
    quality = 1 + 4 * np.stack(
        [kept[:, d == _OWNER].prod(axis=1) for d in range(len(DIMENSIONS))], axis=1
    )
    quality += _HALO * (quality.mean(axis=1, keepdims=True) - quality)
    return np.asarray(quality, dtype=np.float32)


def _sigmoid(x: Array) -> Array:
    """Return the logistic function without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)), dtype=np.float32)


def save_prior(prior: Prior, path: Path) -> None:
    """Write a prior as safetensors, matrices in half precision."""
    from safetensors.numpy import save_file

    # safetensors writes the buffer as it lies; a transposed view would come back scrambled.
    arrays = {
        name: np.ascontiguousarray(
            value,
            dtype=np.float16 if value.ndim > 1 and name not in _EXACT else np.float32,
        )
        for name, value in prior.arrays.items()
    }
    facts = {"srcc": prior.srcc, "residual_sd": prior.residual_sd}
    metadata = {
        "format": _FORMAT,
        "flaws": ",".join(FLAWS),
        "feature_names": prior.feature_names,
        "facts": json.dumps(facts, sort_keys=True),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(arrays, path, metadata)


def load_prior(name_or_path: str | Path = "full") -> Prior:
    """Load a prior.

    Args:
        name_or_path: `full` (with the network's features), `hand` (without), or a file.

    Raises:
        UserError: `prior_invalid` for a file that is absent, no safetensors, of another format,
            or learned on other flaws.
    """
    path = prior_file(name_or_path)
    metadata, arrays = _read(path)
    if metadata.get("format") != _FORMAT or set(arrays) != set(_KEYS):
        raise _invalid(path, "it is not a prior of this version")
    if metadata["flaws"] != ",".join(FLAWS):
        raise _invalid(path, "it was learned on other flaws")
    facts = json.loads(metadata["facts"])
    return Prior(
        {name: value.astype(np.float32) for name, value in arrays.items()},
        facts["srcc"],
        facts["residual_sd"],
        metadata["feature_names"],
    )


def prior_file(name_or_path: str | Path) -> Path:
    """Return where a prior lies: a shipped one by its name, or the path as given."""
    shipped = name_or_path in ("full", "hand")
    return _FOLDER / f"prior-{name_or_path}.safetensors" if shipped else Path(name_or_path)


def _read(path: Path) -> tuple[dict[str, str], dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - the file is no mapping
    except (OSError, SafetensorError) as error:
        raise _invalid(path, "it cannot be read as safetensors") from error


def _invalid(path: Path, fault: str) -> UserError:
    return UserError(
        "prior_invalid",
        f"{path.name} is not usable: {fault}. Make it again with "
        "python -m pipelines.scoring.make_prior.",
    )
