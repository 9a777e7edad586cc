"""What is displayed, by pixel values."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

RNG = np.random.default_rng(7)
GREY = RNG.integers(0, 256, (20, 30), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)


def sixteen_bit_png(pixels: np.ndarray) -> bytes:
    """Write a PNG of 16 bits a channel, which Pillow cannot."""
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[pixels.shape[2]]
    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("pixels", [GREY, COLOUR], ids=["grey", "colour"])
def test_plain_web_images_are_shown_themselves(show, encoded, form, pixels):
    content = encoded(pixels, form)
    shown = show(content)
    assert shown.new.rendition is None
    assert shown.original == content
    assert shown.new.sha256 == hashlib.sha256(content).hexdigest()
    assert not shown.images.rendition(shown.new.sha256).exists()
    assert (shown.new.width, shown.new.height) == (30, 20)
    assert (shown.new.format, shown.new.n_bytes, shown.new.n_pages) == (form, len(content), 1)


@pytest.mark.parametrize("mode", ["1", "P", "opaque RGBA", "opaque LA"])
def test_modes_that_browsers_show_need_no_rendition(show, encoded, mode):
    picture = Image.fromarray(COLOUR).convert(mode.removeprefix("opaque "))
    assert show(encoded(picture)).new.rendition is None


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("BMP", {}),
        ("PPM", {}),
        ("JPEG2000", {"irreversible": False}),
    ],
)
@pytest.mark.parametrize("pixels", [GREY, COLOUR], ids=["grey", "colour"])
def test_other_formats_are_shown_as_equal_png(show, encoded, form, options, pixels):
    shown = show(encoded(pixels, form, **options))
    assert (shown.rendition == pixels).all()
    assert shown.new.rendition["reason"] == [f"{form} is not shown by browsers"]
    assert shown.new.rendition["to"] == "sRGB PNG"


@pytest.mark.parametrize(("top", "full"), [(200, 255), (1000, 1023), (4095, 4095), (9000, 16383)])
@pytest.mark.parametrize("form", ["PNG", "TIFF", "JPEG2000"])
def test_sixteen_bit_grey_takes_the_smallest_range(show, encoded, form, top, full):
    pixels = RNG.integers(0, top, (20, 30), dtype=np.uint16)
    pixels[0, 0] = top
    shown = show(encoded(pixels, form))
    assert shown.new.rendition["window"] == [0, full]
    assert "more than 8 bits" in shown.new.rendition["reason"]
    assert (shown.rendition == np.rint(pixels * (255 / full))).all()


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_sixteen_bit_colour_keeps_its_low_bytes(show, channels):
    pixels = RNG.integers(0, 4096, (20, 30, channels), dtype=np.uint16)
    pixels[0, 0, 0] = 4095
    if channels in (2, 4):
        pixels[..., -1] = 65535
    shown = show(sixteen_bit_png(pixels))
    colour = pixels if channels == 3 else pixels[..., :-1]
    assert shown.new.rendition["window"] == [0, 4095]
    seen = shown.rendition if channels != 2 else shown.rendition[..., :1]
    assert (seen == np.rint(colour * (255 / 4095))).all()


@pytest.mark.parametrize("order", ["<", ">"])
def test_sixteen_bit_tiff_of_both_byte_orders(show, bare_tiff, order):
    pixels = RNG.integers(0, 65536, (20, 30), dtype=np.uint16)
    shown = show(bare_tiff(pixels, order=order), "x.tif")
    assert (shown.rendition == np.rint(pixels * (255 / 65535))).all()


def test_white_is_zero(show, bare_tiff):
    deep = RNG.integers(0, 65536, (20, 30), dtype=np.uint16)
    shown = show(bare_tiff(deep, photometric=0), "deep.tif")
    assert (shown.rendition == 255 - np.rint(deep * (255 / 65535))).all()
    shown = show(bare_tiff(GREY, photometric=0), "grey.tif")
    assert (shown.rendition == 255 - GREY).all()


@pytest.mark.parametrize("kind", ["i1", "i2", "i4", "f4"])
def test_signed_and_float_go_from_minimum_to_maximum(show, bare_tiff, kind):
    pixels = np.linspace(-100, 100, 600).reshape(20, 30).astype(kind)
    shown = show(bare_tiff(pixels), "x.tif")
    assert shown.new.rendition["window"] == [-100, 100]
    expected = np.rint((pixels.astype(float) + 100) * (255 / 200))
    assert (shown.rendition == expected).all()


@pytest.mark.parametrize("kind", ["f2", "f8", "u8"])
def test_samples_that_pillow_has_no_mode_for(show, bare_tiff, kind):
    pixels = np.linspace(0, 1023, 600).reshape(20, 30).astype(kind)
    shown = show(bare_tiff(pixels), "x.tif")
    assert shown.new.rendition["window"] == [0, 1023]
    assert "more than 8 bits" in shown.new.rendition["reason"]
    assert (shown.rendition == np.rint(pixels.astype(float) * (255 / 1023))).all()


@pytest.mark.parametrize("compression", [None, "lzw"])
def test_many_channels_show_the_first(show, compression):
    from tifffile import imwrite

    pixels = RNG.integers(0, 4096, (5, 20, 30), dtype=np.uint16)
    first = np.rint(pixels[0] * (255 / 4095))
    for layout, stored in (("separate", pixels), ("contig", np.moveaxis(pixels, 0, -1))):
        into = io.BytesIO()
        imwrite(
            into, stored, photometric="minisblack", planarconfig=layout, compression=compression
        )
        shown = show(into.getvalue(), "cells.ome.tif")
        assert shown.new.mode == "uint16 x 5"
        assert "first of 5 channels" in shown.new.rendition["reason"]
        assert (shown.rendition == first).all()


def test_sixteen_bit_colour_stored_in_planes(show):
    """Pillow takes the high bytes only, and twelve bits become a black picture."""
    from tifffile import imwrite

    pixels = RNG.integers(0, 4096, (3, 20, 30), dtype=np.uint16)
    into = io.BytesIO()
    orientation = [(274, 3, 1, 6, True)]
    imwrite(into, pixels, photometric="rgb", planarconfig="separate", extratags=orientation)
    shown = show(into.getvalue(), "x.tif")
    assert shown.new.rendition["window"] == [0, 4095]
    upright = np.rot90(np.moveaxis(pixels, 0, -1), -1)
    assert (shown.rendition == np.rint(upright * (255 / 4095))).all()


def test_unsigned_beyond_sixteen_bit_goes_to_its_maximum(show, bare_tiff):
    pixels = np.array([[0, 2**31], [2**32 - 1, 65536]], np.uint32)
    shown = show(bare_tiff(pixels), "x.tif")
    assert shown.new.rendition["window"] == [0, 2**32 - 1]
    assert shown.rendition.tolist() == [[0, 128], [255, 0]]


def test_values_that_are_not_finite(show, bare_tiff):
    pixels = np.array([[np.nan, 1.0], [3.0, np.inf]], np.float32)
    shown = show(bare_tiff(pixels), "x.tif")
    assert shown.new.rendition["window"] == [1, 3]
    assert shown.rendition.tolist() == [[0, 0], [255, 255]]


def test_cmyk(show, encoded):
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 0] = (255, 0, 0, 0)
    pixels[0, 1] = (0, 0, 0, 255)
    pixels[1, 0] = (0, 128, 0, 0)
    shown = show(encoded(Image.fromarray(pixels, "CMYK"), "TIFF"), "x.tif")
    expected = [[[0, 255, 255], [0, 0, 0]], [[255, 127, 255], [255, 255, 255]]]
    assert shown.rendition.tolist() == expected
    assert "CMYK colours" in shown.new.rendition["reason"]


def test_cmyk_jpeg(show, encoded):
    content = encoded(Image.new("CMYK", (40, 40), (0, 255, 255, 0)), "JPEG", quality=95)
    assert np.abs(show(content).rendition.astype(int) - (255, 0, 0)).max() <= 3


def test_alpha_is_laid_on_white(show, encoded):
    pixels = np.zeros((1, 3, 4), np.uint8)
    pixels[0] = [(200, 100, 0, 255), (200, 100, 0, 0), (200, 100, 0, 51)]
    shown = show(encoded(pixels))
    assert shown.rendition[0, 0].tolist() == [200, 100, 0]
    assert shown.rendition[0, 1].tolist() == [255, 255, 255]
    assert np.abs(shown.rendition[0, 2].astype(int) - (244, 224, 204)).max() <= 1
    assert shown.new.rendition["reason"] == ["transparent"]
    assert (shown.new.mode, shown.thumbnail.mode) == ("RGBA", "RGB")


def test_grey_with_alpha(show, encoded):
    pixels = np.array([[[10, 255], [10, 0]]], np.uint8)
    shown = show(encoded(Image.fromarray(pixels, "LA")))
    assert shown.rendition[0, :, 0].tolist() == [10, 255]


@pytest.mark.parametrize("form", ["PNG", "GIF"])
def test_transparent_palette(show, encoded, form):
    picture = Image.new("P", (2, 1))
    picture.putpalette([0, 0, 0, 10, 20, 30])
    picture.putdata([0, 1])
    shown = show(encoded(picture, form, transparency=0))
    assert shown.rendition.tolist() == [[[255, 255, 255], [10, 20, 30]]]


@pytest.mark.parametrize(("mode", "clear"), [("L", 7), ("RGB", (7, 7, 7))])
def test_transparent_colour(show, encoded, mode, clear):
    picture = Image.new(mode, (2, 1), clear)
    picture.putpixel((0, 0), 9 if mode == "L" else (9, 9, 9))
    shown = show(encoded(picture, transparency=clear))
    assert shown.rendition[0].reshape(2, -1)[:, 0].tolist() == [9, 255]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(show, encoded, form, orientation):
    # Four corners that tell all eight apart; blocks survive the losses of JPEG.
    corners = np.array([[0, 80, 160], [240, 40, 120]], np.uint8)
    pixels = np.kron(corners, np.ones((16, 16), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if form == "WEBP" else {}
    shown = show(encoded(pixels, form, exif=exif, **options))
    # The table of the EXIF standard: where row 0 and column 0 of what is stored belong.
    expected = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.T,
        6: pixels.T[:, ::-1],
        7: pixels.T[::-1, ::-1],
        8: pixels.T[::-1],
    }[orientation]
    assert (shown.new.height, shown.new.width) == expected.shape
    if orientation == 1 and form != "TIFF":
        assert shown.new.rendition is None
        return
    seen = shown.rendition if shown.rendition.ndim == 2 else shown.rendition[..., 0]
    assert np.abs(seen.astype(int) - expected).max() <= 3
    assert ("rotated" in shown.new.rendition["reason"]) == (orientation != 1)
    assert shown.thumbnail.size == (expected.shape[1], expected.shape[0])


def test_orientation_of_deep_pixels(show, encoded):
    pixels = RNG.integers(0, 65536, (20, 30), dtype=np.uint16)
    exif = Image.Exif()
    exif[0x0112] = 6
    for form in ("PNG", "TIFF"):
        shown = show(encoded(pixels, form, exif=exif))
        assert (shown.rendition == np.rint(pixels * (255 / 65535)).T[:, ::-1]).all(), form


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_broken_exif_is_not_fatal(show, encoded, form):
    shown = show(encoded(COLOUR, form, exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff\x01\x12"))
    assert shown.new.rendition is None


@pytest.mark.parametrize("form", ["GIF", "WEBP", "TIFF", "PNG"])
def test_first_page_of_many(show, encoded, form):
    pages = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    lossless = {"lossless": True} if form == "WEBP" else {}
    shown = show(encoded(pages[0], form, save_all=True, append_images=pages[1:], **lossless))
    assert shown.new.n_pages == 3
    assert (shown.rendition == (255, 0, 0)).all()
    assert "first of 3 pages" in shown.new.rendition["reason"]


def test_mpo_is_shown_itself(show, encoded):
    pages = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime")]
    shown = show(encoded(pages[0], "MPO", save_all=True, append_images=pages[1:]))
    assert (shown.new.format, shown.new.suffix, shown.new.n_pages) == ("MPO", ".jpg", 2)
    assert shown.new.rendition is None


def swapped_profile() -> bytes:
    """Return sRGB with the red and green primaries exchanged, as a profile."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    n_tags = struct.unpack(">I", profile[128:132])[0]
    places = {
        bytes(profile[start : start + 4]): start for start in range(132, 132 + 12 * n_tags, 12)
    }
    red, green = places[b"rXYZ"], places[b"gXYZ"]
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "JPEG"])
def test_colours_of_a_profile_become_srgb(show, encoded, form):
    picture = Image.new("RGB", (16, 16), (255, 0, 0))
    options = {"quality": 100, "subsampling": 0} if form == "JPEG" else {}
    shown = show(encoded(picture, form, icc_profile=swapped_profile(), **options))
    assert np.abs(shown.rendition.astype(int) - (0, 255, 0)).max() <= 6
    assert "colour profile" in shown.new.rendition["reason"]


def test_srgb_profile_changes_nothing(show, encoded):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert show(encoded(COLOUR, icc_profile=profile)).new.rendition is None


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 200, swapped_profile()[:300]])
def test_broken_profile_is_not_fatal(show, encoded, profile):
    assert show(encoded(COLOUR, icc_profile=profile)).new.rendition is None


def test_profile_of_another_colour_space_is_left_out(show, encoded):
    assert show(encoded(GREY, icc_profile=swapped_profile())).new.rendition is None


def test_lab(show, encoded):
    lab = Image.new("LAB", (4, 4), (255, 128, 128))
    shown = show(encoded(lab, "TIFF"), "lab.tif")
    assert np.abs(shown.rendition.astype(int) - 255).max() <= 2


def test_thumbnail_keeps_proportions(show, encoded):
    shown = show(encoded(np.zeros((100, 1000), np.uint8)))
    assert shown.thumbnail.size == (256, 26)
    assert shown.thumbnail.format == "JPEG"
    assert show(encoded(GREY)).thumbnail.size == (30, 20)
    assert show(encoded(np.zeros((1, 3000), np.uint8))).thumbnail.size == (256, 1)
