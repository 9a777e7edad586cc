"""OpenAI's Batch API as far as it is used, behind httpx2's MockTransport; remembers all it got."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2

from tests.questions.stand_in import reply

Answer = Callable[[str, dict[str, Any]], dict[str, Any] | None]
"""custom_id and body of a request -> its line without the custom_id; None leaves it out."""


def answered(content: str) -> dict[str, Any]:
    body = json.loads(reply(content).split(b"\r\n\r\n", 1)[1])
    return {"response": {"status_code": 200, "request_id": "r", "body": body}, "error": None}


def failed(status: int) -> dict[str, Any]:
    body = {"error": {"message": "no"}}
    return {"response": {"status_code": status, "request_id": "r", "body": body}, "error": None}


def never(code: str) -> dict[str, Any]:
    return {"response": None, "error": {"code": code, "message": "no time left"}}


class BatchService:
    """Batches are answered by `answer` once `finish` is called, or at the second look."""

    def __init__(self, answer: Answer, state: str = "completed") -> None:
        self.answer, self.state = answer, state
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.faults: list[int] = []
        """Status codes that come before anything is done, one a request."""
        self.lose_answer_of_create = False
        self.looks_needed = 1

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.MockTransport(self._serve))

    @property
    def asked(self) -> list[str]:
        """`custom_id` of every request of every batch that was made."""
        lines = (self.files[b["input_file_id"]].splitlines() for b in self.batches.values())
        return [json.loads(line)["custom_id"] for batch in lines for line in batch]

    def _serve(self, request: httpx2.Request) -> httpx2.Response:
        if self.faults:
            return httpx2.Response(self.faults.pop(0), json={"error": {"message": "later"}})
        path, method = request.url.path.removeprefix("/v1"), request.method
        if (method, path) == ("POST", "/files"):
            return self._upload(request)
        if (method, path) == ("POST", "/batches"):
            return self._create(json.loads(request.content))
        if path.split("?")[0] == "/batches":
            found = list(self.batches.values())[::-1]
            return httpx2.Response(200, json={"object": "list", "data": found, "has_more": False})
        if path.startswith("/batches/"):
            return httpx2.Response(200, json=self._look(path.rsplit("/", 1)[1]))
        return httpx2.Response(200, content=self.files[path.split("/")[2]])

    def _upload(self, request: httpx2.Request) -> httpx2.Response:
        found = re.search(rb"name=\"file\".*?\r\n\r\n(.*?)\r\n--", request.read(), re.DOTALL)
        assert found is not None
        name = f"file-{len(self.files)}"
        self.files[name] = found[1]
        made = {"id": name, "object": "file", "bytes": len(found[1]), "created_at": 0,
                "filename": "x", "purpose": "batch", "status": "processed"}  # fmt: skip
        return httpx2.Response(200, json=made)

    def _create(self, asked: dict[str, Any]) -> httpx2.Response:
        name = f"batch_{len(self.batches)}"
        self.batches[name] = {
            "id": name, "object": "batch", "created_at": 100, "status": "validating", "looks": 0,
            **asked,
        }  # fmt: skip
        if self.lose_answer_of_create:
            self.lose_answer_of_create = False
            raise httpx2.ReadError("gone")
        return httpx2.Response(200, json=self.batches[name])

    def _look(self, name: str) -> dict[str, Any]:
        batch = self.batches[name]
        batch["looks"] += 1
        if batch["looks"] > self.looks_needed and batch["status"] != self.state:
            self._finish(batch)
        return batch

    def _finish(self, batch: dict[str, Any]) -> None:
        batch |= {"status": self.state, "completed_at": 160}
        if self.state == "failed":
            batch["errors"] = {"data": [{"code": "bad", "message": "line 1 is no request"}]}
            return
        good, bad = [], []
        for line in self.files[batch["input_file_id"]].splitlines():
            request = json.loads(line)
            told = self.answer(request["custom_id"], request["body"])
            if told is not None:
                ok = told["response"] and told["response"]["status_code"] == 200
                (good if ok else bad).append({"custom_id": request["custom_id"], **told})
        for key, lines in (("output_file_id", good[::-1]), ("error_file_id", bad)):
            if lines:
                name = f"{batch['id']}-{key}"
                self.files[name] = "\n".join(map(json.dumps, lines)).encode()
                batch[key] = name


@contextmanager
def served(service: BatchService) -> Iterator[str]:
    """Serve it on the loopback; give the address that ends in /v1."""

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length") or 0))
            asked = httpx2.Request(self.command, f"http://127.0.0.1{self.path}", content=content)
            made = service._serve(asked)
            self.send_response(made.status_code)
            self.send_header("content-type", made.headers.get("content-type", "text/plain"))
            self.send_header("content-length", str(len(made.content)))
            self.end_headers()
            self.wfile.write(made.content)

        do_GET = do_POST = _do

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
