"""Near duplicates among 100,000 hashes and embeddings, and splits of as many images, wall time.

    python benchmarks/splits.py [--small]

Prints goal and reached, and writes benchmarks/results/splits.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pipelines.splits import (  # noqa: E402
    EMBEDDING_SIZE,
    Member,
    find_links,
    leak_report,
    make_splits,
)

GOAL_S = 60.0
SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="a tenth of the images")
    n = 10_000 if parser.parse_args().small else 100_000
    members = made_members(n)
    started = time.perf_counter()
    links = find_links(members)
    searched = time.perf_counter() - started
    splits = make_splits(members, links, SHARES, 1)
    n_leaks = leak_report(members, links, splits)["n_leaks"]
    whole = time.perf_counter() - started
    report = {
        "what": f"search, splits and leak report of {n} images, seconds",
        "goal": GOAL_S,
        "reached": round(whole, 2),
        "is_reached": whole <= GOAL_S and n_leaks == 0,
        "search_s": round(searched, 2),
        "n_links": len(links),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
    }
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / "splits.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def made_members(n: int) -> list[Member]:
    """Return images of which one in ten is a near duplicate of another, papers of five figures."""
    rng, random_vectors = random.Random(1), np.random.default_rng(1)
    hashes = [rng.getrandbits(64) for _ in range(n)]
    vectors = random_vectors.normal(size=(n, EMBEDDING_SIZE))
    for at in range(0, n - 1, 10):
        hashes[at + 1] = hashes[at] ^ sum(1 << bit for bit in rng.sample(range(64), 12))
        vectors[at + 1] = vectors[at] + random_vectors.normal(size=EMBEDDING_SIZE) / 2
    vectors *= 400 / np.linalg.norm(vectors, axis=1, keepdims=True)
    whole = np.round(vectors).clip(-127, 127).astype(np.int8)
    return [
        Member(f"s{at:07}", f"{value:016x}", {"paper": at // 5}, rng.choice("abcdef"), whole[at])
        for at, value in enumerate(hashes)
    ]


if __name__ == "__main__":
    main()
