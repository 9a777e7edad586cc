"""Answers every route shares: errors as JSON, or as a page where a person is looking."""

from __future__ import annotations

import logging
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from annotator.screens import pages
from schemas.errors import UserError
from schemas.text import clean_text, one_line

__all__ = ["add_error_answers", "answer_error", "json_response"]

_LOG = logging.getLogger("annotator")


def json_response(body: Any, status: int = 200) -> Response:
    """Return JSON that no cache keeps."""
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def add_error_answers(app: FastAPI) -> None:
    """Turn every error into one shape."""

    async def user_error(request: Request, error: Exception) -> Response:
        if not isinstance(error, UserError):
            raise error
        return answer_error(request, error)

    async def invalid(request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            return answer_error(request, _not_json())
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        if not where and not _is_json(request):
            return answer_error(request, _not_json(415))
        given = f" (it is {one_line(repr(first.get('input')), 60)})" if where else ""
        message = f"The request cannot be read: {where or 'body'}: {first['msg']}{given}; mend it."
        return answer_error(request, UserError("invalid_request", message, status=422))

    async def http(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        return _http_answer(request, error)

    async def unexpected(request: Request, error: Exception) -> Response:
        _LOG.exception("%s %s failed", request.method, request.url.path, exc_info=error)
        return answer_error(
            request,
            UserError(
                "internal_error",
                "The server made a mistake; its log says more. What you entered is still on your "
                "page; try again.",
                status=500,
            ),
        )

    app.add_exception_handler(UserError, user_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unexpected)


def _http_answer(request: Request, error: HTTPException) -> Response:
    if error.status_code == 400:
        return answer_error(request, _not_json())
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    message = {
        404: f"There is nothing at {request.url.path}; go back to the start page.",
        405: f"{request.method} is not possible at {request.url.path}; see /openapi.json.",
    }.get(error.status_code, str(error.detail))
    answer = answer_error(request, UserError(code, message, status=error.status_code))
    # `Allow` of a 405 among them.
    answer.headers.update(error.headers or {})
    return answer


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    return kind.lower() == "application/json" or kind.lower().endswith("+json")


def _not_json(status: int = 422) -> UserError:
    return UserError(
        "invalid_request",
        "The body is not JSON that can be read; send one JSON object in UTF-8, with Content-Type: "
        "application/json.",
        status=status,
    )


def answer_error(request: Request, error: UserError) -> Response:
    """Return an error as JSON, or as a page where a person's browser asked for one."""
    # It may quote what was sent, and that may be no Unicode.
    error = UserError(error.code, clean_text(error.message), status=error.status)
    path = request.url.path
    if path.startswith(("/api/", "/internal/", "/images/")) or "text/html" not in (
        request.headers.get("accept", "")
    ):
        return json_response(error.as_json(), error.status)
    return HTMLResponse(pages.error_page(error.code, error.message, error.status), error.status)
