"""From a submit to the next image decoded and in view, timed inside the page by its own clock."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import BrowserContext, Page

__all__ = ["Eye"]

_PROBE = """(() => {
  const { image, button, busy } = CHOICE;
  const now = () => performance.timeOrigin + performance.now();
  const shown = () => document.querySelector(image);
  // A submit may load the page anew: what is being timed is kept beyond that.
  const note = (value) => sessionStorage.setItem("eye", JSON.stringify(value));
  const noted = () => JSON.parse(sessionStorage.getItem("eye"));
  const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
  const look = async () => {
    const timed = noted();
    if (!timed || timed.seen) return;
    const isNew = () => shown() && shown().src !== timed.old
      && shown().complete && shown().naturalWidth;
    while (!isNew()) await frame();
    await shown().decode();
    await frame();
    const seen = now() - timed.begun;
    while (busy && document.querySelector(busy)) await frame();
    note({ seen, ready: now() - timed.begun });
  };
  const begin = () => {
    note({ begun: now(), old: shown()?.src });
    look();
  };
  addEventListener("keydown", (press) => !button && press.key === "Enter" && begin(), true);
  addEventListener("click", ({ target }) => button && target.closest(button) && begin(), true);
  addEventListener("DOMContentLoaded", look);
})()"""


class Eye:
    """Watches pages of one context.

    Each time runs from the event of the submit (a press of Enter, or a click on `button`) to the
    frame after the one in which another image is in the document and decoded (`seen`), and on to
    the frame in which nothing matches `busy` any more (`ready`), in milliseconds.
    """

    def __init__(
        self, context: BrowserContext, image: str, button: str = "", busy: str = ""
    ) -> None:
        """Watch from the next page that is loaded; all arguments after the first are selectors."""
        choice = json.dumps({"image": image, "button": button, "busy": busy})
        context.add_init_script(_PROBE.replace("CHOICE", choice))

    def took(self, page: Page) -> dict[str, Any]:
        """Return the times of the last submit, and forget them."""
        page.wait_for_function(
            "JSON.parse(sessionStorage.getItem('eye') ?? '{}')?.ready", polling=50
        )
        times: dict[str, Any] = page.evaluate("JSON.parse(sessionStorage.getItem('eye'))")
        page.evaluate("sessionStorage.removeItem('eye')")
        return times
