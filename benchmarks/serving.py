"""Submissions through store and routes beside the disk's bare flush rate; `next` at a million.

    python benchmarks/serving.py [--small] [--only rate,pace,size]

Prints goal and reached, and writes benchmarks/results/serving.json and serving.md. What a disk can
do differs from machine to machine, so the bare rate of write and fdatasync is measured in the same
run and each rate is given as a ratio to it as well.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from annotator.clock import fresh_id  # noqa: E402
from annotator.drafts import Drafts  # noqa: E402
from annotator.queue import Queue, Turn  # noqa: E402
from annotator.store import Store  # noqa: E402
from annotator.store.access import load_study  # noqa: E402
from benchmarks.load.browser import SCORES, Browser  # noqa: E402
from benchmarks.load.server import AT, Server, make_study, stimuli  # noqa: E402
from schemas.facts import Feedback, RaterAdded, Submitted  # noqa: E402
from schemas.layout import StudyFolder  # noqa: E402

WRITERS = 40


def submitted(rater: str, stimulus: str) -> Submitted:
    """Return a submission as the routes make them."""
    return Submitted(
        AT, fresh_id("r"), rater, stimulus, dict(SCORES), (Feedback("the axis has no unit"),),
        fresh_id("a"), fresh_id("c"), 4000, False, "1", "random", 0.001, None, AT, {},
    )  # fmt: skip


def bare_flushes(place: Path, seconds: float) -> float:
    """Return how often a second a line of a fact's size is written and flushed, one by one."""
    line = b"x" * 650 + b"\n"
    with (place / "bare").open("ab", buffering=0) as file:
        n, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < seconds:
            file.write(line)
            os.fdatasync(file.fileno())
            n += 1
        return n / (time.perf_counter() - begun)


def through_store(place: Path, seconds: float) -> float:
    """Return submissions a second that 40 threads get acknowledged."""
    make_study(place, 10, 1, quota=9)
    folder = StudyFolder(place)
    done = [0] * WRITERS
    with Store(folder, load_study(folder)) as store:
        until = time.perf_counter() + seconds

        def write(number: int) -> None:
            while time.perf_counter() < until:
                store.append([submitted(f"rater {number}", "s0")])
                done[number] += 1

        threads = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
        begun = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(done) / (time.perf_counter() - begun)


def through_routes(
    place: Path, n_raters: int, seconds: float, pace: tuple[float, float]
) -> dict[str, float]:
    """Return rate and times of submissions by raters at a pace, s between submissions."""
    tokens = make_study(place, 3000, n_raters, quota=1000)
    with (place.parent / "server.log").open("a") as log:
        server = Server(place, log)
        server.start()
        try:
            cookies = asyncio.run(_cookies(server.port, list(tokens.values())))
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.load.crowd", str(server.port), str(seconds),
                 *map(str, pace)],
                input="\n".join(cookies), capture_output=True, text=True, cwd=ROOT, check=True,
            )  # fmt: skip
        finally:
            server.end()
    answer = json.loads(done.stdout)
    took = answer["took"]
    return {
        "per_s": answer["submissions"] / answer["seconds"],
        "n": len(took),
        "median_ms": 1000 * statistics.median(took),
        "p95_ms": 1000 * took[int(0.95 * len(took))],
    }


async def _cookies(port: int, tokens: list[str]) -> list[str]:
    cookies = []
    for token in tokens:
        browser = Browser(port)
        await browser.log_in(token)
        cookies.append(browser.cookie)
        browser.drop()
    return cookies


def at_size(place: Path, n_stimuli: int, n_submissions: int) -> dict[str, float]:
    """Return times of store, queue and `next` at a size, in a process that does nothing else."""
    make_study(place, 0, 1, quota=9)
    folder = StudyFolder(place)
    study = load_study(folder)
    n_raters = 250
    chance = random.Random(1)
    with Store(folder, study) as store:
        pool = stimuli(n_stimuli)
        store.append_many(pool)
        names = [f"imported {n:03}" for n in range(n_raters)]
        store.append([RaterAdded(AT, name, "rater") for name in names])
        per_rater = n_submissions // n_raters
        store.append_many(
            submitted(name, fact.stimulus)
            for name in names
            for fact in chance.sample(pool, per_rater)
        )
    begun = time.perf_counter()
    with Store(folder, study) as store:
        opened = time.perf_counter() - begun
        begun = time.perf_counter()
        queue = Queue(store, Drafts(folder.drafts), lambda: datetime.now(UTC))
        built = time.perf_counter() - begun
        n_ratings = store.counts()["ratings"]
        took = []
        for n in range(300):
            rater = names[n] if n % 2 and n < n_raters else f"fresh {n}"
            begun = time.perf_counter()
            turn, stored = queue.current(rater)
            took.append(time.perf_counter() - begun)
            assert isinstance(turn, Turn)
            if stored is not None:
                stored.result()
    took.sort()
    return {
        "stimuli": n_stimuli,
        "ratings": n_ratings,
        "open_store_s": opened,
        "build_queue_s": built,
        "next_median_ms": 1000 * statistics.median(took),
        "next_p95_ms": 1000 * took[int(0.95 * len(took))],
    }


