"""Who reads which bytes, so that bytes that come twice in one import are decoded once."""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path

__all__ = ["Claims"]

_LENGTH = 64 + 16


class Claims:
    """A list of SHA-256 that the workers of one import share through a file.

    Pickles as its path; each process reads what others have added since it last looked.
    """

    def __init__(self, path: Path) -> None:
        """Use the list at `path`, which need not exist yet."""
        self._path = path
        self._descriptor: int | None = None
        self._n_read = 0
        self._taken: dict[str, str] = {}

    def __reduce__(self) -> tuple[type[Claims], tuple[Path]]:
        return Claims, (self._path,)

    def __del__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def claim(self, sha256: str, source_path: str) -> bool:
        """Say whether this file is the first to name these bytes.

        It stays the first when it is read again, since on a cluster another worker takes over
        from one that died.
        """
        claimant = hashlib.sha256(source_path.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        if self._descriptor is None:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            self._catch_up(self._descriptor)
            if sha256 in self._taken:
                return self._taken[sha256] == claimant
            os.write(self._descriptor, (sha256 + claimant).encode())
            return True
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _catch_up(self, descriptor: int) -> None:
        size = os.fstat(descriptor).st_size
        while self._n_read + _LENGTH <= size:
            part = os.pread(descriptor, min(size - self._n_read, _LENGTH << 10), self._n_read)
            text = part[: len(part) // _LENGTH * _LENGTH].decode()
            for start in range(0, len(text), _LENGTH):
                self._taken[text[start : start + 64]] = text[start + 64 : start + _LENGTH]
            self._n_read += len(text)
