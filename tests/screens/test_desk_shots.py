"""Every page of the desk at three sizes, light and dark: as it looked, and what axe says."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.conftest import Site, found, invite_people, make_images, submission
from tests.screens.axe import serious_faults
from tests.screens.conftest import PATIENCE_MS
from tests.screens.shots import SIZES, compare

pytestmark = [pytest.mark.browser, pytest.mark.heavy]

TABS = (
    "overview", "progress", "results", "methods", "agreement", "figures", "stimulus", "rater",
    "review", "people", "images", "export", "studies",
)  # fmt: skip
KEPT = [name for name in TABS if name not in ("export", "review")]
"""Tabs whose looks are kept; the others say more of the day than of the page."""
READY = {
    "overview": "#overview-page .tiles",
    "progress": "#pace svg.main-svg",
    "results": "#mos-page .opener",
    "methods": "#runs-page table",
    "agreement": "#agreement-page .empty",
    "figures": "#figure-more svg.main-svg",
    "stimulus": "#stimulus-name",
    "rater": "#use-of-scale svg.main-svg",
    "review": "#review-page .empty",
    "people": "#people-page table",
    "images": "#take-in",
    "export": "#make-export",
    "studies": "#studies-page table",
}
"""What a tab shows once it is there."""
COMPUTED = {"results": "#mos-page .number small", "rater": "#rater-page .readings"}
"""What a busy machine shows a moment later."""
HIDE = (
    "#desk time",
    ".siqa.desk time",
    "#studies-page",
    "#rater-given table",
    "#figures-said",
    ".js-plotly-plot .xtick",
)
BOXES = {"head": ".desk-head", "tabs": "[role=tablist]"}


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    """A study with ratings, long names and a curator."""
    base = tmp_path_factory.mktemp("rated")
    images = make_images(base / "images", 7)
    images.append(images[0].with_name("long-" + "name-of-a-figure-" * 11 + ".png"))
    images[-1].write_bytes(images[0].read_bytes() + b"\0")
    found(base / "study", images)
    people = {f"Rater {n}": "rater" for n in range(3)} | {"R" * 190: "rater", "Cura": "curator"}
    site = Site(base / "study", invite_people(base / "study", people))
    site.start()
    for number in range(3):
        with site.logged_in(f"Rater {number}") as rater:
            turn = rater.get("/api/next").json()
            for n in range(8):
                # By image and rater, not by the order, which is another in every study.
                score = 1 + int(turn["stimulus"]["id"][-1], 16) % 3 + number
                body = submission(turn, f"c{number}{n}", validity=score)
                turn = rater.post("/api/submissions", json=body).json()["next"]
    yield site
    site.stop()


def come_in(site, browser, **options):
    cookies = [
        {"name": one.name, "value": one.value, "url": site.url}
        for one in site.logged_in("Cura").cookies.jar
    ]
    context = browser.new_context(locale="en-GB", reduced_motion="reduce", **options)
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(site.url + "/desk/")
    expect(page.locator("#overview-page .tiles")).to_be_visible()
    return page


def open_tab(page, name):
    button = page.locator(f'button[role="tab"][data-tab-id="{name}"]:visible').first
    if not button.count():
        words = page.evaluate("() => fetch('/static/desk_words.json').then((a) => a.json())")
        label = words["en"]["tab_image" if name == "stimulus" else f"tab_{name}"]
        page.locator(".overflow-menu > button").first.click()
        button = page.locator(".overflow-dropdown button", has_text=re.compile(f"^\\s*{label}"))
    button.first.click()
    expect(page.locator(READY[name]).first).to_be_visible()
    if name in COMPUTED:
        expect(page.locator(COMPUTED[name]).first).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_pages_look_as_they_did_and_are_accessible(rated, browser, size):
    width, height = SIZES[size]
    page = come_in(rated, browser, viewport={"width": width, "height": height})
    faults = {}
    for name in TABS:
        open_tab(page, name)
        if name in KEPT:
            compare(page, f"desk-{name}-{size}", BOXES | {"tab": READY[name]}, hide=HIDE)
        if size == "1280x720" and name in ("overview", "results", "figures", "people", "studies"):
            faults[name] = serious_faults(page)
    page.context.close()
    assert {name: found for name, found in faults.items() if found} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible(rated, browser, scheme):
    page = come_in(rated, browser, color_scheme=scheme, viewport={"width": 1280, "height": 900})
    faults = {}
    for name in TABS:
        open_tab(page, name)
        faults[name] = serious_faults(page)
    page.context.close()
    assert {name: found for name, found in faults.items() if found} == {}
