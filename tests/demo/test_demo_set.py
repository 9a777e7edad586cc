"""The demo images: enough, real, small, licensed, and the simulated panel says that it is."""

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotator.demo import panel
from pipelines.scoring.figures.flaws import DIMENSIONS

ROWS = list(csv.DictReader(panel.MANIFEST.open(encoding="utf-8", newline="")))
RENDERED = "rendered for this demo"


def test_manifest_and_folder_hold_the_same_files():
    assert sorted(row["file_name"] for row in ROWS) == sorted(
        path.name for path in panel.IMAGES.iterdir()
    )


def test_enough_real_images_over_enough_disciplines():
    real = [row for row in ROWS if row["source"] != RENDERED]
    assert len(real) >= 60
    assert len({row["discipline"] for row in real}) >= 6
    assert len(ROWS) - len(real) >= 24


def test_the_set_stays_under_ten_megabytes():
    assert sum(p.stat().st_size for p in panel.MANIFEST.parent.rglob("*")) < 10_000_000


@pytest.mark.parametrize(
    "column", ["discipline", "category", "licence", "attribution", "caption", "group", "source"]
)
def test_every_image_says_where_it_comes_from(column):
    assert [row["file_name"] for row in ROWS if not row[column]] == []


def test_images_are_whole_large_enough_not_blank_and_not_twice_there():
    hashes = set()
    for path in sorted(panel.IMAGES.iterdir()):
        image = Image.open(path)
        assert min(image.size) >= 200, path.name
        assert np.asarray(image.convert("L")).std() > 5, path.name
        hashes.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(hashes) == len(ROWS)


def test_licence_texts_are_there():
    folder = Path(panel.__file__).parent / "licences"
    for name in ("python-astropy-doc", "python-skimage-doc", "python-sklearn-doc", "pydicom"):
        assert "Copyright" in (folder / f"{name}.txt").read_text(encoding="utf-8")


def test_panel_is_marked_complete_and_reproducible():
    table = panel.simulated_ratings(5)
    assert table.equals(panel.simulated_ratings(5))
    assert not table.equals(panel.simulated_ratings(6))
    frame = table.to_pandas()
    assert set(frame.rater.str[:10]) == {"simulated-"}
    assert set(frame.score) <= {1.0, 2.0, 3.0, 4.0, 5.0}
    assert not frame.duplicated(["stimulus", "rater", "dimension"]).any()
    texts = frame.feedback.dropna()
    assert len(texts) > 50
    assert texts.str.startswith("[simulated] ").all()


def test_panel_knows_the_flaws_except_the_careless_rater():
    truth = {image.file_name: image.quality for image in panel.demo_truth()}
    frame = panel.simulated_ratings(5).to_pandas()
    frame["truth"] = [
        truth[name][dimension]
        for name, dimension in zip(frame.stimulus, frame.dimension, strict=True)
    ]
    by_rater = frame.groupby("rater").apply(lambda f: f.score.corr(f.truth, method="spearman"))
    assert by_rater.idxmin() == "simulated-10"
    assert by_rater.drop("simulated-10").min() > 0.3
    assert by_rater["simulated-10"] < 0.2
    assert set(frame.dimension) == set(DIMENSIONS)


def test_a_raters_times_only_go_forward():
    frame = panel.simulated_ratings(1).to_pandas()
    for _, times in frame.groupby("rater").rated_at:
        assert times.is_monotonic_increasing
