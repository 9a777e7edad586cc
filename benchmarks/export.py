"""Export as `siqa` against a bare copy of the same images plus writing the same JSON.

    python benchmarks/export.py [--images 100000] [--questions 1000000] [--small]
                                [--repetitions 3]

Prints goal and reached, and writes benchmarks/results/export.json. The ratio is what counts: both
sides run in turn, on the same disk, and both end with their bytes on it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from exports.siqa import write_siqa  # noqa: E402
from exports.source import (  # noqa: E402
    DECISIONS,
    FEEDBACK,
    MOS,
    RATINGS,
    REMOVED,
    STIMULI,
    ExportOptions,
    ExportSource,
)
from schemas.layout import ImageFolder, stimulus_id  # noqa: E402
from schemas.question import Question  # noqa: E402
from schemas.study import parse_study  # noqa: E402

GOAL = 1.5
GOAL_MIB = 1024
REPETITIONS = 3


class Questions:
    """Questions made when they are read, as a store would read them."""

    def __init__(self, stimuli: list[str], number: int) -> None:
        self.stimuli, self.number = stimuli, number

    def __len__(self) -> int:
        return self.number

    def __contains__(self, item: object) -> bool:
        return any(item == question for question in self)

    def __iter__(self) -> Iterator[Question]:
        options = ("Nothing is missing", "The scale bar", "The legend", "The unit of the axis")
        for at in range(self.number):
            stimulus = self.stimuli[at % len(self.stimuli)]
            text = f"What is missing in panel {at}?"
            yield Question(f"q{at}", stimulus, "what", text, options, "ABCD"[at % 4])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=1_000_000)
    parser.add_argument("--small", action="store_true", help="a twentieth of both")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    wanted = parser.parse_args()
    share = 20 if wanted.small else 1
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        source = make_source(place, wanted.images // share, wanted.questions // share)
        exports, bares, peak = [], [], 0.0
        for _ in range(wanted.repetitions):
            exports.append(timed(lambda: write_siqa(source, place / "out", ExportOptions())))
            peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            documents = read_documents(place / "out")
            bares.append(timed(partial(bare, source, documents, place / "bare")))
            del documents
            shutil.rmtree(place / "out")
            shutil.rmtree(place / "bare")
    ratio = statistics.median(exports) / statistics.median(bares)
    report = {
        "what": "export siqa / bare copy of the same images and writing the same JSON, wall time",
        "goal": GOAL,
        "reached": round(ratio, 3),
        "is_reached": ratio <= GOAL and peak <= GOAL_MIB,
        "goal_mib": GOAL_MIB,
        "peak_mib": round(peak),
        "n_images": wanted.images // share,
        "n_questions": wanted.questions // share,
        "repetitions": wanted.repetitions,
        "export_s": [round(seconds, 2) for seconds in exports],
        "bare_s": [round(seconds, 2) for seconds in bares],
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / "export.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


def timed(work: Callable[[], object]) -> float:
    os.sync()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def bare(source: ExportSource, documents: dict[str, object], target: Path) -> None:
    """Copy the files one by one and write what the package's JSON files hold."""
    (target / "images").mkdir(parents=True)
    for sha256, suffix in zip(
        source.stimuli["sha256"].to_pylist(), source.stimuli["suffix"].to_pylist(), strict=True
    ):
        original = source.images.original(sha256, suffix)
        shutil.copyfile(original, target / "images" / f"{stimulus_id(sha256)}{suffix}")
    for name, value in documents.items():
        (target / name).write_text(json.dumps(value, ensure_ascii=False), "utf-8")
    os.sync()


def read_documents(out: Path) -> dict[str, object]:
    return {path.name: json.loads(path.read_text("utf-8")) for path in out.rglob("*.json")}


def make_source(place: Path, n_images: int, n_questions: int) -> ExportSource:
    images = ImageFolder(place / "images")
    random = np.random.default_rng(1)
    rows = [make_image(images, random) for _ in range(n_images)]
    ids = [row["stimulus"] for row in rows]
    mos = {
        "stimulus": [s for s in ids for _ in range(2)],
        "dimension": ["perception", "knowledge"] * len(ids),
        "mos": random.uniform(1, 5, 2 * len(ids)),
        "n": [9] * (2 * len(ids)),
    }
    blank = pa.nulls(2 * len(ids), pa.float64())
    text = (ROOT / "schemas" / "presets" / "siqa.toml").read_text("utf-8")
    return ExportSource(
        study=parse_study(text),
        study_text=text,
        study_id="benchmark",
        salt="salt",
        images=images,
        stimuli=pa.Table.from_pylist(rows, schema=pa.schema(list(STIMULI.items()))),
        mos=pa.table({name: mos.get(name, blank) for name in MOS}),
        questions=Questions(ids, n_questions),
        run={"method": "mean"},
        versions={},
        **{
            name: pa.schema(list(columns.items())).empty_table()
            for name, columns in (
                ("ratings", RATINGS),
                ("removed", REMOVED),
                ("feedback", FEEDBACK),
                ("decisions", DECISIONS),
            )
        },
    )


def make_image(images: ImageFolder, random: np.random.Generator) -> dict[str, object]:
    pixels = random.integers(0, 256, (81, 81, 3), dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=0)
    sha256 = hashlib.sha256(out.getvalue()).hexdigest()
    path = images.original(sha256, ".png")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(out.getvalue())
    return {
        "stimulus": stimulus_id(sha256), "file_name": "x.png", "source_path": None,
        "sha256": sha256, "suffix": ".png", "format": "PNG", "width": 81, "height": 81,
        "n_bytes": len(out.getvalue()), "mode": "RGB", "n_pages": 1, "phash": "0" * 16,
        "rendition": None, "details": None, "is_retired": False,
    }  # fmt: skip


if __name__ == "__main__":
    main()
