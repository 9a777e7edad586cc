"""Commands in another shell while the server runs, and servers that cannot start."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.commands.conftest import Command
from tests.commands.test_line import failed
from tests.commands.test_ratings import table, whole
from tests.conftest import ROOT, Site, make_images, run_command, submission


def ran(site: Site, *arguments: object, command: Command = run_command) -> Any:
    """Run a command beside the server; return its document."""
    answered = command(*arguments, "--json", data=site.folder)
    assert answered.code == 0, answered.err
    return answered.document


def test_everything_works_beside_the_server(site: Site, tmp_path: Path, command: Command) -> None:
    added = ran(site, "raters", "add", "Nina", "--expertise", "optics,radar")
    assert set(added) == {"rater", "role", "invite"}
    assert added["invite"].startswith(f"{site.url}/join/")
    site.tokens["Nina"] = added["invite"].rsplit("/", 1)[1]
    with site.logged_in("Nina") as nina:
        turn = nina.get("/api/next").json()
        before = turn["progress"]["total"]

        make_images(tmp_path / "more", 2, first=70)
        assert ran(site, "import", tmp_path / "more")["added"] == 2
        assert nina.get("/api/next").json()["progress"]["total"] == before + 2
        again = ran(site, "import", tmp_path / "more", command=command)
        assert (again["added"], len(again["duplicates"])) == (0, 2)

        file = table(tmp_path / "r.csv", whole("figure-070.png", "Imported", 5))
        assert ran(site, "ratings", "import", file)["ratings"] == 4
        nina.post("/api/submissions", json=submission(turn, "c1", "no units"))

    scores = ran(site, "mos")
    rated = {(r["stimulus"], r["mos"]) for r in scores["stimuli"] if r["dimension"] == "clarity"}
    assert (turn["stimulus"]["id"], 5) in rated
    assert {r["rater"] for r in scores["raters"]} == {"Nina", "Imported"}
    out = tmp_path / "out"
    assert ran(site, "export", "siqa", "--out", out)["format"] == "siqa"
    assert (out / "manifest.json").exists()
    assert ran(site, "export", "csv", "--out", tmp_path / "csv", command=command)["files"]
    checked = ran(site, "verify", command=command)
    assert (checked["images"], checked["problems"]) == (14, [])
    message = failed(command("verify", "--rebuild", "--json", data=site.folder), "folder_in_use")
    assert "stop it" in message
    assert ran(site, "raters", "disable", "Nina", command=command) == {
        "rater": "Nina",
        "enabled": False,
    }
    people = {p["rater"]: p for p in ran(site, "raters", "list", command=command)["raters"]}
    assert people["Nina"]["expertise"] == ["optics", "radar"]
    assert people["Nina"]["enabled"] is False


def test_a_table_of_people(site: Site, tmp_path: Path, command: Command) -> None:
    def run(*arguments: object) -> Any:
        return ran(site, *arguments, command=command)

    file = tmp_path / "people.csv"
    file.write_text(
        'name,role,expertise\n007,,"optics, radar"\nZoë 🧪,curator,\n', encoding="utf-8-sig"
    )
    rows = run("raters", "add", "--from", file)["raters"]
    assert [(r["rater"], r["role"]) for r in rows] == [("007", "rater"), ("Zoë 🧪", "curator")]
    with site.client() as browser:
        assert browser.post(rows[0]["invite"]).headers["location"] == "/rate/"
    with site.client() as browser:
        assert browser.post(rows[1]["invite"]).headers["location"] == "/desk/"
    printed = command("raters", "invite", "007", data=site.folder)
    assert "/join/" in printed.out
    for content, code in {
        "name\nA\nA\n": "rater_exists",
        "name\n007\n": "rater_exists",
        "name,role\nB,boss\n": "invalid_role",
        'name\n""\n': "people_file_invalid",
        "who\nB\n": "people_file_invalid",
        "": "people_file_invalid",
        "name\nB\x01\n": "invalid_name",
    }.items():
        file.write_text(content)
        failed(command("raters", "add", "--from", file, "--json", data=site.folder), code)
    people = {p["rater"] for p in run("raters", "list")["raters"]}
    assert not people & {"A", "B", "B\x01"}
    failed(command("raters", "add", "007", "--json", data=site.folder), "rater_exists")
    failed(command("raters", "invite", "nobody", "--json", data=site.folder), "unknown_rater")
    failed(command("raters", "disable", "nobody", "--json", data=site.folder), "unknown_rater")
    assert run("raters", "invite", "007")["role"] == "rater"


def test_two_servers_on_one_folder(site: Site, command: Command) -> None:
    for port in ("0", str(site.port)):
        second = command("serve", "--port", port, "--json", data=site.folder)
        message = failed(second, "already_running")
        assert site.url in message
    with site.client() as browser:
        assert browser.get("/healthz").status_code == 200
    assert (site.folder / "server.json").exists()


def test_servers_that_cannot_start(founded: Path, tmp_path: Path, command: Command) -> None:
    folder = Path(shutil.copytree(founded, tmp_path / "study"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        message = failed(command("serve", "--port", port, "--json", data=folder), "port_in_use")
        assert str(port) in message
        assert "--port" in message
    host = command("serve", "--host", "203.0.113.9", "--port", "0", "--json", data=folder)
    failed(host, "cannot_listen")
    for bad in ("ftp://x", "rate.example.org", "http://[", "https://x/?a=1"):
        failed(command("serve", "--public-url", bad, "--json", data=folder), "invalid_url")
    # The folder is free again after each.
    assert command("verify", "--json", data=folder).code == 0


def test_the_public_url_is_kept_and_used(founded: Path, tmp_path: Path, command: Command) -> None:
    folder = shutil.copytree(founded, tmp_path / "study")
    site = Site(folder)
    site.start("--public-url", "https://rate.example.org/siqa/")
    try:
        beside = ran(site, "raters", "add", "Ada")["invite"]
        assert beside.startswith("https://rate.example.org/siqa/join/")
    finally:
        site.stop()
    alone = ran(site, "raters", "invite", "Ada", command=command)["invite"]
    assert alone.startswith("https://rate.example.org/siqa/join/")


def test_ready_is_one_document_and_interrupt_ends_well(founded: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(founded, tmp_path / "study")
    process = subprocess.Popen(
        [sys.executable, "app.py", "--data", str(folder), "--json", "serve", "--port", "0"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["ready"].startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, err
    assert out == ""
    assert "Traceback" not in err
