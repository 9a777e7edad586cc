"""What goes out is what was judged."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from exports.pictures import Plan, plan_original, plan_picture
from schemas.errors import UserError
from schemas.layout import ImageFolder
from tests.exports.making import add_image, png
from tests.exports.test_metadata import SECRET, exif, picture, saved


def bytes_of(plan: Plan) -> bytes:
    return b"".join(plan.pieces)


def test_a_clean_original_goes_out_as_it_is(tmp_path: Path) -> None:
    images = ImageFolder(tmp_path)
    row = add_image(images, png((1, 2, 3)), "x.PNG", suffix=".PNG")
    plan = plan_picture(row, images, keep_metadata=False)
    assert plan.picture.name == row["stimulus"] + ".png"
    assert plan.picture.treatment == "original"
    assert plan.source == images.original(row["sha256"], ".PNG")
    assert hashlib.sha256(bytes_of(plan)).hexdigest() == plan.sha256 == row["sha256"]


def test_metadata_is_cut_out_unless_kept(tmp_path: Path) -> None:
    images = ImageFolder(tmp_path)
    row = add_image(images, saved(picture(1), "JPEG", exif=exif()), "x.jpeg", suffix=".jpeg")
    plan = plan_picture(row, images, keep_metadata=False)
    assert (plan.picture.treatment, plan.picture.name[-4:]) == ("stripped", ".jpg")
    assert SECRET not in bytes_of(plan)
    assert plan.picture.original_sha256 == row["sha256"]
    kept = plan_picture(row, images, keep_metadata=True)
    assert kept.picture.treatment == "original"
    assert SECRET in bytes_of(kept)


def test_a_turned_photo_goes_out_upright(tmp_path: Path) -> None:
    images = ImageFolder(tmp_path)
    content = saved(picture(2, (40, 20)), "JPEG", exif=exif(orientation=6))
    row = add_image(images, content, "x.jpg", suffix=".jpg")
    plan = plan_picture(row, images, keep_metadata=False)
    assert (plan.picture.treatment, plan.picture.name[-4:]) == ("upright", ".png")
    with Image.open(io.BytesIO(content)) as before, Image.open(io.BytesIO(bytes_of(plan))) as after:
        assert after.size == (20, 40)
        assert after.tobytes() == before.transpose(Image.Transpose.ROTATE_270).tobytes()
        assert not dict(after.getexif())


def test_a_rendition_goes_out_instead_of_its_original(tmp_path: Path) -> None:
    images = ImageFolder(tmp_path)
    row = add_image(
        images, saved(picture(3), "TIFF"), "x.tif", suffix=".tif", rendition=png((9, 9, 9))
    )
    plan = plan_picture(row, images, keep_metadata=False)
    assert plan.picture.treatment == "rendition"
    assert bytes_of(plan) == png((9, 9, 9))
    original = plan_original(row, images)
    assert original.picture.name.endswith(".tif")
    assert hashlib.sha256(bytes_of(original)).hexdigest() == row["sha256"]


def test_a_format_that_readers_do_not_expect_becomes_png(tmp_path: Path) -> None:
    images = ImageFolder(tmp_path)
    row = add_image(images, saved(picture(4), "TIFF"), "x.tif", suffix=".tif")
    plan = plan_picture(row, images, keep_metadata=False)
    with Image.open(io.BytesIO(bytes_of(plan))) as image:
        assert (image.format, image.tobytes()) == ("PNG", picture(4).tobytes())


def test_large_files_are_mapped_and_come_out_whole(tmp_path: Path) -> None:
    images = ImageFolder(tmp_path)
    noise = np.random.default_rng(1).integers(0, 256, (1800, 1800, 3), dtype=np.uint8)
    content = saved(Image.fromarray(noise), "PNG", compress_level=0)
    assert len(content) > 9_000_000
    row = add_image(images, content)
    plan = plan_picture(row, images, keep_metadata=False)
    assert isinstance(plan.pieces[0], memoryview)
    assert bytes_of(plan) == content


@pytest.mark.parametrize(
    ("fault", "code"),
    [("missing", "image_missing"), ("changed", "image_damaged"), ("broken", "image_unreadable")],
)
def test_faults_name_the_stimulus(tmp_path: Path, fault: str, code: str) -> None:
    images = ImageFolder(tmp_path)
    row = add_image(images, b"no image at all" if fault == "broken" else png((1, 1, 1)))
    path = images.original(row["sha256"], ".png")
    if fault == "missing":
        path.unlink()
    elif fault == "changed":
        path.write_bytes(png((2, 2, 2)))
    with pytest.raises(UserError) as caught:
        plan_picture(row, images, keep_metadata=False)
    assert caught.value.code == code
    assert row["stimulus"] in caught.value.message
