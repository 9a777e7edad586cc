"""What is not taken in, and why."""

from __future__ import annotations

import io
import os
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image
from tifffile import imwrite

CHANNELS = np.random.default_rng(6).integers(0, 4096, (9, 11, 6), dtype=np.uint16)
PIXELS = np.random.default_rng(5).integers(0, 256, (60, 80, 3), dtype=np.uint8)

FORMATS = [
    ("PNG", {}),
    ("JPEG", {}),
    ("JPEG", {"progressive": True}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ("WEBP", {}),
    ("GIF", {}),
    ("BMP", {}),
    ("PPM", {}),
    ("JPEG2000", {}),
]


def nothing_kept(images) -> bool:
    return not [path for path in images.root.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("form", "options"), FORMATS)
@pytest.mark.parametrize("missing", [1, 2, 12, 100, 0.5, 0.9])
def test_truncated(bring, images, encoded, form, options, missing):
    content = encoded(PIXELS, form, **options)
    n_missing = missing if missing >= 1 else int(len(content) * missing)
    batch = bring(content[:-n_missing])
    assert not batch.new
    assert len(batch.refused) == 1
    assert "runcated" in batch.refused[0].reason
    assert nothing_kept(images)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(cut=st.integers(1, 14_000), form=st.sampled_from(["PNG", "TIFF", "GIF"]))
def test_no_truncation_goes_unnoticed(bring, encoded, cut, form):
    content = encoded(PIXELS, form)
    batch = bring(content[: -min(cut, len(content) - 1)])
    assert not batch.new
    assert batch.refused


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(place=st.floats(0, 1), value=st.integers(0, 255), form=st.sampled_from(FORMATS))
def test_damage_is_never_fatal(bring, encoded, place, value, form):
    content = bytearray(encoded(PIXELS, form[0], **form[1]))
    content[int(place * (len(content) - 1))] ^= value
    batch = bring(bytes(content))
    assert len(batch.new) + len(batch.refused) == 1


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(place=st.floats(0, 1), value=st.integers(1, 255), cut=st.booleans())
@example(place=0.015625, value=1, cut=False)  # a width of 0
@pytest.mark.parametrize("compression", [None, "lzw"])
def test_damage_of_scientific_tiff_is_never_fatal(bring, compression, place, value, cut):
    into = io.BytesIO()
    imwrite(into, CHANNELS, planarconfig="contig", compression=compression)
    content = bytearray(into.getvalue())
    where = int(place * (len(content) - 1))
    if cut:
        batch = bring(bytes(content[: where or 1]), "cells.tif")
        assert not batch.new
    else:
        content[where] ^= value
        batch = bring(bytes(content), "cells.tif")
    assert len(batch.new) + len(batch.refused) == 1


def test_damaged_pixels_of_png(bring, encoded):
    content = bytearray(encoded(PIXELS))
    content[len(content) // 2] ^= 1
    assert "checksum" in bring(bytes(content)).refused[0].reason


@pytest.mark.parametrize("name", ["a.png", "a.JPG", "a.tiff"])
def test_zero_bytes(bring, name):
    assert bring(b"", name).refused[0].reason == "Empty: the file has zero bytes."


@pytest.mark.parametrize("content", [b"hello", b"<html>", b"BM is how this text starts, not more"])
def test_text_with_the_name_of_an_image(bring, content):
    assert "Not an image" in bring(content, "a.png").refused[0].reason


@pytest.mark.parametrize("content", [b"", b"hello", b"BMhello", b"P5 is a page", b"\x00" * 50])
def test_other_files_are_ignored_and_counted(bring, content):
    batch = bring(content, "notes.txt")
    assert (batch.new, batch.refused, batch.n_ignored) == ((), (), 1)


def test_named_files_are_not_ignored(tmp_path, images, gather):
    (tmp_path / "notes.txt").write_text("hello")
    batch = gather([tmp_path / "notes.txt"], images)
    assert "Not an image" in batch.refused[0].reason
    assert batch.n_ignored == 0


def test_image_under_another_name_comes_in(bring, encoded):
    batch = bring(encoded(PIXELS), "figure 3")
    assert batch.new[0].suffix == ".png"
    assert bring(encoded(PIXELS, "TIFF"), "x.png").new[0].suffix == ".tif"


def test_unsupported_image_formats_are_refused_not_ignored(bring):
    for name in ("a.svg", "b.HEIC", "c.dcm", "d.nef"):
        batch = bring(b"II*\x00 whatever is in it", name)
        assert "not supported" in batch.refused[0].reason, name


def header_only_png(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 7) // 8 + 1) * height)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(("width", "height"), [(16_001, 16_000), (30_000, 30_000)])
def test_too_large(bring, width, height):
    reason = bring(header_only_png(width, height)).refused[0].reason
    assert reason.startswith("Too large:")
    assert "256 megapixels" in reason


def test_largest_comes_in(show):
    shown = show(header_only_png(16_000, 16_000))
    assert (shown.new.width, shown.new.height) == (16_000, 16_000)
    assert shown.thumbnail.size == (256, 256)


def test_large_files_are_read_as_streams(show, encoded):
    pixels = np.random.default_rng(1).integers(0, 256, (4800, 4700, 3), dtype=np.uint8)
    content = encoded(pixels, "BMP")
    assert len(content) > 1 << 26
    shown = show(content)
    assert shown.original == content
    assert (shown.rendition == pixels).all()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not read")
def test_unreadable(tmp_path, images, gather, encoded):
    folder = tmp_path / "from"
    folder.mkdir()
    (folder / "a.png").write_bytes(encoded(PIXELS))
    (folder / "a.png").chmod(0)
    closed = folder / "closed"
    closed.mkdir(mode=0)
    images.root.mkdir(parents=True)
    for path in (images.root, images.root.parent, tmp_path, *tmp_path.parents):
        if path.is_relative_to("/tmp") and path.as_posix() != "/tmp":
            path.chmod(path.stat().st_mode | 0o777 if path == images.root else 0o755)
    os.seteuid(65534)
    try:
        batch = gather([folder], images)
    finally:
        os.seteuid(0)
    reasons = sorted(no.reason for no in batch.refused)
    assert reasons == [
        "Cannot be read: Permission denied.",
        "The folder cannot be read: Permission denied.",
    ]


def test_both_files_of_the_same_broken_bytes_are_refused(tmp_path, images, gather, encoded):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(encoded(PIXELS)[:-40])
    batch = gather([tmp_path / "a.png", tmp_path / "b.png"], images)
    assert [no.path for no in batch.refused] == [
        str(tmp_path / name) for name in ("a.png", "b.png")
    ]
    assert batch.refused[0].reason == batch.refused[1].reason


def test_pillow_itself_would_let_a_cut_png_pass(tmp_path, encoded):
    (tmp_path / "a.png").write_bytes(encoded(PIXELS)[:-12])
    with Image.open(tmp_path / "a.png") as image:
        image.load()
