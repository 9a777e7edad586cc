"""The prior: what is shipped loads and works, what is wrong is refused with a sentence."""

import json

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from annotator.demo.panel import IMAGES
from pipelines.scoring.embedded import embedded_feature_names, extract_features
from pipelines.scoring.figures.flaws import DIMENSIONS, FLAWS
from pipelines.scoring.prior import load_prior, save_prior
from pipelines.scoring.training import Examples, learn_prior, names_hash
from schemas.errors import UserError

_SEEN = ("permuted_ticks", "cut_off", "blur", "tilt")


def _examples(n=600, p=30, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, p)).astype(np.float32)
    # One flaw of each dimension is there as features 0 to 3 say; feature 29 knows only the kind.
    presence = np.zeros((n, len(FLAWS)), np.float32)
    for d, name in enumerate(_SEEN):
        presence[:, list(FLAWS).index(name)] = features[:, d] > 0
    kinds = np.array(("line", "bar", "map", "gel"))[rng.integers(0, 4, n)]
    features[:, 29] = kinds == "gel"
    severity = np.stack(
        [FLAWS[name].weight * (features[:, d] > 0) for d, name in enumerate(_SEEN)], 1
    )
    return Examples(features, tuple(kinds.tolist()), severity.astype(np.float32), presence)


@pytest.fixture(scope="module")
def learned():
    return learn_prior(_examples(), [f"f{i}" for i in range(30)], n_crafted=20)


def test_it_learns_severities_and_flaws(learned):
    new = _examples(300, seed=1)
    said = learned(new.features)
    for d, name in enumerate(_SEEN):
        assert np.corrcoef(said.quality[:, d], 5 - 4 * new.severity[:, d])[0, 1] > 0.7
        flaw = list(FLAWS).index(name)
        present = new.presence[:, flaw] > 0
        assert said.flaws[present, flaw].mean() > said.flaws[~present, flaw].mean() + 0.3
    assert ((said.quality >= 1) & (said.quality <= 5)).all()


def test_what_only_tells_kinds_apart_gets_no_say():
    examples = _examples(1200)
    flaw = list(FLAWS).index("tilt")
    # Commoner in one kind by far, which feature 29 knows; feature 3 says when within each kind.
    rng = np.random.default_rng(5)
    rate = np.where(examples.features[:, 29] > 0, 0.9, 0.1) + 0.1 * np.sign(examples.features[:, 3])
    examples.presence[:, flaw] = rng.random(1200) < rate
    learned = learn_prior(examples, [f"f{i}" for i in range(30)], n_crafted=20)
    n_wide = 3 * 20
    weights = np.abs(learned.arrays["weights"][:, flaw])
    assert weights[n_wide + 29 - 20] < 0.1 * weights[[3, 23, 43]].sum()


def test_inputs_for_the_head_are_standardised(learned):
    inputs = learned(_examples().features).inputs
    assert np.abs(inputs.mean(axis=0)).max() < 0.25
    deviations = inputs.std(axis=0)
    # Logits of flaws that never occurred are constant.
    assert deviations[deviations > 0.2] == pytest.approx(1.0, abs=0.15)
    assert (deviations > 0.2).sum() >= 40


def test_wild_features_stay_finite(learned):
    said = learned(np.array([[1e30] * 30, [-1e30] * 30, [0.0] * 30], dtype=np.float32))
    assert all(np.isfinite(part).all() for part in said)


def test_written_and_read_it_says_the_same(learned, tmp_path):
    save_prior(learned, tmp_path / "prior.safetensors")
    again = load_prior(tmp_path / "prior.safetensors")
    x = _examples(50, seed=2).features
    assert again(x).quality == pytest.approx(learned(x).quality, abs=0.02)
    assert again.feature_names == names_hash([f"f{i}" for i in range(30)])


def test_another_number_of_features_is_refused(learned):
    with pytest.raises(UserError) as caught:
        learned(np.zeros((2, 7), np.float32))
    assert caught.value.code == "prior_features_differ"


@pytest.mark.parametrize("content", [b"", b"\x80\x04pickle", b"not a model at all" * 40])
def test_a_file_that_is_no_safetensors_is_refused(tmp_path, content):
    path = tmp_path / "prior.safetensors"
    path.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read as safetensors"):
        load_prior(path)


def test_absent_other_and_older_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="make_prior"):
        load_prior(tmp_path / "nothing.safetensors")
    other = tmp_path / "other.safetensors"
    save_file({"weight": np.zeros(3, np.float32)}, other)
    with pytest.raises(UserError, match="not a prior of this version"):
        load_prior(other)


def test_a_prior_of_other_flaws_is_refused(learned, tmp_path):
    path = tmp_path / "old.safetensors"
    facts = json.dumps({"srcc": {}, "residual_sd": {}})
    save_file(
        learned.arrays, path,
        {"format": "siqa-prior-2", "flaws": "blur", "feature_names": "x", "facts": facts},
    )  # fmt: skip
    with pytest.raises(UserError, match="learned on other flaws"):
        load_prior(path)


@pytest.mark.parametrize("name", ["full", "hand"])
def test_the_shipped_prior_fits_the_features_of_this_version(name):
    prior = load_prior(name)
    names = embedded_feature_names(with_network=name == "full")
    assert prior.feature_names == names_hash(names)
    assert set(prior.srcc) == set(prior.residual_sd) == set(DIMENSIONS)


def test_the_shipped_prior_sees_blur_and_noise():
    from PIL import ImageFilter

    prior = load_prior("hand")
    images = [
        Image.open(IMAGES / name).convert("RGB")
        for name in ("chemistry-spectrum.png", "biology-iris-roc.png", "physics-flux-fit.png")
    ]
    spoiled = [image.filter(ImageFilter.GaussianBlur(4)) for image in images]
    clean, worse = (
        prior(np.stack([extract_features(image, None) for image in group])).quality
        for group in (images, spoiled)
    )
    clarity = DIMENSIONS.index("clarity")
    assert (worse[:, clarity] < clean[:, clarity] - 0.3).all()
