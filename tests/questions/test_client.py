"""The client at the wire: every fault is an outcome, nothing is lost or asked twice."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx2
import openai
import pytest

from annotator.endpoints import Endpoint
from pipelines.questions.client import Asker, Limits
from pipelines.questions.replies import Asking, Price, Reply
from schemas.errors import UserError
from tests.questions.stand_in import Answer, StandIn, http, problem, reply

QUICK = Limits(concurrency=4, deadline_s=2.0, patience_s=5.0, attempts=3, backoff_s=0.01)


def ask(
    url: str,
    n: int = 1,
    limits: Limits = QUICK,
    make: Callable[[int], Asking] | None = None,
    **changes: Any,
) -> tuple[list[Reply], Asker]:
    kept: list[Reply] = []
    asker = Asker(
        openai.AsyncOpenAI(api_key="none", base_url=url, max_retries=0), "m", limits, **changes
    )

    async def keep(one: Reply) -> None:
        kept.append(one)

    async def run() -> None:
        try:
            await asker.ask_all(((make or asking)(i) for i in range(n)), keep)
        finally:
            await asker.client.close()

    asyncio.run(run())
    return kept, asker


def asking(number: int) -> Asking:
    return Asking(f"r{number}", [{"role": "user", "content": f"say {number}"}], max_tokens=10)


def first_then(*faults: bytes | tuple[str, bytes]) -> Answer:
    return lambda _, number: faults[number - 1] if number <= len(faults) else reply("fine")


@pytest.mark.parametrize(
    "fault",
    [
        problem("429 Too Many Requests"),
        problem("429 Too Many Requests", "retry-after-ms: 20\r\n"),
        problem("500 Internal Server Error"),
        problem("503 Service Unavailable", "retry-after: 0.02\r\n"),
        ("reset", b""),
        ("half", reply("cut short here")),
        http(b"<html>Bad gateway</html>", kind="text/html"),
        http(b'{"choices": [', kind="application/json"),
        http({"object": "chat.completion", "choices": []}),
        ("slow", reply("drip")),
    ],
    ids=[
        "429",
        "429-ms",
        "500",
        "503",
        "reset",
        "half",
        "html",
        "broken-json",
        "no-choice",
        "slow",
    ],
)
def test_a_passing_fault_costs_one_attempt(fault: bytes | tuple[str, bytes]) -> None:
    with StandIn(first_then(fault)) as server:
        kept, _ = ask(server.url)
    assert [(r.outcome, r.raw, r.attempts) for r in kept] == [("answered", "fine", 2)]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (problem("429 Too Many Requests"), "rate_limited"),
        (problem("502 Bad Gateway"), "server_error"),
        (http(b"<html>login</html>", kind="text/html"), "not_a_reply"),
        (("reset", b""), "no_connection"),
    ],
)
def test_a_lasting_fault_is_an_outcome(fault: bytes | tuple[str, bytes], outcome: str) -> None:
    with StandIn(lambda *_: fault) as server:
        kept, _ = ask(server.url)
        assert len(server.requests) == QUICK.attempts
    assert [(r.outcome, r.attempts) for r in kept] == [(outcome, QUICK.attempts)]


@pytest.mark.parametrize(
    ("answer", "outcome", "raw"),
    [
        (reply("so far", finish="length"), "truncated", "so far"),
        (reply(None, refusal="I cannot"), "refused", "I cannot"),
        (reply("x", finish="content_filter"), "refused", "x"),
        (reply("  "), "empty", "  "),
        (problem("400 Bad Request", message="context too long"), "bad_request", None),
    ],
)
def test_what_no_retry_mends_is_asked_once(answer: bytes, outcome: str, raw: str | None) -> None:
    with StandIn(lambda *_: answer) as server:
        kept, _ = ask(server.url)
        assert len(server.requests) == 1
    assert [(r.outcome, r.raw) for r in kept] == [(outcome, raw)]


def test_a_server_that_asks_for_90_seconds_does_not_hold_the_client_that_long() -> None:
    fault = problem("429 Too Many Requests", "retry-after: 90\r\n")
    started = time.monotonic()
    with StandIn(lambda *_: fault) as server:
        kept, _ = ask(server.url)
        assert len(server.requests) == 1
    assert time.monotonic() - started < 20
    assert kept[0].outcome == "rate_limited"


def test_slow_bytes_end_at_the_deadline() -> None:
    limits = replace(QUICK, deadline_s=0.5, attempts=1)
    with StandIn(lambda *_: ("slow", reply("drip"))) as server:
        kept, _ = ask(server.url, limits=limits)
    assert kept[0].outcome == "timeout"
    assert kept[0].duration_ms < 5000


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Not Found"])
def test_a_wrong_key_or_address_stops_the_run(status: str) -> None:
    with StandIn(lambda *_: problem(status)) as server, pytest.raises(UserError) as told:
        ask(server.url, n=50)
    assert told.value.code == "endpoint_refuses"


def test_an_endpoint_that_never_answers_is_given_up() -> None:
    limits = replace(QUICK, concurrency=1, attempts=1)
    with StandIn(lambda *_: problem("500 Error")) as server:
        with pytest.raises(UserError) as told:
            ask(server.url, n=500, limits=limits)
        assert len(server.requests) == 10
    assert told.value.code == "endpoint_fails"


def test_replies_are_paired_with_their_requests_whatever_the_order() -> None:
    def echo(body: dict[str, Any], number: int) -> bytes:
        if number % 7 == 0:
            return problem("500 Error")
        return reply(body["messages"][-1]["content"])

    with StandIn(echo, delay_s=0.01) as server:
        kept, _ = ask(server.url, n=60, limits=replace(QUICK, concurrency=16, attempts=8))
        assert server.most_at_once <= 16
    assert sorted(r.subject for r in kept) == sorted(f"r{i}" for i in range(60))
    assert all(r.raw == f"say {r.subject[1:]}" for r in kept)


def test_requests_are_made_outside_the_loop_so_that_none_holds_the_others_back() -> None:
    made: list[bool] = []

    def slowly(number: int) -> Asking:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            made.append(True)
        return asking(number)

    with StandIn(lambda *_: reply("fine")) as server:
        kept, _ = ask(server.url, n=5, make=slowly)
    assert [r.outcome for r in kept] == ["answered"] * 5
    assert made == [True] * 5


def test_the_budget_stops_before_it_could_be_exceeded() -> None:
    price = Price(tokens_in=0.0, tokens_out=100_000.0)  # 10 tokens at most: 1 USD a call
    with StandIn(lambda *_: reply("fine")) as server:
        kept, asker = ask(
            server.url, n=50, limits=replace(QUICK, concurrency=1, budget_usd=12.0), price=price
        )
    # Each call is set aside with 1 USD and costs 5, as the server ignores the limit of tokens;
    # from then on 5 are set aside: 5 + 5 <= 12 < 10 + 5.
    assert len(kept) == 2
    assert asker.stopped_by_budget
    assert (asker.spent_usd, asker.over_budget_usd) == (pytest.approx(10.0), 0.0)


def test_what_was_under_way_when_the_budget_broke_is_said() -> None:
    price = Price(tokens_in=0.0, tokens_out=100_000.0)
    with StandIn(lambda *_: reply("fine"), delay_s=0.05) as server:
        kept, asker = ask(
            server.url, n=50, limits=replace(QUICK, concurrency=3, budget_usd=12.0), price=price
        )
    # Three calls set aside with 1 USD each were sent before the first came back with 5.
    assert len(kept) == 3
    assert asker.over_budget_usd == pytest.approx(3.0)


def test_a_schema_is_sent_and_left_out_where_the_endpoint_does_not_know_it() -> None:
    def answer(body: dict[str, Any], _: int) -> bytes:
        if "response_format" in body:
            return problem("400 Bad Request", message="unknown field response_format")
        return reply("{}")

    with StandIn(answer) as server:
        asker = Asker(
            openai.AsyncOpenAI(api_key="n", base_url=server.url, max_retries=0), "m", QUICK
        )
        told = asyncio.run(asker.ask(replace(asking(1), schema={"name": "q", "schema": {}})))
        assert told.outcome == "answered"
        assert [("response_format" in body) for body in server.requests] == [True, False]


PICTURE = [
    {"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "text", "text": "what is it?"},
    ]}
]  # fmt: skip
NO_IMAGES = (
    problem("500 Error", message="image input is not supported - hint: provide the mmproj"),
    problem("400 Bad Request", message="tiny is not a multimodal model"),
    problem("404 Not Found", message="No endpoints found that support image input"),
)


@pytest.mark.parametrize("refusal", NO_IMAGES, ids=["llama.cpp", "vllm", "router"])
def test_an_image_goes_along_until_the_endpoint_says_that_it_takes_none(refusal: bytes) -> None:
    def answer(body: dict[str, Any], _: int) -> bytes:
        return refusal if "image_url" in str(body["messages"]) else reply("fine")

    def seen(number: int) -> Asking:
        return replace(asking(number), messages=PICTURE, without_image=asking(number).messages)

    with StandIn(answer, delay_s=0.02) as server:
        kept, asker = ask(server.url, n=9, make=seen)
        assert "image_url" not in str(server.requests[-1])
    assert [r.outcome for r in kept] == ["answered"] * 9
    assert {r.parameters["image"] for r in kept} == {False} and not asker.sees


def test_where_an_image_is_needed_an_endpoint_that_takes_none_is_an_error() -> None:
    with StandIn(lambda *_: NO_IMAGES[1]) as server, pytest.raises(UserError) as told:
        ask(server.url, n=9, make=lambda n: replace(asking(n), messages=PICTURE))
    assert told.value.code == "endpoint_takes_no_images"


def test_through_the_librarys_own_mock_transport() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        return httpx2.Response(200, content=reply(body["model"]).split(b"\r\n\r\n", 1)[1],
                               headers={"content-type": "application/json"})  # fmt: skip

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(handler))
    asker = Endpoint("tiny", "http://127.0.0.1:9/v1").asker(client)
    assert asyncio.run(asker.ask(asking(1))).raw == "tiny"


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [
        (Endpoint(""), "no_model"),
        (Endpoint("m"), "no_endpoint"),
        (Endpoint("m", "http://127.0.0.1:9/v1", budget_usd=1.0), "no_price"),
    ],
)
def test_what_is_missing_is_said_first(
    endpoint: Endpoint, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(UserError) as told:
        endpoint.check()
    assert told.value.code == code
