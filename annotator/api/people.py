"""Coming in: invite links, the start page, health."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from annotator.api.answers import json_response
from annotator.api.server import Running, asking
from annotator.screens import pages
from schemas.errors import UserError

__all__ = ["router"]

router = APIRouter(tags=["people"])

_HOME = {"rater": "/rate/", "curator": "/desk/"}
_COOKIE_AGE_S = 400 * 24 * 3600


@router.get("/healthz")
async def health(server: Running) -> Response:
    """Answer that the server runs, and on which study."""
    return json_response({"status": "ok", "study": server.store.study.name})


@router.get("/favicon.ico", include_in_schema=False)
async def icon() -> Response:
    """Answer browsers that ask before they have read the page."""
    return RedirectResponse("/static/icon.svg", 308)


@router.get("/", include_in_schema=False)
async def home(request: Request, server: Running) -> Response:
    """Send people to their page; say how to come in to those not logged in."""
    try:
        person = asking(request)
    except UserError as error:
        if error.code != "not_logged_in":
            raise
        return HTMLResponse(pages.landing_page(server.store.study.title), 401)
    return RedirectResponse(_HOME[person.role], 303)


@router.get("/join/{token}")
async def show_invite(token: str, server: Running) -> Response:
    """Show who is invited; mail scanners that open links use nothing up."""
    person = server.accounts.invited(token)
    page = pages.join_page(person.rater, person.role, server.store.study.title)
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


@router.post("/join/{token}")
async def use_invite(token: str, request: Request, server: Running) -> Response:
    """Claim the invite once, log in, go to the person's page."""
    person, claimed = server.accounts.claim(token)
    try:
        await run_in_threadpool(server.store.append, [claimed])
    except UserError:
        server.accounts.unclaim(claimed)
        raise
    response = RedirectResponse(_HOME[person.role], 303)
    is_https = request.url.scheme == "https" or (server.public_url or "").startswith("https:")
    response.set_cookie(
        server.cookie_name,
        server.accounts.cookie_for(person.rater),
        max_age=_COOKIE_AGE_S,
        httponly=True,
        samesite="lax",
        secure=is_https,
        path="/",
    )
    return response


@router.post("/leave", include_in_schema=False)
async def leave(server: Running) -> Response:
    """Log out on this device."""
    response = RedirectResponse("/", 303)
    response.delete_cookie(server.cookie_name, path="/")
    return response
