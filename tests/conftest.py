"""Shared: a study folder with made images, a real server process on it, people logged in."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
STARTS_WITHIN_S = 120


def make_images(folder: Path, n: int, *, first: int = 0) -> list[Path]:
    """Write `n` small pictures with different bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(first, first + n):
        path = folder / f"figure-{number:03}.png"
        image = Image.new("RGB", (40, 30), (number * 37 % 256, number * 59 % 256, 90))
        image.putpixel((number % 40, number // 40 % 30), (255, 255, 255))
        image.save(path)
        paths.append(path)
    return paths


@dataclass
class Answered:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


def run_command(*arguments: object, data: Path | None = None, **more: Any) -> Answered:
    """Run `app.py` in a process of its own."""
    before = [] if data is None else ["--data", str(data)]
    environment = {k: v for k, v in os.environ.items() if k != "SIQA_DATA"} | more.pop("env", {})
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *before, *map(str, arguments)],
        capture_output=True, text=True, timeout=240, check=False, env=environment,
        cwd=more.pop("cwd", ROOT),
    )  # fmt: skip
    return Answered(done.returncode, done.stdout, done.stderr)


def found(folder: Path, images: Sequence[Path] = (), toml: Callable[[str], str] = str) -> None:
    """Make a study of the preset, changed by `toml`, with images."""
    from annotator.founding import found_study, read_preset
    from annotator.images_import import import_into
    from annotator.store import open_study

    text, place = read_preset("siqa")
    found_study(folder, (toml(text), place))
    if images:
        with open_study(folder) as study:
            import_into(study, list(images), None, "images")


def invite_people(folder: Path, people: dict[str, str]) -> dict[str, str]:
    """Add people (name -> role); return name -> token."""
    from annotator.accounts import add_people
    from annotator.store import open_study

    with open_study(folder) as study:
        return add_people(study, [(name, role, ()) for name, role in people.items()])


@dataclass
class Site:
    """A study folder and the server that runs on it."""

    folder: Path
    tokens: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, httpx.Cookies] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    url: str = ""
    said: str = ""
    """Standard error so far goes to this file's text."""

    def start(self, *arguments: str, port: int = 0) -> None:
        """Start the server and wait for its Ready line."""
        log = (self.folder.parent / "server.err").open("a")
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py"), "--data", str(self.folder), "serve",
             "--port", str(port), *arguments],
            stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT,
        )  # fmt: skip
        log.close()
        self.url = self._ready_line().removeprefix("Ready: ").strip()

    def _ready_line(self) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        deadline = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < deadline:
            if select.select([self.process.stdout], [], [], 0.5)[0]:
                line = self.process.stdout.readline()
                if line.startswith("Ready: "):
                    return line
            if self.process.poll() is not None:
                break
        self.process.kill()  # nobody would stop it: the fixture has not come to its yield
        raise AssertionError(f"no Ready line: {self.errors()}")

    def errors(self) -> str:
        """What the server wrote for people."""
        return (self.folder.parent / "server.err").read_text()

    def stop(self, sign: int = signal.SIGTERM) -> float:
        """End the server; return how long it took, s."""
        if self.process is None:
            return 0.0
        begun = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(sign)
        try:
            self.process.wait(30)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()
            self.process = None
        return time.monotonic() - begun

    @property
    def port(self) -> int:
        """Port of the running server."""
        return int(self.url.rsplit(":", 1)[1])

    def client(self, cookies: httpx.Cookies | None = None) -> httpx.Client:
        """Return a browser of nobody, or one with these cookies."""
        return httpx.Client(base_url=self.url, cookies=cookies, timeout=60, trust_env=False)

    def logged_in(self, name: str) -> httpx.Client:
        """Return a browser of this person; the invite is used the first time."""
        if name not in self.cookies:
            with self.client() as browser:
                answer = browser.post(f"/join/{self.tokens[name]}")
                assert answer.status_code == 303, answer.text
                self.cookies[name] = browser.cookies
        return self.client(self.cookies[name])


def scores(**changes: Any) -> dict[str, Any]:
    """Return scores of the preset's four dimensions."""
    return {"validity": 4, "completeness": 3, "clarity": 5, "conformity": 2} | changes


def submission(turn: dict[str, Any], client_id: str, text: str = "", **changes: Any) -> Any:
    """Return the body of a submission for what `/api/next` answered."""
    answers: dict[str, Any] = {"rate": {"scores": scores(**changes)}}
    if text:
        answers["feedback"] = {"text": text}
    return {
        "assignment_id": turn["assignment_id"],
        "client_id": client_id,
        "answers": answers,
        "duration_ms": 1234,
    }


PEOPLE = {f"Rater {n}": "rater" for n in range(1, 31)} | {"Cura": "curator"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running server on twelve images; shared by the tests of a module."""
    base = tmp_path_factory.mktemp("site")
    folder = base / "study"
    found(folder, make_images(base / "images", 12))
    running = Site(folder, invite_people(folder, PEOPLE))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with four images that nobody writes to; copy it."""
    base = tmp_path_factory.mktemp("founded")
    found(base / "study", make_images(base / "images", 4))
    return base / "study"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test in Chromium run a second time: a browser waits on a machine that others use.

    A second run is named in the summary (RERUN) and is a race to look for, not a pass.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))
