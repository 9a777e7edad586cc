"""Commands in this process, which is quick; `run_command` starts a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.commands import main
from tests.conftest import Answered

Command = Callable[..., Answered]


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return a function that runs a command line and says what it did."""
    monkeypatch.delenv("SIQA_DATA", raising=False)

    def run(*arguments: object, data: Path | None = None) -> Answered:
        capfd.readouterr()
        before = [] if data is None else ["--data", str(data)]
        code = main([*before, *map(str, arguments)])
        said = capfd.readouterr()
        return Answered(code, said.out, said.err)

    return run
