"""A learned head on disk: safetensors only, so that reading a file never runs what is in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pipelines.scoring.head import Evidence, Head, Target
from pipelines.scoring.projection import Projection
from schemas.errors import UserError

__all__ = ["Learned", "load_learned", "save_learned"]

_FORMAT = "siqa-head-1"
_PARTS = ("weights", "covariance", "noise_and_widen")


class Learned(NamedTuple):
    """A head, and what it belongs to."""

    head: Head
    projection: Projection | None
    """None where the backend's inputs are standardised already."""
    targets: tuple[str, ...]
    """Names of the head's targets, in order."""
    scorer: str
    """Version of the backend whose rows it takes."""


def save_learned(learned: Learned, path: Path) -> None:
    """Write a head; the file appears whole or not at all."""
    from safetensors.numpy import save_file

    arrays: dict[str, Any] = {}
    for number, target in enumerate(learned.head.targets):
        arrays[f"weights_{number}"] = target.weights
        arrays[f"covariance_{number}"] = target.covariance
        arrays[f"noise_and_widen_{number}"] = np.array([target.noise, target.widen])
    if learned.projection is not None:
        arrays |= {"mean": learned.projection.mean, "basis": learned.projection.basis}
    metadata = {
        "format": _FORMAT,
        "targets": json.dumps(learned.targets),
        "scorer": learned.scorer,
        "scale": json.dumps(learned.head.scale),
        "evidence": json.dumps([evidence._asdict() for evidence in learned.head.evidence]),
    }
    part = path.with_suffix(".part")
    save_file({name: np.ascontiguousarray(a, float) for name, a in arrays.items()}, part, metadata)
    part.replace(path)


def load_learned(path: Path) -> Learned:
    """Read a head.

    Raises:
        UserError: `model_invalid` for a file that is absent, no safetensors, of another format, or
            whose parts are missing or do not fit together.
    """
    metadata, arrays = _read(path)
    if metadata.get("format") != _FORMAT:
        raise _invalid(path, "it is not a model of this version")
    try:
        names = tuple(str(name) for name in json.loads(metadata["targets"]))
        evidence = tuple(Evidence(**row) for row in json.loads(metadata["evidence"]))
        low, high = (float(end) for end in json.loads(metadata["scale"]))
        targets = tuple(
            _target(*(arrays[f"{part}_{number}"] for part in _PARTS))
            for number in range(len(names))
        )
        projection = Projection(arrays["mean"], arrays["basis"]) if "basis" in arrays else None
        scorer = metadata["scorer"]
    except (KeyError, TypeError, ValueError) as error:
        raise _invalid(path, f"a part is missing or wrong ({error})") from error
    if len(evidence) != len(names) or not names:
        raise _invalid(path, "its parts do not fit together")
    return Learned(Head(targets, evidence, (low, high)), projection, names, scorer)


def _target(weights: Any, covariance: Any, rest: Any) -> Target:
    size = len(covariance)
    if weights.shape != (size,) or covariance.shape != (size, size) or rest.shape != (2,):
        raise ValueError(f"shapes {weights.shape}, {covariance.shape}, {rest.shape}")
    if not all(np.isfinite(part).all() for part in (weights, covariance, rest)):
        raise ValueError("numbers that are not finite")
    return Target(weights, covariance, float(rest[0]), float(rest[1]))


def _read(path: Path) -> tuple[dict[str, str], dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - the file is no mapping
    except (OSError, SafetensorError) as error:
        raise _invalid(path, "it cannot be read as safetensors") from error


def _invalid(path: Path, fault: str) -> UserError:
    return UserError(
        "model_invalid",
        f"The model {path.name} is not usable: {fault}. Delete it; `score` learns it again.",
    )
