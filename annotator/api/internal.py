"""For commands in other shells of this machine: consistent tables out, facts in."""

from __future__ import annotations

import hmac
import io

import orjson
import pyarrow as pa
from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from annotator.api.answers import json_response
from annotator.api.server import Running, running
from schemas.errors import UserError
from schemas.facts import fact_from


def _check_token(request: Request) -> None:
    given = request.headers.get("x-study-token", "")
    if not hmac.compare_digest(given.encode(), running(request).token.encode()):
        raise UserError("wrong_token", "This route is for commands on this machine.", status=403)


router = APIRouter(
    prefix="/internal", include_in_schema=False, dependencies=[Depends(_check_token)]
)


@router.get("/state")
def state(server: Running) -> Response:
    """Return the last fact in the database; tables up to it are consistent."""
    seq, journal_end = server.store.position()
    return json_response({"seq": seq, "journal_end": journal_end})


@router.get("/tables/{name}")
def table(name: str, seq: int, server: Running) -> Response:
    """Return a fact table up to fact `seq` as an Arrow stream."""
    return _arrow(server.store.table_as_of(name, seq))


@router.get("/runs/{run_seq}")
def run_scores(run_seq: int, server: Running) -> Response:
    """Return the kept scores of a run as an Arrow stream."""
    return _arrow(server.store.run_scores(run_seq))


@router.post("/runs/{run_seq}")
async def keep_scores(run_seq: int, request: Request, server: Running) -> Response:
    """Keep the scores of a run."""
    scores = pa.ipc.open_stream(await request.body()).read_all()
    await run_in_threadpool(server.store.keep_scores, run_seq, scores)
    return json_response({"kept": scores.num_rows})


def _arrow(rows: pa.Table) -> Response:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return Response(sink.getbuffer(), media_type="application/vnd.apache.arrow.stream")


@router.post("/facts")
async def append(request: Request, server: Running) -> Response:
    """Append facts; answered once they are on disk."""
    body = await request.body()
    try:
        facts = [fact_from(orjson.loads(line)) for line in body.splitlines() if line]
    except (KeyError, TypeError, orjson.JSONDecodeError) as error:
        raise UserError(
            "other_version",
            "The running server is of another version than this command; restart it.",
            status=409,
        ) from error
    if facts:
        await run_in_threadpool(server.store.append, facts)
    return json_response({"appended": len(facts)})
