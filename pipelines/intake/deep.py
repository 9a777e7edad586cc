"""Reading pixels of more than 8 bits a channel through Pillow, which often keeps only 8."""

from __future__ import annotations

import sys
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from pipelines.intake.formats import READABLE

__all__ = ["deep_pixels", "is_deep", "is_white_zero"]

_BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339
_OTHER_BYTE = {";16B": ";16L", ";16L": ";16B", ";16N": ";16B"}
if sys.byteorder == "big":
    _OTHER_BYTE[";16N"] = ";16L"


def is_deep(image: Image.Image) -> bool:
    """Say whether an opened, not yet loaded image has other than unsigned 8-bit channels."""
    return (
        image.mode == "F"
        or image.mode.startswith("I")
        or _is_signed_bytes(image)
        or _has_sixteen_bit_channels(image)
    )


def is_white_zero(image: Image.Image) -> bool:
    """Say whether a deep TIFF counts from white; Pillow inverts those of up to 8 bits only."""
    tags = _tags(image)
    return bool(tags.get(_PHOTOMETRIC) == 0 and image.mode in ("I", "I;16", "I;16B", "F"))


def deep_pixels(image: Image.Image, source: BinaryIO) -> tuple[NDArray[Any], Image.Image | None]:
    """Decode a deep image whole.

    Pillow has no mode for colour of 16 bits a channel and reads the high bytes. Reading the file
    a second time with the byte order exchanged gives the low bytes.

    Args:
        image: Opened from `source`, not loaded.
        source: The file.

    Returns:
        Pixels of shape (height, width) or (height, width, channels) in the type they are stored
        as, and alpha as an image of mode L, if there is any.
    """
    if _has_sixteen_bit_channels(image):
        return _sixteen_bit_channels(image, source)
    tags = _tags(image)
    signed_bytes = _is_signed_bytes(image)
    pixels = np.asarray(image)
    if signed_bytes:
        return pixels.view(np.int8), None
    if image.mode == "I" and tags.get(_SAMPLE_FORMAT, (1,))[0] == 1:
        return pixels.view(np.uint32), None
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False), None


def _sixteen_bit_channels(
    image: Image.Image, source: BinaryIO
) -> tuple[NDArray[Any], Image.Image | None]:
    image.load()
    source.seek(0)
    with Image.open(source, formats=READABLE) as again:
        if again.mode == "RGBA" and "LA;16" in str(again.tile):
            # Grey and alpha of two bytes each, read as four channels of one.
            again.tile = [tile._replace(args="RGBA") for tile in again.tile]
            grey = np.asarray(again)[..., :2].astype(np.uint16)
            return grey[..., 0] << 8 | grey[..., 1], image.getchannel("A")
        again.tile = [tile._replace(args=_other_byte(tile.args)) for tile in again.tile]
        pixels = np.asarray(image).astype(np.uint16) << 8
        pixels |= np.asarray(again)
    if image.mode[-1] not in "Aa":
        return pixels, None
    return pixels[..., :3], image.getchannel(image.mode[-1])


def _tags(image: Image.Image) -> Any:
    return image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}


def _is_signed_bytes(image: Image.Image) -> bool:
    tags = _tags(image)
    return bool(tags.get(_BITS) == (8,) and tags.get(_SAMPLE_FORMAT) == (2,))


def _has_sixteen_bit_channels(image: Image.Image) -> bool:
    modes = ("RGB", "RGBA", "RGBX", "LA", "RGBa")
    return image.mode in modes and any(";16" in str(tile.args) for tile in _tiles(image))


def _tiles(image: Image.Image) -> list[Any]:
    return list(getattr(image, "tile", ()))


def _other_byte(args: Any) -> Any:
    if isinstance(args, tuple):
        return tuple(_other_byte(arg) for arg in args)
    if isinstance(args, str) and args[-4:] in _OTHER_BYTE:
        return args[:-4] + _OTHER_BYTE[args[-4:]]
    return args
