"""An image in, findings out: what a worker process does with a batch of files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from pipelines.scoring.checks.axis_checks import check_axes
from pipelines.scoring.checks.findings import Finding
from pipelines.scoring.checks.page import Page
from pipelines.scoring.checks.reading import Reader
from pipelines.scoring.checks.text_checks import check_texts

__all__ = ["CHECKS_VERSION", "Checker", "check_page"]

CHECKS_VERSION = "1"
"""Raised when the reader or a check changes what it says; images are then read anew."""


def check_page(page: Page) -> list[Finding]:
    """Return what is wrong with what was read, surest first."""
    size = page.width, page.height
    found = [replace(one, size=size) for one in (*check_axes(page), *check_texts(page))]
    return sorted(found, key=lambda one: (-one.sureness, one.check, one.box))


class Checker:
    """Reads and checks files; it pickles, and each process loads the models at the first one."""

    def __init__(self) -> None:
        """Load nothing yet."""
        self._reader = Reader()

    def __call__(self, paths: Sequence[str]) -> list[list[Finding]]:
        """Return the findings of each file; none for one that cannot be read as an image."""
        return [self._check(Path(path)) for path in paths]

    def _check(self, path: Path) -> list[Finding]:
        try:
            with Image.open(path) as image:
                page = self._reader.read(image)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return []
        return check_page(page)
