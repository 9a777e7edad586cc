"""The images of a package: which picture goes out, under which name, without metadata.

What goes out is what experts judged: the rendition where one was made, else the original,
turned upright. Readers of data sets open files with Pillow and expect PNG, JPEG, WebP, GIF or
BMP; anything else becomes PNG. A picture is called by its stimulus, so names are unique and safe
whatever the files were called, and stay when images are added.
"""

from __future__ import annotations

import hashlib
import io
import mmap
import os
from pathlib import Path
from typing import Any, NamedTuple

from exports.metadata import Anatomy, Buffer, anatomy, image_kind
from schemas.errors import UserError
from schemas.layout import ImageFolder

__all__ = ["SUFFIXES", "Picture", "Plan", "plan_original", "plan_picture"]

SUFFIXES = {"jpeg": ".jpg", "png": ".png", "webp": ".webp", "gif": ".gif", "bmp": ".bmp"}
"""Kind of image -> ending of its exported file."""

_MAPPED_FROM = 8 << 20
_ORIENTATION = 0x0112


class Picture(NamedTuple):
    """How a stimulus left the study."""

    stimulus: str
    """Its id."""
    name: str
    """File name in the package's `images/`."""
    treatment: str
    """`original`, `stripped` (metadata cut out), `upright` (turned, PNG), `rendition`, `png`."""
    original_sha256: str
    """SHA-256 of the file that came in."""


class Plan(NamedTuple):
    """A picture and the bytes it is made of."""

    picture: Picture
    pieces: list[Buffer]
    """What to write, in order."""
    source: Path | None
    """File with exactly these bytes, where there is one."""
    sha256: str | None
    """SHA-256 of the bytes, where it is already known."""


def plan_original(row: dict[str, Any], images: ImageFolder) -> Plan:
    """Return the file that came in, unchanged.

    Args:
        row: The stimulus, a row of `stimuli`.
        images: Where the images lie.

    Raises:
        UserError: `image_missing` or `image_damaged`.
    """
    path = images.original(row["sha256"], row["suffix"])
    content = _content(path, row)
    _check_unchanged(content, row)
    name = row["stimulus"] + row["suffix"].lower()
    picture = Picture(row["stimulus"], name, "original", row["sha256"])
    return Plan(picture, [content], path, row["sha256"])


def plan_picture(row: dict[str, Any], images: ImageFolder, *, keep_metadata: bool) -> Plan:
    """Return the picture that experts judged.

    Args:
        row: The stimulus, a row of `stimuli`.
        images: Where the images lie.
        keep_metadata: Leave EXIF, XMP and comments where the file can stay as it is.

    Raises:
        UserError: `image_missing`, `image_unreadable` or `image_damaged`.
    """
    is_rendition = row["rendition"] is not None
    if is_rendition:
        path = images.rendition(row["sha256"])
        content = _content(path, row)
    else:
        path = images.original(row["sha256"], row["suffix"])
        content = _content(path, row)
        _check_unchanged(content, row)
    treatment, kind, pieces = _treat(content, row, keep_metadata=keep_metadata)
    is_whole = treatment == "original"
    picture = Picture(
        row["stimulus"],
        row["stimulus"] + SUFFIXES[kind],
        "rendition" if is_rendition else treatment,
        row["sha256"],
    )
    sha256 = row["sha256"] if is_whole and not is_rendition else None
    return Plan(picture, pieces, path if is_whole else None, sha256)


def _treat(
    content: Buffer, row: dict[str, Any], *, keep_metadata: bool
) -> tuple[str, str, list[Buffer]]:
    kind = image_kind(content)
    parts = anatomy(content)
    if kind is None or parts is None:
        return "png", "png", [_as_png(content, row)]
    if _orientation(parts) not in (None, 1):
        return "upright", "png", [_as_png(content, row)]
    if parts.n_dropped == 0 or keep_metadata:
        return "original", kind, [content]
    return "stripped", kind, parts.pieces


def _orientation(parts: Anatomy) -> int | None:
    if parts.exif is None:
        return None
    from PIL import Image

    exif = Image.Exif()
    try:
        exif.load(parts.exif)
    except (SyntaxError, ValueError, OSError):
        return None
    return exif.get(_ORIENTATION)


def _as_png(content: Buffer, row: dict[str, Any]) -> bytes:
    """Return the first frame, upright, as PNG with its colour profile and nothing else."""
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(content)) as opened:
            profile = opened.info.get("icc_profile")
            upright = ImageOps.exif_transpose(opened)
            if upright.mode not in ("1", "L", "LA", "I;16", "P", "RGB", "RGBA"):
                upright, profile = upright.convert("RGB"), None
            clean = upright.copy()
            clean.info = {
                key: upright.info[key] for key in ("transparency",) if key in upright.info
            }
            out = io.BytesIO()
            clean.save(out, "PNG", icc_profile=profile)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(
            "image_unreadable",
            f"The image of stimulus {row['stimulus']} ('{row['file_name']}') cannot be read: "
            f"{error}. Import it again or retire it, then export again.",
        ) from error
    return out.getvalue()


def _content(path: Path, row: dict[str, Any]) -> Buffer:
    """Return the bytes of a file; large ones are mapped, not read, so memory stays small."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < _MAPPED_FROM:
                return file.read()
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError as error:
        raise UserError(
            "image_missing",
            f"The image of stimulus {row['stimulus']} ('{row['file_name']}') is missing at {path}; "
            "run verify, import it again, then export again.",
        ) from error
    except OSError as error:
        raise UserError(
            "image_unreadable",
            f"The image of stimulus {row['stimulus']} at {path} cannot be read: "
            f"{error.strerror or error}. Make it readable, then export again.",
        ) from error


def _check_unchanged(content: Buffer, row: dict[str, Any]) -> None:
    if hashlib.sha256(content).hexdigest() != row["sha256"]:
        raise UserError(
            "image_damaged",
            f"The image of stimulus {row['stimulus']} ('{row['file_name']}') is not the one that "
            "was imported; run verify, restore the file, then export again.",
        )
