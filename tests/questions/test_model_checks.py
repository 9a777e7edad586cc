"""Checks that ask a model: guessing without the image, wrong options read against the span."""

# ruff: noqa: F811 - a fixture of another file

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annotator.commands.line import main
from annotator.store.questions import drafts
from pipelines.questions.recipes import Unreadable, load_prompt
from pipelines.questions.relating import parse_relations
from tests.questions.stand_in import StandIn, reply
from tests.questions.test_model_drafts import fact, told
from tests.questions.test_study_questions import _json, _open, folder  # noqa: F401

PRIORS = ("Missing altogether", "完全缺失")
"""What a model that knows figures guesses."""


def guesser(body: dict[str, Any], _: int) -> bytes:
    """Guess that things are missing; say No to everything else."""
    text = body["messages"][-1]["content"]
    lines = {line[3:]: line[0] for line in text.splitlines()[1:] if line[1:3] == ". "}
    letter = next((lines[p] for p in PRIORS if p in lines), None) or lines.get("No") or lines.get(
        "否", "D"
    )  # fmt: skip
    return reply(letter)


def states(folder: Path) -> dict[str, tuple[str, str]]:
    with _open(folder) as store:
        return {
            item.draft.topic: (item.state, next(
                v.reason or v.outcome for v in item.verdicts if v.check == "blind_guess"))
            for item in drafts(store)
        }  # fmt: skip


def test_what_a_model_guesses_every_time_is_dropped_or_marked(folder: Path, capfd: Any) -> None:
    assert _json(capfd, "--data", str(folder), "draft")["kept"] == 9
    assert {reason for _, reason in states(folder).values()} == {"no_endpoint"}
    with StandIn(guesser) as server:
        where = ("draft", "--model", "m", "--base-url", server.url, "--blind", "3")
        made = _json(capfd, "--data", str(folder), *where)
        n_asked = len(server.requests)
        # Three yes-or-no from both sides, six others, three times each.
        assert made["calls"] == {"answered": 3 * (2 * 3 + 6)} and n_asked == 36
        assert all("not shown" in b["messages"][-1]["content"] for b in server.requests)
        again = _json(capfd, "--data", str(folder), *where)
        assert again["calls"] == {} and again["added"] == 0
        found = states(folder)
        missing = [t for t in found if t.startswith("what|presence")]
        assert len(missing) == 2
        assert {found[t] for t in missing} == {("dropped", "guessable")}
        assert all(found[t][0] == "unreviewed" for t in found if t.startswith("yes-or-no"))
        marked = _json(capfd, "--data", str(folder), *where, "--guessable", "mark")
        assert marked["asked"]["blind_guess"]["guessable"] == 2
        assert len(server.requests) == n_asked
    assert {states(folder)[t] for t in missing} == {("unreviewed", "guessable")}


def test_drafting_and_guessing_in_one_run_share_the_budget(folder: Path, capfd: Any) -> None:
    with StandIn(guesser) as server:
        made = _json(
            capfd, "--data", str(folder), "draft", "--model", "m", "--base-url", server.url,
            "--blind", "1", "--price-in", "0", "--price-out", "1000000", "--budget", "170",
        )  # fmt: skip
        # A call is set aside with 16 USD and costs 50, as the stand-in counts; eight at a time.
        assert made["stopped_by_budget"]
        assert made["over_budget_usd"] == made["cost_usd"] - 170 > 0
    row = next(row for row in made["checks"] if row["check"] == "blind_guess")
    assert row["reasons"].get("no_answer", 0) > 0


def test_wrong_options_are_read_against_the_span(folder: Path, capfd: Any) -> None:
    def answer(body: dict[str, Any], _: int) -> bytes:
        asked = json.loads(body["messages"][-1]["content"])
        if "quote" in asked:
            words = ["contradicted"] * 3
            if "legend" in asked["quote"].lower():
                words[1] = "open"
            return reply(json.dumps({"relations": words}))
        quote = asked["feedback"].split(".")[0]
        return reply(told(fact(
            quote + ".", type="what", question=f"What of {quote}?", answer=quote.lower(),
            distractors=["well set", "too large", "very tall"])))  # fmt: skip

    with StandIn(answer) as server:
        where = ("draft", "--backend", "openai", "--model", "m", "--base-url", server.url)
        made = _json(capfd, "--data", str(folder), *where, "--read-distractors")
        reasons = {row["check"]: row["reasons"] for row in made["checks"]}
        assert reasons["distractors_contradicted"]["distractor_left_open"] == 1
        assert reasons["distractors_contradicted"]["read_by_model"] == 1
        n = len(server.requests)
        assert _json(capfd, "--data", str(folder), *where, "--read-distractors")["added"] == 0
        assert len(server.requests) == n
    with _open(folder) as store:
        assert {i.state for i in drafts(store)} == {"unreviewed", "dropped"}


def test_the_prompt_of_relations_reads_its_own_example() -> None:
    example = load_prompt("relate").example_output
    assert parse_relations(f"So: {example}", 3) == ("contradicted", "open", "supported")
    for raw in ("", "[]", '{"relations": ["open"]}', '{"relations": ["a", "b", "c"]}'):
        with pytest.raises(Unreadable):
            parse_relations(raw, 3)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--guessable", "odd"), "unknown_guessable"),
        (("--blind", "2"), "no_model"),
        (("--batch",), "nothing_to_batch"),
    ],
)
def test_options_that_cannot_work_are_said(
    folder: Path, capfd: Any, arguments: tuple[str, ...], code: str
) -> None:
    capfd.readouterr()
    assert main(["--data", str(folder), "draft", *arguments, "--json"]) == 1
    assert json.loads(capfd.readouterr().out)["error"]["code"] == code
