"""Facts for tests of store and queue."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from annotator.store import Reads, Store
from annotator.store.access import load_study
from schemas.facts import Fact, Imported, RaterAdded, Submitted
from schemas.layout import StudyFolder, stimulus_id
from schemas.migrations import FACT_TABLES

AT = "2026-01-02T03:04:05.000006Z"
DIMENSIONS = ("validity", "completeness", "clarity", "conformity")


def copied(founded: Path, to: Path) -> StudyFolder:
    """Return a copy of a study folder."""
    shutil.copytree(founded, to)
    return StudyFolder(to)


def opened(folder: StudyFolder, **options: Any) -> Store:
    """Open a study; another process's lock is not waited for."""
    return Store(folder, load_study(folder), **{"wait_s": 0.0} | options)


def imported(n: int, *, first: int = 0) -> list[Imported]:
    """Return stimuli that exist in the facts only."""
    facts = []
    for number in range(first, first + n):
        sha = hashlib.sha256(str(number).encode()).hexdigest()
        facts.append(
            Imported(
                AT, stimulus_id(sha), sha, f"{number}.png", ".png", "PNG", 40, 30, 99, "RGB", 1,
                "0" * 16, None,
            )
        )  # fmt: skip
    return facts


def rated(submission: str, rater: str, stimulus: str, score: int = 3, **more: Any) -> Submitted:
    """Return an imported submission with one score on each dimension."""
    return Submitted(AT, submission, rater, stimulus, dict.fromkeys(DIMENSIONS, score), **more)


def person(name: str) -> Fact:
    """Return the fact that a rater joined."""
    return RaterAdded(AT, name, "rater")


def everything(study: Reads) -> dict[str, list[str]]:
    """Return every row of every fact table, as text."""
    seq, _ = study.position()
    return {
        name: [str(tuple(row.values())) for row in study.table_as_of(name, seq).to_pylist()]
        for name in FACT_TABLES
    }
