"""Making a study from the desk and going over to it, in real Chromium and as plain functions."""

from __future__ import annotations

import signal

import pytest
from playwright.sync_api import expect

from annotator.changing import Change, opened_last
from annotator.desk.siblings import NewStudy, Siblings
from annotator.store import Store
from annotator.store.access import load_study, open_study
from schemas.errors import UserError
from schemas.layout import StudyFolder
from tests.conftest import Site, found, invite_people, make_images

GOOD = NewStudy("Figures of 2026", "", "siqa", "zh", 5)


@pytest.fixture
def siblings(tmp_path):
    found(tmp_path / "study")
    folder = StudyFolder(tmp_path / "study")
    asked = []
    with Store(folder, load_study(folder)) as store:
        yield Siblings(store, asked.append)


def test_study_is_made_from_the_preset_with_its_curator(siblings, tmp_path):
    assert siblings.found(GOOD, "Cura") == "figures-of-2026"
    folder = StudyFolder(tmp_path / "figures-of-2026")
    study = load_study(folder)
    assert (study.title, study.name, study.language) == (GOOD.title, "figures-of-2026", "zh")
    assert study.queue.raters_per_stimulus == 5
    assert "# " in folder.study_file.read_text(encoding="utf-8")
    with open_study(folder.root) as store:
        assert [(row["rater"], row["role"]) for row in store.raters()] == [("Cura", "curator")]
    assert [(one.folder, one.is_served) for one in siblings.studies()] == [
        ("figures-of-2026", False),
        ("study", True),
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": "  "}, "no_title"),
        ({"folder": "../out"}, "invalid_folder"),
        ({"folder": ".hidden"}, "invalid_folder"),
        ({"title": "图像"}, "invalid_folder"),
        ({"folder": "study"}, "study_exists"),
        ({"raters_per_stimulus": None}, "invalid_number"),
        ({"raters_per_stimulus": 0}, "invalid_number"),
        ({"language": "xx"}, "invalid_language"),
        ({"preset": "nothing"}, "unknown_preset"),
    ],
)
def test_form_with_a_fault_makes_nothing(siblings, tmp_path, changes, code):
    fields = {name: getattr(GOOD, name) for name in GOOD.__dataclass_fields__} | changes
    with pytest.raises(UserError) as caught:
        siblings.found(NewStudy(**fields), "Cura")
    assert caught.value.code == code
    assert [path.name for path in tmp_path.iterdir()] == ["study"]


def test_only_its_curators_open_a_study(siblings, tmp_path):
    siblings.found(GOOD, "Cura")
    with pytest.raises(UserError, match="no curator"):
        siblings.open("figures-of-2026", "Somebody")
    for folder in ("study", "none", "../x"):
        with pytest.raises(UserError):
            siblings.open(folder, "Cura")
    assert siblings.open("figures-of-2026", "Cura").startswith("/join/")


def test_last_study_is_remembered_and_a_missing_one_forgotten(tmp_path):
    for name in ("study", "other"):
        found(tmp_path / name)
    start, other = StudyFolder(tmp_path / "study"), StudyFolder(tmp_path / "other")
    opened = []
    change = Change(start, start, remembers=True)
    assert change.next_store(print, lambda folder, study: opened.append(folder.root)) is None
    change.ask(other.root)
    change.next_store(print, lambda folder, study: opened.append(folder.root))
    assert (opened, opened_last(start)) == ([other.root], other)
    other.study_file.unlink()
    assert opened_last(start) == start
    start.opens.write_text("../../etc", encoding="utf-8")
    assert opened_last(start) == start


@pytest.mark.browser
def test_curator_makes_a_study_goes_over_and_comes_back(browser, tmp_path):
    found(tmp_path / "study", make_images(tmp_path / "images", 2))
    tokens = invite_people(tmp_path / "study", {"Cura": "curator"})
    site = Site(tmp_path / "study", tokens)
    site.start()
    try:
        page = browser.new_context(locale="en-GB").new_page()
        page.goto(f"{site.url}/join/{tokens['Cura']}")
        page.locator("form button").click()
        page.get_by_role("tab", name="Studies", exact=True).first.click()
        page.locator("#study-title textarea, #study-title input").fill("My figures")
        page.locator("#study-folder textarea, #study-folder input").fill("../up")
        page.locator("#make-study").click()
        expect(page.locator("#study-said")).to_contain_text("cannot be the name of a folder")
        page.locator("#study-folder textarea, #study-folder input").fill("")
        page.locator("#make-study").click()
        page.wait_for_url("**/join/**", timeout=60_000)
        expect(page.locator("h1")).to_have_text("My figures")
        page.locator("form button").click()
        expect(page.locator("#overview-page")).to_contain_text("No images yet", timeout=30_000)
        page.locator("#overview-page").get_by_role("button", name="Add images").click()
        expect(page.locator("#take-in")).to_be_visible()
        page.get_by_role("tab", name="Studies", exact=True).first.click()
        row = page.locator("#studies-page tr", has_text="Scientific image quality")
        row.get_by_role("button").click()
        expect(page.locator("[data-goes-to]")).to_be_visible()
        page.wait_for_url("**/join/**", timeout=60_000)
        page.locator("form button").click()
        expect(page.locator("#overview-page .tiles")).to_contain_text(
            "of 18 wanted", timeout=30_000
        )
        page.context.close()
    finally:
        took = site.stop(signal.SIGTERM)
    assert took < 20
    assert not StudyFolder(tmp_path / "my-figures").server.exists()
    assert StudyFolder(tmp_path / "my-figures").study_file.exists()
