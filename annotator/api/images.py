"""Images: to raters only what they rate, to curators all."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from annotator.accounts import Person
from annotator.api.server import Running, Server, asking
from annotator.pool import Picture
from annotator.tiles import Tiles
from pipelines.intake.resize import narrowed
from pipelines.intake.tiles import TILE_PX
from schemas.errors import UserError
from schemas.layout import THUMBNAIL_PX, has_thumbnail

__all__ = ["router"]

router = APIRouter(tags=["images"])

_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
          ".bmp": "image/bmp"}  # fmt: skip
_WAIT_S = 60.0
_LOOK_S = 0.1
"""How long a tile is waited for, and how often looked for."""
_CACHED = {"Cache-Control": "private, max-age=31536000, immutable"}


@router.get("/images/{address}", response_class=FileResponse)
async def image(
    address: str,
    request: Request,
    server: Running,
    person: Annotated[Person, Depends(asking)],
    w: Annotated[int | None, Query(ge=1, le=20000)] = None,
) -> Response:
    """Return the picture that is judged, or a smaller one at least `w` px wide.

    The address is an assignment or a stimulus, as another answer gave it.
    """
    picture = _visible(server, person, address)
    etag = f'"{picture.sha256[:32]}-{w or 0}"'
    if _is_known(etag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers={"ETag": etag, **_CACHED})
    path = await run_in_threadpool(_file, server, picture, w)
    media_type = _TYPES.get(path.suffix, "application/octet-stream")
    return FileResponse(path, media_type=media_type, headers={"ETag": etag, **_CACHED})


def _is_known(etag: str, known: str) -> bool:
    """Say whether an If-None-Match names `etag`: a list, `*`, or weakened by a proxy."""
    return any(one.strip().removeprefix("W/") in (etag, "*") for one in known.split(","))


@router.get("/images/{address}/tiles/{size}/{level}/{x}/{y}", response_class=FileResponse)
async def tile(
    address: str,
    size: int,
    level: int,
    x: int,
    y: int,
    server: Running,
    person: Annotated[Person, Depends(asking)],
) -> Response:
    """Return a tile of a large picture, as PNG; waits while the picture is being cut.

    Which tiles there are says `tiles` in the answer that named the picture; levels as in Deep
    Zoom. Seen by whoever may see the picture.
    """
    picture = _visible(server, person, address)
    try:
        if size != TILE_PX:
            raise LookupError(size)
        path = await _cut(server.tiles, picture, level, x, y)
    except LookupError as error:
        raise UserError(
            "no_such_tile", "This image has no such part; load the page again.", status=404
        ) from error
    return FileResponse(path, media_type="image/png", headers=_CACHED)


async def _cut(tiles: Tiles, picture: Picture, level: int, x: int, y: int) -> Path:
    for _ in range(round(_WAIT_S / _LOOK_S)):
        path = tiles.find(picture, level, x, y)
        if path is not None:
            return path
        await asyncio.sleep(_LOOK_S)
    raise UserError(
        "tiles_in_the_making", "This image is being prepared; try again in a moment.", status=503
    )


def _visible(server: Server, person: Person, address: str) -> Picture:
    """Return the picture at an address if this person may see it."""
    stimulus = server.queue.stimulus_of(person.rater, address) or address
    picture = server.queue.picture(stimulus)
    allowed = person.role == "curator" or server.queue.may_see(person.rater, stimulus)
    if picture is None or not allowed:
        raise UserError(
            "no_such_image", "This image is not one of yours; load the page again.", status=404
        )
    return picture


def _file(server: Server, picture: Picture, w: int | None) -> Path:
    images = server.store.folder.images
    shown = images.shown(picture.sha256, picture.suffix, picture.has_rendition)
    if w is None or w >= picture.width or not has_thumbnail(picture.width, picture.height):
        path = shown
    elif w <= THUMBNAIL_PX:
        path = images.thumbnail(picture.sha256)
    else:
        path = narrowed(shown, images, picture.sha256, w)
    if not path.exists():
        raise UserError(
            "image_missing",
            f"The file of this image is missing ({path.name}); tell the curator to run `verify`.",
            status=404,
        )
    return path
