"""Finding files: what was named, and everything below named folders."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipelines.intake.formats import has_image_suffix
from pipelines.intake.records import Candidate, Refused

__all__ = ["find_candidates", "readable_path"]


def find_candidates(
    paths: Iterable[str | os.PathLike[str]],
) -> tuple[list[Candidate], list[Refused], int]:
    """Find the files that may be images, in a fixed order.

    Folders are walked whole, names sorted. A hidden file, or one in a hidden folder, is ignored
    and counted unless it was named itself. A link is followed when it was named itself or when
    its target lies in the imported folder; a link to a folder inside is ignored, since its files
    are found there.

    Args:
        paths: Files and folders as the user gave them.

    Returns:
        The candidates, what is refused already, and the number of files ignored.
    """
    search = _Search()
    for given in paths:
        search.named(os.fspath(given))
    return search.found, search.refused, search.n_ignored


def readable_path(path: str) -> str:
    """Return `path` as it can be printed and stored: bytes that are no UTF-8 become U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")


class _Search:
    def __init__(self) -> None:
        self.found: list[Candidate] = []
        self.refused: list[Refused] = []
        self.n_ignored = 0

    def named(self, given: str) -> None:
        path = Path(given)
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            dangling = path.is_symlink()
            self._refuse(given, "A link to nothing." if dangling else "There is no such file.")
        except (OSError, ValueError) as error:
            self._refuse(given, f"Cannot be read: {getattr(error, 'strerror', None) or error}.")
        else:
            if stat.S_ISDIR(mode):
                self._folder(given)
            elif stat.S_ISREG(mode):
                name = path.name or given
                self._add(path, given, name, named=True)
            else:
                self._refuse(given, "Neither a file nor a folder.")

    def _folder(self, given: str) -> None:
        root = Path(given).resolve()
        for entry in self._walk(given):
            relative = os.path.relpath(entry.path, given)
            if _is_hidden(relative):
                self.n_ignored += 1
            elif entry.is_symlink():
                self._link(entry, relative, root)
            elif entry.is_file(follow_symlinks=False):
                self._add(Path(entry.path), entry.path, relative, named=False)
            elif has_image_suffix(entry.name):
                self._refuse(entry.path, "Not a regular file.")
            else:
                self.n_ignored += 1

    def _walk(self, folder: str) -> Iterator[os.DirEntry[str]]:
        """Yield everything below `folder` but folders, depth first, sorted by name."""
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            self._refuse(folder, f"The folder cannot be read: {error.strerror}.")
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(entry.path)
            else:
                yield entry

    def _link(self, entry: os.DirEntry[str], relative: str, root: Path) -> None:
        try:
            target = Path(entry.path).resolve(strict=True)
        except (OSError, RuntimeError):
            self._refuse(entry.path, "A link to nothing.")
            return
        if not target.is_relative_to(root):
            self._refuse(entry.path, "A link to a place outside the imported folder.")
        elif target.is_file():
            self._add(Path(entry.path), entry.path, relative, named=False)
        else:
            self.n_ignored += 1

    def _add(self, path: Path, source_path: str, relative_path: str, *, named: bool) -> None:
        try:
            source_path.encode()
        except UnicodeEncodeError:
            if named or has_image_suffix(path.name):
                self._refuse(source_path, "Its name is not valid UTF-8; rename it.")
            else:
                self.n_ignored += 1
            return
        self.found.append(Candidate(path.absolute(), source_path, relative_path, named))

    def _refuse(self, path: str, reason: str) -> None:
        self.refused.append(Refused(readable_path(path), reason))


def _is_hidden(relative: str) -> bool:
    return any(part.startswith(".") for part in Path(relative).parts)
