"""The rating screen under fingers, on a tablet held upright."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.screens.test_rating import chosen, wait_done

pytestmark = pytest.mark.browser

TABLET = {"viewport": {"width": 820, "height": 1180}, "has_touch": True, "is_mobile": True}
IMAGE = ".image .openseadragon-canvas > div > div img"


def fingers(session: CDPSession, paths: list[list[tuple[float, float]]]) -> None:
    """Move fingers along paths of equal length, all together."""

    def send(kind: str, places: list[tuple[float, float]]) -> None:
        points = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", [path[0] for path in paths])
    for places in zip(*(path[1:] for path in paths), strict=True):
        send("touchMove", list(places))
    send("touchEnd", [])


def line(begin: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
    return [
        (begin[0] + (end[0] - begin[0]) * n / 8, begin[1] + (end[1] - begin[1]) * n / 8)
        for n in range(9)
    ]


def test_an_image_is_rated_by_fingers_alone(visitor):
    page = visitor.come_in(**TABLET)
    for group in page.get_by_role("radiogroup").all():
        group.get_by_role("radio", name="4 Good").tap()
    assert chosen(page) == ["4 Good"] * 4
    for button in [*page.locator(".level").all(), page.locator(".rating footer .go")]:
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 24  # WCAG 2.2, target size
    page.locator(".chip", has_text="scale bar").tap()
    expect(page.locator("textarea")).to_have_value("scale bar")
    page.locator(".rating footer .go").tap()
    wait_done(page, 1)
    page.get_by_role("button", name="Back").tap()
    expect(page.locator("textarea")).to_have_value("scale bar")
    assert chosen(page) == ["4 Good"] * 4


def place_of(page: Page) -> dict[str, float]:
    """Return where the image lies, once it lies still."""
    return page.evaluate(
        """(selector) => new Promise((done) => {
          let last = "";
          const look = () => {
            const { x, y, width } = document.querySelector(selector).getBoundingClientRect();
            const now = JSON.stringify({ x, y, width });
            if (now === last) return done(JSON.parse(now));
            last = now;
            setTimeout(look, 150);
          };
          look();
        })""",
        IMAGE,
    )


def test_two_fingers_zoom_one_moves(visitor):
    page = visitor.come_in(**TABLET)
    session = page.context.new_cdp_session(page)
    fitted = place_of(page)
    stage = page.locator(".image").bounding_box()
    x, y = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    fingers(session, [line((x - 20, y), (x - 140, y)), line((x + 20, y), (x + 140, y))])
    expect(page.locator(".image")).to_have_class(re.compile("zoomed"))
    zoomed = place_of(page)
    assert zoomed["width"] == pytest.approx(7 * fitted["width"], rel=0.15)
    fingers(session, [line((x, y), (x - 30, y))])
    moved = place_of(page)
    # At least as far as the finger; further where it was quick when it left.
    assert zoomed["x"] - 300 < moved["x"] < zoomed["x"] - 24
    page.locator(".tool").first.tap()
    expect(page.locator(".image")).not_to_have_class(re.compile("zoomed"))
    assert place_of(page) == pytest.approx(fitted, abs=1)
    assert page.evaluate("() => [visualViewport.scale, scrollX, scrollY]") == [1, 0, 0]
