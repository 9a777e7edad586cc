"""Names of genes beside points."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.sizes import em_pixels

__all__ = ["name_genes"]

_GENES = (
    "TP53", "MYC", "EGFR", "FOXP3", "IL6", "CXCL8", "HBA1", "GATA3", "SOX2", "CDH1", "VIM", "FN1",
    "STAT1", "IRF7", "COL1A1", "MMP9", "APOE", "PCSK9", "FTO", "TCF7L2", "LDLR", "BRCA2", "HLA-A",
)  # fmt: skip


def name_genes(sheet: Sheet, ax: Any, points: Any, order: Any, n_names: int) -> None:
    """Write the names of genes at those of the points, in this order, that leave room."""
    em = 0.8 * em_pixels(sheet)
    pixels, frame = ax.transData.transform(points), ax.get_window_extent()
    genes, boxes = sheet.rng.permutation(_GENES), list[Any]()
    ends = [line.get_transform().transform(line.get_xydata())
            for line in ax.lines if len(line.get_xdata()) == 2]  # fmt: skip
    taken = np.concatenate([pixels, *(np.linspace(a, b, 90) for a, b in ends)])
    for i in order:
        if len(boxes) == n_names:
            break
        gene = str(genes[len(boxes)])
        size = np.array((0.72 * len(gene), 1.1)) * em
        # Above, to the right, to the left: where the text starts, and how far from the point.
        for start, away, ha in ((-0.5, 0.0, "center"), (0.0, 0.5, "left"), (-1.0, -0.5, "right")):
            rise = 0.4 * em if ha == "center" else -0.5 * size[1]
            low = pixels[i] + np.array((start * size[0] + (away - 0.15) * em, rise))
            high = low + size + np.array((0.3 * em, 0.0))
            is_inside = (low > frame.min + 2).all() and (high < frame.max - 2).all()
            is_free = not ((taken > low) & (taken < high)).all(axis=1).any()
            if (is_free or sheet.has("overplotting")) and is_inside and not any(
                (low < b).all() and (high > a).all() for a, b in boxes):  # fmt: skip
                boxes.append((low, high))
                shift = np.array((away, 0.4 if ha == "center" else 0)) * em * 72 / sheet.style.dpi
                ax.annotate(gene, points[i], tuple(shift), textcoords="offset points", ha=ha,
                            va="bottom" if ha == "center" else "center", zorder=4,
                            **{"fontstyle": "italic"} | sheet.font(0.8))  # fmt: skip
                break
