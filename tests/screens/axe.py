"""Accessibility of a page, as axe-core sees it."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

__all__ = ["serious_faults"]

_WEIGHTY = {"serious", "critical"}


def serious_faults(page: Page) -> list[str]:
    """Return what axe calls serious or critical: the rule, what it asks for, the first element."""
    results = Axe().run(page)
    return [
        f"{found['id']}: {found['help']}: {found['nodes'][0]['html'][:120]}"
        for found in results.response["violations"]
        if found["impact"] in _WEIGHTY
    ]
