"""Endless rendered figures with drawn flaws, the same ones for the same numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from PIL import Image

from pipelines.scoring.figures.flaws import KINDS
from pipelines.scoring.figures.pixels import PIXEL_FLAWS, Spoiler
from pipelines.scoring.figures.rendering import FigureTruth, draw_flaws, render

__all__ = ["draw_figures"]


def draw_figures(
    start: int,
    stop: int,
    kinds: Sequence[str] = KINDS,
    rate: float = 0.55,
    ways: Mapping[str, Spoiler] = PIXEL_FLAWS,
) -> Iterator[tuple[Image.Image, FigureTruth]]:
    """Render figures number `start` up to `stop`, kinds in turn.

    Args:
        start: Number of the first figure; also its seed.
        stop: Number after the last figure.
        kinds: Kinds to draw.
        rate: Chance that a dimension has a flaw; a tenth of the figures has none at all.
        ways: How the flaws of the finished picture are done.
    """
    for number in range(start, stop):
        kind = kinds[number % len(kinds)]
        spotless = np.random.default_rng([number, 3]).random() < 0.1
        yield render(kind, number, [] if spotless else draw_flaws(kind, number, rate), ways)
