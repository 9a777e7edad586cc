"""Figures with words, drawn for tests of the checks."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

__all__ = ["draw_plot", "draw_table"]


def draw_plot(path: Path, *, x_label: str, y_label: str, note: str = "") -> Path:
    """Draw a line with both axes."""
    figure, ax = plt.subplots(figsize=(4.2, 3.2), dpi=110)
    ax.plot([0, 20, 40, 60, 80], [1, 4, 9, 12, 19])
    ax.set_xlabel(x_label)
    ax.set_ylabel(y_label)
    ax.text(8, 16, note)
    return _written(figure, path)


def draw_table(path: Path, total: int) -> Path:
    """Draw two columns of numbers and a row of totals; the first is `total`, the second right."""
    figure, ax = plt.subplots(figsize=(3.6, 3), dpi=110)
    ax.axis("off")
    rows = [("Sample", "Mass", "Area"), ("S1", 31, 27), ("S2", 45, 58), ("S3", 62, 36),
            ("Total", total, 121)]  # fmt: skip
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            ax.text(0.1 + 0.36 * c, 0.9 - 0.2 * r, str(text), fontsize=12)
    return _written(figure, path)


def _written(figure: plt.Figure, path: Path) -> Path:
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)
    return path
