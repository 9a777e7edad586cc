"""Drafting killed with SIGKILL again and again: no answer lost, none asked for twice."""

# ruff: noqa: F811 - a fixture of another file

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from annotator.store.questions import calls
from tests.questions.stand_in import StandIn, reply
from tests.questions.test_model_drafts import fact, told
from tests.questions.test_study_questions import _open, folder, submitted  # noqa: F401

ROOT = Path(__file__).parents[2]
N, AT_ONCE = 60, 3
KILLS = (4, 17, 30)
"""Requests seen when the process is killed."""


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_killed_at_any_call(folder: Path) -> None:
    with _open(folder) as store:
        store.append(
            [submitted(f"k{n}", f"s{n % 3}", f"rater{n}", 2.0, f"Label {n} is missing.")
             for n in range(N)]
        )  # fmt: skip
    seen = threading.Condition()
    count = 0

    def answer(body: dict[str, Any], _: int) -> bytes:
        nonlocal count
        with seen:
            count += 1
            seen.notify_all()
        feedback = json.loads(body["messages"][-1]["content"])["feedback"]
        return reply(told(fact(feedback)))

    with StandIn(answer, delay_s=0.02) as server:
        command = [
            sys.executable, "app.py", "--data", str(folder), "draft", "--backend", "openai",
            "--model", "m", "--base-url", server.url, "--concurrency", str(AT_ONCE), "--no-image",
        ]  # fmt: skip
        for kill_at in KILLS:
            running = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            with seen:
                assert seen.wait_for(lambda at=kill_at: count >= at, 120)  # type: ignore[misc]
            os.kill(running.pid, signal.SIGKILL)
            running.wait(30)
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=300)
        asked = Counter(
            json.loads(body["messages"][-1]["content"])["feedback"] for body in server.requests
        )
    with _open(folder) as store:
        kept = calls(store, "draft")
        texts = {f"{r['submission']}:0": r["text"] for r in store.feedback().to_pylist()}
    answered = Counter(call["subject"] for call in kept)
    assert set(answered) == set(texts) and set(answered.values()) == {1}
    assert all(json.loads(c["raw"])["questions"][0]["quote"] == texts[c["subject"]] for c in kept)
    # Only what was under way when the process died is asked again.
    assert sum(asked.values()) <= len(texts) + len(KILLS) * AT_ONCE
