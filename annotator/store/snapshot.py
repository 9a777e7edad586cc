"""A study whose folder a server owns: read as a snapshot, appended to through the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import duckdb
import httpx
import orjson
import pyarrow as pa

from annotator.store.appends import Appends
from annotator.store.index import connect, migrate
from annotator.store.journal import encode
from annotator.store.reads import Reads
from schemas.errors import UserError
from schemas.facts import Fact
from schemas.layout import StudyFolder
from schemas.migrations import FACT_TABLES
from schemas.study import Study

__all__ = ["ServerAddress", "SnapshotStore", "read_server_address"]

_TOKEN_HEADER = "X-Study-Token"


class ServerAddress(NamedTuple):
    """Where the running server answers, and the token of its internal routes."""

    url: str
    """Address on this machine, e.g. http://127.0.0.1:7860."""
    token: str
    pid: int


def read_server_address(folder: StudyFolder) -> ServerAddress | None:
    """Return what `server.json` says, or None where no server has written one."""
    try:
        data = orjson.loads(folder.server.read_bytes())
        return ServerAddress(data["url"], data["token"], int(data["pid"]))
    except (FileNotFoundError, orjson.JSONDecodeError, KeyError):
        return None


class SnapshotStore(Appends, Reads):
    """The study as it was when opened; what is appended goes to the server's one writer."""

    def __init__(self, folder: StudyFolder, study: Study, server: ServerAddress) -> None:
        """Fetch the tables of a running server, consistent as of its last fact.

        Raises:
            httpx.TransportError: the server does not answer.
            UserError: it refuses the token, or is of another version.
        """
        self.folder, self.study, self.server = folder, study, server
        self.notices: list[str] = []
        self._client = httpx.Client(
            base_url=server.url, headers={_TOKEN_HEADER: server.token}, timeout=600, trust_env=False
        )
        self._connection = connect(":memory:")
        migrate(self._connection)
        self._fetch()

    def append(self, facts: Sequence[Fact]) -> None:
        """Hand facts to the server; on return they are on disk.

        Raises:
            UserError: `unstorable`, what the server's writer said, or `server_gone`.
        """
        body = b"\n".join(encode(fact) for fact in facts)
        try:
            response = self._client.post("/internal/facts", content=body)
        except httpx.TransportError as error:
            raise UserError(
                "server_gone",
                f"The server at {self.server.url} stopped answering ({error}). What it had "
                "accepted is safe; run the same command again.",
            ) from error
        _raise_for(response)

    def keep_scores(self, run_seq: int, scores: pa.Table) -> None:
        """Have the server keep the scores of a run."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, scores.schema) as stream:
            stream.write_table(scores)
        _raise_for(
            self._client.post(f"/internal/runs/{run_seq}", content=sink.getvalue().to_pybytes())
        )

    def run_scores(self, run_seq: int) -> pa.Table:
        """Return the kept scores of a run from the server."""
        return pa.ipc.open_stream(self._get(f"/internal/runs/{run_seq}").content).read_all()

    def refresh(self) -> None:
        """Fetch the tables again, so that what was appended is seen."""
        self._connection.close()
        self._connection = connect(":memory:")
        migrate(self._connection)
        self._fetch()

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return a cursor on the snapshot."""
        return self._connection.cursor()

    def close(self) -> None:
        """Let go of the snapshot."""
        self._client.close()
        self._connection.close()

    def __enter__(self) -> SnapshotStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _fetch(self) -> None:
        state = self._get("/internal/state").json()
        self._connection.execute(
            "INSERT INTO applied VALUES (?, ?)", [state["seq"], state["journal_end"]]
        )
        for table in FACT_TABLES:
            response = self._get(f"/internal/tables/{table}", {"seq": state["seq"]})
            rows = pa.ipc.open_stream(response.content).read_all()
            if rows.num_rows:
                self._connection.from_arrow(rows).insert_into(table)

    def _get(self, path: str, params: dict[str, Any] | None = None) -> httpx.Response:
        response = self._client.get(path, params=params)
        _raise_for(response)
        return response


def _raise_for(response: httpx.Response) -> None:
    if response.is_success:
        return
    try:
        error = response.json()["error"]
    except (ValueError, KeyError):
        error = {
            "code": "server_error",
            "message": f"The server answered {response.status_code}; "
            "look at its own output, then try again.",
        }
    raise UserError(error["code"], error["message"], status=response.status_code)
