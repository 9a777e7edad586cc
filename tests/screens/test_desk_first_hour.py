"""A curator's first hour without a terminal, in real Chromium, on an empty study."""

from __future__ import annotations

import re
import zipfile

import pytest
from playwright.sync_api import expect

from tests.conftest import Site, found, invite_people, make_images
from tests.screens.conftest import PATIENCE_MS

pytestmark = pytest.mark.browser


@pytest.fixture
def empty_site(tmp_path):
    found(tmp_path / "study")
    site = Site(tmp_path / "study", invite_people(tmp_path / "study", {"Cura": "curator"}))
    site.start()
    yield site
    site.stop()


def tab(page, name):
    page.get_by_role("tab", name=name, exact=True).first.click()


def test_invite_upload_filter_rate_close_export(empty_site, browser, tmp_path):
    images = make_images(tmp_path / "images", 4)
    manifest = tmp_path / "about.csv"
    lines = [f"{path.name},{'physics' if i % 2 else 'biology'}" for i, path in enumerate(images)]
    manifest.write_text("file_name,discipline\n" + "\n".join(lines) + "\n", encoding="utf-8")
    outside, errors = [], []
    context = browser.new_context(viewport={"width": 1280, "height": 720}, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "request",
        lambda r: (
            None if r.url.startswith((empty_site.url, "data:", "blob:")) else outside.append(r.url)
        ),
    )
    page.goto(f"{empty_site.url}/join/{empty_site.tokens['Cura']}")
    page.locator("form button").click()
    expect(page.locator("#overview-page")).to_contain_text("No images yet")

    tab(page, "People")
    page.locator("#new-name textarea, #new-name input").fill("Ada Lovelace")
    page.get_by_role("button", name="Add", exact=True).click()
    link = page.locator("#links code")
    expect(link).to_contain_text(f"{empty_site.url}/join/")
    address = link.text_content()

    tab(page, "Add images")
    page.locator("#upload-images input[type=file]").set_input_files([str(p) for p in images])
    expect(page.locator("#upload-images")).to_contain_text("figure-003")
    page.locator("#upload-manifest input[type=file]").set_input_files(str(manifest))
    expect(page.locator("#upload-manifest")).to_contain_text("about")
    page.locator("#take-in").click()
    expect(page.locator("#import-job .tiles")).to_contain_text(
        re.compile("4\\s*added"), timeout=60_000
    )

    # What was uploaded lies nowhere but in the study.
    left = (one for one in (empty_site.folder / "tmp").rglob("*") if one.is_file())
    assert not [one for one in left if one.stat().st_size]

    rater = browser.new_context(locale="en-GB").new_page()
    rater.set_default_timeout(PATIENCE_MS)
    rater.goto(address)
    rater.locator("form button").click()
    rater.wait_for_selector(".dim")
    rater.wait_for_function("document.querySelector('.scale').textContent")
    for key in "2345":
        rater.keyboard.press(key)
    rater.keyboard.press("Enter")
    expect(rater.locator(".counted")).to_contain_text("1")

    tab(page, "Results")
    expect(page.locator("#mos-page .opener")).to_have_count(4)
    page.locator(".filter input").first.click()
    page.get_by_role("option", name="discipline: physics").click()
    expect(page.locator("#mos-page .opener")).to_have_count(2)
    page.get_by_role("tab", name="Histograms").click()
    expect(page.locator("#histograms svg.main-svg").first).to_be_visible()

    tab(page, "Overview")
    page.get_by_role("button", name="Close rating").click()
    page.get_by_role("button", name="Close rating", exact=True).click()
    expect(page.locator("#closing")).to_contain_text("Rating is closed")
    expect(page.locator("#closing details")).to_contain_text("Cura")
    rater.reload()
    expect(rater.locator("body")).to_contain_text("The curator has closed rating")

    tab(page, "Export")
    page.locator("#export-format input").click()
    page.get_by_role("option", name="csv").click()
    page.locator("#make-export").click()
    download = page.locator("#export-job a[download]")
    expect(download).to_be_visible(timeout=60_000)
    with page.expect_download() as waiting:
        download.click()
    waiting.value.save_as(tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        assert archive.testzip() is None
        (ratings,) = [name for name in archive.namelist() if name.endswith("/ratings.csv")]
        assert len(archive.read(ratings).splitlines()) == 5
    where = download.get_attribute("href")
    assert rater.request.get(empty_site.url + where).status == 403
    assert (outside, errors) == ([], [])
    context.close()
    rater.context.close()
