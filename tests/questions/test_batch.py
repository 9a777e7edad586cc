"""The Batch API at the wire: matched by custom_id, nothing lost, nothing asked twice."""

# ruff: noqa: F811 - a fixture of another file

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from annotator.questions_batch import InBatches
from annotator.store import Store
from annotator.store.questions import batches, calls
from pipelines.questions.batch_wire import BatchWire
from pipelines.questions.batches import pack, read_line
from pipelines.questions.client import Asker, Limits
from pipelines.questions.replies import Asking, Price
from schemas.errors import UserError
from schemas.layout import StudyFolder
from tests.questions.batch_service import Answer, BatchService, answered, failed, never, served
from tests.questions.test_model_drafts import fact, told
from tests.questions.test_study_questions import _json, _open, folder  # noqa: F401

N = 25


def echo(custom_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return answered(f"to {body['messages'][0]['content']}")


def asking(number: int) -> Asking:
    return Asking(f"r{number}:0", [{"role": "user", "content": f"say {number}"}], max_tokens=10)


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with _open(folder) as opened:
        yield opened


def run(
    store: Store, service: BatchService, *, n: int = N, wait: bool = True, **changes: Any
) -> tuple[Counter[str], Asker]:
    client = openai.AsyncOpenAI(
        api_key="n", base_url="http://127.0.0.1:9/v1", max_retries=0, http_client=service.client()
    )
    limits = Limits(budget_usd=changes.pop("budget", None))
    asker = Asker(client, "m", limits, changes.pop("price", None))
    wire = BatchWire(client, 5.0, backoff_s=0.001)
    way = InBatches(asker, wire, wait, 0.001, **changes)
    done = {(c["subject"], 0) for c in calls(store, "draft") if c["outcome"] == "answered"}
    left = [a for a in map(asking, range(n)) if (a.subject, 0) not in done]
    return way.ask(store, "draft", "p-1", left, len(left), lambda *_: None), asker


def paired(store: Store) -> bool:
    return all(
        call["raw"] == f"to say {call['subject'][1:].split(':')[0]}"
        for call in calls(store, "draft")
        if call["outcome"] == "answered"
    )


def test_answers_come_in_any_order_from_two_files_and_are_matched(store: Store) -> None:
    def answer(custom_id: str, body: dict[str, Any]) -> dict[str, Any]:
        number = int(custom_id.split("|r")[1].split(":")[0])
        return {5: failed(500), 6: failed(400), 7: failed(429)}.get(number, echo(custom_id, body))

    service = BatchService(answer)
    outcomes, asker = run(store, service, price=Price(1.0, 2.0))
    assert outcomes == {"answered": 22, "server_error": 1, "bad_request": 1, "rate_limited": 1}
    assert paired(store) and len(calls(store, "draft")) == N
    assert asker.spent_usd == pytest.approx(22 * (100 * 1 + 50 * 2) / 1e6)
    assert {call["duration_ms"] for call in calls(store, "draft")} == {60_000}
    service.answer = echo
    again, _ = run(store, service)
    assert again == {"answered": 3}
    assert Counter(service.asked).most_common(4)[3][1] == 1
    assert run(store, service)[0] == {} and len(service.batches) == 2


def test_files_are_split_by_number_and_by_size(store: Store) -> None:
    service = BatchService(echo)
    run(store, service, n=10, most_requests=4)
    assert [len(f.splitlines()) for f in service.files.values() if b'custom_id": "0|' in f][:3] == [
        4,
        4,
        2,
    ]
    sink = io.BytesIO()
    line = len(json.dumps({"custom_id": "0|r0:0"})) + 150
    packed = pack(map(asking, range(9)), "m", {}, sink, most_bytes=3 * line)
    assert 1 <= len(packed.ids) < 9 and len(sink.getvalue()) <= 3 * line
    assert packed.rest is not None and packed.rest.subject == f"r{len(packed.ids)}:0"


@pytest.mark.parametrize("state", ["expired", "cancelled"])
def test_what_an_expired_or_cancelled_batch_answered_is_kept(store: Store, state: str) -> None:
    def half(custom_id: str, body: dict[str, Any]) -> dict[str, Any] | None:
        number = int(custom_id.split("|r")[1].split(":")[0])
        if number % 2:
            return never("batch_expired" if state == "expired" else "batch_cancelled")
        return None if number == 4 else echo(custom_id, body)

    service = BatchService(half, state)
    outcomes, _ = run(store, service, n=10)
    assert outcomes == {"answered": 4, state: 5}
    assert [b["status"] for b in batches(store, "draft", "p-1", "m")] == [state]
    service.answer, service.state = echo, "completed"
    assert run(store, service, n=10)[0] == {"answered": 6}
    assert paired(store)


def test_a_batch_that_failed_is_said_and_can_be_sent_again(store: Store) -> None:
    service = BatchService(echo, "failed")
    with pytest.raises(UserError, match="line 1 is no request") as error:
        run(store, service)
    assert error.value.code == "batch_failed"
    service.state = "completed"
    assert run(store, service)[0] == {"answered": N}


def test_without_waiting_the_next_run_collects_and_sends_nothing_again(store: Store) -> None:
    service = BatchService(echo)
    assert run(store, service, wait=False)[0] == {}
    assert run(store, service, n=N + 5, wait=False)[0] == {}
    assert len(service.asked) == N + 5
    service.looks_needed = 0
    assert run(store, service, n=N + 5)[0] == {"answered": N + 5}
    assert Counter(service.asked).most_common(1)[0][1] == 1 and paired(store)


def test_a_lost_answer_and_passing_faults_make_no_second_batch(store: Store) -> None:
    service = BatchService(echo)
    service.lose_answer_of_create, service.faults = True, [429, 503]
    assert run(store, service)[0] == {"answered": N}
    assert len(service.batches) == 1


class _Killed(BaseException):
    pass


@pytest.mark.parametrize("point", [1, 3, 4, 7, 10])
def test_killed_at_any_request_nothing_is_asked_twice_and_nothing_is_lost(
    folder: Path, store: Store, point: int
) -> None:
    service = BatchService(echo)
    serve, seen = service._serve, 0

    def dying(request: httpx2.Request) -> httpx2.Response:
        nonlocal seen
        seen += 1
        made = serve(request)
        if seen == point:
            raise _Killed
        return made

    service._serve = dying  # type: ignore[method-assign]
    try:
        run(store, service, most_requests=10)
    except BaseExceptionGroup:
        pass
    except _Killed:
        pass
    store.close()
    service._serve = serve  # type: ignore[method-assign]
    study = StudyFolder(folder)
    from annotator.store.access import load_study

    with Store(study, load_study(study)) as opened:
        run(opened, service, most_requests=10)
        kept = [c["subject"] for c in calls(opened, "draft")]
        assert sorted(kept) == sorted(f"r{n}:0" for n in range(N))
        assert paired(opened)
    assert Counter(service.asked).most_common(1)[0][1] == 1


@pytest.mark.parametrize(
    "line", ["", "{", "[]", '{"custom_id": "x"}', '{"custom_id": 3, "response": null}', "<html>"]
)
def test_a_line_that_is_none_is_passed_over(line: str) -> None:
    assert read_line(line, None) is None


def test_a_reply_in_a_batch_is_read_like_any_other() -> None:
    def read(told: dict[str, Any]) -> str | None:
        found = read_line(json.dumps({"custom_id": "2|a|b", **told}), None)
        assert found is not None and (found.subject, found.round) == ("a|b", 2)
        return found.outcome

    assert read(answered("  ")) == "empty"
    html = {"response": {"status_code": 200, "body": "<html>"}, "error": None}
    assert read(html) == "not_a_reply"
    assert read({"response": {"status_code": 200, "body": {"choices": []}}}) == "not_a_reply"


def test_the_budget_bounds_what_is_submitted(store: Store) -> None:
    price = Price(0.0, 100_000.0)  # 1 USD a request at most
    service = BatchService(echo)
    _, asker = run(store, service, budget=7.5, price=price)
    assert len(service.asked) == 7 and asker.stopped_by_budget


def test_requests_of_a_foreign_batch_are_not_taken_for_ours(store: Store) -> None:
    answer: Answer = lambda i, b: {**echo(i, b), "custom_id": "0|other"}  # noqa: E731
    outcomes, _ = run(store, BatchService(answer))
    assert outcomes == {"unmatched": N} and calls(store, "draft") == []


def test_by_the_command_line_handed_over_once_and_collected_later(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def drafted(_: str, body: dict[str, Any]) -> dict[str, Any]:
        text = json.loads(body["messages"][-1]["content"])["feedback"].split(".")[0] + "."
        return answered(told(fact(text)))

    service = BatchService(drafted)
    service.looks_needed = 0
    with served(service) as url:
        command = ("--data", str(folder), "draft", "--backend", "openai", "--model", "m",
                   "--base-url", url, "--batch", "--no-wait")  # fmt: skip
        first = _json(capfd, *command)
        assert first["calls"] == {} and [b["status"] for b in first["batches"]] == ["submitted"]
        second = _json(capfd, *command)
        assert second["calls"] == {"answered": 3} and second["added"] > 0
        assert [b["status"] for b in second["batches"]] == ["completed"]
        third = _json(capfd, *command)
        assert third["calls"] == {} and third["added"] == 0
    assert len(service.asked) == 3
