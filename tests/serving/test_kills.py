"""The server killed in the middle of load, again and again."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kills import run


@pytest.mark.timeout(600)
@pytest.mark.parametrize("n_kills", [2, pytest.param(5, marks=pytest.mark.heavy)])
def test_kills_lose_nothing(tmp_path: Path, n_kills: int) -> None:
    report = run(tmp_path / "study", n_kills, 40)
    assert report["submissions"] > 40
    # Kills that hit nobody in the middle would show nothing.
    assert report["in_flight_at_kills"] + report["drafts_open_at_kills"] > 8 * n_kills
