"""A real server on a small study, and real Chromium in front of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = [(1640, 1102), (512, 512), (2000, 1500), (300, 200), (640, 2400), (3000, 700)]
N_RATERS = 80
CURATORS = [
    f"Dr. {name}" for name in ("Curie", "Noether", "Meitner", "Franklin", "Rubin", "Hopper")
]
"""One for each test of the desk on the shared site, and some for those that are run again."""
# Machines that run tests are often busy with other things.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)


def draw_figure(path: Path, number: int) -> None:
    """Write a figure in which single pixels can be told apart."""
    width, height = SIZES[number % len(SIZES)]
    image = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle([0, 0, width - 1, height - 1], outline="red", width=3)
    pen.line([(0, height), (width * 0.3, height * 0.5), (width, height * 0.2)], "blue", 4)
    for x in range(0, 100, 2):
        pen.point((width // 2 + x, height // 2), fill="black")
    pen.text((20, 20), f"figure {number}", fill="black")
    image.save(path)


@dataclass
class Site:
    """A study with a server that can be killed and started again."""

    folder: Path
    invites: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self, *arguments: str) -> dict[str, object]:
        done = subprocess.run(
            [sys.executable, "app.py", "--data", str(self.folder), "--json", *arguments],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    def start(self) -> None:
        log = (self.folder.parent / "server.log").open("a")
        command = [sys.executable, "app.py", "--data", str(self.folder), "serve"]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)], cwd=ROOT, stdout=log, stderr=log, text=True
        )
        for _ in range(720):
            time.sleep(0.25)
            assert self.process.poll() is None, "the server ended: see server.log"
            try:
                urllib.request.urlopen(self.url + "/healthz", timeout=2).read()
            except OSError:
                continue
            return
        self.kill()  # nobody would stop it: the fixture has not come to its yield
        raise AssertionError("the server did not answer in three minutes")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    room = tmp_path_factory.mktemp("site")
    images = room / "images"
    images.mkdir()
    for number in range(12):
        draw_figure(images / f"figure-{number:02d}.png", number)
    people = room / "people.csv"
    names = [f"rater {i:02d}" for i in range(N_RATERS)]
    rows = [f"{name},rater" for name in names] + [f"{name},curator" for name in CURATORS]
    people.write_text("name,role\n" + "\n".join(rows) + "\n", encoding="utf-8")
    site = Site(room / "study", port=free_port())
    site.command("study", "init", "--preset", "siqa")
    # Every test brings its own raters: no image may be full before the last of them comes.
    study = site.folder / "study.toml"
    text = study.read_text(encoding="utf-8")
    assert "\nraters_per_stimulus = 9\n" in text
    study.write_text(
        text.replace("raters_per_stimulus = 9", f"raters_per_stimulus = {N_RATERS}", 1),
        encoding="utf-8",
    )
    site.command("import", str(images))
    site.start()
    try:
        answer = site.command("raters", "add", "--from", str(people))
        added = answer["raters"] if isinstance(answer, dict) else answer
        site.invites = {row["rater"]: row["invite"] for row in added}  # type: ignore[index,attr-defined]
        yield site
    finally:
        site.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip("no Chromium here; `make setup` says how to get it")
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@dataclass
class Visitor:
    """Opens pages as new people, and keeps what their browsers asked for."""

    site: Site
    browser: Browser
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    def page(self, **options: object) -> Page:
        options.setdefault("viewport", {"width": 1280, "height": 720})
        options.setdefault("locale", "en-GB")
        page = self.browser.new_context(**options).new_page()  # type: ignore[arg-type]
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.pages.append(page)
        return page

    def come_in(self, role: str = "rater", **options: object) -> Page:
        page = self.page(**options)
        names = [
            name for name in self.site.invites if name.startswith("rater") == (role == "rater")
        ]
        page.goto(self.site.invites.pop(names[0]))
        page.locator("form button").click()
        if role == "rater":
            page.wait_for_selector(".dim")
            page.wait_for_function("document.querySelector('.scale').textContent")
        return page


@pytest.fixture
def visitor(site: Site, browser: Browser) -> Iterator[Visitor]:
    visitor = Visitor(site, browser)
    yield visitor
    for page in visitor.pages:
        page.context.close()
    assert visitor.errors == []
