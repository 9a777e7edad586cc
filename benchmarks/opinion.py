"""Opinion statistics against sureal, krippendorff and a bare DuckDB aggregate.

    python -m venv /tmp/oracle && /tmp/oracle/bin/pip install sureal==0.9.0 krippendorff==0.9.0
    .venv/bin/python benchmarks/opinion.py --oracle /tmp/oracle/bin/python

Everything is timed in one run, on integer-coded columns made beforehand; medians. Peers and ours
are processor time, which other work on the machine disturbs least; DuckDB, which uses every core,
is taken in turn with ours by the clock on the wall. krippendorff is GPL and lives in the other
environment only. Without `--oracle` the peers are left out and the results are printed only.
Results go to benchmarks/results/opinion.json and .md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipelines.opinion.agreement import agreement_of
from pipelines.opinion.krippendorff import krippendorff_alpha
from pipelines.opinion.mean import mean_scores
from pipelines.opinion.methods import ESTIMATORS
from pipelines.opinion.options import METHODS, MosOptions
from pipelines.opinion.table import Ratings
from pipelines.opinion.votes import vote_patterns

RESULTS = Path(__file__).parent / "results"
LEVELS = np.arange(1.0, 6.0)

PEER = r"""
import contextlib, io, json, sys, time
import numpy as np

folder, what, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
stimulus, rater, score = (np.load(f"{folder}/{n}.npy") for n in ("stimulus", "rater", "score"))
size = json.load(open(f"{folder}/size.json"))

def grid():
    cells = np.full((size[0], size[1], 1), np.nan)
    cells[stimulus, rater, 0] = score
    return cells

class Reader:
    def __init__(self, cells):
        self.opinion_score_3darray = cells

if what == "alpha":
    import krippendorff
    votes = np.bincount(stimulus * 5 + score.astype(int) - 1, minlength=size[0] * 5)
    votes = votes.reshape(-1, 5)
    def once():
        return krippendorff.alpha(value_counts=votes, value_domain=[1, 2, 3, 4, 5],
                                  level_of_measurement="ordinal")
else:
    from sureal import subjective_model as sureal
    reader = Reader(grid())
    def once():
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            if what == "bt500":
                return sureal.MosModel._run_modeling(reader, subject_rejection=True)
            return sureal.SubjectMLEModelProjectionSolver2._run_modeling(reader)
import warnings
warnings.simplefilter("ignore")
times = []
for _ in range(runs):
    start = time.process_time()
    found = once()
    times.append(time.process_time() - start)
scores = None
if what != "alpha":
    scores = np.asarray(found["quality_scores"], float)
    np.save(f"{folder}/{what}.npy", scores)
