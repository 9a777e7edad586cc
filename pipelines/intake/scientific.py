"""TIFF for which Pillow has no mode, as microscopes and instruments write it.

Floats of 16 and 64 bit, integers of 64 bit, colour in floats, more channels than colours need,
channels of 16 bit stored one after the other. Read through tifffile.
"""

from __future__ import annotations

import logging
import struct
import zlib
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.intake.window import to_eight_bit, window_of

__all__ = ["ScientificPage", "needs_tifffile", "read_scientific"]

_LARGEST_BYTES = 3_000_000_000
"""Largest page as stored; what 256 megapixels of colour in 32 bits take."""
_PLANAR, _BITS, _PHOTOMETRIC = 284, 258, 262
_GREY, _RGB = (0, 1), 2
_TURNED = 274


class ScientificPage(NamedTuple):
    """The first page of a TIFF, in 8 bits."""

    picture: Image.Image
    """Mode L or RGB, as stored: not turned upright."""
    mode: str
    """How it is stored, e.g. `float64` or `uint16 x 5`."""
    n_pages: int
    window: tuple[float, float] | None
    """What became black and white; None where nothing was scaled."""
    orientation: int
    """As in EXIF, 1 to 8 in a sound file."""
    n_channels: int
    n_shown: int
    """How many of the channels are shown, from the first."""


def needs_tifffile(image: Image.Image) -> bool:
    """Say whether Pillow opens a TIFF but reads the high bytes of its planes only."""
    tags: Any = getattr(image, "tag_v2", None)
    if tags is None or tags.get(_PLANAR) != 2:
        return False
    return max(tags.get(_BITS, (8,))) > 8 or tags.get(_PHOTOMETRIC) in _GREY


def read_scientific(source: BinaryIO, max_pixels: int) -> ScientificPage:
    """Read the first page of a TIFF that Pillow cannot read.

    Grey, or colours where the file says that its channels are red, green and blue; what it has
    beyond is not shown. The window is that of `window_of`, one for all that is shown.

    Raises:
        ValueError: half a sentence, what is wrong or not supported.
        OverflowError: half a sentence: more than `max_pixels` or 3 GB.
    """
    from tifffile import TiffFile, TiffFileError

    # What it would warn of ends in a refusal, or does not matter for the first page.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    source.seek(0)
    try:
        with TiffFile(source) as tiff:
            page: Any = tiff.pages.first
            _check(page, source, max_pixels)
            return _shown(page, page.asarray(maxworkers=1), len(tiff.pages))
    except (TiffFileError, struct.error, zlib.error) as error:
        raise ValueError(str(error)) from error


def _check(page: Any, source: BinaryIO, max_pixels: int) -> None:
    """Refuse what would be read wrong; tifffile fills up with zeros what a file lacks."""
    if page.imagewidth * page.imagelength <= 0:
        raise ValueError("it says that it has no pixels")
    if page.imagewidth * page.imagelength > max_pixels:
        raise OverflowError(f"{page.imagewidth * page.imagelength / 1e6:.0f} megapixels")
    if page.dtype is None or page.dtype.kind not in "uif":
        raise ValueError(f"pixels of the kind {page.dtype} are not supported")
    if page.nbytes > _LARGEST_BYTES:
        raise OverflowError(f"{page.nbytes / 1e9:.0f} GB of pixels")
    if page.axes not in ("YX", "YXS", "SYX") or int(page.photometric) not in (*_GREY, _RGB):
        raise ValueError(f"{page.photometric.name} in {page.axes} is not supported")
    end = source.seek(0, 2)
    parts = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    if not parts or any(not n_bytes or start + n_bytes > end for start, n_bytes in parts):
        raise ValueError("the file ends before its pixels")


def _shown(page: Any, pixels: NDArray[Any], n_pages: int) -> ScientificPage:
    if page.axes == "SYX":
        pixels = np.moveaxis(pixels, 0, -1)
    n_channels = pixels.shape[2] if pixels.ndim == 3 else 1
    is_colour = int(page.photometric) == _RGB and n_channels >= 3
    if pixels.ndim == 3:
        pixels = np.ascontiguousarray(pixels[..., :3] if is_colour else pixels[..., 0])
    window = None if pixels.dtype == np.uint8 else window_of(pixels)
    inverted = int(page.photometric) == 0
    shown = to_eight_bit(pixels, window or (0, 255), inverted=inverted)
    kind = str(page.dtype) if n_channels == 1 else f"{page.dtype} x {n_channels}"
    turned = page.tags.valueof(_TURNED, 1)
    return ScientificPage(
        picture=Image.fromarray(shown),
        mode=kind,
        n_pages=n_pages,
        window=window,
        orientation=int(turned),
        n_channels=n_channels,
        n_shown=3 if is_colour else 1,
    )
