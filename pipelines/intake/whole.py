"""What Pillow does not notice about files that end early or are damaged."""

from __future__ import annotations

import os
import struct
import zlib
from typing import BinaryIO

from PIL import Image

__all__ = ["check_whole"]


def check_whole(image: Image.Image, source: BinaryIO) -> None:
    """Check the parts of a file that decoding it does not check. The position is restored.

    Raises:
        ValueError: in half a sentence, what is wrong.
    """
    here = source.tell()
    if image.format == "PNG":
        _check_png(source)
    elif image.format == "GIF":
        _check_gif(source)
    source.seek(here)


def _check_png(source: BinaryIO) -> None:
    """Check that the chunks are whole and the last is the end; Pillow skips checksums of pixels."""
    source.seek(8)
    while True:
        head = source.read(8)
        if len(head) < 8:
            raise ValueError("the file ends before its last chunk")
        length, kind = struct.unpack(">I4s", head)
        body = source.read(length)
        check = source.read(4)
        if len(check) < 4:
            raise ValueError(f"the file ends in its chunk {kind.decode('ascii', 'replace')}")
        if kind == b"IDAT" and zlib.crc32(body, zlib.crc32(kind)) != int.from_bytes(check, "big"):
            raise ValueError("the checksum of its pixels is wrong")
        if kind == b"IEND":
            return


def _check_gif(source: BinaryIO) -> None:
    """Check that the file ends with the trailer, after which some programs write zeros."""
    source.seek(max(0, source.seek(0, os.SEEK_END) - 1024))
    if not source.read().rstrip(b"\x00").endswith(b";"):
        raise ValueError("the file ends before its trailer")