print(json.dumps({"times": times, "value": found if what == "alpha" else None}))
"""


def made(stimuli: int, raters: int, density: float = 1.0, seed: int = 7) -> Ratings:
    """Return ratings with uniform quality, biased and noisy raters, rounded to 1 ... 5."""
    generator = np.random.default_rng(seed)
    quality = generator.uniform(1, 5, stimuli)
    bias, noise = generator.normal(0, 0.3, raters), generator.uniform(0.4, 1, raters)
    if density == 1:
        s = np.repeat(np.arange(stimuli, dtype=np.int32), raters)
        r = np.tile(np.arange(raters, dtype=np.int32), stimuli)
    else:
        rated = generator.random((stimuli, raters)) < density
        # sureal stops at a stimulus without any rating.
        empty = np.flatnonzero(~rated.any(axis=1))
        rated[empty, generator.integers(raters, size=len(empty))] = True
        s, r = np.nonzero(rated)
        s, r = s.astype(np.int32), r.astype(np.int32)
    score = np.clip(np.rint(quality[s] + bias[r] + noise[r] * generator.normal(size=len(s))), 1, 5)
    return Ratings(
        dimension="quality", stimulus=s, rater=r, score=score, n_stimuli=stimuli,
        n_raters=raters, low=1.0, high=5.0, levels=LEVELS, level=(score - 1).astype(np.uint8),
    )  # fmt: skip


def fresh(ratings: Ratings) -> Ratings:
    """Return the same columns without anything computed before."""
    return replace(ratings)


def timed(function, ratings: Ratings, runs: int, clock=time.process_time) -> list[float]:
    times = []
    for _ in range(runs):
        columns = fresh(ratings)
        start = clock()
        function(columns)
        times.append(clock() - start)
    return times


def peer(python: str, ratings: Ratings, what: str, runs: int) -> tuple[dict, np.ndarray | None]:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("stimulus", "rater", "score"):
            np.save(f"{folder}/{name}.npy", getattr(ratings, name))
        Path(folder, "size.json").write_text(json.dumps([ratings.n_stimuli, ratings.n_raters]))
        command = [python, "-c", PEER, folder, what, str(runs)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        scores = Path(folder, f"{what}.npy")
        found = np.load(scores) if scores.exists() else None
        return json.loads(done.stdout.strip().splitlines()[-1]), found


def against_duckdb() -> dict:
    import duckdb
    import pyarrow as pa

    ratings = made(50_000, 20)
    connection = duckdb.connect()
    columns = pa.table({"stimulus": ratings.stimulus, "score": ratings.score})
    connection.register("columns", columns)
    connection.execute("create table ratings as select * from columns")
    query = (
        "select stimulus, count(*), avg(score), stddev_samp(score) from ratings group by stimulus"
    )
    ours, theirs = [], []
    mean_scores(fresh(ratings))
    for _ in range(7):
        start = time.perf_counter()
        connection.execute(query).fetchnumpy()
        theirs.append(time.perf_counter() - start)
        ours += timed(mean_scores, ratings, 1, time.perf_counter)
    return row("mean + CI, 1M", ours, theirs, "DuckDB aggregate", 0.5, "at most 2 times as long")


def row(case, ours, theirs, name, goal, said, note="") -> dict:
    mine, other = statistics.median(ours), statistics.median(theirs)
    return {
        "case": case, "ours_s": mine, "peer": name, "peer_s": other, "ratio": other / mine,
        "goal_ratio": goal, "goal": said, "met": bool(other / mine >= goal), "note": note,
    }  # fmt: skip


def against_sureal(python: str) -> list[dict]:
    sparse, full = made(100_000, 30, 0.1), made(50_000, 20)
    reference = MosOptions(ddof=0, denominator="all", constant="count")
    loose = MosOptions(sigma_floor=0.0)
    rows = []
    found, scores = peer(python, sparse, "bt500", 1)
    ours = timed(lambda r: ESTIMATORS["bt500"](r, reference, True), sparse, 5)
    mine = ESTIMATORS["bt500"](sparse, reference, True).scores.mos
    rows.append(
        row("bt500, 100k x 30 at 10 %", ours, found["times"], "sureal", 500,
            "at least 500 times faster", agreement_note(mine, scores))
    )  # fmt: skip
    for case, ratings, runs, goal, said in (
        ("p910, 100k x 30 at 10 %", sparse, 1, 25, "at least 25 times faster"),
        ("p910, 50k x 20 full", full, 3, 1, "not slower"),
    ):
        found, scores = peer(python, ratings, "p910", runs)
        ours = timed(lambda r: ESTIMATORS["p910"](r, loose, True), ratings, 3)
        mine = ESTIMATORS["p910"](ratings, loose, True).scores.mos
        note = "guard off, as the reference; " + agreement_note(mine, scores)
        rows.append(row(case, ours, found["times"], "sureal", goal, said, note))
        guarded = timed(lambda r: ESTIMATORS["p910"](r, MosOptions(), True), ratings, 3)
        note = "default: guard on, another solution where an inconsistency collapses"
        name = case + ", guard on"
        rows.append(row(name, guarded, found["times"], "sureal", goal, said, note))
    for case, ratings in (("50k x 20 full", full), ("100k x 30 at 10 %", sparse)):
        found, _ = peer(python, ratings, "alpha", 7)
        counted = fresh(ratings)
        counted.histogram  # noqa: B018 - both start from value counts
        ours = []
        for _ in range(7):
            start = time.process_time()
            alpha = krippendorff_alpha(vote_patterns(counted, 2))
            ours.append(time.process_time() - start)
        note = f"ours: all three metrics; difference {abs(alpha.ordinal - found['value']):.1e}"
        rows.append(
            row(f"alpha from value counts, {case}", ours, found["times"], "krippendorff", 1,
                "at least as fast", note)
        )  # fmt: skip
    return rows


def agreement_note(ours: np.ndarray, theirs: np.ndarray | None) -> str:
    if theirs is None:
        return ""
    both = np.isfinite(ours) & np.isfinite(theirs)
    return f"largest difference of MOS {np.abs(ours[both] - theirs[both]).max():.1e}"


def everything(ratings: Ratings) -> dict:
    """Time all methods and agreement with 200 replicates on one table."""
    seconds = {}
    for method in METHODS:
        start = time.perf_counter()
        ESTIMATORS[method](fresh(ratings), MosOptions(), True)
        seconds[method] = time.perf_counter() - start
    start = time.perf_counter()
    agreement_of(fresh(ratings), replicates=200)
    seconds["agreement"] = time.perf_counter() - start
    return {
        "ratings": ratings.n,
        "seconds": seconds,
        "total_s": sum(seconds.values()),
        "cpu_s": time.process_time(),
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


def grown() -> list[dict]:
    """Run `everything` over 10^4 ... 10^7 ratings, each in its own process."""
    found = []
    for stimuli in (500, 5_000, 50_000, 500_000):
        command = [sys.executable, __file__, "--only-grid", str(stimuli)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout))
    return found


def markdown(document: dict) -> str:
    lines = [
        "# Opinion statistics: speed", "",
        (f"{document['machine']}, Python {document['python']}, numpy {document['numpy']}; load "
        f"average at start {document['load']:.1f}. Medians; the ratio is peer / ours in the "
        "same run."), "",
        "| case | ours, s | peer | peer, s | ratio | goal | met | note |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for entry in document["ratios"]:
        lines.append(
            f"| {entry['case']} | {entry['ours_s']:.4f} | {entry['peer']} | "
            f"{entry['peer_s']:.3f} | {entry['ratio']:.1f} | {entry['goal']} | "
            f"{'yes' if entry['met'] else 'no'} | {entry['note']} |"
        )
    names = [*METHODS, "agreement"]
    lines += [
        "", "Growth on full grids of 20 raters (seconds; one run each, imports included):", "",
        "| ratings | " + " | ".join(names) + " | total | CPU s | s per 1M | peak GB |",
        "|" + "---|" * (len(names) + 5),
    ]  # fmt: skip
    for entry in document["growth"]:
        cells = " | ".join(f"{entry['seconds'][name]:.3f}" for name in names)
        rate = entry["total_s"] / entry["ratings"] * 1e6
        lines.append(
            f"| {entry['ratings']:,} | {cells} | {entry['total_s']:.2f} | "
            f"{entry['cpu_s']:.1f} | {rate:.2f} | "
            f"{entry['peak_gb']:.2f} |"
        )
    biggest = document["growth"][-1]
    lines += [
        "",
        (
            f"Goal: the 10M grid, all methods and agreement with 200 replicates, in 90 s and 4 GB: "
            f"{biggest['total_s']:.1f} s, {biggest['peak_gb']:.2f} GB."
        ),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--oracle", help="python of an environment with sureal and krippendorff")
    parser.add_argument("--only-grid", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only_grid:
        print(json.dumps(everything(made(arguments.only_grid, 20))))
        return
    document = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "load": os.getloadavg()[0],
        "ratios": [against_duckdb()],
    }
    if arguments.oracle:
        document["ratios"] += against_sureal(arguments.oracle)
    document["growth"] = grown()
    if not arguments.oracle:
        print(markdown(document), "Peers left out: benchmarks/results/opinion.* stay as they are.")
        return
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "opinion.json").write_text(json.dumps(document, indent=1) + "\n")
    (RESULTS / "opinion.md").write_text(markdown(document))
    print(markdown(document))


if __name__ == "__main__":
    main()
