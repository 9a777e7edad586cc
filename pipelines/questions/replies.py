"""What is asked of a model, what comes back, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Asking", "Price", "Reply", "read_completion", "request_body"]

Messages = list[dict[str, Any]]

_IMAGE_TOKENS = 3000
"""More than known models count for an image of 1024 px."""


@dataclass(frozen=True)
class Asking:
    """One request."""

    subject: str
    """What it is about."""
    messages: Messages
    round: int = 0
    schema: dict[str, Any] | None = None
    """Strict JSON schema of the reply."""
    max_tokens: int = 800
    without_image: Messages | None = None
    """What an endpoint is asked instead that takes no images; None where that is no use."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What this request sends otherwise than the rest: temperature, seed."""

    @property
    def has_image(self) -> bool:
        """Whether an image goes along."""
        return any(isinstance(message["content"], list) for message in self.messages)


@dataclass(frozen=True)
class Reply:
    """What came of a request."""

    subject: str
    round: int
    outcome: str
    """`answered`, `refused`, `truncated`, `empty`, `not_a_reply`, `timeout`, `rate_limited`,
    `server_error`, `no_connection`, `bad_request` or, in a batch, `expired` or `cancelled`."""
    raw: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    duration_ms: int = 0
    attempts: int = 0
    detail: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What was sent beside the prompt, and whether an image was."""


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
        texts = sum(map(_text_length, asking.messages)) + len(str(asking.schema or ""))
        return self.of(texts // 2 + _IMAGE_TOKENS * asking.has_image, asking.max_tokens)


def _text_length(message: dict[str, Any]) -> int:
    content = message["content"]
    parts = content if isinstance(content, list) else [{"text": content}]
    return 20 + sum(len(part.get("text", "")) for part in parts)


def request_body(
    asking: Asking,
    model: str,
    parameters: Mapping[str, Any],
    *,
    with_image: bool = True,
    with_schema: bool = True,
) -> dict[str, Any]:
    """Return the body of a chat completion request."""
    messages = asking.messages if with_image else asking.without_image or asking.messages
    body: dict[str, Any] = {
        "model": model,
        "messages": messages,
        "max_tokens": asking.max_tokens,
        **parameters,
        **asking.parameters,
    }
    if asking.schema is not None and with_schema:
        body["response_format"] = {"type": "json_schema", "json_schema": asking.schema}
    return body


def read_completion(subject: str, round_: int, answer: Any, price: Price | None) -> Reply:
    """Return what a chat completion says; anything else is `not_a_reply`.

    The library gives a page of HTML with status 200 back as a string.
    """
    choices = getattr(answer, "choices", None)
    if not choices or getattr(choices[0], "message", None) is None:
        raw = answer if isinstance(answer, str) else None
        detail = "the server sent something else than a chat completion"
        return Reply(subject, round_, "not_a_reply", raw, detail=detail)
    usage = getattr(answer, "usage", None)
    tokens_in = getattr(usage, "prompt_tokens", None)
    tokens_out = getattr(usage, "completion_tokens", None)
    message = choices[0].message
    refusal = getattr(message, "refusal", None)
    outcome = {"length": "truncated", "content_filter": "refused"}.get(
        str(getattr(choices[0], "finish_reason", "")), "answered"
    )
    if refusal:
        outcome = "refused"
    elif outcome == "answered" and not (getattr(message, "content", None) or "").strip():
        outcome = "empty"
    cost = price.of(tokens_in, tokens_out) if price else None
    return Reply(subject, round_, outcome, refusal or message.content, tokens_in, tokens_out, cost)
