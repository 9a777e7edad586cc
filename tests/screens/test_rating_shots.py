"""Every page a rater meets, at three sizes: looks as it did, and axe has nothing serious."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.screens.axe import serious_faults
from tests.screens.shots import SIZES, compare

pytestmark = [pytest.mark.browser, pytest.mark.heavy]

# In this order: dialogs, answers and the lost connection come without loading the page again.
PAGES = ["large", "keys", "skip", "filled", "offline", "small", "tall", "broken", "done", "closed"]
LOOKS = {"en": ("light", PAGES), "zh": ("dark", ["large", "keys", "skip", "filled", "closed"])}
RATING = {
    "header": ".rating header",
    "image": ".image",
    "picture": ".image .openseadragon-canvas > div > div img",
    "levels": ".level",
    "rubric": ".rubric",
    "text": "textarea",
    "tools": ".tools",
    "buttons": ".rating footer button",
}
PAGE = {"header": ".rating header", "page": ".rating .page", "buttons": ".rating .page button"}
DIALOG = {"dialog": "dialog", "image": ".image"}
CARD = {"card": ".card", "heading": ".card h1"}
# Painted over: who and how much differs with the order of the tests.
CHANGING = [".rating .rater", ".rating .counted", ".rating .sitting", ".rating .bar"]
SHAPES = {"large": (1640, 1102), "small": (300, 200), "tall": (640, 2400)}
FORGET = """() => Object.keys(localStorage).filter((key) => /draft|outbox/.test(key))
  .forEach((key) => localStorage.removeItem(key))"""
FAREWELLS = {
    "done": {"done": True, "reason": "all_rated", "message": "You have seen every image."},
    "closed": {
        "done": True,
        "reason": "study_closed",
        "message": "The curator has closed rating.",
        "can_undo": False,
    },
}


def open_with(page: Page, name: str) -> None:
    """Load the page with a picture of this name in hand, and nothing answered."""
    size = SHAPES[name]
    page.unroute_all()
    page.route("**/api/next", lambda route: route.fulfill(json=turn_of(page, size)))
    page.evaluate(FORGET)
    page.reload()
    expect(page.locator(".scale")).to_contain_text(f"{size[0]} × {size[1]}")
    expect(page.locator(".rating")).not_to_have_class(re.compile("busy"))


def turn_of(page: Page, size: tuple[int, int]) -> dict:
    """Return the rater's turn with a picture of another size in its place."""
    turn: dict = page.request.get("/api/next").json()
    turn["stimulus"] |= {"width": size[0], "height": size[1], "image_url": f"/drawn/{size[0]}"}
    turn["upcoming"] = None
    turn["draft"] = {}
    return turn


def rest(page: Page, name: str) -> None:
    page.unroute_all()
    page.route("**/api/next", lambda route: route.fulfill(json=FAREWELLS[name]))
    page.reload()
    expect(page.locator(".rating .page h1")).to_be_visible()


def show(page: Page, name: str) -> dict[str, str]:
    """Go on to a state of the rating screen; return the boxes that matter there."""
    if name in FAREWELLS:
        rest(page, name)
        return PAGE
    if name in SHAPES:
        open_with(page, name)
    elif name in ("keys", "skip"):
        page.keyboard.press({"keys": "?", "skip": "s"}[name])
        expect(page.locator("dialog")).to_be_visible()
        return DIALOG
    elif name == "filled":
        for key in "4235":
            page.keyboard.press(key)
        page.locator("textarea").fill("The temperature axis has no unit. 误差棒没有说明。")
        expect(page.locator(".state")).to_have_class("state saved")
    elif name == "offline":
        page.route("**/api/submissions", lambda route: route.abort())
        page.keyboard.press("Control+Enter")
        expect(page.locator(".notice")).to_be_visible()
        return RATING | {"notice": ".notice"}
    elif name == "broken":
        page.context.route("**/drawn/*", lambda route: route.fulfill(status=404, json={}))
        page.reload()
        expect(page.locator(".notice")).to_be_visible()
        return {label: RATING[label] for label in RATING if label != "picture"} | {
            "notice": ".notice"
        }
    return RATING


def leave(page: Page, name: str) -> None:
    """Take back what would stand in the way of the next state."""
    if name in ("keys", "skip"):
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)
    if name == "broken":
        page.context.unroute("**/drawn/*")
        draw(page)


def draw(page: Page) -> None:
    """Have the pictures drawn by the browser itself, the same wherever the tests run."""
    sizes = {str(size[0]): size for size in SHAPES.values()}

    def fulfil(route):
        width, height = sizes[route.request.url.rsplit("/", 1)[1]]
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}"><rect width="100%" height="100%" fill="#fff"/>'
            f'<path d="M0 {height} L{width * 0.4} {height * 0.4} L{width} {height * 0.1}" '
            'fill="none" stroke="#1f77b4" stroke-width="2%"/></svg>'
        )
        route.fulfill(body=svg, content_type="image/svg+xml")

    page.context.route("**/drawn/*", fulfil)


@pytest.mark.parametrize("size", SIZES)
def test_rating_pages_look_as_they_did(visitor, size):
    width, height = SIZES[size]
    page = visitor.come_in(
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
        base_url=visitor.site.url,
    )
    draw(page)
    for language, (theme, names) in LOOKS.items():
        page.evaluate(
            "([language, theme]) => { localStorage.setItem('siqa.language', language);"
            " localStorage.setItem('siqa.theme', theme); }",
            [language, theme],
        )
        for name in names:
            boxes = show(page, name)
            compare(page, f"{name}-{language}-{size}", boxes, hide=CHANGING)
            if size == "1280x720":
                assert serious_faults(page) == [], f"{name} {language} {theme}"
            leave(page, name)


@pytest.mark.parametrize("size", SIZES)
def test_plain_pages_look_as_they_did(visitor, size):
    width, height = SIZES[size]
    token = visitor.site.invites[next(n for n in visitor.site.invites if n.startswith("rater"))]
    addresses = {"join": token, "error": visitor.site.url + "/join/none", "start": visitor.site.url}
    for locale, theme in (("en-GB", "light"), ("zh-CN", "dark")):
        page = visitor.page(
            viewport={"width": width, "height": height}, locale=locale, color_scheme=theme
        )
        for name, address in addresses.items():
            page.goto(address)
            compare(page, f"{name}-{locale[:2]}-{size}", CARD, hide=[".card b"])
            assert serious_faults(page) == [], f"{name} {locale} {theme}"
