"""The app: routes first, then the screens mounted in it."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from annotator.api import images, internal, people, rating
from annotator.api.answers import add_error_answers
from annotator.api.guard import Guard
from annotator.api.server import Server, asking
from schemas.errors import UserError

__all__ = ["build_app", "require_role"]

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
    app.state.cookie_name = server.cookie_name
    app.add_middleware(Guard, public_url=server.public_url)
    add_error_answers(app)
    for part in (people, rating, images, internal):
        app.include_router(part.router)
    app.mount("/static", _Static(directory=_STATIC), name="static")
    return app


def require_role(role: str, request: Request) -> str:
    """Return who is asking, for a screen of `role`.

    Raises:
        UserError: 401 where nobody is logged in, 403 where it is not their screen.
    """
    person = asking(request)
    if person.role != role:
        where = "rates at /rate/" if person.role == "rater" else "works at /desk/"
        raise UserError("wrong_role", f"{person.rater} is a {person.role} and {where}.", status=403)
    return person.rater
