"""The client of an OpenAI-compatible endpoint; its key comes from the environment only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemas.errors import UserError

if TYPE_CHECKING:
    from annotator.questions_calls import Way
    from pipelines.questions.client import Asker

__all__ = ["KEY_VARIABLE", "Endpoint"]

KEY_VARIABLE = "OPENAI_API_KEY"
"""Environment variable that holds the key."""


@dataclass(frozen=True)
class Endpoint:
    """Where a model answers, and what it may cost."""

    model: str
    base_url: str = ""
    """Address that ends in /v1; OpenAI's own where empty."""
    concurrency: int = 8
    deadline_s: float = 120.0
    price_in: float | None = None
    """USD for a million tokens read."""
    price_out: float | None = None
    """USD for a million tokens written."""
    budget_usd: float | None = None
    poll_s: float = 30.0
    """Between two looks at a batch."""

    def check(self) -> None:
        """Raise UserError where something is missing that asking needs."""
        if not self.model:
            raise UserError("no_model", "No model was named; say --model NAME.")
        if not self.base_url and not os.environ.get(KEY_VARIABLE):
            raise UserError(
                "no_endpoint",
                "There is neither an address nor a key of an endpoint; say --base-url "
                f"http://127.0.0.1:8080/v1, or set ${KEY_VARIABLE}.",
            )
        if self.budget_usd is not None and None in (self.price_in, self.price_out):
            raise UserError(
                "no_price",
                f"A budget needs the prices of {self.model}; say --price-in and --price-out in "
                "USD for a million tokens (0 for a model of your own).",
            )

    def asker(self, http_client: Any = None) -> Asker:
        """Return what asks the model; `http_client` stands in for the network in tests."""
        import openai

        from pipelines.questions.client import Asker, Limits
        from pipelines.questions.replies import Price

        self.check()
        client = openai.AsyncOpenAI(
            api_key=os.environ.get(KEY_VARIABLE) or "none",
            base_url=self.base_url or None,
            max_retries=0,
            timeout=self.deadline_s,
            http_client=http_client,
        )
        priced = self.price_in is not None and self.price_out is not None
        return Asker(
            client=client,
            model=self.model,
            limits=Limits(self.concurrency, self.deadline_s, budget_usd=self.budget_usd),
            price=Price(self.price_in or 0.0, self.price_out or 0.0) if priced else None,
        )

    def way(self, asker: Asker, *, in_batches: bool = False, is_waiting: bool = True) -> Way:
        """Return how an asker asks: at once, or through the service's Batch API."""
        from annotator.questions_batch import InBatches
        from annotator.questions_calls import Directly
        from pipelines.questions.batch_wire import BatchWire

        if not in_batches:
            return Directly(asker)
        return InBatches(asker, BatchWire(asker.client, self.deadline_s), is_waiting, self.poll_s)
