"""A package: the folder that an export makes, whole or not at all.

It is written beside its place, on the same file system, and renamed when everything is on
disk. Nothing in it depends on a clock or on chance: the same study and seed give the same bytes.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from exports.metadata import Buffer
from exports.reflink import clone
from schemas.errors import UserError

__all__ = [
    "MANIFEST",
    "FileEntry",
    "Hashing",
    "JsonItems",
    "Package",
    "building",
    "package_faults",
    "read_manifest",
]

MANIFEST = "manifest.json"
"""Name of the file that lists all others with their hashes."""

_LINES = 512
_encode = json.JSONEncoder(ensure_ascii=False).encode
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the package."""

    sha256: str
    """SHA-256 of its bytes, hex."""
    n_bytes: int
    """Its size."""


class Hashing:
    """A binary file that hashes what is written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        """Write through to `file`."""
        self._file = file
        self._hash = hashlib.sha256()
        self._n_bytes = 0

    def write(self, content: Buffer) -> int:
        """Write and hash bytes."""
        self._hash.update(content)
        self._n_bytes += len(content)
        return self._file.write(content)

    def entry(self) -> FileEntry:
        """Return size and hash of what was written."""
        return FileEntry(self._hash.hexdigest(), self._n_bytes)


class JsonItems:
    """A list of JSON objects that is written while it grows, one object a line."""

    def __init__(
        self,
        file: Hashing,
        head: str,
        between: str = ",\n",
        tail: str = "\n]\n",
        tail_of_none: str = "]\n",
    ) -> None:
        """Write to `file`: head, items with `between` between them, tail.

        Args:
            file: Where to.
            head: Before the first item; the line break after an opening bracket is added.
            between: Between two items.
            tail: After the last item.
            tail_of_none: Instead of `tail` where there is no item.
        """
        self._file = file
        self._head = head
        self._between = between
        self._tails = (tail_of_none, tail)
        self._lines: list[str] = []
        self.n_items = 0

    def append(self, item: Mapping[str, Any]) -> None:
        """Add an object."""
        self.append_text(_encode(item))

    def append_text(self, text: str) -> None:
        """Add an object that is JSON already."""
        self._lines.append(text)
        self.n_items += 1
        if len(self._lines) == _LINES:
            self._write_lines()

    def extend(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add objects."""
        for item in items:
            self.append(item)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, fault: object, *_: object) -> None:
        if fault is None:
            self._write_lines()
            n_items, opening = self.n_items, "" if self.n_items else self._head
            self._file.write(f"{opening}{self._tails[n_items > 0]}".encode())

    def _write_lines(self) -> None:
        if self._lines:
            is_first = self.n_items == len(self._lines)
            line_break = "\n" if self._head else ""
            start = self._head + line_break if is_first else self._between
            self._file.write((start + self._between.join(self._lines)).encode())
            self._lines.clear()


