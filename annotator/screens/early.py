"""Scripts that run before Gradio does: its `head` is added to the page when it has started."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

__all__ = ["EarlyScripts"]

_Message = MutableMapping[str, Any]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[Any, Any, _Send], Awaitable[None]]


class EarlyScripts:
    """ASGI middleware that writes tags first into the head of one page."""

    def __init__(self, app: _App, path: str, tags: str) -> None:
        """Wrap `app`; `tags` go into the page at `path`."""
        self._app, self._path, self._tags = app, path, tags.encode()

    async def __call__(self, scope: Any, receive: Any, send: _Send) -> None:
        """Hand on; the page is changed on its way out."""
        is_page = scope["type"] == "http" and scope["path"] == self._path
        await self._app(scope, receive, _writing(send, self._tags) if is_page else send)


def _writing(send: _Send, tags: bytes) -> _Send:
    """Return a `send` that holds the start back until the length of the page is known."""
    start: list[_Message] = []
    body = bytearray()

    async def write(message: _Message) -> None:
        if message["type"] == "http.response.start":
            start.append(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        page = bytes(body).replace(b"<head>", b"<head>" + tags, 1)
        headers = [one for one in start[0]["headers"] if one[0].lower() != b"content-length"]
        # To HEAD the length is answered without a body.
        length = [(b"content-length", b"%d" % len(page))] if page else []
        await send({**start[0], "headers": [*headers, *length]})
        await send({"type": "http.response.body", "body": page})

    return write
