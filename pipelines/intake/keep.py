"""Writing files so that a name never stands for half a file."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from schemas.errors import UserError

__all__ = ["copy_into", "incoming_folder", "landing", "sync_folder"]

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_COPY_RANGE = (
    errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF
)  # fmt: skip
_PART = 1 << 26


@contextmanager
def landing(target: Path, incoming: Path) -> Iterator[Path]:
    """Give a temporary path in `incoming` that becomes `target` when all went well.

    Raises:
        UserError: `disk_full`, naming the folder. Nothing is left under either name.
    """
    part = incoming / f"{uuid.uuid4().hex}.part"
    try:
        yield part
        try:
            part.replace(target)
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            part.replace(target)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in _FULL:
            raise UserError(
                "disk_full",
                f"The disk of {target.parent.parent.parent} is full; make room and run the "
                "import again, it goes on where it stopped.",
                status=507,
            ) from error
        raise


def copy_into(source: BinaryIO, n_bytes: int, part: Path) -> None:
    """Copy a file's first `n_bytes`, sharing blocks where the file system can, never the file."""
    with part.open("xb") as target:
        done = 0
        try:
            while done < n_bytes:
                copied = os.copy_file_range(
                    source.fileno(), target.fileno(), min(n_bytes - done, _PART), done, done
                )
                if not copied:
                    return
                done += copied
        except OSError as error:
            if error.errno not in _NO_COPY_RANGE:
                raise
            source.seek(0)
            shutil.copyfileobj(source, target, 1 << 20)


@contextmanager
def incoming_folder(root: Path) -> Iterator[Path]:
    """Give a folder for files in the making below `root`, removed at the end.

    What killed imports left behind is removed too: a folder is in use while its lock is held.
    """
    parent = root / "incoming"
    folder = parent / uuid.uuid4().hex
    making = folder.with_suffix(".making")
    making.mkdir(parents=True)
    try:
        with (making / "lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Others sweep what has no held lock, so it gets its name after its lock.
            making.replace(folder)
            for other in parent.iterdir():
                if other != folder and _is_left(other):
                    shutil.rmtree(other, ignore_errors=True)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(making, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Return when everything written to the file system of `folder` is on disk.

    One call for a batch of files costs far less than flushing each.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if libc.syncfs(descriptor):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(folder))
    finally:
        os.close(descriptor)


def _is_left(folder: Path) -> bool:
    if folder.suffix == ".making":
        return False
    try:
        with (folder / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
