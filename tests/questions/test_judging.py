"""Models judged: letters read, shares with Wilson intervals, nothing asked twice."""

# ruff: noqa: F811 - a fixture of another file

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annotator.commands.line import main
from annotator.questions import draft_embedded
from annotator.store.questions import drafts
from pipelines.questions.judging import Answered, accuracy_table, wilson
from tests.questions.stand_in import StandIn, reply
from tests.questions.test_study_questions import _json, _open, folder  # noqa: F401


@pytest.mark.parametrize(
    ("n_right", "n", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_published(n_right: int, n: int, low: float, high: float) -> None:
    found = wilson(n_right, n)
    assert found == pytest.approx((low, high), abs=5e-5)


def test_unreadable_replies_are_in_no_share() -> None:
    answers = [
        Answered(True, {"type": "what"}),
        Answered(False, {"type": "how"}),
        Answered(None, {"type": "how"}),
    ]
    rows = {(row["by"], row["group"]): row for row in accuracy_table(answers)}
    assert rows["all", ""]["accuracy"] == 0.5 and rows["all", ""]["unreadable"] == 1
    assert (rows["type", "how"]["n"], rows["type", "how"]["accuracy"]) == (1, 0.0)
    only = accuracy_table([Answered(None, {})])
    assert only[0]["accuracy"] is None and only[0]["ci95_low"] is None


def test_a_model_that_says_a_is_right_where_a_is(folder: Path, capfd: Any) -> None:
    with _open(folder) as store:
        draft_embedded(store)
        n_a = sum(item.draft.answer == "A" for item in drafts(store) if item.state == "unreviewed")
    with StandIn(lambda *_: reply("A.")) as server:
        where = ("questions", "judge", "--model", "m", "--base-url", server.url, "--blind")
        judged = _json(capfd, "--data", str(folder), *where, "--include-unreviewed")
        assert judged["calls"] == {"answered": 9}
        again = _json(capfd, "--data", str(folder), *where, "--include-unreviewed")
        assert again["calls"] == {} and again["accuracy"] == judged["accuracy"]
        assert len(server.requests) == 9
        assert all("not shown" in body["messages"][-1]["content"] for body in server.requests)
    row = judged["accuracy"][0]
    assert (row["by"], row["n"], row["right"]) == ("all", 9, n_a)
    assert {r["by"] for r in judged["accuracy"]} == {
        "all",
        "type",
        "dimension",
        "discipline",
        "level",
    }


def test_without_accepted_questions_it_says_what_to_do(folder: Path, capfd: Any) -> None:
    capfd.readouterr()
    code = main(["--data", str(folder), "questions", "judge", "--model", "m", "--base-url",
                 "http://127.0.0.1:9/v1", "--json"])  # fmt: skip
    assert code == 1
    assert json.loads(capfd.readouterr().out)["error"]["code"] == "no_questions"
