"""Images that are too large to be sent whole: opened quickly, every pixel there to be seen."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.screens.conftest import Site, Visitor, free_port

pytestmark = [pytest.mark.browser, pytest.mark.heavy]  # a large image is drawn and cut first

SIDE = 12_000


def large_picture() -> Image.Image:
    """Return 144 megapixels in which every place can be told from its neighbours."""
    y, x = np.ogrid[:SIDE, :SIDE]
    pixels = np.empty((SIDE, SIDE, 3), np.uint8)
    pixels[..., 0] = (x * 7) ^ (y // 3)
    pixels[..., 1] = x // 47 + 3 * (y % 5)
    pixels[..., 2] = y // 47 + 5 * (x % 3)
    return Image.fromarray(pixels)


@pytest.fixture(scope="module")
def picture():
    return large_picture()


@pytest.fixture(scope="module")
def large_site(picture, tmp_path_factory):
    room = tmp_path_factory.mktemp("large")
    (room / "images").mkdir()
    picture.save(room / "images" / "large.png", compress_level=1)
    site = Site(room / "study", port=free_port())
    site.command("study", "init", "--preset", "siqa")
    site.command("import", str(room / "images"))
    site.start()
    try:
        names = ["rater 1", "rater 2"]
        site.invites = {name: str(site.command("raters", "add", name)["invite"]) for name in names}
        yield site
    finally:
        site.stop()


def stage_pixels(page):
    """Return the lower left of the stage, where no minimap lies, and where it begins."""
    box = page.locator(".image").bounding_box()
    shot = Image.open(io.BytesIO(page.locator(".image").screenshot())).convert("RGB")
    left, top = 40, round(box["height"]) - 240
    return np.asarray(shot)[top : top + 200, left : left + 300], left, top, box


def places_seen(page, picture):
    """Return how far, in pixels, the stage is off the middle of the image, where it shows it."""
    seen, left, top, box = stage_pixels(page)
    # The middle of the image lies in the middle of the stage, to a pixel.
    x = SIDE // 2 - round(box["width"] / 2) + left
    y = SIDE // 2 - round(box["height"] / 2) + top
    around = np.asarray(picture.crop((x - 2, y - 2, x + 302, y + 202)))
    return [
        (dy - 2, dx - 2)
        for dy in range(5)
        for dx in range(5)
        if np.array_equal(seen, around[dy : dy + 200, dx : dx + 300])
    ]


def test_every_pixel_of_a_large_image_is_shown_and_little_is_sent(large_site, picture, browser):
    visitor = Visitor(large_site, browser)
    page = visitor.come_in()
    sent: list[int] = []
    page.on("response", lambda got: sent.append(int(got.headers.get("content-length", 0))))
    expect(page.locator(".scale")).to_contain_text(f"{SIDE} × {SIDE} px")
    turn = page.evaluate("() => fetch('/api/next').then((answer) => answer.json())")
    whole = visitor.site.url + turn["stimulus"]["image_url"]
    assert whole not in visitor.requests
    # Fitted: the coarse levels only.
    asked = {int(m[1]) for u in visitor.requests if (m := re.search(r"/tiles/512/(\d+)/", u))}
    assert asked <= {9, 10, 11}

    for smooth in (True, False):
        if not smooth:
            page.keyboard.press("p")
        page.keyboard.press("o")
        expect(page.locator(".scale")).to_contain_text("100 %")
        fits = places_seen(page, picture)
        for _ in range(100):  # tiles come in one by one
            if fits:
                break
            page.wait_for_timeout(150)
            fits = places_seen(page, picture)
        assert len(fits) == 1

    tiles = [u for u in visitor.requests if "/tiles/512/14/" in u]
    assert 4 <= len(tiles) < 40
    assert whole not in visitor.requests
    stranger = visitor.page()
    assert stranger.goto(tiles[0]).status == 401
    assert visitor.errors == []
    for opened in visitor.pages:
        opened.context.close()
