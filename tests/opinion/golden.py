"""Reference data beside the checkout: other people's software on public rating sets."""

import json
from functools import cache
from pathlib import Path

import pytest

from pipelines.opinion.coding import rating_table
from pipelines.opinion.rating_file import read_ratings_file
from pipelines.opinion.table import RatingTable

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "golden"
STUDIES = ("nflx_public", "vqeg_hd3", "agh_tv_2017")
needs_golden = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"reference data is not beside the checkout ({FOLDER.name})"
)


@cache
def reference(name: str) -> dict:
    return json.loads((FOLDER / name / "golden.json").read_text())


@cache
def table(name: str, file: str = "ratings.csv", scale: tuple = (1, 5)) -> RatingTable:
    return rating_table(read_ratings_file(FOLDER / name / file), scale=scale)


def worst(ours: dict, theirs: dict) -> float:
    """Return the largest difference over keys that both must have."""
    assert set(ours) == set(theirs)
    return max(abs(ours[key] - theirs[key]) for key in ours)
