"""Files of OpenAI's Batch API: requests on lines, replies matched by `custom_id`.

Limits of the service: 50,000 requests and 200 MB a file, answered within 24 hours, in any order,
with a file of answers and a file of errors.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import IO, Any, NamedTuple

from pipelines.questions.replies import Asking, Price, Reply, read_completion, request_body

__all__ = ["MOST_BYTES", "MOST_REQUESTS", "Packed", "custom_id", "pack", "read_line"]

MOST_REQUESTS = 50_000
MOST_BYTES = 200_000_000

_URL = "/v1/chat/completions"


class Packed(NamedTuple):
    """A file of requests, written."""

    ids: tuple[str, ...]
    """`custom_id` of each request, in order."""
    rest: Asking | None
    """The first that no longer fitted; None where nothing is left."""


def custom_id(asking: Asking) -> str:
    """Return the name of a request in a batch, from which subject and round can be read."""
    return f"{asking.round}|{asking.subject}"


def pack(
    askings: Iterable[Asking],
    model: str,
    parameters: Mapping[str, Any],
    file: IO[bytes],
    *,
    most_requests: int = MOST_REQUESTS,
    most_bytes: int = MOST_BYTES,
) -> Packed:
    """Write requests to a file until it is full. Memory stays flat.

    A request that alone is larger than a file may be is written into a file of its own, where
    the service says so.
    """
    ids: list[str] = []
    n_bytes = 0
    for asking in askings:
        body = request_body(asking, model, parameters)
        request = {"custom_id": custom_id(asking), "method": "POST", "url": _URL, "body": body}
        line = json.dumps(request, ensure_ascii=False).encode() + b"\n"
        if ids and (len(ids) >= most_requests or n_bytes + len(line) > most_bytes):
            return Packed(tuple(ids), asking)
        file.write(line)
        n_bytes += len(line)
        ids.append(custom_id(asking))
    return Packed(tuple(ids), None)


def read_line(line: str, price: Price | None) -> Reply | None:
    """Return the reply on a line of an answer or error file; None where it is no such line.

    The line may be cut short, as the last one of a file can be.
    """
    try:
        told = json.loads(line)
        round_, subject = told["custom_id"].split("|", 1)
        reply = _read(subject, int(round_), told, price)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return replace(reply, attempts=1)


def _read(subject: str, round_: int, told: Mapping[str, Any], price: Price | None) -> Reply:
    response, error = told.get("response"), told.get("error")
    if not response:
        return Reply(subject, round_, _outcome(error), detail=json.dumps(error)[:500])
    status, body = int(response["status_code"]), response.get("body")
    if status != 200 or not isinstance(body, dict):
        detail = json.dumps(error or body)[:500]
        return Reply(subject, round_, _outcome_of_status(status), detail=detail)
    return read_completion(subject, round_, _as_objects(body), price)


def _as_objects(body: Mapping[str, Any]) -> Any:
    """Return JSON with attributes for keys, as the library gives completions."""
    return json.loads(json.dumps(body), object_hook=lambda part: SimpleNamespace(**part))


def _outcome(error: Any) -> str:
    code = str((error or {}).get("code", "")) if isinstance(error, dict) else ""
    for word, outcome in (("expired", "expired"), ("cancel", "cancelled")):
        if word in code:
            return outcome
    return "server_error"


def _outcome_of_status(status: int) -> str:
    if status == 200:
        return "not_a_reply"
    if status == 429:
        return "rate_limited"
    return "server_error" if status >= 500 else "bad_request"
