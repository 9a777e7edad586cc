"""Questions: drafting, checks of many, calls through a loopback endpoint; what was measured.

`python -m benchmarks.questions [--questions 200000] [--calls 2000] [--concurrency 16]`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import openai

from pipelines.questions.client import Asker, Limits
from pipelines.questions.drafting import Candidate, Drafter
from pipelines.questions.evidence import Evidence, Image, Opinion, Remark
from pipelines.questions.flow import check_candidates, is_kept
from pipelines.questions.replies import Asking, Reply
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


def calls(n: int, concurrency: int) -> dict[str, Any]:
    """Ask through a loopback endpoint that answers in 200 ms."""
    kept: list[Reply] = []

    async def run(url: str) -> float:
        client = openai.AsyncOpenAI(api_key="none", base_url=url, max_retries=0)
        asker = Asker(client, "m", Limits(concurrency=concurrency))

        async def keep(one: Reply) -> None:
            kept.append(replace(one, raw=None))

        messages = [{"role": "user", "content": "x" * 1500}]
        started = time.perf_counter()
        await asker.ask_all((Asking(str(i), messages) for i in range(n)), keep)
        took = time.perf_counter() - started
        await client.close()
        return took

    with StandIn(lambda *_: reply("{}"), DELAY_S) as server:
        server.requests = _Counted()
        processor = time.process_time()
        took = asyncio.run(run(server.url))
        processor = time.process_time() - processor
    ideal = n * DELAY_S / concurrency
    return {
        "calls": len(kept),
        "concurrency": concurrency,
        "took_s": round(took, 2),
        "ideal_s": round(ideal, 2),
        "over_ideal": round(took / ideal, 3),
        "client_and_stand_in_cpu_ms_a_call": round(1000 * processor / n, 2),
    }


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
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--concurrency", type=int, default=16)
    given = parser.parse_args()
    result = {
        "precision": precision(),
        "checks": checks(given.questions),
        "calls": calls(given.calls, given.concurrency),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    text = json.dumps(result, indent=2)
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    (folder / "questions.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
