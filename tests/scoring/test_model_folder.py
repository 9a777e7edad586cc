"""Model folders that are wrong or malicious are refused with a sentence."""

from __future__ import annotations

import json
import pickle
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from pipelines.scoring.backends import open_scorer
from schemas.errors import UserError
from tests.scoring import tiny_models
from tests.scoring.tiny_models import TARGETS


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good") / "siglip2"
    tiny_models.siglip2(folder)
    return folder


@pytest.fixture
def folder(good, tmp_path):
    shutil.copytree(good, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    return tiny_models.pictures(tmp_path_factory.mktemp("pictures"))[0]


class Bomb:
    """Makes a file when it is read as a pickle."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return (Path.touch, (self.mark,))


def said(folder, picture=None, backend="encoder"):
    with pytest.raises(UserError) as told:
        scorer = open_scorer(backend, folder, TARGETS)
        scorer.features([picture])
    assert "\n" not in told.value.message
    assert str(folder.parent) not in told.value.message
    return f"{told.value.code}: {told.value.message}"


def test_pickles_are_not_read(folder, tmp_path):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    assert said(folder).startswith("model_pickled: The model copy has its weights in pytorch_m")
    assert not (tmp_path / "ran").exists()


def test_a_pickle_under_the_name_of_safetensors(folder, tmp_path):
    (folder / "model.safetensors").write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    assert "model.safetensors is damaged" in said(folder)
    assert not (tmp_path / "ran").exists()


def test_code_that_comes_along_is_not_run(folder, tmp_path, picture):
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass M: pass\n")
    config = json.loads((folder / "config.json").read_text())
    written = {"AutoConfig": "evil.M", "AutoModel": "evil.M"}
    (folder / "config.json").write_text(
        json.dumps(config | {"model_type": "mplug_owl2", "auto_map": written})
    )
    assert "code that comes with a model is never run" in said(folder)
    (folder / "config.json").write_text(json.dumps(config | {"auto_map": written}))
    open_scorer("encoder", folder, TARGETS).features([picture])
    assert not (tmp_path / "ran").exists()


def test_parts_outside_the_folder_are_not_opened(folder):
    (folder / "model.safetensors").rename(folder.parent / "secret.safetensors")
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": "../secret.safetensors"}})
    )
    assert "its index of parts cannot be read" in said(folder)


def test_what_is_missing_is_named(folder, picture):
    (folder / "preprocessor_config.json").unlink()
    assert "it has no preprocessor_config.json" in said(folder, picture)
    (folder / "config.json").write_text("{")
    assert "its config.json cannot be read" in said(folder)
    (folder / "config.json").unlink()
    assert "it has no config.json" in said(folder)
    (folder / "model.safetensors").unlink()
    assert "it has no model.safetensors" in said(folder)
    with pytest.raises(UserError, match=r"There is no model .*nowhere: no folder of this name"):
        open_scorer("encoder", folder / "nowhere", TARGETS)
    with pytest.raises(UserError, match="needs a model"):
        open_scorer("vlm", None, TARGETS)


def test_a_file_that_is_cut_short(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    assert "is damaged" in said(folder)
    path.write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    assert "is damaged" in said(folder)


def test_missing_weights(folder, picture):
    from safetensors.numpy import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    gone = next(name for name in weights if "vision_model.encoder" in name)
    save_file({name: w for name, w in weights.items() if name != gone},
              folder / "model.safetensors", {"format": "pt"})  # fmt: skip
    assert "1 of its weights are missing or of another shape, such as vision_model" in said(
        folder, picture
    )


def test_weights_of_another_architecture(folder, picture, tmp_path):
    tiny_models.dinov2(tmp_path / "dino")
    shutil.copy(tmp_path / "dino" / "model.safetensors", folder / "model.safetensors")
    assert "of its weights are missing or of another shape" in said(folder, picture)
    assert "model_invalid" in said(tmp_path / "dino", picture, "vlm")


def test_an_encoder_is_no_vision_language_model(folder, picture):
    assert said(folder, picture, "vlm").startswith("model_invalid: The model copy is not usable")


def test_weights_in_several_parts(good, folder, picture):
    from safetensors.numpy import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(weights)
    parts = {f"model-{i + 1}-of-2.safetensors": names[i::2] for i in (0, 1)}
    for file, part in parts.items():
        save_file({name: weights[name] for name in part}, folder / file, {"format": "pt"})
    index = {"metadata": {}, "weight_map": {n: f for f, part in parts.items() for n in part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    one, other = (open_scorer("encoder", path, TARGETS) for path in (good, folder))
    np.testing.assert_allclose(one.features([picture]), other.features([picture]), atol=1e-5)
    (folder / "model-2-of-2.safetensors").unlink()
    assert "its part model-2-of-2.safetensors is missing" in said(folder)
