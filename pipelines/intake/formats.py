"""Which files are images, told from their first bytes, and which formats are read."""

from __future__ import annotations

import os

__all__ = [
    "IMAGE_SUFFIXES",
    "N_SNIFFED",
    "READABLE",
    "SUFFIX_OF",
    "UNREADABLE",
    "WEB_FORMATS",
    "has_image_suffix",
    "sniff",
]

N_SNIFFED = 32
"""First bytes that `sniff` looks at."""

SUFFIX_OF = {
    "PNG": ".png",
    "JPEG": ".jpg",
    "MPO": ".jpg",
    "TIFF": ".tif",
    "WEBP": ".webp",
    "GIF": ".gif",
    "BMP": ".bmp",
    "JPEG2000": ".jp2",
    "AVIF": ".avif",
    "PPM": ".ppm",
}
"""Pillow's format -> ending under which an original is kept."""

READABLE = tuple(name for name in SUFFIX_OF if name != "MPO")
"""Formats given to Pillow, whose JPEG reader finds MPO itself.

EPS and the like stay out: reading them runs other programs."""

WEB_FORMATS = frozenset({"PNG", "JPEG", "MPO", "WEBP", "GIF"})
"""Formats that every browser shows alike."""

UNREADABLE = frozenset(
    (
        *(".svg", ".eps", ".ps", ".wmf", ".emf", ".psd", ".ico", ".tga", ".hdr", ".exr"),
        *(".heic", ".heif", ".jxl", ".dng", ".nef", ".cr2", ".cr3", ".arw"),
        *(".fits", ".fit", ".dcm", ".czi", ".nd2", ".lif", ".svs"),
    )
)
"""Endings of images that are refused by name rather than ignored."""

IMAGE_SUFFIXES = (
    frozenset(SUFFIX_OF.values())
    | frozenset({".jpeg", ".jpe", ".jfif", ".tiff", ".apng", ".dib", ".j2k", ".jpx", ".jpf"})
    | frozenset({".pgm", ".pbm", ".pnm", ".pfm"})
    | UNREADABLE
)

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
)


def sniff(head: bytes) -> str | None:
    """Return the format that a file's first `N_SNIFFED` bytes announce, or None.

    >>> sniff(b"GIF89a...."), sniff(b"hello")
    ('GIF', None)
    """
    for start, name in _STARTS:
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp" and head[8:12] in (b"avif", b"avis", b"mif1", b"msf1"):
        return "AVIF"
    # "BM" and "P1" begin many texts too: look at what must follow them.
    if head[:2] == b"BM" and len(head) > 14 and head[6:10] == bytes(4):
        return "BMP"
    if head[:2] in (b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"Pf", b"PF"):
        following = head[2:].lstrip()[:1]
        return "PPM" if head[2:3].isspace() and following in b"#0123456789" else None
    return None


def has_image_suffix(name: str) -> bool:
    """Say whether a file's name promises an image."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES  # noqa: PTH122 - names, not paths
