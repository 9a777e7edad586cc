"""Flaws of the finished picture done differently: visible, repeatable, stronger with severity."""

import numpy as np
import pytest
from PIL import Image

from annotator.demo.panel import IMAGES
from pipelines.scoring.features import FEATURE_NAMES, hand_features
from pipelines.scoring.figures.otherwise import OTHER_WAYS
from pipelines.scoring.figures.pixels import PIXEL_FLAWS, spoil

FIGURE = Image.open(IMAGES / "astronomy-phased-magnitude.png").convert("RGB")


def _feature(image, name):
    return hand_features(image)[FEATURE_NAMES.index(name)]


def test_every_flaw_of_the_picture_has_another_way():
    assert set(OTHER_WAYS) == {*PIXEL_FLAWS, "banding"}


@pytest.mark.parametrize("name", OTHER_WAYS)
def test_the_other_way_is_another_and_can_be_repeated(name):
    def drawn(table, seed=2):
        return spoil(FIGURE, {name: 0.8}, np.random.default_rng(seed), table)

    other, again = drawn(OTHER_WAYS), drawn(OTHER_WAYS)
    assert np.array_equal(np.asarray(other), np.asarray(again))
    usual = drawn(PIXEL_FLAWS)
    clean = spoil(FIGURE, {}, np.random.default_rng(2), OTHER_WAYS)
    for image in (clean, usual) if name != "mirrored" else (clean,):
        assert other.size != image.size or not np.array_equal(np.asarray(other), np.asarray(image))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["blur", "motion_blur"])
def test_more_of_a_blur_leaves_fewer_edges(name, seed):
    soft, softer = (
        OTHER_WAYS[name](FIGURE, severity, np.random.default_rng(seed)) for severity in (0.2, 1.0)
    )
    clean = _feature(FIGURE, "gradient_1")
    assert clean > _feature(soft, "gradient_1") > _feature(softer, "gradient_1")
