"""Colours as stored to sRGB on white."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageCms

__all__ = ["Profile", "on_white", "profile_of", "to_srgb"]

ALIKE = 3
"""A profile that moves no test colour by more than this many of 255 levels counts as sRGB."""


class Profile(NamedTuple):
    """An ICC profile that changes colours."""

    content: bytes
    mode: str
    """Pillow's mode in which it speaks: L, RGB, CMYK or LAB."""


def on_white(image: Image.Image) -> tuple[Image.Image, bool]:
    """Return the picture over white, without alpha, and whether any pixel lets white through.

    A palette, or a colour that is declared transparent, counts as alpha.
    """
    if image.has_transparency_data:
        full = image if image.mode == "RGBA" else image.convert("RGBA")
        alpha = full.getchannel("A")
        if alpha.getextrema() == (255, 255):
            return full.convert("RGB"), False
        white = Image.new("RGB", full.size, "white")
        white.paste(full, mask=alpha)
        return white, True
    if image.mode in ("P", "PA"):
        return image.convert("RGB"), False
    return image, False


def profile_of(image: Image.Image) -> Profile | None:
    """Return the ICC profile if it changes colours: None if absent, broken, or as good as sRGB."""
    content = image.info.get("icc_profile")
    if not isinstance(content, bytes) or not content:
        return None
    profile = Profile(content, _profile_mode(image))
    return profile if _is_told_apart(profile) else None


def to_srgb(image: Image.Image, profile: Profile | None) -> Image.Image:
    """Return `image` in sRGB: mode RGB, or L if it is grey and has no profile.

    Args:
        image: Any mode without alpha.
        profile: From `profile_of`. Without one CMYK is converted by the plain formula
            (255 − C)(255 − K) / 255, as Pillow does.
    """
    if profile is not None:
        return _applied(image.convert(profile.mode), _transform(profile))
    if image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        return _applied(image, ImageCms.buildTransform(lab, _srgb(), "LAB", "RGB"))
    if image.mode in ("L", "RGB"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _profile_mode(image: Image.Image) -> str:
    """Return the mode in which an image's profile speaks."""
    if image.mode in ("CMYK", "LAB"):
        return image.mode
    return "L" if image.mode in ("1", "L", "LA", "La") or image.mode[0] in "IF" else "RGB"


@lru_cache(maxsize=64)
def _is_told_apart(profile: Profile) -> bool:
    """Say whether a profile is usable and other than sRGB."""
    transform = _transform(profile)
    if transform is None or profile.mode in ("CMYK", "LAB"):
        return transform is not None
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    if profile.mode == "L":
        colours, plain = levels[:, None], np.repeat(levels[:, None, None], 3, axis=-1)
    else:
        colours = plain = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(27, 27, 3)
    seen = np.asarray(_applied(Image.fromarray(colours), transform))
    return bool(np.abs(seen.astype(int) - plain).max() > ALIKE)


@lru_cache(maxsize=64)
def _transform(profile: Profile) -> Any:
    """Return the transform of a profile to sRGB, None if the profile is broken or misplaced."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile.content))
        return ImageCms.buildTransform(source, _srgb(), profile.mode, "RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _applied(image: Image.Image, transform: Any) -> Image.Image:
    seen = ImageCms.applyTransform(image, transform)
    if seen is None:
        raise ValueError("the colour profile gave no picture")
    return seen