class Package:
    """A folder in the making. Paths are relative, with `/`."""

    def __init__(self, root: Path) -> None:
        """Write below `root`, an empty folder."""
        self.root = root
        self.files: dict[str, FileEntry] = {}
        self._folders: set[str] = set()
        self._may_clone = True

    @contextmanager
    def writing(self, path: str) -> Iterator[Hashing]:
        """Open a new file for bytes; it is listed when the block ends."""
        target = self._place(path)
        with open(target, "xb") as file:
            hashing = Hashing(file)
            yield hashing
            file.flush()
            os.fsync(file.fileno())
        self.files[path] = hashing.entry()

    @contextmanager
    def adopting(self, path: str) -> Iterator[Path]:
        """Give the place of a new file that a library writes itself; list it afterwards."""
        target = Path(self._place(path))
        yield target
        with target.open("rb+") as file:
            os.fsync(file.fileno())
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self.files[path] = FileEntry(sha256, target.stat().st_size)

    def write_text(self, path: str, text: str) -> None:
        """Write a text file, UTF-8."""
        with self.writing(path) as file:
            file.write(text.encode())

    def write_json(self, path: str, value: Any) -> None:
        """Write one JSON document; keys keep their order."""
        self.write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")

    def write_json_lines(self, path: str, items: Iterable[Mapping[str, Any]]) -> int:
        """Write one JSON object a line; return how many."""
        with self.writing(path) as file, JsonItems(file, "", "\n", "\n", "") as written:
            written.extend(items)
        return written.n_items

    def write_json_array(self, path: str, items: Iterable[Mapping[str, Any]]) -> int:
        """Write a JSON array with one item a line, never holding it whole; return how many."""
        with self.writing(path) as file, JsonItems(file, "[") as written:
            written.extend(items)
        return written.n_items

    def write_pieces(
        self, path: str, pieces: list[Buffer], *, source: Path | None, sha256: str | None
    ) -> None:
        """Write an image: a reflink of `source` where the file system can, else its bytes.

        Not flushed to disk one by one: `building` does that once for all.

        Args:
            path: Where it goes.
            pieces: The bytes, in order.
            source: File with exactly these bytes, if there is one.
            sha256: Their SHA-256, if known.
        """
        if sha256 is None:
            digest = hashlib.sha256()
            for piece in pieces:
                digest.update(piece)
            sha256 = digest.hexdigest()
        target = self._place(path)
        with open(target, "xb", buffering=0) as file:
            if source is None or not self._cloned(source, file.fileno()):
                for piece in pieces:
                    _write_all(file, piece)
        self.files[path] = FileEntry(sha256, sum(len(piece) for piece in pieces))

    def _cloned(self, source: Path, target: int) -> bool:
        # One refusal means that this pair of disks never can; asking costs two calls a file.
        self._may_clone = self._may_clone and clone(source, target)
        return self._may_clone

    def listing(self) -> dict[str, dict[str, Any]]:
        """Return path -> size and hash of every file so far, sorted."""
        return {
            path: {"bytes": entry.n_bytes, "sha256": entry.sha256}
            for path, entry in sorted(self.files.items())
        }

    def _place(self, path: str) -> str:
        # Texts, not Path objects: packages have hundreds of thousands of files.
        folder = path.rpartition("/")[0]
        parts = path.split("/")
        if path in self.files or "" in parts or ".." in parts:
            raise ValueError(f"'{path}' is already written or lies outside the package")
        if folder not in self._folders:
            (self.root / folder).mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        return f"{self.root}/{path}"


def _write_all(file: Any, piece: Buffer) -> None:
    view = memoryview(piece)
    while view:
        view = view[file.write(view) :]


@contextmanager
def building(out: Path) -> Iterator[Package]:
    """Give a package to fill that becomes the folder `out` when the block ends without error.

    Raises:
        UserError: `out_exists`, `disk_full`, `not_writable` or `export_failed`; nothing is left.
    """
    out = out.absolute()
    _refuse_existing(out)
    made = _missing_parents(out)
    beside: Path | None = None
    try:
        with _readable_errors(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            beside = Path(tempfile.mkdtemp(prefix=f".{out.name[:80]}.", dir=out.parent))
            inside = beside / "package"
            inside.mkdir()
            yield Package(inside)
            os.sync()
            _refuse_existing(out)
            inside.rename(out)
            made.clear()
            _sync_folder(out.parent)
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)
        for folder in made:
            if folder.is_dir():
                folder.rmdir()


def _refuse_existing(out: Path) -> None:
    if out.is_dir() and not out.is_symlink():
        try:
            is_free = next(out.iterdir(), None) is None
        except PermissionError:
            is_free = False
    else:
        is_free = not (out.exists() or out.is_symlink())
    if not is_free:
        raise UserError(
            "out_exists", f"{out} already exists; choose another --out or remove it first."
        )


def _missing_parents(out: Path) -> list[Path]:
    return [folder for folder in out.parents if not folder.exists()]


@contextmanager
def _readable_errors(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            code, cure = "out_exists", "something is in the way; choose another --out"
        elif error.errno in _FULL:
            code, cure = "disk_full", "the disk is full; free some space or choose another --out"
        elif error.errno in _FORBIDDEN:
            code, cure = "not_writable", "it may not be written to; choose another --out"
        else:
            code, cure = "export_failed", f"{error.strerror or error}; mend that or choose another"
        raise UserError(
            code, f"The export to {out} stopped: {cure}. Nothing was left behind."
        ) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def package_faults(folder: Path) -> list[str]:
    """Return one line for each file of a package that is missing, changed or not listed.

    Raises:
        UserError: `not_a_package`: no readable manifest.
    """
    listed = read_manifest(folder)["files"]
    found = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).as_posix() != MANIFEST
    }
    faults = [f"{path}: missing" for path in sorted(set(listed) - found)]
    faults += [f"{path}: not in the manifest" for path in sorted(found - set(listed))]
    for path in sorted(found & set(listed)):
        with (folder / path).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != listed[path]["sha256"]:
                faults.append(f"{path}: changed")
    return faults


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a package.

    Raises:
        UserError: `not_a_package`.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8-sig"))
        manifest["files"].items()
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise UserError(
            "not_a_package",
            f"{folder} has no readable {MANIFEST}; name the folder that export wrote.",
        ) from error
    return dict(manifest)
