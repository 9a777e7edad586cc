"""What holds for every request: same origin for changes, a limit for bodies, one error shape."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from annotator.api.answers import answer_error
from annotator.api.server import Server
from schemas.errors import UserError

__all__ = ["Guard"]

_SAFE = {"GET", "HEAD", "OPTIONS"}
_SCREENS = {"/rate": "rater", "/desk": "curator"}
_FILES = ("/rate/gradio_api/file", "/rate/file")
_BODY_LIMIT = 4 * 1024 * 1024
_HEADED = ("/healthz", "/join/", "/images/")
"""What answers HEAD as GET does, without the body: monitors, mail scanners and caches ask so."""


class Guard:
    """ASGI middleware; plain, because it stands in the hot path."""

    def __init__(self, app: ASGIApp, server: Server) -> None:
        """Wrap `app`; the public URL of `server` is our own besides the Host asked for."""
        self.app = app
        self._server = server
        self._own = {urlsplit(server.public_url).netloc} if server.public_url else set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what must not pass, hand on the rest."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        try:
            self._check(scope, headers)
            self._check_screen(scope)
        except UserError as error:
            await answer_error(Request(scope), error)(scope, receive, send)
            return
        if scope["method"] == "HEAD" and scope["path"].startswith(_HEADED):
            await self.app(dict(scope, method="GET"), receive, _without_body(send))
            return
        if not scope["path"].startswith("/api/"):
            await self.app(scope, receive, send)
            return
        body = _Limited(receive)
        await self.app(scope, body.receive, body.answering(scope, send))

    def _check(self, scope: Scope, headers: dict[bytes, str]) -> None:
        origin = headers.get(b"origin")
        if scope["method"] not in _SAFE and origin is not None:
            netloc = _netloc(origin)
            if not netloc or netloc not in self._own | {headers.get(b"host", "")}:
                raise UserError(
                    "foreign_origin",
                    f"A page of another site ({origin[:80]}) asked for this; it is refused. "
                    "Behind a proxy, start the server with --public-url.",
                    status=403,
                )
        length = headers.get(b"content-length", "0")
        if scope["path"].startswith("/api/") and length.isdigit() and int(length) > _BODY_LIMIT:
            raise _too_large()

    def _check_screen(self, scope: Scope) -> None:
        """Let people into the screens of their role only, every file and event of them."""
        role = _SCREENS.get("/" + scope["path"].split("/", 2)[1])
        if role is None:
            return
        if scope["path"] == "/rate/gradio_api/upload":
            # Gradio would take any file from any rater; rating needs none.
            raise UserError("no_uploads", "Nothing can be uploaded here.", status=403)
        if scope["path"].startswith(_FILES):
            # Gradio would give what a curator uploads to any rater who knows its name.
            raise UserError("no_files", "No file is kept here.", status=403)
        person = self._server.person(HTTPConnection(scope))
        if person.role != role:
            where = "rates at /rate/" if person.role == "rater" else "works at /desk/"
            raise UserError(
                "wrong_role", f"{person.rater} is a {person.role} and {where}.", status=403
            )


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _without_body(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = dict(message, body=b"")
        await send(message)

    return answer


class _Limited:
    """A body that ends at the limit; whatever the route makes of it, the answer says why."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._taken = 0

    async def receive(self) -> Message:
        """Hand on the next part, or an end where the limit is passed."""
        message: dict[str, Any] = dict(await self._receive())
        self._taken += len(message.get("body", b""))
        if self._taken > _BODY_LIMIT:
            return {"type": "http.request", "body": b"", "more_body": False}
        return message

    def answering(self, scope: Scope, send: Send) -> Send:
        """Return a `send` that replaces the route's answer where the limit was passed."""
        replaced = False

        async def answer(message: Message) -> None:
            nonlocal replaced
            if self._taken <= _BODY_LIMIT:
                await send(message)
            elif not replaced:
                replaced = True
                await answer_error(Request(scope), _too_large())(scope, self._receive, send)

        return answer


def _too_large() -> UserError:
    return UserError(
        "body_too_large",
        f"What was sent is larger than {_BODY_LIMIT // 1024**2} MiB; shorten the text and send it "
        "again. What was saved before is kept.",
        status=413,
    )
