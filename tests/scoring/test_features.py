"""Hand-crafted features: finite for everything, and each moves with what it is named for."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter, ImageOps
from scipy.ndimage import gaussian_filter

from annotator.demo.panel import IMAGES
from pipelines.scoring.copies import copy_features
from pipelines.scoring.features import FEATURE_NAMES, hand_features
from pipelines.scoring.nss import NSS_NAMES

FIGURE = Image.open(IMAGES / "astronomy-phased-magnitude.png").convert("RGB")
PHOTO = Image.open(IMAGES / "biology-colon-tissue.png").convert("RGB")


def _of(image):
    return dict(zip(FEATURE_NAMES, hand_features(image), strict=True))


def test_names_are_unique_and_hold_the_scene_statistics():
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES)
    assert len(NSS_NAMES) == 36
    assert FEATURE_NAMES[-36:] == NSS_NAMES


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 90), st.integers(1, 90), st.integers(0, 255),
    st.sampled_from(["L", "RGB", "RGBA", "P", "1", "I;16"]), st.booleans(),
)  # fmt: skip
def test_every_image_has_finite_features(width, height, grey, mode, noisy):
    pixels = np.full((height, width), grey, np.uint8)
    if noisy:
        pixels = np.random.default_rng(grey).integers(0, 256, (height, width), np.uint8)
    if mode == "I;16":
        image = Image.fromarray(pixels.astype(np.uint16) * 256)
    else:
        image = Image.fromarray(pixels).convert(mode)
    values = hand_features(image)
    assert values.shape == (len(FEATURE_NAMES),)
    assert values.dtype == np.float32
    assert np.isfinite(values).all()


def test_blur_lowers_sharpness_and_noise_raises_it():
    sharp, blurred = _of(PHOTO), _of(PHOTO.filter(ImageFilter.GaussianBlur(3)))
    assert blurred["laplacian_1"] < sharp["laplacian_1"] - 2
    assert blurred["edge_width"] < sharp["edge_width"]
    pixels = np.asarray(FIGURE, dtype=float)
    grain = np.random.default_rng(0).normal(0, 25, pixels.shape)
    noisy = _of(Image.fromarray((pixels + grain).clip(0, 255).astype(np.uint8)))
    assert noisy["noise"] > _of(FIGURE)["noise"] + 0.02


def test_compression_leaves_a_grid_of_eight(tmp_path):
    PHOTO.save(tmp_path / "low.jpg", quality=4)
    low = _of(Image.open(tmp_path / "low.jpg"))
    assert low["coefficients_lost"] > _of(PHOTO)["coefficients_lost"] + 0.5
    assert low["block_x"] > 1.5 * _of(PHOTO)["block_x"]


def test_tilt_moves_edges_off_the_axes():
    tilted = _of(FIGURE.rotate(5, Image.Resampling.BICUBIC, expand=True, fillcolor="white"))
    assert tilted["soft_lean"] in (4, 5, 6)
    assert _of(FIGURE)["soft_lean"] == 0
    assert tilted["direction_0"] < 0.7 * _of(FIGURE)["direction_0"]


def _texture(seed):
    rng = np.random.default_rng(seed)
    grain = gaussian_filter(rng.normal(size=(300, 400)), 1.5)
    lumps = gaussian_filter(rng.normal(size=grain.shape), 6)
    return 128 + 20 * grain / grain.std() + 25 * lumps / lumps.std()


def _copies(pixels):
    return copy_features(np.clip(pixels, 0, 255).astype(np.uint8))


def test_a_copied_region_says_more_than_clean_textures():
    clean = [_copies(_texture(seed)) for seed in range(30)]
    pixels = _texture(40)
    pixels[150:230, 30:130] = pixels[20:100, 200:300]
    dimmed = 40 + 0.5 * gaussian_filter(pixels, 0.8)
    for copied in (_copies(pixels), _copies(dimmed)):
        for name in ("copy_peak", "copy_votes", "copy_vote_rate", "copy_vote_lead"):
            assert copied[name] > max(f[name] for f in clean) + 0.3, name


def test_rows_and_lattices_repeat_honestly():
    top = max(_copies(_texture(seed))["copy_votes"] for seed in range(5))
    rows = np.tile(_texture(1)[:, :100], (1, 4))
    lattice = np.tile(_texture(2)[:30, :30], (10, 13))
    assert _copies(rows)["copy_votes"] <= top + 0.3
    assert _copies(lattice)["copy_votes"] <= top + 0.3


def test_a_cut_edge_touches_ink_and_a_loud_paper_is_seen():
    cut = _of(FIGURE.crop((120, 0, FIGURE.width, FIGURE.height)))
    assert cut["margin_x_start"] <= _of(FIGURE)["margin_x_start"]
    loud = np.asarray(FIGURE).copy()
    loud[(loud > 240).all(axis=2)] = (255, 255, 0)
    assert _of(Image.fromarray(loud))["paper_chroma"] > 0.9
    assert _of(FIGURE)["paper_chroma"] < 0.1


def test_banding_leaves_few_greys():
    banded = PHOTO.convert("L").point(lambda v: v // 64 * 64)
    assert _of(banded)["n_greys"] < 0.05 < _of(PHOTO)["n_greys"]


def test_letters_of_real_figures_tell_which_way_they_face():
    evidence = []
    for path in sorted(IMAGES.glob("*.png"))[::3]:
        image = Image.open(path).convert("RGB")
        upright = _of(image)
        if upright["glyph_real"] > np.log1p(25):
            turned = _of(ImageOps.mirror(image))
            evidence.append((upright["reflected_sideways"], turned["reflected_sideways"]))
    upright, turned = np.array(evidence).T
    assert len(evidence) >= 12
    assert (upright < 0).mean() >= 0.9
    assert (turned > 0).mean() >= 0.9


def test_smear_makes_edges_less_steep_in_one_direction():
    from scipy.ndimage import uniform_filter1d

    smeared = _of(Image.fromarray(uniform_filter1d(np.asarray(FIGURE), 7, axis=1)))
    assert smeared["steep_balance_1"] < -0.3
    assert abs(_of(FIGURE)["steep_balance_1"]) < 0.2
