"""Masks of regions as arrays of truth values, from COCO run lengths, polygons or boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["region_mask"]

Mask = npt.NDArray[np.bool_]


def region_mask(region: Mapping[str, Any], width: int, height: int) -> Mask:
    """Return the mask of a region, shape (height, width).

    The first of `mask_rle` (COCO, runs as a list or as its text), `polygon` ([[x, y], …]) and
    `bbox_xyxy` (px, right and lower edge exclusive) that is there counts.

    Raises:
        ValueError: there is none, or the runs do not fill the image.
    """
    if region.get("mask_rle") is not None:
        return _from_runs(region["mask_rle"], width, height)
    if region.get("polygon") is not None:
        return _from_polygon(region["polygon"], width, height)
    if region.get("bbox_xyxy") is None:
        raise ValueError("a region has neither mask_rle nor polygon nor bbox_xyxy")
    mask = np.zeros((height, width), bool)
    left, top, right, bottom = (max(0, round(edge)) for edge in region["bbox_xyxy"])
    mask[top:bottom, left:right] = True
    return mask


def _from_runs(rle: Mapping[str, Any], width: int, height: int) -> Mask:
    counts = rle["counts"]
    runs = np.array(_counts_of(counts) if isinstance(counts, str) else counts, np.int64)
    if list(rle["size"]) != [height, width] or (runs < 0).any() or runs.sum() != width * height:
        raise ValueError(f"a mask does not fill the image of {width} x {height} px")
    inside = np.arange(len(runs)) % 2 == 1
    return np.repeat(inside, runs).reshape(width, height).T


def _counts_of(text: str) -> list[int]:
    """Undo COCO's text form: 5 bits a byte, signed, from the fourth run relative to two before."""
    counts: list[int] = []
    value = shift = 0
    for byte in text.encode():
        bits = byte - 48
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    return counts


def _from_polygon(points: list[list[float]], width: int, height: int) -> Mask:
    from PIL import Image, ImageDraw

    image = Image.new("1", (width, height))
    ImageDraw.Draw(image).polygon([(x, y) for x, y in points], fill=1)
    return np.asarray(image, bool)
