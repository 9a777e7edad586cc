"""Reviewing drafts by the keyboard alone, in real Chromium; two reviewers."""

from __future__ import annotations

import random
import re

import pytest
from PIL import Image
from playwright.sync_api import Expect

from annotator.commands.line import main
from annotator.store import open_study
from annotator.store.questions import drafts
from tests.conftest import Site, found, invite_people

pytestmark = pytest.mark.browser
N_IMAGES = 12
expect = Expect()
# Forty drafts one after the other, each a walk to the server, on machines busy with other things.
expect.set_options(timeout=60_000)
TEXT = "The legend is missing. <b>The labels</b> overlap. 图例缺失。"


def make_images(folder, n):
    """Write `n` pictures of chance: none is a near copy of another."""
    folder.mkdir()
    for number in range(n):
        tiles = Image.frombytes("L", (8, 8), random.Random(number).randbytes(64))
        tiles.resize((240, 180)).save(folder / f"figure-{number}.png")
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def drafted(tmp_path_factory):
    """A server on a study in which three raters rated and one spoke of every image; its drafts."""
    tmp_path = tmp_path_factory.mktemp("review")
    images = make_images(tmp_path / "images", N_IMAGES)
    folder = tmp_path / "study"
    found(folder, images)
    lines = [
        f"{image.name},{rater},{dimension},2,{TEXT if rater + dimension == 'annclarity' else ''}"
        for image in images
        for rater in ("ann", "bob", "eve")
        for dimension in ("validity", "completeness", "clarity", "conformity")
    ]
    table = tmp_path / "ratings.csv"
    table.write_text("stimulus,rater,dimension,score,feedback\n" + "\n".join(lines), "utf-8")
    tokens = invite_people(folder, {"Cura": "curator", "Noether": "curator"})
    for words in (("ratings", "import", str(table)), ("questions", "draft")):
        assert main(["--data", str(folder), *words]) == 0
    site = Site(folder, tokens)
    site.start()
    yield site
    site.stop()


def review(site, browser, name, locale="en-GB"):
    cookies = site.logged_in(name).cookies.jar
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale=locale)
    context.add_cookies([{"name": c.name, "value": c.value, "url": site.url} for c in cookies])
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(site.url + "/desk/")
    expect(page.locator("#overview-page .tiles")).to_be_visible()
    page.get_by_role("tab", name=re.compile("^(Review|审核)$")).first.click()
    return page


def shown(page):
    return page.locator("#review-draft textarea, #review-draft input")


def decide(page, keys, text=""):
    """Press keys, type a text and send it; wait for the next draft; return what was decided."""
    draft = shown(page).input_value()
    for key in keys:
        page.keyboard.press(key)
    if text:
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    expect(shown(page)).not_to_have_value(draft)
    return draft


def stored(site):
    """Return the drafts by name as they lie in the study beside the running server."""
    with open_study(site.folder) as study:
        return {item.draft.draft: item for item in drafts(study)}


def test_drafts_are_reviewed_by_the_keyboard_alone(drafted, browser):
    page = review(drafted, browser, "Cura")
    expect(page.locator("#review-page mark")).to_be_visible()
    expect(page.locator("#review-page .text")).to_contain_text("<b>The labels</b>")
    n, n_accepted = map(int, re.findall(r"\d+", page.locator("#review-page p").first.inner_text()))

    # Keys pressed before the next draft is there decide nothing about it.
    first = shown(page).input_value()
    page.evaluate(
        """() => [..."aaasn"].forEach((key) => document.body.dispatchEvent(
            new KeyboardEvent("keydown", { key, bubbles: true })))"""
    )
    left = f"{n - 1} to review · {n_accepted + 1} accepted"
    expect(page.locator("#review-page")).to_contain_text(left)
    edited = decide(page, ["e", "End"], " Really?")
    page.keyboard.press("r")
    page.keyboard.press("Enter")
    expect(page.locator("#review-said")).to_contain_text("Say why")
    page.keyboard.press("Escape")
    rejected = decide(page, "r", "cannot be seen")
    back = decide(page, "s", "ask about the axis")
    decide(page, "n")

    kept = stored(drafted)
    assert sum(item.state == "accepted" for item in kept.values()) == n_accepted + 2
    assert [r.verdict for r in kept[first].reviews] == ["accept"]
    assert kept[edited].draft.question.endswith("? Really?")
    assert [r.reason for r in kept[rejected].reviews] == ["cannot be seen"]
    assert [r.reason for r in kept[back].reviews] == ["ask about the axis"]
    page.context.close()


@pytest.mark.heavy
def test_the_rest_is_accepted_on_a_sample_and_a_second_reviewer_agrees(drafted, browser):
    page = review(drafted, browser, "Cura")
    expect(page.locator("#review-question")).to_be_visible()
    for verdict in ("a", "a", "r"):
        decide(page, verdict, "no" if verdict == "r" else "")
    page.get_by_role("button", name="Start a sample").click()
    expect(page.locator("#review-sample")).to_contain_text("A sample has begun")
    for _ in range(20):
        decide(page, "a")
    # Wilson, 0 of 20.
    expect(page.locator("#review-sample")).to_contain_text("0 of 20")
    expect(page.locator("#review-sample")).to_contain_text("0.0% to 16.1%")
    page.get_by_role("button", name="Accept the rest").click()
    expect(page.locator("#review-page")).to_contain_text("No draft is waiting.")
    kept = stored(drafted).values()
    assert "unreviewed" not in {item.state for item in kept}
    reasons = [item.reviews[0].reason for item in kept if item.reviews]
    assert any(reason.startswith("accepted unseen: 0 of 20") for reason in reasons)

    other = review(drafted, browser, "Noether", "zh-CN")
    other.get_by_label("第二意见").check()
    expect(other.locator("#review-question")).to_be_visible()
    expect(other.locator("#review-page table")).to_have_count(0)
    for verdict in ("a", "a", "r"):
        decide(other, verdict, "看不到" if verdict == "r" else "")
    # Both accepted two and rejected one.
    expect(other.locator("#review-sample")).to_contain_text("3 个草稿上 kappa 为 1.00")
    page.context.close()
    other.context.close()
