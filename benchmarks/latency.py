"""From submit to the next image decoded and in view, in Chromium, with other raters at work.

    python benchmarks/latency.py [--shots 20] [--rounds 3] [--others 20]
        [--label-studio PROGRAM] [--potato PROGRAM]

One rater in headless Chromium submits by key; the clock runs in the page, from the key press to
the frame after the one in which the new image is in the document and decoded, and further until
answers can be given. The others submit every 8 to 12 seconds over plain connections. Peers, where
their programs are named, do the same job in the same browser between the rounds, with nobody else
at work and a click for the submit. Prints and writes benchmarks/results/latency.json.

On a busy machine the times are upper bounds: the load is kept beside them, and what holds is the
ratio to the peers in the same round.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageFilter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from annotator.accounts import add_people  # noqa: E402
from annotator.founding import found_study, read_preset  # noqa: E402
from annotator.images_import import import_into  # noqa: E402
from annotator.store import open_study  # noqa: E402
from benchmarks.load.browser import Browser as Client  # noqa: E402
from benchmarks.load.eye import Eye  # noqa: E402
from benchmarks.load.peers import DIMENSIONS, LOGIN, label_studio, potato  # noqa: E402
from benchmarks.load.server import Server  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SIZES = [(512, 512), (2000, 1500)]
GOALS_MS = {"median": 60, "p95": 120}
PACE_S = (8.0, 12.0)
BETWEEN_S = 1.5
"""How long the measured rater looks at an image."""
WINDOW = {"width": 1400, "height": 1000}
SUBMIT = "button[aria-label='Submit current annotation']"


def make_study(place: Path, size: tuple[int, int], n_images: int, n_raters: int) -> list[str]:
    """Make a study of images like photographs with line art; return tokens of invites."""
    folder = place / "images"
    folder.mkdir(parents=True)
    random = np.random.default_rng(1)
    for number in range(n_images):
        small = random.integers(0, 256, (size[1] // 16, size[0] // 16, 3), np.uint8)
        picture = Image.fromarray(small).resize(size).filter(ImageFilter.GaussianBlur(2))
        picture.save(folder / f"{number:03}.png", compress_level=3)
    text, origin = read_preset("siqa")
    text = text.replace("raters_per_stimulus = 9", "raters_per_stimulus = 1000")
    found_study(place / "study", (text, origin))
    with open_study(place / "study") as study:
        import_into(study, [folder], None, "images")
        people = [(f"rater {number:02}", "rater", ()) for number in range(n_raters)]
        return list(add_people(study, people).values())


async def cookies(port: int, tokens: list[str]) -> list[str]:
    """Return the cookies of people who have used their invites."""
    found = []
    for token in tokens:
        browser = Client(port)
        await browser.log_in(token)
        found.append(browser.cookie)
        browser.drop()
    return found


@contextmanager
def crowd(port: int, known: list[str], seconds: float) -> Iterator[None]:
    """Let the owners of cookies rate at human pace until the block ends."""
    others = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load.crowd", str(port), str(seconds),
         *map(str, PACE_S)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=ROOT,
    )  # fmt: skip
    assert others.stdin is not None
    others.stdin.write("\n".join(known))
    others.stdin.close()
    try:
        yield
    finally:
        others.kill()
        others.wait()


class Ours:
    """The rater in Chromium, the others and their server."""

    name = "this"

    def __init__(self, chromium: Browser, port: int, token: str, others: list[str]) -> None:
        """Come in with a token; others are known by their cookies."""
        context = chromium.new_context(viewport=WINDOW)
        self.eye = Eye(context, ".image .openseadragon-canvas > div > div img", busy=".busy")
        self.page = context.new_page()
        self.page.goto(f"http://127.0.0.1:{port}/join/{token}")
        self.page.locator("form button").click()
        self.page.wait_for_selector(".image[data-ready]")
        self.port, self.others = port, others

    def round(self, n_shots: int) -> list[dict[str, float]]:
        """Return the times of some submits, after one that warms up."""
        with crowd(self.port, self.others, n_shots * 60):
            return [self.shot() for _ in range(n_shots + 1)][1:]

    def shot(self) -> dict[str, float]:
        """Rate and submit by keys."""
        time.sleep(BETWEEN_S)
        for key in "4352":
            self.page.keyboard.press(key)
        self.page.keyboard.press("Enter")
        return self.eye.took(self.page)


class Potato:
    """A rater in Chromium on Potato."""

    name = "potato"

    def __init__(self, chromium: Browser, address: str) -> None:
        """Come in under a name."""
        context = chromium.new_context(viewport=WINDOW)
        self.eye = Eye(context, "img.display-image", button="#next-btn")
        self.page = context.new_page()
        self.page.goto(address)
        self.page.locator("#login-email").fill("rater")
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("#next-btn")

    def round(self, n_shots: int) -> list[dict[str, float]]:
        """Return the times of some submits, after one that warms up."""
        return [self.shot() for _ in range(n_shots + 1)][1:]

    def shot(self) -> dict[str, float]:
        """Rate by clicks."""
        self.page.wait_for_load_state("networkidle")
        time.sleep(BETWEEN_S)
        for name in DIMENSIONS:
            self.page.locator(f"#{name}_4_radio").check(force=True)
        self.page.locator("#next-btn").click()
        return self.eye.took(self.page)


class LabelStudio:
    """A rater in Chromium on Label Studio."""

    name = "label studio"

    def __init__(self, chromium: Browser, address: str) -> None:
        """Log in and begin to label."""
        context = chromium.new_context(viewport=WINDOW)
        self.eye = Eye(context, "img[src^='blob:']", button=SUBMIT)
        self.page = context.new_page()
        self.page.goto(address)
        for field, text in zip(("email", "password"), LOGIN, strict=True):
            self.page.locator(f"input[name={field}]").fill(text)
        self.page.get_by_role("button", name="Log In").click()
        self.page.wait_for_selector(SUBMIT, timeout=120_000)

    def round(self, n_shots: int) -> list[dict[str, float]]:
        """Return the times of some submits, after one that warms up."""
        return [self.shot() for _ in range(n_shots + 1)][1:]

    def shot(self) -> dict[str, float]:
        """Rate by clicks."""
        time.sleep(BETWEEN_S)
        for place in range(len(DIMENSIONS)):
            self.page.locator(".lsf-choices").nth(place).locator("label").nth(3).click()
        self.page.locator(SUBMIT).click()
        return self.eye.took(self.page)


def median(took: list[dict[str, float]]) -> float:
    """Return the median time to the next image in view, ms."""
    return float(np.median([one["seen"] for one in took]))


def summary(took: list[dict[str, float]]) -> dict[str, Any]:
    """Return how many times there are, their medians and 95 % quantiles."""
    told: dict[str, Any] = {"n": len(took)}
    for key in ("seen", "ready"):
        times = [one[key] for one in took]
        told[f"{key}_median_ms"] = round(float(np.median(times)), 1)
        told[f"{key}_p95_ms"] = round(float(np.quantile(times, 0.95)), 1)
    return told


def latency(
    size: tuple[int, int], options: argparse.Namespace, place: Path
) -> list[dict[str, Any]]:
    """Return what images of one size take, a row for each round of each program."""
    n_images = options.rounds * (options.shots + 1) + 5
    tokens = make_study(place, size, n_images, options.others + 1)
    images = sorted((place / "images").iterdir())
    with ExitStack() as stack:
        server = Server(place / "study")
        server.start()
        stack.callback(server.end)
        others = asyncio.run(cookies(server.port, tokens[1:]))
        addresses = {}
        if options.label_studio:
            running = label_studio(options.label_studio, place / "label-studio", images)
            addresses[LabelStudio] = stack.enter_context(running)
        if options.potato:
            running = potato(options.potato, place / "potato", images)
            addresses[Potato] = stack.enter_context(running)
        chromium = stack.enter_context(in_chromium())
        raters: list[Any] = [Ours(chromium, server.port, tokens[0], others)]
        raters += [peer(chromium, address) for peer, address in addresses.items()]
        took: dict[str, list[dict[str, float]]] = {rater.name: [] for rater in raters}
        for _ in range(options.rounds):
            for rater in raters:
                rater.page.bring_to_front()
                shots = rater.round(options.shots)
                took[rater.name] += shots
                print(rater.name, summary(shots), f"load {os.getloadavg()[0]:.1f}", flush=True)
    mine = median(took["this"])
    return [
        {"who": who, "size": f"{size[0]} x {size[1]}", **summary(shots),
         "times_ours": round(median(shots) / mine, 2),
         "load_1_min": round(os.getloadavg()[0], 1)}
        for who, shots in took.items()
    ]  # fmt: skip


@contextmanager
def in_chromium() -> Iterator[Browser]:
    """Run headless Chromium until the block ends."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(
            executable_path=shutil.which("chromium") or None, args=["--no-sandbox"]
        )
        yield chromium
        chromium.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shots", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--others", type=int, default=20)
    parser.add_argument("--label-studio", type=Path)
    parser.add_argument("--potato", type=Path)
    options = parser.parse_args()
    rows = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as place:
            rows += latency(size, options, Path(place))
    report = {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "goals_ms": GOALS_MS,
        "others": options.others,
        "pace_s": PACE_S,
        "cores": os.cpu_count(),
        "rows": rows,
    }
    out = ROOT / "benchmarks" / "results" / "latency.json"
    out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
