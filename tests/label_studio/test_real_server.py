"""Push, annotate as two people, pull, against a real server in a virtual environment of its own."""

from __future__ import annotations

import csv
import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from PIL import Image

from annotator.commands import main

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1800)]

TOKEN = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Label Studio's executable: that of $LABEL_STUDIO_BIN, else installed here."""
    given = os.environ.get("LABEL_STUDIO_BIN")
    if given:
        return Path(given)
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    done = subprocess.run(
        [str(folder / "bin" / "pip"), "install", "-q", "label-studio==1.23.2"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"Label Studio cannot be installed: {done.stderr.strip()[-200:]}")
    return folder / "bin" / "label-studio"


@pytest.fixture
def server(program: Path, tmp_path: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {
        "LABEL_STUDIO_BASE_DATA_DIR": str(tmp_path / "ls"), "DJANGO_DB": "sqlite",
        "COLLECT_ANALYTICS": "0", "LABEL_STUDIO_USERNAME": "admin@example.org",
        "LABEL_STUDIO_PASSWORD": "not-a-secret-1", "LABEL_STUDIO_USER_TOKEN": TOKEN,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    }  # fmt: skip
    command = [str(program), "start", "--no-browser", "--internal-host", "127.0.0.1"]
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen(
            [*command, "--port", str(port)], env={**os.environ, **told}, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/health", running)
        yield url
    finally:
        running.terminate()
        running.wait(30)


def wait_for(url: str, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 900
    while time.monotonic() < until and running.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(1)
    pytest.fail("Label Studio did not start")


def signed_up(server: str, email: str) -> str:
    """Make a user as a person would, in a browser; return the token of the new account."""
    with httpx.Client(base_url=server, follow_redirects=True, timeout=120) as browser:
        browser.get("/user/signup").raise_for_status()
        form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"], "email": email,
                "password": "not-a-secret-2", "elaborate": "", "allow_newsletters": ""}  # fmt: skip
        browser.post("/user/signup", data=form, headers={"Referer": server}).raise_for_status()
        token: str = browser.get("/api/current-user/token").raise_for_status().json()["token"]
        return token


def choice(level: str) -> dict[str, object]:
    return {"from_name": "clarity", "to_name": "image", "type": "choices",
            "value": {"choices": [level]}}  # fmt: skip


TEXT = {"from_name": "feedback", "to_name": "image", "type": "textarea",
        "value": {"text": ["=1+1, 轴 is\tmissing"]}}  # fmt: skip


def test_there_and_back(server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from label_studio_sdk import LabelStudio

    def run(*line: str) -> dict[str, object]:
        capsys.readouterr()
        assert main(["--data", str(tmp_path / "study"), "--json", *line]) == 0
        return json.loads(capsys.readouterr().out)

    run("study", "init", "--preset", "siqa")
    for number in range(3):
        out = io.BytesIO()
        Image.new("RGB", (8, 6), (number, 9, 9)).save(out, "PNG")
        (tmp_path / f"{number}.png").write_bytes(out.getvalue())
    run("import", *(str(tmp_path / f"{n}.png") for n in range(3)))
    there = ("--url", server, "--token", TOKEN)
    assert run("label-studio", "push", *there)["added"] == 3
    assert run("label-studio", "push", *there)["already_there"] == 3

    client = LabelStudio(base_url=server, api_key=TOKEN)
    (project,) = client.projects.list()
    tasks = list(client.tasks.list(project=project.id, fields="all"))
    assert not any(task.predictions for task in tasks)
    people = {"admin@example.org": TOKEN}
    people |= {f"{name}@example.org": signed_up(server, f"{name}@example.org")
               for name in ("ann", "bob")}  # fmt: skip
    given = {}
    for at, (email, token) in enumerate(people.items()):
        theirs = LabelStudio(base_url=server, api_key=token)
        for task in tasks[: 2 + (email == "bob@example.org")]:
            levels = ("2 Poor", "3 Fair", "4 Good")
            theirs.annotations.create(id=task.id, result=[choice(levels[at]), TEXT])
            given[task.data["stimulus"], email] = str(2 + at)
    pulled = run("label-studio", "pull", *there)
    assert (pulled["annotations"], pulled["ratings"], pulled["feedback"]) == (7, 7, 7)
    assert run("label-studio", "pull", *there)["ratings"] == 0
    run("export", "csv", "--out", str(tmp_path / "out"), "--with-names")
    rows = list(csv.DictReader((tmp_path / "out" / "ratings.csv").open(encoding="utf-8")))
    assert {(row["stimulus"], row["rater"]): row["score"] for row in rows} == given
    made = {one.created_at for task in tasks for one in client.annotations.list(id=task.id)}
    assert {datetime.fromisoformat(row["rated_at"]) for row in rows} == made and len(made) == 7
