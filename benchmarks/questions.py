"""Questions: drafting, checks of many, calls through a loopback endpoint; what was measured.

`python -m benchmarks.questions [--questions 200000] [--calls 10000] [--concurrency 8]`
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from annotator.endpoints import Endpoint
from annotator.founding import found_study, read_preset
from annotator.questions_calls import Directly
from annotator.questions_model import draft_by_model
from annotator.store import open_study
from annotator.store.questions import answered_calls
from pipelines.questions.copies import near_copies
from pipelines.questions.drafting import Candidate, Drafter
from pipelines.questions.evidence import Evidence, Image, Opinion, Remark
from pipelines.questions.flow import check_candidates, is_kept
from pipelines.questions.recipes import load_prompt
from schemas.facts import Fact, Feedback, Imported, Submitted
from tests.questions.stand_in import StandIn, reply
from tests.questions.test_known_facts import drafted, is_right, known

DELAY_S = 0.2


def checks(n_questions: int) -> dict[str, Any]:
    """Draft from the known feedback again and again, each time of other images; check all."""
    texts = [item.text for item in known()]
    remarks = [
        Remark(f"r{i}", 0, f"s{i}", f"rater{i % 40}", texts[i % 200])
        for i in range(n_questions // 2)
    ]
    images = {
        r.stimulus: Image(f"{r.stimulus}.png", f"{i * 0x9E3779B97F4A7C15 % 2**64:016x}")
        for i, r in enumerate(remarks)
    }
    dimensions = ("validity", "completeness", "clarity", "conformity")
    keys = [(r.stimulus, d) for r in remarks for d in dimensions]
    study = Evidence(
        1, 5, {d: d for d in dimensions}, {k: Opinion(2.6, 1.9, 3.3) for k in keys},
        {k: {"a": 2.0, "b": 4.0} for k in keys}, images, {f"rater{i}" for i in range(40)},
    )  # fmt: skip
    drafter = Drafter(study)
    started = time.perf_counter()
    candidates: list[Candidate] = []
    for remark in remarks:
        candidates += drafter.draft(remark)[0]
        if len(candidates) >= n_questions:
            break
    candidates = candidates[:n_questions]
    drafting_s = time.perf_counter() - started
    started, processor = time.perf_counter(), time.process_time()
    checked = check_candidates(study, remarks, candidates, 1, (), drafter)
    return {
        "questions": len(checked),
        "drafting_s": round(drafting_s, 1),
        "checks_s": round(time.perf_counter() - started, 1),
        "checks_cpu_s": round(time.process_time() - processor, 1),
        "kept": sum(is_kept(item.verdicts) for item in checked),
    }


def drafting(n: int, concurrency: int) -> dict[str, Any]:
    """`questions draft` of a study through a loopback endpoint that answers in 200 ms.

    Every reply is flushed to disk before the worker asks on; images are left out.
    """
    spent: list[tuple[float, int]] = []

    def progress(done: int, _: int) -> None:
        if done in (n // 5, n):
            spent.append((time.perf_counter(), _memory_mib()))

    with (
        TemporaryDirectory() as room,
        StandIn(lambda *_: reply('{"questions": []}'), DELAY_S) as at,
    ):
        at.requests = _Counted()
        endpoint = Endpoint("m", at.url, concurrency)
        folder = Path(room) / "study"
        found_study(folder, read_preset("siqa"))
        with open_study(folder) as study:
            study.append_many(_remarks(n))
            processor, started = time.process_time(), time.perf_counter()
            draft_by_model(study, Directly(endpoint.asker()), progress, with_image=False)
            processor = time.process_time() - processor
            kept = len(answered_calls(study, "draft", load_prompt("draft").version, "m"))
    ideal = n * DELAY_S / concurrency
    return {
        "feedbacks": n,
        "kept_calls": kept,
        "concurrency": concurrency,
        "took_s": round(spent[-1][0] - started, 2),
        "ideal_s": round(ideal, 2),
        "over_ideal": round((spent[-1][0] - started) / ideal, 3),
        "client_and_stand_in_cpu_ms_a_call": round(1000 * processor / n, 2),
        "memory_mib_after_a_fifth": spent[0][1],
        "memory_mib_at_the_end": spent[-1][1],
    }


def _remarks(n: int) -> Iterator[Fact]:
    at = "2026-01-01T00:00:00.000000Z"
    for i in range(n):
        yield Imported(
            at,
            f"s{i}",
            f"{i:064x}",
            f"f{i}.png",
            ".png",
            "PNG",
            9,
            9,
            9,
            "RGB",
            1,
            f"{i:016x}",
            None,
        )
        scores = dict.fromkeys(("validity", "completeness", "clarity", "conformity"), 2.0)
        text = f"The legend is missing in panel {i}. " + "The labels overlap. " * 20
        yield Submitted(at, f"r{i}", f"rater{i % 40}", f"s{i}", scores, (Feedback(text),))


def _memory_mib() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 2**20


def copies(n: int) -> dict[str, Any]:
    """Near copies among hashes of chance, a tenth of them copies, at two sizes."""
    chance = np.random.default_rng(7)
    took = {}
    for size in (n // 4, n):
        values = chance.integers(0, 2**64, size, np.uint64)
        values[: size // 10] = values[-(size // 10) :] ^ np.uint64(5)
        hashes = {f"s{i}": f"{int(value):016x}" for i, value in enumerate(values)}
        processor = time.process_time()
        near_copies(hashes)
        took[size] = round(time.process_time() - processor, 2)
    return {"cpu_s": took}


class _Counted(list[Any]):
    """Requests counted, not kept."""

    def __init__(self) -> None:
        self.n = 0

    def append(self, _: Any) -> None:
        self.n += 1

    def __len__(self) -> int:
        return self.n


def precision() -> dict[str, Any]:
    """Known facts against kept drafts."""
    items, drafting = drafted()
    right = sum(is_right(d, items[int(d.submission[1:])]) for d in drafting.kept)
    asked = [d for d in drafting.kept if d.type == "yes-or-no"]
    yes = sum(d.direct_answer in ("Yes", "是") for d in asked)
    letters = [d.answer for d in drafting.kept if d.type != "yes-or-no"]
    return {
        "feedback": len(items),
        "facts": sum(len(item.facts) for item in items),
        "kept": len(drafting.kept),
        "precision": round(right / len(drafting.kept), 4),
        "yes_share": round(yes / len(asked), 4),
        "letters": {x: round(letters.count(x) / len(letters), 4) for x in "ABCD"},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=200_000)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, default=8)
    given = parser.parse_args()
    # In a process of its own, before anything else, so that its memory is its own.
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        made = process.submit(drafting, given.calls, given.concurrency)
    result = {
        "precision": precision(),
        "checks": checks(given.questions),
        "near_copies": copies(given.questions),
        "drafting_by_a_model": made.result(),
        "load_average": [round(load, 1) for load in os.getloadavg()],
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    text = json.dumps(result, indent=2)
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    (folder / "questions.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
