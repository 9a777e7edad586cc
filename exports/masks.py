"""Masks of regions: drawn from outlines, run-length encoded as COCO does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["mask_image", "mask_rle", "rle_area", "rle_image"]

_RUNS = re.compile(rb"\x00+|[^\x00]+")


def mask_image(region: Mapping[str, Any], size: tuple[int, int]) -> Image:
    """Return the mask of a region, mode L, 255 inside, from `mask_rle`, `polygon` or box.

    Args:
        region: A region; see `exports.regions`.
        size: Width and height of the image, px.
    """
    from PIL import Image, ImageDraw

    if region.get("mask_rle") is not None:
        return rle_image(region["mask_rle"])
    mask = Image.new("L", size, 0)
    draw = ImageDraw.Draw(mask)
    if region.get("polygon") is not None:
        draw.polygon([tuple(point) for point in region["polygon"]], fill=255)
    else:
        left, top, right, bottom = region["bbox_xyxy"]
        draw.rectangle((left, top, right - 1, bottom - 1), fill=255)
    return mask


def mask_rle(mask: Image) -> dict[str, Any]:
    """Return COCO's uncompressed run lengths: `size` [h, w], `counts` down the columns.

    Counts alternate outside and inside and begin with outside, which may be 0.
    """
    from PIL import Image

    by_column = mask.transpose(Image.Transpose.TRANSPOSE).tobytes()
    runs = [(run.group()[0] != 0, len(run.group())) for run in _RUNS.finditer(by_column)]
    counts = [length for _, length in runs]
    starts_inside = bool(runs) and runs[0][0]
    return {"size": [mask.height, mask.width], "counts": [0, *counts] if starts_inside else counts}


def rle_image(rle: Mapping[str, Any]) -> Image:
    """Return the mask that run lengths stand for, uncompressed or in COCO's compressed text.

    Raises:
        ValueError: the runs do not fill the size.
    """
    from PIL import Image

    height, width = rle["size"]
    counts = rle["counts"]
    if isinstance(counts, str | bytes):
        counts = _uncompressed(counts.encode() if isinstance(counts, str) else counts)
    if sum(counts) != height * width:
        raise ValueError(f"the runs fill {sum(counts)} pixels of {height * width}")
    by_column = b"".join(
        (b"\xff" if number % 2 else b"\x00") * length for number, length in enumerate(counts)
    )
    turned = Image.frombytes("L", (height, width), by_column)
    return turned.transpose(Image.Transpose.TRANSPOSE)


def rle_area(rle: Mapping[str, Any]) -> int:
    """Return the number of pixels inside, of uncompressed run lengths."""
    return sum(rle["counts"][1::2])


def _uncompressed(text: bytes) -> Sequence[int]:
    """Undo COCO's text form: 5 bits a byte, signed, from the third run relative to two before."""
    counts: list[int] = []
    at = 0
    while at < len(text):
        value, shift, goes_on = 0, 0, True
        while goes_on:
            byte = text[at] - 48
            value |= (byte & 0x1F) << shift
            goes_on = bool(byte & 0x20)
            at, shift = at + 1, shift + 5
            if not goes_on and byte & 0x10:
                value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
    return counts
