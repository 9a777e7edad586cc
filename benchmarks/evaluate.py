"""`evaluate` on a million predictions of each SIQA track, whole command, wall time.

    python benchmarks/evaluate.py [--small]

Prints goal and reached, and writes benchmarks/results/evaluate.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GOAL_S = 5.0
REPETITIONS = 3


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="a tenth of the items")
    n = 100_000 if parser.parse_args().small else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        found = {track: measured(track, n, Path(folder)) for track in ("U", "S")}
    seconds = {track: wall for track, (wall, _) in found.items()}
    report = {
        "what": f"evaluate on {n} predictions, seconds of the whole command, median",
        "goal": GOAL_S,
        "reached": max(seconds.values()),
        "is_reached": max(seconds.values()) <= GOAL_S,
        "repetitions": REPETITIONS,
        "tracks": seconds,
        "cpu_s": {track: cpu for track, (_, cpu) in found.items()},
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
    }
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / "evaluate.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def measured(track: str, n: int, folder: Path) -> tuple[float, float]:
    """Wall time and, for machines that are not alone, processor time; medians."""
    truth, predictions = folder / f"{track}-truth.json", folder / f"{track}.json"
    items = [item(track, at) for at in range(n)]
    truth.write_text(json.dumps(items), encoding="utf-8")
    for one in items:
        one["model"] = answer(track)
    predictions.write_text(json.dumps(items), encoding="utf-8")
    command = [
        sys.executable, str(ROOT / "app.py"), "--json", "evaluate", "--track", track,
        "--truth", str(truth), "--predictions", str(predictions),
    ]  # fmt: skip
    walls, cpus = [], []
    for _ in range(REPETITIONS):
        started, spent = time.perf_counter(), cpu_s()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        walls.append(time.perf_counter() - started)
        cpus.append(cpu_s() - spent)
    return round(statistics.median(walls), 2), round(statistics.median(cpus), 2)


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def item(track: str, at: int) -> dict[str, object]:
    path = f"images/field/{at // 10:07}.png"
    if track == "U":
        return {
            "image_path": path, "question": f"Is the scale bar of panel {at % 10} present?",
            "option": "A. Yes B. No", "answer": random.choice("AB"),
            "type": random.choice(("yes-or-no", "what", "how")),
        }  # fmt: skip
    scores = {f"{name}_rating": random.uniform(1, 5) for name in ("perception", "knowledge")}
    return {"image_path": f"images/field/{at:07}.png", **scores}


def answer(track: str) -> object:
    if track == "U":
        return random.choice("ABCD")
    return {"perception": random.uniform(1, 5), "knowledge": random.uniform(1, 5)}


if __name__ == "__main__":
    random.seed(1)
    main()
