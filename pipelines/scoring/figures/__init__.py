"""Scientific figures with known flaws, rendered for training, tests and the demo.

The table of flaws and the simulated panel need nothing; `render` loads matplotlib, which only
`requirements-render.txt` brings.
"""

from pipelines.scoring.figures.flaws import DIMENSIONS, FLAWS, KINDS, quality_of
from pipelines.scoring.figures.panel import Panel, simulate_panel
from pipelines.scoring.figures.rendering import FigureTruth, draw_flaws, render

__all__ = [
    "DIMENSIONS", "FLAWS", "KINDS", "FigureTruth", "Panel", "draw_flaws", "quality_of", "render",
    "simulate_panel",
]  # fmt: skip
