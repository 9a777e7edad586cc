"""The picture that people see: 8 bits, upright, sRGB, on white.

A browser shows plain PNG, JPEG, WebP and GIF as they are. For everything else a lossless PNG is
made, once, so that all raters see the same pixels; `Display.rendition` records how.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import Image

from pipelines.intake.colour import on_white, profile_of, to_srgb
from pipelines.intake.deep import deep_pixels, is_deep, is_white_zero
from pipelines.intake.formats import WEB_FORMATS
from pipelines.intake.scientific import read_scientific
from pipelines.intake.window import to_eight_bit, window_of

__all__ = ["BROKEN", "Display", "displayed", "scientific_display"]

BROKEN = (
    OSError, SyntaxError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError,
    RuntimeError, EOFError,
)  # fmt: skip
"""What Pillow's readers raise on damaged files."""

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How to turn a picture upright, by EXIF orientation."""


@dataclass(frozen=True, slots=True)
class Display:
    """A picture ready to be seen, and how it came about."""

    picture: Image.Image
    """Mode L or RGB."""
    format: str
    """Pillow's name of the original's format."""
    mode: str
    """Pillow's mode of the original."""
    n_pages: int
    """Pages or frames; the first is shown."""
    rendition: dict[str, Any] | None
    """`reason` (list), `window` ([lo, hi] or null), `page`, `to`; None if the original serves."""


def displayed(image: Image.Image, source: BinaryIO) -> Display:
    """Decode an opened image whole and make what is displayed.

    Args:
        image: Opened from `source`, not loaded.
        source: The file, for a second reading of deep colour.

    Raises:
        Exception: one of `BROKEN` where the file ends early or is damaged.
    """
    mode, n_pages = image.mode, getattr(image, "n_frames", 1)
    reasons = [] if image.format in WEB_FORMATS else [f"{image.format} is not shown by browsers"]
    # The further pictures of an MPO are previews and depth maps; browsers show the first.
    if n_pages > 1 and image.format != "MPO":
        reasons.append(f"first of {n_pages} pages")
    window = None
    # Pillow turns a TIFF upright as it loads it, and has to load a PNG to find its orientation.
    is_turned = image.format == "TIFF" and _orientation(image) != 1
    if is_deep(image):
        reasons.append("more than 8 bits")
        picture, window = _shallow(image, source)
    else:
        image.load()
        picture = image
    if (orientation := _orientation(image)) != 1:
        picture = picture.transpose(_UPRIGHT[orientation])
    if is_turned or orientation != 1:
        reasons.append("rotated")
    picture, see_through = on_white(picture)
    if see_through:
        reasons.append("transparent")
    profile = profile_of(image)
    if profile is not None:
        reasons.append("colour profile")
    if picture.mode not in ("1", "L", "RGB"):
        reasons.append(f"{picture.mode} colours")
    picture = to_srgb(picture, profile)
    how = {"reason": reasons, "window": window, "page": 0, "to": "sRGB PNG"}
    return Display(picture, image.format or "", mode, n_pages, how if reasons else None)


def scientific_display(source: BinaryIO, max_pixels: int) -> Display:
    """Make what is displayed of a TIFF that Pillow has no mode for; errors as `read_scientific`."""
    page = read_scientific(source, max_pixels)
    reasons = ["TIFF is not shown by browsers"]
    if page.n_pages > 1:
        reasons.append(f"first of {page.n_pages} pages")
    if page.n_shown < page.n_channels:
        first = "first" if page.n_shown == 1 else f"first {page.n_shown}"
        reasons.append(f"{first} of {page.n_channels} channels")
    if page.window is not None:
        reasons.append("more than 8 bits")
    picture = page.picture
    if page.orientation in _UPRIGHT:
        picture = picture.transpose(_UPRIGHT[page.orientation])
        reasons.append("rotated")
    window = None if page.window is None else list(page.window)
    how = {"reason": reasons, "window": window, "page": 0, "to": "sRGB PNG"}
    return Display(picture, "TIFF", page.mode, page.n_pages, how)


def _shallow(image: Image.Image, source: BinaryIO) -> tuple[Image.Image, list[float]]:
    inverted = is_white_zero(image)
    pixels, alpha = deep_pixels(image, source)
    window = window_of(pixels)
    picture = Image.fromarray(to_eight_bit(pixels, window, inverted=inverted))
    if alpha is not None:
        picture.putalpha(alpha)
    return picture, list(window)


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 if absent or broken."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except BROKEN:
        return 1
    return value if value in range(1, 9) else 1
