"""Exports as one zip, written while it is sent."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from annotator.api.server import Curator

if TYPE_CHECKING:
    from annotator.desk.packages import Packages

__all__ = ["router", "zip_stream"]

router = APIRouter(tags=["exports"])

_PART = 1 << 20
_PACKED = {".jpg", ".jpeg", ".png", ".gif", ".webp", ".parquet", ".zip", ".xlsx"}
"""Files that would not get smaller."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


@router.get("/exports/{package}.zip", response_class=StreamingResponse)
def download(package: str, request: Request, person: Curator) -> StreamingResponse:
    """Return an export made at the desk as a zip. Curators only."""
    made = cast("Packages", request.app.state.packages).find(package)
    name = quote(f"{made.folder.name}.zip")
    return StreamingResponse(
        zip_stream(made.folder),
        media_type="application/zip",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "Cache-Control": "no-store",
        },
    )


class _Pipe(io.RawIOBase):
    """Takes what zipfile writes, gives it away in parts."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.n_waiting = 0

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        part = bytes(cast("bytes", content))
        self._parts.append(part)
        self.n_waiting += len(part)
        return len(part)

    def take(self) -> bytes:
        whole = b"".join(self._parts)
        self._parts, self.n_waiting = [], 0
        return whole


def zip_stream(folder: Path) -> Iterator[bytes]:
    """Yield a zip of a folder, a part at a time; the folder's name is the zip's top folder."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", allowZip64=True) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(
                f"{folder.name}/{path.relative_to(folder).as_posix()}", date_time=_EPOCH
            )
            is_packed = path.suffix.lower() in _PACKED
            entry.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            large = path.stat().st_size > (1 << 31) - 1
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=large) as target:
                while part := source.read(_PART):
                    target.write(part)
                    if pipe.n_waiting >= _PART:
                        yield pipe.take()
    yield pipe.take()
