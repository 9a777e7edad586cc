"""Encoders of real architectures, against what the models themselves say."""

from __future__ import annotations

import hashlib
import pickle
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.scoring.backends import open_scorer
from pipelines.scoring.models.encoder import EncoderScorer
from pipelines.scoring.models.zero_shot import ClipIqaScorer, WordsScorer
from schemas.errors import UserError
from schemas.layout import stimulus_id
from tests.scoring import tiny_models
from tests.scoring.tiny_models import TARGETS


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def images(root):
    return tiny_models.pictures(root / "images")


@pytest.fixture(scope="module")
def siglip(root):
    return tiny_models.siglip2(root / "siglip2"), root / "siglip2"


@pytest.fixture(scope="module")
def clip(root):
    return tiny_models.clip(root / "clip"), root / "clip"


def pixels(folder, images, **options):
    from transformers import AutoImageProcessor

    processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True)
    return processor([Image.open(path) for path in images], return_tensors="pt", **options)


def texts(folder, prompts, **options):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return tokenizer(prompts, return_tensors="pt", **options)


def test_siglip_2_keeps_aspect_and_gives_the_models_own_pooled_features(siglip, images):
    model, folder = siglip
    scorer = open_scorer("encoder", folder, TARGETS)
    rows = scorer.features(images)
    given = pixels(folder, images)
    assert [tuple(shape) for shape in given["spatial_shapes"].tolist()] == [
        (3, 5), (5, 3), (4, 4), (5, 3),
    ]  # fmt: skip
    with torch.no_grad():
        expected = model.get_image_features(**given).pooler_output.numpy()
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows[:, :32], expected, atol=1e-5)
    assert scorer.outlook(rows).inputs.shape == (4, 32)


def test_other_encoders(root, clip, images):
    model, folder = clip
    with torch.no_grad():
        expected = model.get_image_features(**pixels(folder, images)).pooler_output.numpy()
    np.testing.assert_allclose(EncoderScorer(TARGETS, folder).features(images)[:, :24], expected,
                               atol=1e-5)  # fmt: skip
    model = tiny_models.dinov2(root / "dinov2")
    with torch.no_grad():
        expected = model(**pixels(root / "dinov2", images)).pooler_output.numpy()
    scorer = EncoderScorer(TARGETS, root / "dinov2")
    rows = scorer.features(images)
    np.testing.assert_allclose(rows, expected, atol=1e-5)
    # It says nothing of quality: the middle of the scale, and no order before ratings.
    assert (scorer.outlook(rows).quality == 3).all()
    assert not any(known.is_predictable for known in scorer.start().evidence)


@pytest.mark.parametrize("which", ["siglip", "clip"])
def test_level_words_are_the_models_own_logits(which, images, request):
    model, folder = request.getfixturevalue(which)
    prompts = [f"a scientific image with {level} clarity"
               for level in ("bad", "poor", "fair", "good", "perfect")]  # fmt: skip
    padding = {"padding": "max_length", "max_length": 24} if which == "siglip" else {
        "padding": True}  # fmt: skip
    with torch.no_grad():
        output = model(**pixels(folder, images), **texts(folder, prompts, **padding))
    shares = torch.softmax(output.logits_per_image, dim=1).double().numpy()
    scorer = open_scorer("zero-shot", folder, TARGETS)
    rows = scorer.features(images)
    np.testing.assert_allclose(rows.reshape(4, 4, 5)[:, 2], shares, atol=1e-5)
    quality = scorer.outlook(rows).quality
    np.testing.assert_allclose(quality[:, 2], shares @ [1, 2, 3, 4, 5], atol=1e-4)
    np.testing.assert_allclose(quality[:, 4], quality[:, 2:4].mean(axis=1))
    encoder = EncoderScorer(TARGETS, folder)
    np.testing.assert_allclose(encoder.outlook(encoder.features(images)).quality, quality,
                               atol=1e-6)  # fmt: skip


def test_clip_iqa_is_one_pair_of_antonyms(clip, images):
    model, folder = clip
    with torch.no_grad():
        output = model(
            **pixels(folder, images), **texts(folder, ["Bad photo.", "Good photo."], padding=True)
        )
    good = torch.softmax(output.logits_per_image, dim=1)[:, 1].numpy()
    scorer = ClipIqaScorer(TARGETS, folder)
    quality = scorer.outlook(scorer.features(images)).quality
    np.testing.assert_allclose(quality, np.repeat(1 + 4 * good[:, None], 6, axis=1), atol=1e-4)
    assert np.ptp(quality) > 1e-3


