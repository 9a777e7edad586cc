"""NIQE against scikit-video, and what it does with figures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pipelines.scoring.backends import open_scorer
from pipelines.scoring.models.niqe import niqe
from schemas.errors import UserError
from tests.scoring.tiny_models import TARGETS


def noise():
    values = np.random.default_rng(7).normal(128, 40, (300, 420))
    return values.clip(0, 255).astype(np.uint8)


def test_it_is_scikit_videos():
    # skvideo.measure.niqe 1.1.11 on the same pixels; its filters keep 32 bits.
    assert niqe(Image.fromarray(noise())) == pytest.approx(32.34404, rel=1e-3)


@pytest.mark.parametrize("picture", [Image.new("L", (500, 400), 255), Image.new("RGB", (50, 20))])
def test_flat_and_small_pictures_have_a_number(picture):
    assert np.isfinite(niqe(picture))


def test_the_backend(tmp_path):
    smooth = np.tile(np.linspace(0, 255, 300, dtype=np.uint8), (300, 1))
    Image.fromarray(noise()).save(tmp_path / "a.png")
    Image.fromarray(smooth).save(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(b"")
    scorer = open_scorer("niqe", None, TARGETS)
    rows = scorer.features([tmp_path / name for name in ("a.png", "b.png", "c.png")])
    assert rows[0, 0] == pytest.approx(niqe(Image.fromarray(noise())), rel=1e-6)
    assert np.isnan(rows[2]).all()
    outlook = scorer.outlook(rows[:2])
    assert (np.argsort(outlook.quality[:, 0]) == np.argsort(-rows[:2, 0])).all()
    assert outlook.quality.shape == (2, 6)
    assert not any(known.is_predictable for known in scorer.start().evidence)
    with pytest.raises(UserError, match="takes no model"):
        open_scorer("niqe", tmp_path, TARGETS)
