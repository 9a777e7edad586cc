"""The tab Model in real Chromium: scored by a command beside the server, read by the curator."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

PRIOR = Path(__file__).parents[2] / "pipelines/scoring/weights/prior-hand.safetensors"

pytestmark = [pytest.mark.browser, pytest.mark.heavy]  # a minute


def test_curator_reads_what_the_model_says(visitor):
    document = visitor.site.command("score", "--model", str(PRIOR))
    assert len(document["predictions"]) == 12 * 6
    page = visitor.come_in("curator", viewport={"width": 1280, "height": 900})
    page.get_by_role("tab", name="Model", exact=True).click()
    shown = page.locator("#model-page")
    expect(shown).to_contain_text("How well it predicts")
    expect(shown).to_contain_text("prior-hand.safetensors")
    expect(shown).to_contain_text("The queue is at random")
    expect(shown.locator("tr", has_text="Validity").first).to_contain_text("Not predictable yet")
    expect(page.locator("#model-points .js-plotly-plot")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
