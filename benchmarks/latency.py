"""From submit to the next image decoded and in view, in Chromium, with other raters at work.

    python benchmarks/latency.py [--shots 40] [--others 20]

One rater in headless Chromium submits by key; the clock runs in the page, from the key press to
the frame after the one in which the new image is in the document, decoded, and answers can be
given. The others submit every 8 to 12 seconds over plain connections. Prints and writes
benchmarks/results/latency.json. On a busy machine the figures are upper bounds: the load is kept
beside them.
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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from annotator.accounts import add_people  # noqa: E402
from annotator.founding import found_study, read_preset  # noqa: E402
from annotator.images_import import import_into  # noqa: E402
from annotator.store import open_study  # noqa: E402
from benchmarks.load.browser import Browser  # noqa: E402
from benchmarks.load.server import Server  # noqa: E402

SIZES = [(512, 512), (2000, 1500)]
GOALS_MS = {"median": 60, "p95": 120}
PACE_S = (8.0, 12.0)
BETWEEN_S = 1.5
"""How long the measured rater looks at an image."""

PROBE = """() => {
  const shown = () => document.querySelector(".image .openseadragon-canvas > div > div img");
  addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const begun = performance.now();
    const old = shown()?.src;
    const look = () => {
      const image = shown();
      const isNew = image && image.src !== old && image.complete && image.naturalWidth;
      if (!isNew || document.querySelector(".rating.busy")) return requestAnimationFrame(look);
      image.decode().then(() => requestAnimationFrame(() => {
        const sent = performance.getEntriesByType("resource")
          .filter(({ name }) => name.endsWith("/api/submissions")).at(-1);
        window.took = { all: performance.now() - begun, server: sent.duration };
        performance.clearResourceTimings();
      }));
    };
    requestAnimationFrame(look);
  }, true);
}"""


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
        browser = Browser(port)
        await browser.log_in(token)
        found.append(browser.cookie)
        browser.drop()
    return found


def measured(port: int, token: str, n_shots: int) -> list[dict[str, float]]:
    """Rate in Chromium; return milliseconds of each submission."""
    from playwright.sync_api import sync_playwright

    took = []
    with sync_playwright() as play:
        chromium = play.chromium.launch(
            executable_path=shutil.which("chromium") or None, args=["--no-sandbox"]
        )
        page = chromium.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(f"http://127.0.0.1:{port}/join/{token}")
        page.locator("form button").click()
        page.wait_for_selector(".dim")
        page.wait_for_function("document.querySelector('.scale').textContent")
        page.evaluate(f"({PROBE})()")
        for _ in range(n_shots):
            time.sleep(BETWEEN_S)
            for key in "4352":
                page.keyboard.press(key)
            page.evaluate("window.took = null")
            page.keyboard.press("Enter")
            page.wait_for_function("window.took", polling=50)
            took.append(page.evaluate("window.took"))
        chromium.close()
    return took


def latency(size: tuple[int, int], n_shots: int, n_others: int) -> dict[str, Any]:
    """Return what one size of images takes."""
    with tempfile.TemporaryDirectory() as place:
        tokens = make_study(Path(place), size, n_shots + 5, n_others + 1)
        server = Server(Path(place) / "study")
        server.start()
        try:
            known = asyncio.run(cookies(server.port, tokens[1:]))
            seconds = n_shots * (BETWEEN_S + 1) + 10
            others = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.load.crowd", str(server.port), str(seconds),
                 *map(str, PACE_S)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            )  # fmt: skip
            assert others.stdin is not None
            others.stdin.write("\n".join(known))
            others.stdin.close()
            took = measured(server.port, tokens[0], n_shots)
            others.kill()
            others.wait()
        finally:
            server.end()
    # The first image is where scripts and caches warm up.
    everything = np.array([one["all"] for one in took[1:]])
    server_part = np.array([one["server"] for one in took[1:]])
    return {
        "size": f"{size[0]} x {size[1]}",
        "n": len(everything),
        "median_ms": round(float(np.median(everything)), 1),
        "p95_ms": round(float(np.quantile(everything, 0.95)), 1),
        "server_median_ms": round(float(np.median(server_part)), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shots", type=int, default=40)
    parser.add_argument("--others", type=int, default=20)
    options = parser.parse_args()
    loads = [os.getloadavg()[0]]
    rows = []
    for size in SIZES:
        rows.append(latency(size, options.shots, options.others))
        loads.append(os.getloadavg()[0])
        print(json.dumps(rows[-1] | {"load": loads[-1]}))
    report = {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "goals_ms": GOALS_MS,
        "others": options.others,
        "pace_s": PACE_S,
        "rows": rows,
        "cores": os.cpu_count(),
        "load_1_min": [round(load, 1) for load in loads],
    }
    out = ROOT / "benchmarks" / "results" / "latency.json"
    out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
