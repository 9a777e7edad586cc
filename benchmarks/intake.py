"""All of intake against a bare loop that hashes and decodes the same files on the same cores.

    python benchmarks/intake.py [--small]

Prints goal and reached, and writes benchmarks/results/intake.json. The ratio is what counts: both
sides run in turn, on the same files, with as many processes, their start included.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageDraw, ImageFilter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pipelines.engine import LocalEngine  # noqa: E402
from pipelines.intake import intake, sync_folder  # noqa: E402
from schemas.layout import ImageFolder  # noqa: E402

GOAL = 1.5
REPETITIONS = 3


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="a tenth of the files")
    scale = 0.1 if parser.parse_args().small else 1.0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        sets = {
            "figures": make_figures(place / "figures", int(150 * scale)),
            "photos": make_photos(place / "photos", int(150 * scale)),
            "small": make_small(place / "small", int(1000 * scale)),
        }
        sets["all"] = [path for paths in sets.values() for path in paths]
        parts = {name: compare(paths, place) for name, paths in sets.items()}
    report = {
        "what": "import of images: all of intake / bare loop of hash and decode, wall time",
        "goal": GOAL,
        "reached": parts["all"]["ratio"],
        "is_reached": parts["all"]["ratio"] <= GOAL,
        "repetitions": REPETITIONS,
        "n_workers": LocalEngine().n_workers,
        "load_15_min": round(os.getloadavg()[2], 1),
        "sets": parts,
        "python": platform.python_version(),
        "pillow": PIL.__version__,
    }
    target = ROOT / "benchmarks" / "results" / "intake.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"intake / bare loop: goal at most {GOAL}, reached {report['reached']:.2f}")
    for name, part in parts.items():
        print(f"  {name}: {part['ratio']:.2f} ({part['n_files']} files, {part['mb']} MB)")


def compare(paths: list[Path], place: Path) -> dict[str, object]:
    """Time both sides in turn; the ratio is the median over the repetitions."""
    for path in paths:
        path.read_bytes()
    bare_s, intake_s = [], []
    for _ in range(REPETITIONS):
        bare_s.append(timed(lambda: bare_loop(paths)))
        # Studies stay until the end: ext4 makes files slowly where many were just removed.
        study = Path(tempfile.mkdtemp(dir=place))
        intake_s.append(timed(lambda to=study: all_of_intake(paths, to)))
        os.sync()
    ratios = [ours / theirs for ours, theirs in zip(intake_s, bare_s, strict=True)]
    return {
        "n_files": len(paths),
        "mb": round(sum(path.stat().st_size for path in paths) / 1e6, 1),
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "intake_s": [round(seconds, 3) for seconds in intake_s],
        "bare_s": [round(seconds, 3) for seconds in bare_s],
    }


def timed(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def all_of_intake(paths: list[Path], study: Path) -> None:
    images = ImageFolder(study / "images")
    n_new = 0
    for batch in intake(paths, None, images, {}, LocalEngine()):
        sync_folder(images.root)
        n_new += len(batch.new)
    if n_new != len(paths):
        raise RuntimeError(f"{n_new} of {len(paths)} images came in")


def bare_loop(paths: list[Path]) -> None:
    n_workers = LocalEngine().n_workers
    with ProcessPoolExecutor(n_workers, mp_context=get_context("forkserver")) as pool:
        for _ in pool.map(hash_and_decode, paths, chunksize=8):
            pass


def hash_and_decode(path: Path) -> str:
    content = path.read_bytes()
    with Image.open(BytesIO(content)) as image:
        image.load()
    return hashlib.sha256(content).hexdigest()


def make_figures(folder: Path, n: int) -> list[Path]:
    """Draw plots of about a megapixel: lines, text, a raster panel; half of them with alpha."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    for number in range(n):
        width, height = int(rng.integers(1000, 1400)), int(rng.integers(700, 1000))
        picture = Image.new("RGBA" if number % 2 else "RGB", (width, height), "white")
        draw = ImageDraw.Draw(picture)
        for _ in range(12):
            walk = np.cumsum(rng.normal(0, 12, (200, 2)), axis=0)
            points = np.add(walk, (width / 2, height / 2))
            colour = tuple(int(part) for part in rng.integers(0, 200, 3))
            draw.line([tuple(point) for point in points], fill=colour, width=2)
        for _ in range(40):
            x, y = (int(part) for part in rng.integers(0, 700, 2))
            draw.text((x, y), f"{rng.random():.4f} mol/L", fill="black")
        panel = rng.normal(128, 40, (250, 250, 3)).clip(0, 255).astype(np.uint8)
        picture.paste(Image.fromarray(panel), (40, 40))
        picture.save(folder / f"figure-{number}.png")
    return sorted(folder.iterdir())


def make_photos(folder: Path, n: int) -> list[Path]:
    """Make blurred noise, which compresses like photographs, of 0.3 to 4 megapixels."""
    folder.mkdir()
    rng = np.random.default_rng(2)
    for number in range(n):
        width = int(np.sqrt(rng.uniform(0.3e6, 4e6) * 4 / 3))
        noise = rng.integers(0, 255, (width * 3 // 16, width // 4, 3), dtype=np.uint8)
        picture = Image.fromarray(noise).resize((width, width * 3 // 4), Image.Resampling.BICUBIC)
        picture = picture.filter(ImageFilter.GaussianBlur(1))
        picture.save(folder / f"photo-{number}.jpg", quality=90)
    return sorted(folder.iterdir())


def make_small(folder: Path, n: int) -> list[Path]:
    """Make pictures of about 20 kB, PNG and JPEG by turns."""
    folder.mkdir()
    rng = np.random.default_rng(3)
    for number in range(n):
        noise = rng.integers(0, 255, (20, 20, 3), dtype=np.uint8)
        picture = Image.fromarray(noise).resize((130, 130), Image.Resampling.BICUBIC)
        if number % 2:
            picture.save(folder / f"small-{number}.png")
        else:
            picture.resize((256, 256)).save(folder / f"small-{number}.jpg", quality=90)
    return sorted(folder.iterdir())


if __name__ == "__main__":
    main()
