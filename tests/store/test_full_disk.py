"""A disk that is full: said in one line, nothing acknowledged lost, on it goes with room."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from annotator.drafts import Drafts
from annotator.store.check import table_differences
from schemas.errors import UserError
from schemas.facts import Setting
from schemas.layout import StudyFolder
from tests.conftest import Site, found, invite_people, make_images, run_command, submission
from tests.store.making import AT, everything, opened

PAGE = 4096


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)],
        capture_output=True, text=True, check=False,
    ) if shutil.which("mount") else None  # fmt: skip
    if mounted is None or mounted.returncode:
        pytest.skip("a small disk cannot be mounted here (no right to mount a tmpfs)")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path, *, leave: int = 0) -> Path:
    """Fill the disk but for `leave` pages; return the file that does it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * PAGE * 16)
        except OSError:
            pass
        try:
            while True:
                file.write(b"x" * PAGE)
        except OSError:
            pass
        file.truncate(file.tell() // PAGE * PAGE - leave * PAGE)
    return filler


def test_appends_on_a_full_disk(small_disk: Path) -> None:
    folder = StudyFolder(small_disk / "study")
    found(folder.root)
    acknowledged = 0
    with opened(folder) as store:
        filler = fill(small_disk, leave=2)
        errors = []
        for _ in range(60):
            try:
                store.append([Setting(AT, "n", str(acknowledged + 1)), Setting(AT, "x", "y" * 900)])
            except UserError as error:
                errors.append(error)
            else:
                acknowledged += 1
        assert errors
        assert {error.code for error in errors} == {"disk_full"}
        assert "make room" in errors[0].message
        filler.unlink()
        acknowledged += 1
        store.append([Setting(AT, "n", str(acknowledged)), Setting(AT, "x", "")])
        assert store.settings()["n"] == str(acknowledged)
        there = everything(store)
        assert not list(table_differences(store, *store.position()))
    with opened(folder) as store:
        assert everything(store) == there


def test_a_draft_on_a_full_disk(small_disk: Path) -> None:
    drafts = Drafts(small_disk / "drafts")
    drafts.save("a1", {"feedback": {"text": "before"}})
    filler = fill(small_disk)
    with pytest.raises(UserError) as error:
        drafts.save("a1", {"feedback": {"text": "x" * 5 * PAGE}})
    assert error.value.code == "disk_full"
    kept = drafts.load("a1")
    assert kept is not None
    assert kept.answers == {"feedback": {"text": "before"}}
    filler.unlink()
    drafts.save("a1", {"feedback": {"text": "after"}})
    assert [p.name for p in (small_disk / "drafts").iterdir()] == ["a1.json"]


def test_an_import_on_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    folder = StudyFolder(small_disk / "study")
    found(folder.root)
    images = tmp_path / "images"
    make_images(images, 6)
    filler = fill(small_disk, leave=4)
    failed = run_command("import", images, "--json", data=folder.root)
    assert failed.code == 1, failed.out
    assert failed.document["error"]["code"] in ("disk_full", "database_unusable"), failed.err
    assert "Traceback" not in failed.err
    filler.unlink()
    done = run_command("import", images, "--json", data=folder.root)
    assert done.code == 0, done.err
    assert done.document["added"] + len(done.document["duplicates"]) == 6
    checked = run_command("verify", "--json", data=folder.root)
    assert checked.code == 0, checked.err
    assert checked.document["images"] == 6


def test_submissions_on_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    folder = small_disk / "study"
    found(folder, make_images(tmp_path / "images", 8))
    names = {f"Rater {n}": "rater" for n in range(4)}
    site = Site(folder, invite_people(folder, names))
    site.start()
    try:
        browsers = {name: site.logged_in(name) for name in names}
        accepted = {name: set[str]() for name in names}
        for name, browser in browsers.items():
            _rate(browser, f"{name} before", accepted[name])
        filler = fill(small_disk)
        refusals = [
            answer
            for n in range(12)
            for name, browser in browsers.items()
            if (answer := _rate(browser, f"{name} {n}", accepted[name], "x" * 900)) is not None
        ]
        assert {answer.status_code for answer in refusals} == {507}
        assert refusals[0].json()["error"]["code"] in ("disk_full", "index_unwritable")
        draft = browsers["Rater 0"].put(
            "/api/drafts/a0", json={"answers": {"feedback": {"text": "x" * 9 * PAGE}}}
        )
        assert draft.status_code in (404, 507)
        filler.unlink()
        for name, browser in browsers.items():
            for n in range(12, 20):
                _rate(browser, f"{name} {n}", accepted[name])
            turn = browser.get("/api/next").json()
            assert turn["reason"] == "all_rated", turn
            assert turn["progress"]["done"] == len(accepted[name]) == 8
            browser.close()
    finally:
        site.stop()
    with opened(StudyFolder(folder)) as store:
        rows = store.submissions().to_pylist()
        assert {row["submission"] for row in rows} == set().union(*accepted.values())
        assert len(rows) == len({(row["rater"], row["stimulus"]) for row in rows}) == 32
        assert not list(table_differences(store, *store.position()))


def _rate(
    browser: httpx.Client, client_id: str, accepted: set[str], text: str = ""
) -> httpx.Response | None:
    """Rate once; note the acknowledged submission, or return the refusal."""
    turn = browser.get("/api/next")
    if not turn.is_success:
        return turn
    if "done" in turn.json():
        return None
    answer = browser.post("/api/submissions", json=submission(turn.json(), client_id, text))
    if answer.is_success:
        accepted.add(answer.json()["submission_id"])
        return None
    return answer
