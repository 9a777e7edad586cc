"""Metadata goes, pixels stay."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from exports.metadata import anatomy, image_kind

SECRET = b"Jane Roe 48.137N"


def picture(seed: int, size: tuple[int, int] = (37, 23)) -> Image.Image:
    width, height = size
    pixels = bytes((seed + i * 7 + (i * i) % 251) % 256 for i in range(width * height * 3))
    return Image.frombytes("RGB", size, pixels)


def exif(orientation: int = 1) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x013B] = SECRET.decode()
    gps = tags.get_ifd(0x8825)
    gps[1], gps[2] = "N", (48.0, 8.0, 13.0)
    return tags


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def stripped(content: bytes) -> bytes:
    parts = anatomy(content)
    assert parts is not None
    clean = b"".join(parts.pieces)
    assert parts.n_dropped == len(content) - len(clean)
    return clean


def pixels(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("RGBA").tobytes()


def png_with_text() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", SECRET.decode())
    info.add_itxt("Patient", SECRET.decode())
    return saved(picture(3), "PNG", pnginfo=info, exif=exif())


def gif_with_comment() -> bytes:
    return saved(picture(4).convert("P"), "GIF", comment=SECRET)


MAKERS = {
    "jpeg": lambda: saved(picture(1), "JPEG", exif=exif(), comment=SECRET, quality=90),
    "progressive": lambda: saved(picture(2), "JPEG", exif=exif(), progressive=True, comment=SECRET),
    "png": png_with_text,
    "webp": lambda: saved(picture(5), "WEBP", exif=exif(), xmp=SECRET, lossless=True),
    "gif": gif_with_comment,
}


@pytest.mark.parametrize("name", MAKERS)
def test_nothing_personal_is_left_and_no_pixel_changes(name: str) -> None:
    content = MAKERS[name]()
    assert SECRET in content
    clean = stripped(content)
    assert SECRET not in clean
    assert pixels(clean) == pixels(content)
    with Image.open(io.BytesIO(clean)) as image:
        assert not dict(image.getexif())
    assert stripped(clean) == clean


def test_the_colour_profile_stays() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("JPEG", "PNG", "WEBP"):
        clean = stripped(saved(picture(6), kind, icc_profile=profile, exif=exif()))
        with Image.open(io.BytesIO(clean)) as image:
            assert image.info["icc_profile"] == profile


def test_what_follows_the_picture_goes() -> None:
    content = saved(picture(7), "JPEG") + b"ftyp" + SECRET
    assert SECRET not in stripped(content)


def test_an_animated_gif_keeps_its_frames() -> None:
    frames = [picture(i).convert("P") for i in range(3)]
    content = saved(
        frames[0], "GIF", save_all=True, append_images=frames[1:], loop=0, comment=SECRET
    )
    with Image.open(io.BytesIO(stripped(content))) as image:
        assert (image.n_frames, image.info.get("loop")) == (3, 0)


@pytest.mark.parametrize("name", MAKERS)
def test_truncated_files_are_not_taken_apart(name: str) -> None:
    content = MAKERS[name]()
    assert anatomy(content[: len(content) // 2]) is None


@pytest.mark.parametrize("content", [b"", b"II*\x00", b"<svg/>", b"RIFF1234WAVE"])
def test_other_formats_have_no_kind(content: bytes) -> None:
    assert image_kind(content) is None
    assert anatomy(content) is None


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP"]),
    st.integers(0, 255),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.booleans(),
)
def test_pixels_never_change(
    kind: str, seed: int, size: tuple[int, int], progressive: bool
) -> None:
    image = picture(seed, size)
    options = {"progressive": progressive} if kind == "JPEG" else {}
    content = saved(image.convert("P") if kind == "GIF" else image, kind, **options)
    assert pixels(stripped(content)) == pixels(content)
