"""Take personal metadata out of image files without touching a pixel.

Cameras and editors write place, owner, patient and history into side blocks of the file. They
are cut out block by block; what colours depend on (ICC profile, gamma, Adobe marker) stays.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

__all__ = ["Anatomy", "anatomy", "image_kind"]

Buffer = bytes | memoryview

_JPEG_KEPT = (b"JFIF\0", b"ICC_PROFILE\0", b"Adobe")
_PNG_DROPPED = {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"}
_GIF_KEPT = (b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012")
_MAGIC = {
    "jpeg": (b"\xff\xd8",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "gif": (b"GIF87a", b"GIF89a"),
    "bmp": (b"BM",),
}


class Anatomy(NamedTuple):
    """An image file taken apart."""

    pieces: list[Buffer]
    """What to write, in order, to have the same picture without metadata."""
    exif: bytes | None
    """The EXIF block that was there, without its header."""
    n_dropped: int
    """Bytes left out."""


def image_kind(head: Buffer) -> str | None:
    """Return jpeg, png, webp, gif or bmp by the first 12 bytes, None for any other format.

    >>> image_kind(b"GIF89a......")
    'gif'
    """
    start = bytes(head[:12])
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    return next((kind for kind, magic in _MAGIC.items() if start.startswith(magic)), None)


def anatomy(content: Buffer) -> Anatomy | None:
    """Return the parts of an image to keep; None where its format or damage hides them.

    Args:
        content: The whole file.
    """
    kind = image_kind(content)
    if kind is None:
        return None
    try:
        return _READERS[kind](memoryview(content))
    except (IndexError, struct.error, ValueError):
        return None


def _of(content: memoryview, pieces: list[Buffer], exif: bytes | None) -> Anatomy:
    return Anatomy(pieces, exif, len(content) - sum(len(piece) for piece in pieces))


def _jpeg(content: memoryview) -> Anatomy:
    pieces: list[Buffer] = [content[:2]]
    exif = None
    for start, end in _jpeg_segments(content):
        marker = content[start + 1]
        body = bytes(content[start + 4 : min(end, start + 20)])
        if marker == 0xE1 and body.startswith(b"Exif\0"):
            exif = bytes(content[start + 10 : end])
        is_side_block = 0xE0 <= marker <= 0xEF or marker == 0xFE
        if not is_side_block or body.startswith(_JPEG_KEPT):
            pieces.append(content[start:end])
    return _of(content, pieces, exif)


def _jpeg_segments(content: memoryview) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every segment up to the end marker; scans include their coded part."""
    at = 2
    while True:
        if content[at] != 0xFF:
            raise ValueError("no marker where one must be")
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            yield at, at + 2
            return
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if end > len(content) or end < at + 4:
            raise ValueError("a segment runs past the end")
        if marker == 0xDA:
            end = _jpeg_scan_end(content, end)
        yield at, end
        at = end


def _jpeg_scan_end(content: memoryview, at: int) -> int:
    """Return where the coded part ends: at a marker that is neither a stuffed FF nor a restart."""
    step = 1 << 16
    while at < len(content):
        window = bytes(content[at : at + step + 1])
        found = window.find(b"\xff")
        while found >= 0 and found + 1 < len(window):
            follows = window[found + 1]
            if follows not in (0x00, 0xFF) and not 0xD0 <= follows <= 0xD7:
                return at + found
            found = window.find(b"\xff", found + 1)
        at += step
    raise ValueError("the picture has no end marker")


def _png(content: memoryview) -> Anatomy:
    pieces: list[Buffer] = [content[:8]]
    exif, at = None, 8
    while True:
        length, name = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if end > len(content):
            raise ValueError("a chunk runs past the end")
        if name == b"eXIf":
            exif = bytes(content[at + 8 : end - 4])
        if name not in _PNG_DROPPED:
            pieces.append(content[at:end])
        if name == b"IEND":
            return _of(content, pieces, exif)
        at = end


def _webp(content: memoryview) -> Anatomy:
    end_of_file = 8 + struct.unpack_from("<I", content, 4)[0]
    if end_of_file > len(content):
        raise ValueError("the file is shorter than it says")
    chunks: list[Buffer] = []
    exif, at = None, 12
    while at < end_of_file:
        name, length = struct.unpack_from("<4sI", content, at)
        end = min(at + 8 + length + length % 2, end_of_file)
        chunk = content[at:end]
        if name == b"EXIF":
            exif = bytes(chunk[8 : 8 + length]).removeprefix(b"Exif\0\0")
        elif name == b"VP8X":
            flags = chunk[8] & ~0b1100  # neither EXIF nor XMP follows
            chunks.append(bytes(chunk[:8]) + bytes([flags]) + bytes(chunk[9:]))
        elif name != b"XMP ":
            chunks.append(chunk)
        at = end
    size = 4 + sum(len(chunk) for chunk in chunks)
    return _of(content, [b"RIFF" + struct.pack("<I", size) + b"WEBP", *chunks], exif)


def _gif(content: memoryview) -> Anatomy:
    at = 13 + _gif_colours(content[10])
    pieces: list[Buffer] = [content[:at]]
    while content[at] != 0x3B:
        end = _gif_block_end(content, at)
        is_comment = content[at] == 0x21 and content[at + 1] == 0xFE
        is_application = content[at] == 0x21 and content[at + 1] == 0xFF
        is_foreign = is_application and bytes(content[at + 3 : at + 14]) not in _GIF_KEPT
        if not (is_comment or is_foreign):
            pieces.append(content[at:end])
        at = end
    return _of(content, [*pieces, content[at : at + 1]], None)


def _gif_colours(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _gif_block_end(content: memoryview, at: int) -> int:
    if content[at] == 0x21:
        at += 2
    elif content[at] == 0x2C:
        at += 11 + _gif_colours(content[at + 9])
    else:
        raise ValueError("an unknown block")
    while content[at]:
        at += 1 + content[at]
    return at + 1


def _bmp(content: memoryview) -> Anatomy:
    return Anatomy([content], None, 0)


_READERS: dict[str, Callable[[memoryview], Anatomy]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "gif": _gif,
    "bmp": _bmp,
}
