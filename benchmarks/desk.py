"""How long the curator's desk takes on a study of 100,000 stimuli and 300 raters.

    python benchmarks/desk.py [--out FILE]                     # in a temporary folder
    python benchmarks/desk.py build FOLDER [--stimuli N] [--raters N] [--submissions N]
    python benchmarks/desk.py measure FOLDER [--copies N] [--out FILE]

With `--copies`, results are also timed with the submissions of the index repeated.
The study is made through facts, without image files: thumbnails of it are missing. How long the
first results take is given beside a bare aggregate of the same rows by DuckDB in the same run.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from annotator.clock import fresh_id, iso, now
from annotator.desk.standing import Standings
from annotator.founding import found_study, read_preset
from annotator.screens.desk import Desk
from annotator.screens.desk_html import overview_html
from annotator.screens.desk_people import people_html
from annotator.screens.desk_plots import histogram_figure, pairs_figure
from annotator.screens.desk_progress import progress_html
from annotator.screens.desk_reader import MosQuery
from annotator.store import Store
from annotator.store.access import load_study
from annotator.store_desk import StoreDesk
from schemas.facts import (
    Decided,
    Described,
    Fact,
    Feedback,
    Imported,
    RaterAdded,
    Sighted,
    Submitted,
)
from schemas.layout import StudyFolder, stimulus_id

DISCIPLINES = ("astronomy", "biology", "chemistry", "geology", "medicine", "physics")
DIMENSIONS = ("validity", "completeness", "clarity", "conformity")


def build(folder: Path, n_stimuli: int, n_raters: int, n_submissions: int) -> None:
    """Make the study."""
    found_study(folder, read_preset("siqa"))
    layout = StudyFolder(folder)
    with Store(layout, load_study(layout)) as store:
        store.append_many(_stimuli(n_stimuli))
        at = iso(now())
        store.append([RaterAdded(at, f"rater {n:03}", "rater") for n in range(n_raters)])
        store.append([RaterAdded(at, "Cura", "curator")])
        store.append_many(_submissions(n_stimuli, n_raters, n_submissions))
        store.append([Decided(at, "d0", "exclude", "rater 007", "Cura", "answers without looking")])


def _ids(n: int) -> list[str]:
    return [hashlib.sha256(str(i).encode()).hexdigest() for i in range(n)]


def _stimuli(n: int) -> Iterator[Fact]:
    at = iso(now())
    for i, sha256 in enumerate(_ids(n)):
        name = f"figure-{i:06}.png"
        stimulus = stimulus_id(sha256)
        yield Imported(
            at, stimulus, sha256, name, ".png", "PNG", 1200, 900, 90_000, "RGB", 1, sha256[:16],
            None,
        )  # fmt: skip
        yield Sighted(at, stimulus, name, f"set/{i % 100:02}/{name}", f"{i % 100:02}/{name}")
        yield Described(
            at,
            stimulus,
            {
                "discipline": DISCIPLINES[i % len(DISCIPLINES)],
                "category": f"category {i % 12}",
                "source": f"journal {i % 40}",
                "caption": f"Figure {i}: made for measuring",
            },
        )


def _submissions(n_stimuli: int, n_raters: int, n: int) -> Iterator[Fact]:
    rng = random.Random(0)
    stimuli = [stimulus_id(sha256) for sha256 in _ids(n_stimuli)]
    begun = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
    for i in range(n):
        place, round_ = i % n_stimuli, i // n_stimuli
        rater = f"rater {(place * 7 + round_ * 31 + place // n_raters) % n_raters:03}"
        at = iso(begun + timedelta(seconds=i * 4.0))
        quality = 1 + (place * 37 % 400) / 100
        scores = {
            name: float(min(5, max(1, round(quality + rng.gauss(0, 0.8))))) for name in DIMENSIONS
        }
        text = Feedback("The axis has no unit. Therefore clarity is poor.")
        yield Submitted(
            at=at, submission=f"r{i:016x}", rater=rater, stimulus=stimuli[place], scores=scores,
            feedback=() if i % 3 else (text,),
            duration_ms=int(rng.uniform(8000, 60000)), session="1", rated_at=at,
        )  # fmt: skip


def _timed(
    call: Callable[[], object], forget: Callable[[], None], times: int = 5
) -> dict[str, float]:
    """Time a page with nothing kept from the time before, as while raters are at work."""
    first = time.perf_counter()
    call()
    first = time.perf_counter() - first
    rest = []
    for _ in range(times):
        forget()
        begun = time.perf_counter()
        call()
        rest.append(time.perf_counter() - begun)
    return {
        "first_s": round(first, 3),
        "median_s": round(statistics.median(rest), 3),
        "max_s": round(max(rest), 3),
    }


_BARE = """SELECT stimulus, dimension, count(*), avg(score), var_samp(score)
FROM (SELECT stimulus, unnest(dimensions) AS dimension, unnest(scores) AS score FROM submissions)
GROUP BY ALL"""


_MULTIPLY = """INSERT INTO submissions
SELECT s.* REPLACE (submission || '-' || k AS submission, rater || '-' || k AS rater)
FROM submissions s, range(1, {copies}) AS copies(k)"""


def results_of(store: Store) -> dict[str, object]:
    """Time the statistics of all stimuli: bare, first, and with 1,000 ratings more."""
    times: dict[str, list[float]] = {}

    def timed(name: str, call: Callable[[], object]) -> None:
        begun = time.perf_counter()
        call()
        times.setdefault(name, []).append(time.perf_counter() - begun)

    stimuli = store.stimuli()["stimulus"][:250].to_pylist()
    for _ in range(3):
        standings = Standings(store, 600)
        timed("bare aggregate", lambda: store.table(_BARE))
        timed("first results", standings.now)
        rater, at = fresh_id("rater"), iso(now())
        scores = dict.fromkeys(DIMENSIONS, 4.0)
        store.append([RaterAdded(at, rater, "rater", login=False)])
        store.append(
            [Submitted(at, fresh_id("r"), rater, one, scores, rated_at=at) for one in stimuli]
        )
        store.position()
        timed("1,000 ratings later", standings.now)
    medians = {name: statistics.median(every) for name, every in times.items()}
    return {
        "ratings": store.rows("SELECT sum(len(scores))::BIGINT AS n FROM submissions")[0]["n"],
        **{f"{name}, median_s": round(value, 3) for name, value in medians.items()},
        "first results to bare aggregate": round(
            medians["first results"] / medians["bare aggregate"], 2
        ),
    }


def multiplied(folder: Path, copies: int) -> dict[str, object]:
    """Measure the results with the submissions of the index repeated under other raters."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as room:
        layout = StudyFolder(Path(room) / "study")
        shutil.copytree(folder, layout.root)
        with Store(layout, load_study(layout)) as store:
            store.connection().execute(_MULTIPLY.format(copies=copies))
            return results_of(store)


