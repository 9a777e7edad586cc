"""Asking an OpenAI-compatible endpoint, many requests at once, with nothing lost.

Each reply is handed over before anything else happens with it. The library's own retries are
off: they sleep as long as a server says, past any timeout. Here every attempt has a deadline,
a wait that a server asks for holds all workers back, and waits longer than the patience end
the request with an outcome.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import openai

from pipelines.questions.replies import Asking, Price, Reply, read_completion, request_body
from schemas.errors import UserError

__all__ = ["Asker", "Limits"]

_STOPS = {401: "key", 403: "key", 404: "address or model"}
_HOPELESS = 10
"""Failures in a row, with no answer yet, after which an endpoint is given up."""
_NO_IMAGES = re.compile(
    r"image.?input|image.?url|mmproj|not (?:a )?multi.?modal|images? (?:is|are) not supported|"
    r"(?:not|n't) support (?:\w+ )?(?:images?|vision)",
    re.IGNORECASE,
)
"""How endpoints say that they take no images."""


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
        self.sees = True
        """False once the endpoint has refused an image."""
        self._reserved: dict[int, float] = {}
        self._dearest_usd = 0.0
        self._resume_at = 0.0
        self._schemas = True
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
        waiting, taking = iter(askings), asyncio.Lock()
        n_kept = 0

        async def taken() -> Asking | None:
            # An asking may read and shrink an image; meanwhile answers and deadlines go on.
            async with taking:
                return await asyncio.to_thread(next, waiting, None)

        async def work() -> None:
            nonlocal n_kept
            while (asking := await taken()) is not None:
                if not self._reserve(asking):
                    return
                try:
                    reply = await self.ask(asking)
                finally:
                    self._reserved.pop(id(asking), None)
                self._spend(reply)
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

    @property
    def over_budget_usd(self) -> float:
        """What was spent beyond the budget: a server may write more than it was allowed."""
        return max(0.0, self.spent_usd - (self.limits.budget_usd or self.spent_usd))

    def _reserve(self, asking: Asking) -> bool:
        if self.limits.budget_usd is None or self.price is None:
            return True
        # A server that ignores the limit of tokens is known by what its calls have cost.
        most = self.price.at_most(asking)
        running = [*self._reserved.values(), most]
        if self.spent_usd + sum(max(usd, self._dearest_usd) for usd in running) > (
            self.limits.budget_usd
        ):
            self.stopped_by_budget = True
            return False
        self._reserved[id(asking)] = most
        return True

    def _spend(self, reply: Reply) -> None:
        self.spent_usd += reply.cost_usd or 0.0
        self._dearest_usd = max(self._dearest_usd, reply.cost_usd or 0.0)

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
                reply,
                attempts=attempt,
                duration_ms=round(1000 * (loop.time() - started)),
                parameters=self.sent_with(asking),
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

        def failed(outcome: str, detail: object) -> Reply:
            return Reply(asking.subject, asking.round, outcome, detail=str(detail)[:500])

        # Other requests may learn meanwhile what the endpoint does not take.
        sent = _Sent(asking.has_image and self.sees, asking.schema is not None and self._schemas)
        body = request_body(
            asking, self.model, self.parameters, with_image=self.sees, with_schema=sent.schema
        )
        try:
            async with asyncio.timeout(self.limits.deadline_s):
                answer = await self.client.chat.completions.create(**body)
        except (TimeoutError, openai.APITimeoutError):
            return failed("timeout", f"no answer in {self.limits.deadline_s} s"), 0.0
        except openai.RateLimitError as error:
            return failed("rate_limited", error), _asked_wait(error.response.headers)
        except openai.APIStatusError as error:
            return self._status(asking, sent, error, failed)
        except openai.APIConnectionError as error:
            return failed("no_connection", error.__cause__ or error), 0.0
        except (openai.OpenAIError, ValueError) as error:
            # Half an answer, or JSON that is none.
            return failed("not_a_reply", error), 0.0
        reply = read_completion(asking.subject, asking.round, answer, self.price)
        return reply, 0.0 if reply.outcome == "not_a_reply" else None

    def sent_with(self, asking: Asking) -> dict[str, Any]:
        """Return what goes with a request beside its prompt: parameters, and whether an image."""
        image = {"image": self.sees} if asking.has_image else {}
        return {**self.parameters, **asking.parameters, **image}

    def _status(
        self,
        asking: Asking,
        sent: _Sent,
        error: openai.APIStatusError,
        failed: Callable[[str, object], Reply],
    ) -> tuple[Reply, float | None]:
        told = str(error).lower()
        if sent.image and _NO_IMAGES.search(told):
            self._stop_sending_images(asking, error)
            return failed("bad_request", error), 0.001
        if error.status_code in _STOPS:
            raise UserError(
                "endpoint_refuses",
                f"The endpoint refuses ({error.status_code}: {error.message[:200]}); check its "
                f"{_STOPS[error.status_code]}, then run the same again.",
            ) from error
        if error.status_code >= 500 or error.status_code in (408, 409):
            return failed("server_error", error), _asked_wait(error.response.headers)
        if sent.schema and ("response_format" in told or "json_schema" in told):
            self._schemas = False
            return failed("bad_request", error), 0.001
        return failed("bad_request", error), None

    def _stop_sending_images(self, asking: Asking, error: openai.APIStatusError) -> None:
        if asking.without_image is None:
            raise UserError(
                "endpoint_takes_no_images",
                f"The endpoint takes no images ({error.status_code}: {error.message[:200]}); "
                "name a model that sees, or say --blind to ask from the text alone.",
            ) from error
        self.sees = False


class _Sent(NamedTuple):
    image: bool
    schema: bool


def _asked_wait(headers: Any) -> float:
    """Return the seconds a server asks to wait, 0 where it does not say."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.001, float(headers.get(name, "")) * unit)
        except ValueError:
            continue
    return 0.0
