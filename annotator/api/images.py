"""Images: to raters only what they rate, to curators all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from annotator.accounts import Person
from annotator.api.server import Running, Server, asking
from annotator.pool import Picture
from pipelines.intake.resize import narrowed
from schemas.errors import UserError
from schemas.layout import THUMBNAIL_PX, ImageFolder, has_thumbnail

__all__ = ["router"]

router = APIRouter(tags=["images"])

_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
          ".bmp": "image/bmp"}  # fmt: skip
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
    stimulus = server.queue.stimulus_of(person.rater, address) or address
    picture = server.queue.picture(stimulus)
    allowed = person.role == "curator" or server.queue.may_see(person.rater, stimulus)
    if picture is None or not allowed:
        raise UserError(
            "no_such_image", "This image is not one of yours; load the page again.", status=404
        )
    etag = f'"{picture.sha256[:32]}-{w or 0}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"ETag": etag, **_CACHED})
    path = await run_in_threadpool(_file, server, picture, w)
    media_type = _TYPES.get(path.suffix, "application/octet-stream")
    return FileResponse(path, media_type=media_type, headers={"ETag": etag, **_CACHED})


def _file(server: Server, picture: Picture, w: int | None) -> Path:
    images = server.store.folder.images
    shown = shown_file(images, picture)
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


def shown_file(images: ImageFolder, picture: Picture) -> Path:
    """Return the picture that raters judge: the rendition where there is one."""
    if picture.has_rendition:
        return images.rendition(picture.sha256)
    return images.original(picture.sha256, picture.suffix)