def test_what_cannot_be_read_is_nan(siglip, images, tmp_path):
    _, folder = siglip
    (tmp_path / "no.png").write_bytes(b"no picture")
    rows = EncoderScorer(TARGETS, folder).features([images[0], tmp_path / "no.png"])
    assert np.isfinite(rows[0]).all()
    assert np.isnan(rows[1]).all()
    assert np.isnan(WordsScorer(TARGETS, folder).features([tmp_path / "no.png"])).all()


def test_neighbours_change_nothing(siglip, images):
    scorer = EncoderScorer(TARGETS, siglip[1])
    alone = np.concatenate([scorer.features([path]) for path in images])
    np.testing.assert_allclose(scorer.features(images), alone, atol=1e-5)


def test_it_travels_without_its_weights(siglip, images):
    scorer = EncoderScorer(TARGETS, siglip[1])
    rows = scorer.features(images)
    sent = pickle.dumps(scorer)
    assert len(sent) < 10_000
    np.testing.assert_array_equal(pickle.loads(sent).features(images), rows)


def test_versions_tell_weights_words_and_settings_apart(siglip, tmp_path):
    _, folder = siglip
    tiny_models.siglip2(tmp_path / "other", seed=1)
    settings = tmp_path / "model.toml"
    settings.write_text(f'model = "{folder}"\nmax_num_patches = 9\n')
    versions = [EncoderScorer(TARGETS, path).version for path in (folder, folder, settings)]
    versions += [EncoderScorer(TARGETS, tmp_path / "other").version]
    # Their rows differ, so what one backend keeps must not be taken for another's.
    versions += [WordsScorer(TARGETS, folder).version, ClipIqaScorer(TARGETS, folder).version]
    assert versions[0] == versions[1]
    assert len(set(versions)) == 5


def test_settings_reach_the_processor(siglip, images, tmp_path):
    model, folder = siglip
    settings = tmp_path / "model.toml"
    settings.write_text(f'model = "{folder}"\nmax_num_patches = 9\n')
    given = pixels(folder, images, max_num_patches=9)
    with torch.no_grad():
        expected = model.get_image_features(**given).pooler_output.numpy()
    rows = EncoderScorer(TARGETS, settings).features(images)
    np.testing.assert_allclose(rows[:, :32], expected, atol=1e-5)
    settings.write_text(f'model = "{folder}"\nmax_patches = 9\n')
    with pytest.raises(UserError, match="unknown setting 'max_patches'"):
        EncoderScorer(TARGETS, settings)


def test_reference_images_are_a_second_input(siglip, images, tmp_path):
    _, folder = siglip
    # As the study keeps them: by the SHA-256 of their bytes.
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in images]
    kept = [tmp_path / f"{sha256}.png" for sha256 in hashes]
    for path, copy in zip(images, kept, strict=True):
        shutil.copy(path, copy)
    # One is named by its id, one by a file of the same bytes.
    (tmp_path / "pairs.csv").write_text(
        f"stimulus,reference\n{stimulus_id(hashes[0])},{images[1]}\n{images[2]},{images[2]}\n"
    )
    settings = tmp_path / "model.toml"
    settings.write_text(f'model = "{folder}"\nreferences = "pairs.csv"\n')
    scorer = EncoderScorer(TARGETS, settings)
    assert set(scorer._references) == {stimulus_id(hashes[0]), stimulus_id(hashes[2])}
    rows = scorer.features(kept)
    inputs = scorer.outlook(rows).inputs
    plain = EncoderScorer(TARGETS, folder).features(images)[:, :32]
    np.testing.assert_allclose(inputs[:, :32], plain, atol=1e-5)
    np.testing.assert_allclose(inputs[0, 32:], plain[1] - plain[0], atol=1e-5)
    assert not np.any(np.abs(inputs[1:, 32:]) > 1e-5)
    (tmp_path / "pairs.csv").write_text("stimulus,reference\na.png,absent.png\n")
    with pytest.raises(UserError, match=r"absent\.png, which is not there"):
        EncoderScorer(TARGETS, settings)


def test_words_need_a_text_side(root, siglip, tmp_path):
    tiny_models.siglip2(tmp_path / "mute", has_tokenizer=False)
    with pytest.raises(UserError, match="no text side and tokenizer"):
        WordsScorer(TARGETS, tmp_path / "mute")
    assert (EncoderScorer(TARGETS, tmp_path / "mute").features([]).shape) == (0, 32)