def _row(
    what: str, goal: str, value: float, unit: str, *, is_reached: bool | None
) -> dict[str, Any]:
    return {"what": what, "goal": goal, "reached": value, "unit": unit, "is_reached": is_reached}


def rates(place: Path, scale: float) -> list[dict[str, Any]]:
    """Measure rates, the bare one before and after."""
    before = bare_flushes(place, 3 * scale)
    store = through_store(place / "store", 5 * scale)
    routes = through_routes(place / "routes", WRITERS, 8 * scale, (0, 0))
    bare = (before + bare_flushes(place, 3 * scale)) / 2
    return [
        _row("bare write and fdatasync", "", bare, "/s", is_reached=None),
        _row("store, 40 writers", "≥ bare", store, "submissions/s", is_reached=store >= bare),
        _row("store / bare", "≥ 1", store / bare, "ratio", is_reached=store >= bare),
        _row("routes, 40 raters", "≥ 250", routes["per_s"], "submissions/s",
             is_reached=routes["per_s"] >= 250),
        _row("routes / bare", "", routes["per_s"] / bare, "ratio", is_reached=None),
        _row("routes, 40 raters, median", "", routes["median_ms"], "ms", is_reached=None),
        _row("routes, 40 raters, p95", "", routes["p95_ms"], "ms", is_reached=None),
    ]  # fmt: skip


def paces(place: Path, scale: float) -> list[dict[str, Any]]:
    """Measure submit at human pace."""
    pace = through_routes(place / "pace", 20, 36 * scale, (3, 8))
    return [
        _row("submit, 20 raters at 3-8 s a picture, median", "", pace["median_ms"], "ms",
             is_reached=None),
        _row("submit, 20 raters at 3-8 s a picture, p95", "< 100", pace["p95_ms"], "ms",
             is_reached=pace["p95_ms"] < 100),
    ]  # fmt: skip


def sizes(place: Path, scale: float) -> list[dict[str, Any]]:
    """Measure `next` at 100,000 stimuli and 1,000,000 ratings."""
    size = at_size(place / "size", int(100_000 * scale), int(250_000 * scale))
    note = f"{size['stimuli']:,} stimuli, {size['ratings']:,} ratings"
    return [
        _row(f"next, {note}, median", "< 20", size["next_median_ms"], "ms",
             is_reached=size["next_median_ms"] < 20),
        _row(f"next, {note}, p95", "", size["next_p95_ms"], "ms", is_reached=None),
        _row(f"open the store, {note}", "", size["open_store_s"], "s", is_reached=None),
        _row(f"build the queue, {note}", "", size["build_queue_s"], "s", is_reached=None),
    ]  # fmt: skip


PARTS = {"rate": rates, "pace": paces, "size": sizes}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="a fifth of the work")
    parser.add_argument("--only", default=",".join(PARTS))
    options = parser.parse_args()
    scale = 0.2 if options.small else 1.0
    rows: list[dict[str, Any]] = []
    for part in options.only.split(","):
        with tempfile.TemporaryDirectory() as place:
            rows += PARTS[part](Path(place), scale)
    lines = ["| what | goal | reached | |", "|---|---|---|---|"]
    for row in rows:
        mark = {True: "reached", False: "missed", None: ""}[row["is_reached"]]
        lines.append(
            f"| {row['what']} | {row['goal']} | {row['reached']:.3g} {row['unit']} | {mark} |"
        )
    load = os.getloadavg()[2]
    lines += ["", f"{os.cpu_count()} cores, load average {load:.1f} over the last 15 minutes."]
    print("\n".join(lines))
    report = {
        "rows": rows,
        "small": options.small,
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(),
                    "load_15_min": load},
    }  # fmt: skip
    out = ROOT / "benchmarks" / "results"
    out.mkdir(exist_ok=True)
    if options.only == ",".join(PARTS):
        (out / "serving.json").write_text(json.dumps(report, indent=1) + "\n")
        (out / "serving.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
