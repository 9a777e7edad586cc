"""How much room tiles take on the disk, and which go when it becomes too much."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Collection
from pathlib import Path

from pipelines.intake.tiles import forget_cut, used_at

__all__ = ["TileRoom"]


def _half_of_what_is_left(root: Path, held: int) -> int:
    """Return half of the bytes that would be free on the volume without any tiles."""
    nearest = next(folder for folder in (root, *root.parents) if folder.exists())
    return (shutil.disk_usage(nearest).free + held) // 2


class TileRoom:
    """Knows the folders of tiles, their sizes, and which was not used for the longest time."""

    def __init__(
        self, root: Path, limit: Callable[[Path, int], int] = _half_of_what_is_left
    ) -> None:
        """Look at nothing yet.

        Args:
            root: Folder of all tiles: in it `xx/`, in those one folder a picture.
            limit: Given root and the bytes held now, returns how many may be held.
        """
        self._root, self._limit = root, limit
        self._lock = threading.Lock()
        self._sizes: dict[Path, int] | None = None

    def has_room(self, n_bytes: int) -> bool:
        """Return whether so much more can be held without letting others go."""
        with self._lock:
            held = sum(self._known().values())
        return held + n_bytes <= self._limit(self._root, held)

    def take_in(self, folder: Path, busy: Collection[Path]) -> None:
        """Count a picture that was just cut; let the longest unused go until all fit.

        Args:
            folder: Its tiles; they stay.
            busy: Folders that are being written; they stay too.
        """
        with self._lock:
            sizes = self._known()
            sizes[folder] = _size_of(folder)
            limit = self._limit(self._root, sum(sizes.values()))
            for old in sorted(sizes, key=used_at):
                if sum(sizes.values()) <= limit:
                    break
                if old != folder and old not in busy:
                    forget_cut(old)
                    shutil.rmtree(old, onerror=_is_gone)
                    del sizes[old]

    def _known(self) -> dict[Path, int]:
        if self._sizes is None:
            self._sizes = {folder: _size_of(folder) for folder in self._root.glob("*/*")}
        return self._sizes


def _size_of(folder: Path) -> int:
    n_bytes = 0
    for path in folder.glob("*/*"):
        try:
            n_bytes += path.stat().st_size
        except FileNotFoundError:
            continue  # a part of a tile that has its name by now
    return n_bytes


def _is_gone(function: object, path: str, error: tuple[type, BaseException, object]) -> None:
    """Go on where somebody else has deleted a file meanwhile."""
    if not isinstance(error[1], FileNotFoundError):
        raise error[1]
