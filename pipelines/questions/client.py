"""Asking an OpenAI-compatible endpoint, many requests at once, with nothing lost.

Each reply is handed over before anything else happens with it. The library's own retries are
off: they sleep as long as a server says, past any timeout. Here every attempt has a deadline,
a wait that a server asks for holds all workers back, and waits longer than the patience end
the request with an outcome.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import openai

from schemas.errors import UserError

__all__ = ["Asker", "Asking", "Limits", "Price", "Reply"]

_STOPS = {401: "key", 403: "key", 404: "address or model"}
_HOPELESS = 10
"""Failures in a row, with no answer yet, after which an endpoint is given up."""


@dataclass(frozen=True)
class Asking:
    """One request."""

    subject: str
    """What it is about."""
    messages: list[dict[str, Any]]
    round: int = 0
    schema: dict[str, Any] | None = None
    """Strict JSON schema of the reply."""
    max_tokens: int = 800


@dataclass(frozen=True)
class Reply:
    """What came of a request."""

    subject: str
    round: int
    outcome: str
    """`answered`, `refused`, `truncated`, `empty`, `not_a_reply`, `timeout`, `rate_limited`,
    `server_error`, `no_connection` or `bad_request`."""
    raw: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    duration_ms: int = 0
    attempts: int = 0
    detail: str = ""


@dataclass(frozen=True)
class Price:
    """What a model costs, USD for a million tokens."""

    tokens_in: float
    tokens_out: float

    def of(self, tokens_in: int | None, tokens_out: int | None) -> float:
        """Return the price of a call."""
        return (self.tokens_in * (tokens_in or 0) + self.tokens_out * (tokens_out or 0)) / 1e6

    def at_most(self, asking: Asking) -> float:
        """Return a price that a call will hardly exceed: a token is two characters or more."""
        return self.of(sum(len(str(m)) for m in asking.messages) // 2, asking.max_tokens)


@dataclass(frozen=True)
class Limits:
    """How much is asked at once, how long, for how much."""

    concurrency: int = 8
    deadline_s: float = 120.0
    """For one attempt, whatever the server does."""
    patience_s: float = 120.0
    """For all waits of one request together."""
    attempts: int = 5
    backoff_s: float = 0.5
    """First wait after a failure; doubled each time."""
    budget_usd: float | None = None
    """Nothing more is asked once what runs could exceed it."""


@dataclass
class Asker:
    """Asks one model."""

    client: openai.AsyncOpenAI
    """Made with `max_retries=0`."""
    model: str
    limits: Limits = field(default_factory=Limits)
    price: Price | None = None
    parameters: dict[str, Any] = field(default_factory=lambda: {"temperature": 0, "seed": 0})

    def __post_init__(self) -> None:
        self.spent_usd = 0.0
        self.stopped_by_budget = False
        self._reserved_usd = 0.0
        self._resume_at = 0.0
        self._enforces_schema = True
        self._failures_in_a_row = 0
        self._has_answered = False

    async def ask_all(
        self, askings: Iterable[Asking], keep: Callable[[Reply], Awaitable[None]]
    ) -> int:
        """Ask everything, `concurrency` at a time; hand each reply to `keep` as it comes.

        Args:
            askings: Read one by one as workers get free, so that memory stays flat.
            keep: Makes a reply durable; the worker asks on when it has.

        Returns:
            How many replies were handed over.

        Raises:
            UserError: `endpoint_refuses` (key, address or model), `endpoint_fails`.
        """
        waiting = iter(askings)
        n_kept = 0

        async def work() -> None:
            nonlocal n_kept
            for asking in waiting:
                if not self._reserve(asking):
                    return
                try:
                    reply = await self.ask(asking)
                finally:
                    self._release(asking)
                self.spent_usd += reply.cost_usd or 0.0
                await keep(reply)
                n_kept += 1
                self._give_up_when_hopeless(reply)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.limits.concurrency):
                    group.create_task(work())
        except* UserError as errors:
            raise errors.exceptions[0] from None
        return n_kept

    def _reserve(self, asking: Asking) -> bool:
        if self.limits.budget_usd is None or self.price is None:
            return True
        most = self.price.at_most(asking)
        if self.spent_usd + self._reserved_usd + most > self.limits.budget_usd:
            self.stopped_by_budget = True
            return False
        self._reserved_usd += most
        return True

    def _release(self, asking: Asking) -> None:
        if self.limits.budget_usd is not None and self.price is not None:
            self._reserved_usd -= self.price.at_most(asking)

    def _give_up_when_hopeless(self, reply: Reply) -> None:
        if reply.outcome in ("answered", "refused", "truncated", "empty"):
            self._has_answered = True
        self._failures_in_a_row = 0 if self._has_answered else self._failures_in_a_row + 1
        if self._failures_in_a_row >= _HOPELESS:
            raise UserError(
                "endpoint_fails",
                f"The endpoint has answered none of {_HOPELESS} requests ({reply.outcome}: "
                f"{reply.detail}); what was asked is kept. Mend the endpoint, then run the same "
                "again.",
            )

    async def ask(self, asking: Asking) -> Reply:
        """Ask one thing; failures are outcomes.

        Raises:
            UserError: `endpoint_refuses`, for what no retry mends.
        """
        loop = asyncio.get_running_loop()
        started = loop.time()
        patience = self.limits.patience_s
        chance = random.Random(f"{asking.subject}|{asking.round}")
        reply = Reply(asking.subject, asking.round, "not_a_reply")
        for attempt in range(1, self.limits.attempts + 1):
            await asyncio.sleep(max(0.0, self._resume_at - loop.time()))
            reply, wait = await self._attempt(asking)
            reply = replace(
                reply, attempts=attempt, duration_ms=round(1000 * (loop.time() - started))
            )
            if wait is None:
                return reply
            wait = wait or self.limits.backoff_s * 2 ** (attempt - 1) * chance.uniform(0.75, 1.25)
            patience -= wait
            if patience < 0 or attempt == self.limits.attempts:
                return reply
            if reply.outcome == "rate_limited":
                self._resume_at = max(self._resume_at, loop.time() + wait)
            else:
                await asyncio.sleep(wait)
        return reply

    async def _attempt(self, asking: Asking) -> tuple[Reply, float | None]:
        """Return what came, and how long to wait before another try: 0 own choice, None never."""

        def failed(outcome: str, detail: object, raw: str | None = None) -> Reply:
            return Reply(asking.subject, asking.round, outcome, raw, detail=str(detail)[:500])

        try:
            async with asyncio.timeout(self.limits.deadline_s):
                answer = await self.client.chat.completions.create(**self._body(asking))
        except (TimeoutError, openai.APITimeoutError):
            return failed("timeout", f"no answer in {self.limits.deadline_s} s"), 0.0
        except openai.RateLimitError as error:
            return failed("rate_limited", error), _asked_wait(error.response.headers)
        except openai.APIStatusError as error:
            return self._status(asking, error, failed)
        except openai.APIConnectionError as error:
            return failed("no_connection", error.__cause__ or error), 0.0
        except (openai.OpenAIError, ValueError) as error:
            # Half an answer, or JSON that is none.
            return failed("not_a_reply", error), 0.0
        return self._read(asking, answer)

    def _body(self, asking: Asking) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.model,
            "messages": asking.messages,
            "max_tokens": asking.max_tokens,
            **self.parameters,
        }
        if asking.schema is not None and self._enforces_schema:
            body["response_format"] = {"type": "json_schema", "json_schema": asking.schema}
        return body

    def _status(
        self, asking: Asking, error: openai.APIStatusError, failed: Callable[..., Reply]
    ) -> tuple[Reply, float | None]:
        if error.status_code in _STOPS:
            raise UserError(
                "endpoint_refuses",
                f"The endpoint refuses ({error.status_code}: {error.message[:200]}); check its "
                f"{_STOPS[error.status_code]}, then run the same again.",
            ) from error
        if error.status_code >= 500 or error.status_code in (408, 409):
            return failed("server_error", error), _asked_wait(error.response.headers)
        told = str(error).lower()
        if (
            asking.schema is not None
            and self._enforces_schema
            and ("response_format" in told or "json_schema" in told)
        ):
            self._enforces_schema = False
            return failed("bad_request", error), 0.001
        return failed("bad_request", error), None

    def _read(self, asking: Asking, answer: Any) -> tuple[Reply, float | None]:
        """Read a reply; the library gives a page of HTML with status 200 back as a string."""
        choices = getattr(answer, "choices", None)
        if not choices or getattr(choices[0], "message", None) is None:
            raw = answer if isinstance(answer, str) else None
            detail = "the server sent something else than a chat completion"
            return Reply(asking.subject, asking.round, "not_a_reply", raw, detail=detail), 0.0
        usage = getattr(answer, "usage", None)
        tokens_in = getattr(usage, "prompt_tokens", None)
        tokens_out = getattr(usage, "completion_tokens", None)
        message = choices[0].message
        refusal = getattr(message, "refusal", None)
        outcome = {"length": "truncated", "content_filter": "refused"}.get(
            choices[0].finish_reason, "answered"
        )
        if refusal:
            outcome = "refused"
        elif outcome == "answered" and not (message.content or "").strip():
            outcome = "empty"
        cost = self.price.of(tokens_in, tokens_out) if self.price else None
        raw = refusal or message.content
        return Reply(asking.subject, asking.round, outcome, raw, tokens_in, tokens_out, cost), None


def _asked_wait(headers: Any) -> float:
    """Return the seconds a server asks to wait, 0 where it does not say."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.001, float(headers.get(name, "")) * unit)
        except ValueError:
            continue
    return 0.0