def measure(folder: Path) -> dict[str, object]:
    """Time every page: its numbers and its HTML, as the handlers make them."""
    layout = StudyFolder(folder)
    with Store(layout, load_study(layout)) as store:
        results = results_of(store)
        desk = StoreDesk(store)
        pages = Desk(desk, store.study)
        while desk.standings.now()[0] is None:
            pass
        stimulus = store.queue_counts()["stimulus"][0].as_py()

        def forget() -> None:
            desk._overview = None
            desk.people._rows = (-1, [])
            desk.progress._kept = {}
            desk.raters._of_all = (-1, {})
            desk.readings._last = None

        calls: dict[str, Callable[[], object]] = {
            "overview": lambda: overview_html(desk._count()),
            "progress by day": lambda: progress_html(desk.progress.view("day")),
            "progress by hour": lambda: progress_html(desk.progress.view("hour")),
            "results, first page": lambda: pages.show_mos(MosQuery()),
            "results, sorted by MOS": lambda: pages.show_mos(MosQuery(sort="mos:validity")),
            "results, filtered": lambda: pages.show_mos(MosQuery(where={"discipline": "physics"})),
            "results, searched": lambda: pages.show_mos(MosQuery(search="figure-0999")),
            "results, last page": lambda: pages.show_mos(MosQuery(page=10**6)),
            "histograms": lambda: histogram_figure(
                desk.distributions.histograms({}), pages.names
            ).to_json(),
            "two dimensions": lambda: pairs_figure(
                desk.distributions.pairs("validity", "clarity", {}), pages.names, (1, 5)
            ).to_json(),
            "image": lambda: pages.show_stimulus(stimulus),
            "rater": lambda: (desk.raters.view("rater 011"), desk.readings.of("rater 011")),
            "people": lambda: people_html(desk.people.everybody()),
            "filters": desk.filters,
            "export, before": desk.packages.before,
            "runs": desk.comparison.runs,
        }
        times = {name: _timed(call, forget) for name, call in calls.items()}
        counts = store.counts()
    return {
        "stimuli": counts["stimuli"],
        "raters": counts["raters"],
        "submissions": counts["submissions"],
        "cores": os.cpu_count(),
        "load_at_start": round(os.getloadavg()[0], 2),
        "results": results,
        "pages": times,
        "slowest_median_s": max(one["median_s"] for one in times.values()),
    }


def main() -> None:
    """Read the command line; without a verb, build a study in a temporary folder and measure."""
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(dest="verb")
    made = verbs.add_parser("build")
    measured = verbs.add_parser("measure")
    measured.add_argument("--copies", type=int, default=10)
    for one in (made, measured):
        one.add_argument("folder", type=Path)
    for one in (parser, made):
        one.add_argument("--stimuli", type=int, default=100_000)
        one.add_argument("--raters", type=int, default=300)
        one.add_argument("--submissions", type=int, default=250_000)
    for one in (parser, measured):
        one.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.verb == "build":
        build(given.folder, given.stimuli, given.raters, given.submissions)
    elif given.verb == "measure":
        report(given.folder, given.copies, given.out)
    else:
        with tempfile.TemporaryDirectory() as room:
            build(Path(room) / "study", given.stimuli, given.raters, given.submissions)
            report(Path(room) / "study", 10, given.out)


def report(folder: Path, copies: int, out: Path | None) -> None:
    """Measure, print, and write where asked."""
    many = multiplied(folder, copies)
    found = json.dumps({**measure(folder), "results, more ratings": many}, indent=1)
    print(found)
    if out is not None:
        out.write_text(found + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
