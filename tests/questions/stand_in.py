"""An endpoint on the loopback that answers, or fails, as it is told; every request is kept."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

Answer = Callable[[dict[str, Any], int], bytes | tuple[str, bytes]]
"""Body of a request and its number -> bytes to send, or how to fail and bytes."""


def http(
    body: Any, status: str = "200 OK", headers: str = "", kind: str = "application/json"
) -> bytes:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    length = f"content-length: {len(payload)}\r\n"
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n{length}{headers}\r\n"
    return head.encode() + payload


def reply(content: str | None, finish: str = "stop", refusal: str | None = None) -> bytes:
    return http(
        {
            "id": "x", "object": "chat.completion", "created": 0, "model": "m",
            "choices": [{"index": 0, "finish_reason": finish,
                         "message": {"role": "assistant", "content": content, "refusal": refusal}}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150},
        }
    )  # fmt: skip


def problem(status: str, headers: str = "", message: str = "no") -> bytes:
    return http({"error": {"message": message}}, status, headers)


class StandIn:
    """Serves `answer` in a thread of its own; `delay_s` before each answer."""

    def __init__(self, answer: Answer, delay_s: float = 0.0) -> None:
        self.answer, self.delay_s = answer, delay_s
        self.requests: list[dict[str, Any]] = []
        self.at_once = self.most_at_once = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> StandIn:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        body = json.loads(await reader.readexactly(length))
        self.requests.append(body)
        number = len(self.requests)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.delay_s)
        self.at_once -= 1
        found = self.answer(body, number)
        how, payload = found if isinstance(found, tuple) else ("whole", found)
        if how == "reset":
            writer.transport.abort()
            return False
        if how == "half":
            writer.write(payload[: len(payload) // 2])
            await writer.drain()
            return False
        if how == "slow":
            for byte in payload:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.05)
            return True
        writer.write(payload)
        await writer.drain()
        return True
