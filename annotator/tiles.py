"""Tiles of large images: who asks for them gets them cut, one image at a time, beside the server.

Cutting decodes the whole picture, up to 1.4 GB; a process of its own gives that back and
leaves the server's core to the raters.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from annotator.pool import Picture, picture_of
from annotator.store.journal import Entry
from annotator.tile_room import TileRoom
from pipelines.intake.tiles import (
    LARGE_PIXELS,
    TILE_PX,
    forget_cut,
    grid,
    is_cut,
    levels,
    mark_used,
    tile_path,
)
from schemas.facts import Imported
from schemas.layout import ImageFolder

__all__ = ["Tiles", "is_large"]

_LOG = logging.getLogger("annotator")
_ROOT = Path(__file__).parents[1]


def is_large(picture: Picture) -> bool:
    """Return whether browsers get a picture in tiles."""
    return picture.width * picture.height > LARGE_PIXELS


class Tiles:
    """Cuts pictures in the order in which they are wanted: those asked for now before others.

    Whoever waits for a tile does not wait behind the pictures that are cut ahead: one thread
    takes what is asked for, one what may be asked for.
    """

    def __init__(self, images: ImageFolder, room: TileRoom | None = None) -> None:
        """Cut nothing yet; `room` bounds what lies on the disk."""
        self._images = images
        self._room = room or TileRoom(images.all_tiles)
        self._news = threading.Condition()
        self._now: dict[str, Picture] = {}
        self._ahead: dict[str, Picture] = {}
        self._cutting: dict[str, subprocess.Popen[bytes]] = {}
        self._failed: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._is_closed = False

    def expect(self, pictures: Sequence[Picture]) -> None:
        """Cut the large ones among pictures, when nothing else is to be cut."""
        self._want(self._ahead, [picture for picture in pictures if is_large(picture)])

    def follow(self, entries: Sequence[Entry]) -> None:
        """Expect what is imported; an observer of the store."""
        self.expect(
            [picture_of(entry.fact) for entry in entries if isinstance(entry.fact, Imported)]
        )

    def find(self, picture: Picture, level: int, x: int, y: int) -> Path | None:
        """Return the file of a tile, or None where it is not there yet; then it is being made.

        Raises:
            LookupError: the picture has no such tile, or cannot be cut.
        """
        if not is_large(picture) or level not in levels(picture.width, picture.height):
            raise LookupError(level)
        across, down = grid(picture.width, picture.height, level)
        if not (0 <= x < across and 0 <= y < down):
            raise LookupError(x, y)
        path = tile_path(self._folder(picture), level, x, y)
        if path.exists():
            if (across, down) == (1, 1):  # which whoever opens the picture asks for first
                mark_used(self._folder(picture))
            return path
        if picture.sha256 in self._failed:
            raise LookupError(picture.sha256)
        if is_cut(self._folder(picture)):
            if path.exists():
                return path
            forget_cut(self._folder(picture))
        self._want(self._now, [picture])
        return None

    def close(self) -> None:
        """Break off; what is missing is cut when it is asked for again."""
        with self._news:
            self._is_closed = True
            for process in self._cutting.values():
                process.kill()
            self._news.notify_all()
        for thread in self._threads:
            thread.join()

    def _settle(self, picture: Picture) -> None:
        with self._news:
            busy = {self._images.tiles(sha256, TILE_PX) for sha256 in self._cutting}
        self._room.take_in(self._folder(picture), busy)

    def _shown(self, picture: Picture) -> Path:
        return self._images.shown(picture.sha256, picture.suffix, picture.has_rendition)

    def _folder(self, picture: Picture) -> Path:
        return self._images.tiles(picture.sha256, TILE_PX)

    def _want(self, line: dict[str, Picture], pictures: Sequence[Picture]) -> None:
        with self._news:
            line.update((p.sha256, p) for p in pictures if p.sha256 not in self._cutting)
            if not line or self._is_closed:
                return
            if not self._threads:
                for one in (self._now, self._ahead):
                    thread = threading.Thread(target=self._work, args=(one,), daemon=True)
                    self._threads.append(thread)
                    thread.start()
            self._news.notify_all()

    def _work(self, line: dict[str, Picture]) -> None:
        while (picture := self._take(line)) is not None:
            if line is self._ahead and not self._room.has_room(_guessed_size(self._shown(picture))):
                continue
            process = self._start(picture)
            if process is None:
                continue
            _, said = process.communicate()
            if not process.returncode:
                self._settle(picture)
            with self._news:
                del self._cutting[picture.sha256]
                if process.returncode and not self._is_closed:
                    self._failed.add(picture.sha256)
                    _LOG.error(
                        "The tiles of image %s were not cut: %s",
                        picture.sha256[:16],
                        said.decode(errors="replace").strip().rsplit("\n", 1)[-1],
                    )

    def _take(self, line: dict[str, Picture]) -> Picture | None:
        with self._news:
            self._news.wait_for(lambda: line or self._is_closed)
            return None if self._is_closed else line.pop(next(iter(line)))

    def _start(self, picture: Picture) -> subprocess.Popen[bytes] | None:
        folder = self._folder(picture)
        with self._news:
            if picture.sha256 in self._cutting or self._is_closed or is_cut(folder):
                return None
            process = subprocess.Popen(
                [sys.executable, "-m", "pipelines.intake.tiles", str(self._shown(picture)),
                 str(folder)],
                cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )  # fmt: skip
            self._cutting[picture.sha256] = process
            return process


def _guessed_size(shown: Path) -> int:
    """Return about how many bytes a picture takes as tiles: a third more for coarser levels."""
    return shown.stat().st_size * 4 // 3 if shown.exists() else 0
