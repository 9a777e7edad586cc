"""The next image is in view at once; nothing is answered there before the last one is safe."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.screens.test_rating import chosen, next_of, press, wait_done

pytestmark = pytest.mark.browser

SUBMISSIONS = "**/api/submissions"
PICTURE = ".image .openseadragon-canvas > div > div img"


class Hold:
    """Keeps submissions from the server, in the order in which they left the page."""

    def __init__(self, page: Page) -> None:
        self.routes: list[Route] = []
        self.is_open = False
        page.route(SUBMISSIONS, self.take)

    def take(self, route: Route) -> None:
        if self.is_open:
            route.continue_()
        else:
            self.routes.append(route)

    def release(self) -> None:
        self.is_open = True
        for route in self.routes:
            route.continue_()


def submit(page: Page, scores: str) -> tuple[str, str]:
    """Rate and submit; return the addresses of the image and of the next, when that is in view."""
    turn = next_of(page)
    this, coming = turn["stimulus"]["image_url"], turn["upcoming"]["image_url"]
    expect(page.locator(".image")).to_have_attribute("data-ready", coming)
    press(page, scores)
    page.keyboard.press("Enter")
    expect(page.locator(PICTURE).first).to_have_attribute("src", coming)
    return this, coming


def test_next_image_is_looked_at_while_the_submission_is_on_its_way(visitor):
    page = visitor.come_in()
    held = Hold(page)
    submit(page, "4444")
    expect(page.locator(".counted")).to_have_text("0 of 12")
    assert chosen(page) == []
    assert page.locator(".steps").evaluate("(steps) => steps.inert")
    # An Enter that bounced is none; ratings and the Enter after them wait for their turn.
    page.keyboard.press("Enter")
    press(page, "3512")
    page.keyboard.press("Enter")
    assert len(held.routes) == 1
    held.release()
    wait_done(page, 2)
    page.keyboard.press("b")
    expect(page.locator(".sitting")).to_have_text("Correcting an earlier rating")
    assert chosen(page) == ["3 Fair", "5 Excellent", "1 Bad", "2 Poor"]
    page.keyboard.press("b")
    expect(page.get_by_role("radio", name="4 Good", checked=True)).to_have_count(4)


def test_refused_submission_brings_image_ratings_and_words_back(visitor):
    page = visitor.come_in()
    held = Hold(page)
    page.locator("textarea").fill("kept words")
    page.locator("textarea").press("Escape")
    this, _ = submit(page, "4235")
    expect(page.locator("textarea")).to_have_value("")
    press(page, "55")
    refusal = {"error": {"code": "text_too_long", "message": "Too long; shorten it."}}
    held.routes[0].fulfill(status=413, json=refusal)
    expect(page.locator(".problem")).to_have_text("Too long; shorten it.")
    expect(page.locator(PICTURE).first).to_have_attribute("src", this)
    expect(page.locator("textarea")).to_have_value("kept words")
    assert chosen(page) == ["4 Good", "2 Poor", "3 Fair", "5 Excellent"]
    page.reload()
    expect(page.locator("textarea")).to_have_value("kept words")
    assert chosen(page) == ["4 Good", "2 Poor", "3 Fair", "5 Excellent"]


def test_reload_before_the_answer_loses_nothing(visitor):
    page = visitor.come_in()
    held = Hold(page)
    submit(page, "4235")
    assert len(held.routes) == 1
    page.unroute(SUBMISSIONS)
    page.reload()
    wait_done(page, 1)
    assert chosen(page) == []
    page.keyboard.press("b")
    expect(page.locator(".sitting")).to_have_text("Correcting an earlier rating")
    assert chosen(page) == ["4 Good", "2 Poor", "3 Fair", "5 Excellent"]


def test_another_image_than_expected_gets_no_ratings_of_the_first(visitor):
    page = visitor.come_in()
    held = Hold(page)
    this, _ = submit(page, "4444")
    press(page, "55")
    answer = held.routes[0].fetch().json()
    # As when others have taken the reserved image meanwhile.
    answer["next"]["stimulus"]["image_url"] = this
    held.routes[0].fulfill(json=answer)
    wait_done(page, 1)
    expect(page.locator(PICTURE).first).to_have_attribute("src", this)
    assert chosen(page) == []
