"""Taking in one file: hash, check, keep, and make what is displayed. Runs in workers.

Memory: a worker holds files of up to 64 MB whole, and larger ones only as a stream. A picture of
up to 32 megapixels takes up to 0.4 GB. Larger ones take up to 12 bytes a pixel, 3 GB at the limit
of 256 megapixels, and of them only one is in work at a time.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import stat
import warnings
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from PIL import Image, PngImagePlugin, UnidentifiedImageError

from pipelines.intake.claims import Claims
from pipelines.intake.display import BROKEN, Display, displayed, scientific_display
from pipelines.intake.formats import (
    N_SNIFFED,
    READABLE,
    SUFFIX_OF,
    UNREADABLE,
    has_image_suffix,
    sniff,
)
from pipelines.intake.keep import copy_into, landing
from pipelines.intake.phash import perceptual_hash
from pipelines.intake.records import Candidate, Refused, RefusedContent, Seen, TakenIn
from pipelines.intake.scientific import needs_tifffile
from pipelines.intake.whole import check_whole
from schemas.layout import THUMBNAIL_PX, ImageFolder, has_thumbnail

__all__ = ["MAX_PIXELS", "take_in"]

MAX_PIXELS = 256_000_000
"""Larger pictures are refused."""

_HELD_WHOLE = 1 << 26
# Sharing blocks is not worth its system calls below this.
_WRITTEN_AT_ONCE = 1 << 18
_LARGE_PIXELS = 32_000_000

# Pillow's own limits are lower than ours and partly only warn; `take_in` checks the size itself.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
PngImagePlugin.MAX_TEXT_CHUNK = 1 << 26
PngImagePlugin.MAX_TEXT_MEMORY = 1 << 27
# What it logs of a damaged file is in the reason of its refusal.
logging.getLogger("PIL").setLevel(logging.CRITICAL)


class _Refusal(Exception):
    """The reason why a file is not taken in."""

    sha256: str | None = None
    """Set where the bytes are at fault."""

    def told_of(self, candidate: Candidate) -> Refused:
        if self.sha256 is None:
            return Refused(candidate.source_path, str(self))
        return RefusedContent(candidate.source_path, str(self), self.sha256)


class _NoImage(_Refusal):
    """The file is no image; it is refused only if it was named or promises to be one."""


class _Identity(NamedTuple):
    """What changes when a file is written to."""

    inode: int
    n_bytes: int
    modified_ns: int
    changed_ns: int


@dataclass(frozen=True, slots=True)
class _Source:
    file: BinaryIO
    identity: _Identity
    """Before the first byte was read."""
    stream: BinaryIO
    """To decode from: the content, or for large files the file itself."""
    sha256: str
    n_bytes: int


def take_in(
    candidate: Candidate,
    images: ImageFolder,
    *,
    incoming: Path,
    claims: Claims,
    known: Container[str] = frozenset(),
) -> TakenIn | Seen | Refused | None:
    """Take in one file.

    Args:
        candidate: The file.
        images: Where original, rendition and thumbnail go; nothing else is written there.
        incoming: Existing folder on the same file system for files in the making, shared by the
            workers of one import.
        claims: SHA-256 that workers of this import have seen.
        known: SHA-256 of files that need no decoding.

    Returns:
        What was kept; `Seen` for bytes that are known or in work; `Refused`; None for a file
        that is no image, does not look like one and was not named itself.

    Raises:
        UserError: `disk_full`.
    """
    try:
        with _opened(candidate.path) as file:
            source = _read(file, candidate.path.suffix.lower())
            if source.sha256 in known or not claims.claim(source.sha256, candidate.source_path):
                return Seen(source.sha256)
            return _from_source(source, images, incoming)
    except _NoImage as no:
        if candidate.named or has_image_suffix(candidate.path.name):
            return no.told_of(candidate)
        return None
    except _Refusal as no:
        return no.told_of(candidate)


def _from_source(source: _Source, images: ImageFolder, incoming: Path) -> TakenIn:
    try:
        return _kept(source, _decoded(source.stream, incoming), images, incoming)
    except _Refusal as no:
        no.sha256 = source.sha256
        raise


def _kept(source: _Source, display: Display, images: ImageFolder, incoming: Path) -> TakenIn:
    sha256, suffix = source.sha256, SUFFIX_OF[display.format]
    with landing(images.original(sha256, suffix), incoming) as part:
        if isinstance(source.stream, BytesIO) and source.n_bytes <= _WRITTEN_AT_ONCE:
            part.write_bytes(source.stream.getbuffer())
        else:
            copy_into(source.file, source.n_bytes, part)
        if _identity(source.file) != source.identity:
            raise _Refusal("It changed while it was being read; import it again.")
    phash = _keep_display(display, images, sha256, incoming)
    return TakenIn(
        sha256=sha256,
        suffix=suffix,
        format=display.format,
        width=display.picture.width,
        height=display.picture.height,
        n_bytes=source.n_bytes,
        mode=display.mode,
        n_pages=display.n_pages,
        phash=phash,
        rendition=display.rendition,
    )


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        # Not blocking, in case the file was exchanged for a pipe that nobody writes to.
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except OSError as error:
        raise _Refusal(f"Cannot be read: {error.strerror}.") from error
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise _Refusal("Not a regular file.")
        yield file


def _read(file: BinaryIO, suffix: str) -> _Source:
    """Read and hash a file that looks like an image."""
    identity = _identity(file)
    try:
        head = file.read(N_SNIFFED)
        if not head:
            raise _NoImage("Empty: the file has zero bytes.")
        if suffix in UNREADABLE:
            raise _NoImage(f"The format {suffix} is not supported; convert it to PNG or TIFF.")
        if sniff(head) is None:
            raise _NoImage("Not an image of a supported format.")
        if identity.n_bytes <= _HELD_WHOLE:
            content = head + file.read()
            sha256 = hashlib.sha256(content).hexdigest()
            return _Source(file, identity, BytesIO(content), sha256, len(content))
        file.seek(0)
        return _Source(file, identity, file, _sha256(file), file.tell())
    except OSError as error:
        raise _Refusal(f"Cannot be read: {error.strerror or error}.") from error


def _sha256(file: BinaryIO) -> str:
    sha256 = hashlib.sha256()
    while part := file.read(1 << 20):
        sha256.update(part)
    return sha256.hexdigest()


def _decoded(source: BinaryIO, incoming: Path) -> Display:
    source.seek(0)
    try:
        with warnings.catch_warnings(action="ignore"):
            return _pillows(source, incoming) or _tifffiles(source, incoming)
    except Image.DecompressionBombError as error:
        raise _too_large(None) from error
    except UnidentifiedImageError as error:
        raise _NoImage("Truncated, damaged, or a kind of image that is not supported.") from error
    except MemoryError as error:
        raise _Refusal("There is not enough memory to decode it.") from error
    except BROKEN as error:
        raise _Refusal(f"Truncated or damaged: {error}.") from error


def _pillows(source: BinaryIO, incoming: Path) -> Display | None:
    """Decode through Pillow; None for a TIFF for which it has no mode."""
    try:
        with Image.open(source, formats=READABLE) as image:
            n_pixels = image.width * image.height
            if n_pixels > MAX_PIXELS:
                raise _too_large(n_pixels / 1e6)
            if needs_tifffile(image):
                return None
            with _alone(incoming, n_pixels):
                check_whole(image, source)
                return displayed(image, source)
    except UnidentifiedImageError:
        source.seek(0)
        if sniff(source.read(N_SNIFFED)) != "TIFF":
            raise
        return None


def _tifffiles(source: BinaryIO, incoming: Path) -> Display:
    """Decode a TIFF for which Pillow has no mode."""
    n_bytes = source.seek(0, os.SEEK_END)
    try:
        with _alone(incoming, n_bytes):
            return scientific_display(source, MAX_PIXELS)
    except OverflowError as error:
        raise _Refusal(f"Too large: {error}.") from error
    except BROKEN as error:
        raise _NoImage(f"Truncated, damaged, or a TIFF not supported: {error}.") from error


def _too_large(megapixels: float | None) -> _Refusal:
    size = "" if megapixels is None else f" {megapixels:.0f} megapixels,"
    return _Refusal(f"Too large:{size} the limit is {MAX_PIXELS / 1e6:.0f} megapixels.")


@contextmanager
def _alone(incoming: Path, n_pixels: int) -> Iterator[None]:
    """Let only one worker at a time work on a large picture."""
    if n_pixels <= _LARGE_PIXELS:
        yield
        return
    with (incoming / "large").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep_display(display: Display, images: ImageFolder, sha256: str, incoming: Path) -> str:
    """Write thumbnail and rendition where needed; return the perceptual hash."""
    picture = display.picture
    small = picture
    if has_thumbnail(*picture.size):
        scale = THUMBNAIL_PX / max(picture.size)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        small = picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.2)
        with landing(images.thumbnail(sha256), incoming) as part:
            small.save(part, "JPEG", quality=85)
    if display.rendition is not None:
        with landing(images.rendition(sha256), incoming) as part:
            picture.save(part, "PNG", compress_level=3)
            # What raters judged can be told from what lies there later.
            display.rendition["sha256"] = hashlib.sha256(part.read_bytes()).hexdigest()
    return perceptual_hash(small)


def _identity(file: BinaryIO) -> _Identity:
    now = os.fstat(file.fileno())
    return _Identity(now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
