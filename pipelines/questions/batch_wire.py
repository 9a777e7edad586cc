"""OpenAI's Batch API at the wire: upload, create, find again, ask how it stands, fetch lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import openai

from schemas.errors import UserError

__all__ = ["ENDED", "BatchWire", "Standing"]

ENDED = ("completed", "failed", "expired", "cancelled")
"""States that no longer change."""

_TAG = "study_batch"
_UPLOAD_S = 3600.0
_TRIES = 8

T = TypeVar("T")


class Standing(NamedTuple):
    """How a batch stands at the service."""

    remote: str
    """Its id there."""
    state: str
    """`validating`, `in_progress`, `finalizing`, `cancelling`, or one of `ENDED`."""
    n_done: int
    files: tuple[str, ...]
    """Files of answers and of errors, as far as there are any."""
    duration_ms: int
    detail: str
    """What the service found wrong."""


@dataclass(frozen=True)
class BatchWire:
    """Talks to the Batch API. What fails in passing is tried again."""

    client: openai.AsyncOpenAI
    """Made with `max_retries=0`."""
    deadline_s: float = 120.0
    backoff_s: float = 1.0

    async def submit(self, batch: str, file: Path) -> Standing:
        """Upload a file and start a batch that carries the name `batch`.

        Creating is not tried again blindly: where its answer was lost, the batch is looked for.

        Raises:
            UserError: `endpoint_refuses` or `endpoint_fails`.
        """

        async def upload() -> str:
            with file.open("rb") as content:
                made = await self.client.files.create(
                    file=(f"{batch}.jsonl", content), purpose="batch", timeout=_UPLOAD_S
                )
            return made.id

        uploaded = await self._tried(upload, _UPLOAD_S)

        async def create() -> Standing:
            found = await self._look_for(batch)
            if found is not None:
                return found
            made = await self.client.batches.create(
                input_file_id=uploaded, endpoint="/v1/chat/completions",
                completion_window="24h", metadata={_TAG: batch},
            )  # fmt: skip
            return _standing(made)

        return await self._tried(create, self.deadline_s)

    async def find(self, batch: str) -> Standing | None:
        """Return the batch that carries a name, or None where it was never made.

        Raises:
            UserError: `endpoint_refuses` or `endpoint_fails`.
        """
        return await self._tried(lambda: self._look_for(batch), self.deadline_s)

    async def _look_for(self, batch: str) -> Standing | None:
        async for found in self.client.batches.list(limit=100):
            if (found.metadata or {}).get(_TAG) == batch:
                return _standing(found)
        return None

    async def standing(self, remote: str) -> Standing:
        """Return how a batch stands.

        Raises:
            UserError: `endpoint_refuses` or `endpoint_fails`.
        """

        async def ask() -> Standing:
            return _standing(await self.client.batches.retrieve(remote))

        return await self._tried(ask, self.deadline_s)

    async def lines(self, file: str) -> AsyncIterator[str]:
        """Yield the lines of a file, a piece at a time.

        Raises:
            UserError: `endpoint_fails`; reading again starts at the first line.
        """
        try:
            async with self.client.files.with_streaming_response.content(
                file, timeout=self.deadline_s
            ) as response:
                async for line in response.iter_lines():
                    if line.strip():
                        yield line
        except openai.OpenAIError as error:
            raise _fails(error) from error

    async def _tried(self, call: Callable[[], Awaitable[T]], deadline_s: float) -> T:
        last: Exception | None = None
        for attempt in range(_TRIES):
            try:
                async with asyncio.timeout(deadline_s):
                    return await call()
            except (openai.APIConnectionError, TimeoutError) as error:
                last = error
            except openai.APIStatusError as error:
                if error.status_code < 500 and error.status_code not in (408, 409, 429):
                    raise UserError(
                        "endpoint_refuses",
                        f"The endpoint refuses batches ({error.status_code}: "
                        f"{error.message[:200]}); check its key and address, or ask without "
                        "--batch.",
                    ) from error
                last = error
            except (openai.OpenAIError, ValueError, AttributeError) as error:
                last = error
            await asyncio.sleep(min(60.0, self.backoff_s * 2**attempt))
        raise _fails(last)


def _fails(error: Exception | None) -> UserError:
    return UserError(
        "endpoint_fails",
        f"The endpoint does not answer about batches ({error}); what was sent is kept there. Run "
        "the same again to go on.",
    )


def _standing(batch: openai.types.Batch) -> Standing:
    counts, told = batch.request_counts, batch.errors.data if batch.errors else None
    ended = batch.completed_at or batch.expired_at or batch.cancelled_at or batch.failed_at
    return Standing(
        batch.id,
        batch.status,
        counts.completed + counts.failed if counts else 0,
        tuple(file for file in (batch.output_file_id, batch.error_file_id) if file),
        1000 * (ended - batch.created_at) if ended else 0,
        "; ".join(str(one.message or one.code) for one in told or ())[:500],
    )
