"""Images into the study from the browser: uploaded files, a zip, or a folder of the server."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from annotator.clock import fresh_id, iso, now
from annotator.images_import import take_in_images
from annotator.jobs import Advance, Job, Jobs
from annotator.store import Store
from schemas.errors import UserError

__all__ = ["Incoming"]

_LARGEST_ENTRY = 2 * 1024**3
_MOST_ENTRIES = 200_000
_MANIFESTS = (".csv", ".jsonl", ".parquet")


class Incoming:
    """Imports of a running server."""

    def __init__(self, store: Store, jobs: Jobs) -> None:
        """Append to `store`; import as a job of `jobs`."""
        self._store, self._jobs = store, jobs

    def upload(
        self, files: Sequence[Path], manifest: Path | None, author: str, *, uploads: Path | None
    ) -> Job:
        """Take in uploaded files; zips are unpacked, and a manifest inside one is used.

        Args:
            files: Images and zips.
            manifest: Of the images, where there is one.
            author: Who asked for it.
            uploads: Folder in which uploads lie; what is in it is deleted when it was taken in
                or the job has ended in another way.

        Raises:
            UserError: `nothing_given` or `job_running`.
        """
        if not files:
            raise UserError("nothing_given", "No file is chosen; choose images or a zip first.")
        room = self._store.folder.temporary / fresh_id("upload")
        label = f"upload {iso(now())[:16].replace('T', ' ')}"

        def work(advance: Advance) -> dict[str, Any]:
            try:
                found = _gather(files, room, advance)
                with_manifest = manifest or found
                return take_in_images(
                    self._store, [room], with_manifest, advance, (str(room), label)
                )
            finally:
                shutil.rmtree(room, ignore_errors=True)
                for file in (*files, *([manifest] if manifest else [])):
                    _forget(file, uploads)

        return self._jobs.start(
            "import", f"Taking in {len(files)} uploaded files", author, work, "upload", n=len(files)
        )

    def folder(self, folder: str, manifest: str, author: str) -> Job:
        """Take in a folder or file of the server, named by its path.

        Raises:
            UserError: `no_such_folder`, `no_such_file` or `job_running`.
        """
        given = folder.strip()
        path = Path(given).expanduser()
        if not given or not path.is_absolute() or not path.exists():
            raise UserError(
                "no_such_folder",
                f"There is nothing at '{given[:200]}' on the server; give the full path of a "
                "folder there, beginning with /.",
            )
        described = Path(manifest.strip()).expanduser() if manifest.strip() else None
        if described is not None and not described.is_file():
            raise UserError(
                "no_such_file", f"There is no manifest at '{manifest.strip()[:200]}' on the server."
            )
        return self._jobs.start(
            "import",
            f"Taking in {path}",
            author,
            lambda advance: take_in_images(self._store, [path], described, advance),
            "folder",
            path=path,
        )


def _forget(file: Path, uploads: Path | None) -> None:
    """Delete an uploaded file and the folder it came in, if it lies where uploads lie."""
    if uploads is None or uploads.resolve() not in file.resolve().parents:
        return
    file.unlink(missing_ok=True)
    try:
        file.parent.rmdir()
    except OSError:
        # Another upload with the same contents lies beside it, under its own name.
        return


def _gather(files: Sequence[Path], room: Path, advance: Advance) -> Path | None:
    """Copy uploads into `room` and unpack zips there; return the manifest of a zip, if any."""
    room.mkdir(parents=True, exist_ok=True)
    advance(0, 0)
    found = None
    for number, file in enumerate(files):
        if zipfile.is_zipfile(file) and file.suffix.lower() == ".zip":
            found = _unpack(file, room / f"{number}-{file.stem}", advance) or found
        else:
            folder = room
            if (room / file.name).exists():
                folder = room / str(number)
                folder.mkdir()
            shutil.copyfile(file, folder / file.name)
    return found


def _unpack(file: Path, into: Path, advance: Advance) -> Path | None:
    """Unpack a zip below `into`; return its one manifest, if it has exactly one at the top.

    Raises:
        UserError: `zip_refused` for what is damaged, encrypted, too large or leads outside.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_entries(file.name, entries)
            for entry in entries:
                advance(0, 0)
                target = into / entry.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy, 1 << 20)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise UserError(
            "zip_refused", f"{file.name} cannot be unpacked ({error}); pack it again."
        ) from error
    manifests = [
        path for path in sorted(into.glob("*")) + sorted(into.glob("*/*"))
        if path.suffix.lower() in _MANIFESTS and path.is_file()
    ]  # fmt: skip
    return manifests[0] if len(manifests) == 1 else None


def _check_entries(name: str, entries: Sequence[zipfile.ZipInfo]) -> None:
    if len(entries) > _MOST_ENTRIES:
        raise UserError("zip_refused", f"{name} holds more than {_MOST_ENTRIES:,} files; split it.")
    for entry in entries:
        parts = PurePosixPath(entry.filename).parts
        if entry.filename.startswith("/") or ".." in parts or "\\" in entry.filename:
            raise UserError(
                "zip_refused", f"{name} holds a file that leads outside it; pack it again."
            )
        if entry.file_size > _LARGEST_ENTRY:
            raise UserError("zip_refused", f"{name}: {entry.filename[:80]} is larger than 2 GiB.")
