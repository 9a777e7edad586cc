"""The server killed in the middle of load, five times."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kills import run


@pytest.mark.timeout(600)
def test_five_kills_lose_nothing(tmp_path: Path) -> None:
    report = run(tmp_path / "study", 5, 40)
    assert report["submissions"] > 40
    # Kills that hit nobody in the middle would show nothing.
    assert report["in_flight_at_kills"] + report["drafts_open_at_kills"] > 40
