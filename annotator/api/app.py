"""The app: routes first, then the screens mounted in it."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from annotator.api import downloads, images, internal, people, rating
from annotator.api.answers import add_error_answers
from annotator.api.guard import Guard
from annotator.api.server import Server

__all__ = ["build_app"]

_STATIC = Path(__file__).parent.parent / "static"


class _Static(StaticFiles):
    """Files of the screens; browsers ask again, so that an update is seen at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def build_app(server: Server) -> FastAPI:
    """Return the app with every route; screens are mounted by the caller."""
    app = FastAPI(
        title="SIQA Annotator",
        version="1",
        docs_url=None,
        redoc_url=None,
        description="Routes of the rating screen. All but /healthz and /join need its cookie.",
    )
    app.state.server = server
    app.add_middleware(Guard, server=server)
    add_error_answers(app)
    for part in (people, rating, images, downloads, internal):
        app.include_router(part.router)
    app.mount("/static", _Static(directory=_STATIC), name="static")
    return app
