"""Kind of figure of clusters: matrices in colours between the trees of rows and columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.axes_flaws import decorate
from pipelines.scoring.figures.captions import corner_letter
from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.sizes import paper_ems
from pipelines.scoring.figures.topics import SPECIES

__all__ = ["clustermap"]

_GENES = ("Tp53", "Myc", "Egfr", "Akt1", "Kras", "Brca1", "Jun", "Fos", "Stat3", "Cdk2", "Rb1",
          "Mdm2", "Atm", "Src", "Vegfa", "Il6", "Tnf", "Sox2", "Gata3", "Nanog")  # fmt: skip
_ACIDS = ("Alanine", "Glycine", "Serine", "Valine", "Leucine", "Proline", "Lysine", "Citrate",
          "Malate", "Lactate", "Glucose", "Urea", "Choline", "Taurine")  # fmt: skip
_CLUSTERED: tuple[tuple[Any, Any, str, tuple[float, float]], ...] = (
    (_GENES, [f"{group}{k}" for group in ("WT", "KO", "R") for k in range(1, 7)],
     "Expression (z-score)", (-2, 2)),
    (_GENES, [f"{n} h" for n in (0, 1, 2, 4, 6, 8, 12, 16, 20, 24, 36, 48, 60, 72)],
     "Change (log₂)", (-2, 2)),
    (SPECIES, [f"Site {k}" for k in range(1, 17)], "Reads (log₁₀)", (0, 4)),
    (_ACIDS, [f"P{k:02}" for k in range(1, 19)], "Level (z-score)", (-2, 2)),
    ([f"Oil {k}" for k in range(1, 21)], [str(n) for n in range(600, 1800, 75)],
     "Absorbance", (0, 1)),
)  # fmt: skip
"""Names of rows and columns, of what the colours mean, and its range."""


def clustermap(sheet: Sheet) -> None:
    """Matrix in colours, its rows and columns in the order of their trees."""
    rng, (wide, high) = sheet.rng, paper_ems(sheet)
    names, heads, what, (low, top) = sheet.pick(_CLUSTERED)
    trees, has_text = sheet.pick(("both", "both", "rows", "columns")), rng.random() < 0.4
    is_below = bool(rng.random() < 0.4) and high > 22
    left, right, above, below = _margins(sheet, (names, heads), trees, is_below)
    width, height = wide - left - right, high - above - below
    n_rows = min(len(names), max(5, int(height / rng.uniform(1.0, 1.5))))
    n_columns = min(len(heads), max(4, int(width / rng.uniform(1.0, 1.5))))
    # All are drawn and some shown, so that less room changes nothing else.
    means = rng.normal(0, 0.8, (4, 3))[rng.integers(0, 4, (24, 1)), rng.integers(0, 3, 20)]
    values = np.clip((means + rng.normal(0, 0.3, (24, 20))) / 4 + 0.5, 0, 1)[:n_rows, :n_columns]
    box = np.array((left, below, width, height)) / (wide, high, wide, high)
    side = (box[0] - 0.1, box[1], 0.1, box[3]) if trees != "columns" else None
    roof = (box[0], box[1] + box[3], box[2], 0.12) if trees != "rows" else None
    rows, columns = _clades(sheet, values, False, side), _clades(sheet, values.T, True, roof)
    ax = sheet.figure.add_axes(tuple(box))
    shown = (rng.permutation(names)[:n_rows][rows], rng.permutation(heads)[:n_columns][columns])
    usual = sheet.pick(("RdBu_r", "coolwarm", "PuOr_r")) if low < 0 else sheet.style.colour_map
    lines = {"edgecolors": sheet.style.panel, "linewidth": 0.6} if rng.random() < 0.3 else {}
    _measure(sheet, has_text)
    mappable = ax.pcolormesh(
        low + (top - low) * values[rows][:, columns], vmin=low, vmax=top,
        cmap=sheet.colour_map if sheet.has("rainbow_colour_map") else usual, **lines,
    )  # fmt: skip
    ax.set_ylim(n_rows, 0)
    _margin_names(sheet, ax, shown, height / n_rows)
    _colour_key(sheet, mappable, what, (0.1 * width + left, 3.7, 0.8 * width, 0.7) if is_below else
                (wide - 4.9, below + 0.1 * height, 0.9, 0.8 * height))  # fmt: skip
    corner_letter(sheet)
    decorate(sheet, ax)


def _margins(
    sheet: Sheet, names: tuple[Any, Any], trees: str, is_below: bool
) -> tuple[float, float, float, float]:
    """Return room left, right, above and below the matrix in sizes of the font."""
    wide, high = paper_ems(sheet)
    letter = 0.0 if sheet.has("missing_node_labels") else 0.6 if sheet.has("capitals") else 0.5
    beside, under = (0.6 + letter * max(len(name) for name in some) for some in names)
    if not sheet.has("missing_colorbar"):
        beside, under = beside + 5.2 * (not is_below), under + 3.3 * is_below
    return (
        0.8 + (trees != "columns") * 0.1 * wide, beside + 0.2,
        (1.8 if sheet.style.panel_letter else 0.6) + (trees != "rows") * 0.12 * high, under + 1.6,
    )  # fmt: skip


def _clades(sheet: Sheet, values: Any, is_above: bool, box: Any) -> Any:
    """Return the order of rows by their likeness; draw its tree into the box, where one is."""
    from matplotlib.collections import LineCollection
    from scipy.cluster.hierarchy import dendrogram, linkage

    joined = dendrogram(linkage(values, "average"), no_plot=True)
    if box is not None:
        along, away = np.array(joined["icoord"]) / 10, np.array(joined["dcoord"])
        lines = np.stack((along, away) if is_above else (-away, along), axis=-1)
        ax, reach = sheet.figure.add_axes(box), 1.03 * away.max()
        width = 0.4 + 0.3 * sheet.style.line_width
        ax.add_collection(LineCollection(list(lines), colors=sheet.ink, linewidths=width))
        ax.set(xlim=(0, len(values)) if is_above else (-reach, 0),
               ylim=(0, reach) if is_above else (len(values), 0))  # fmt: skip
        ax.set_axis_off()
    return np.array(joined["leaves"])


def _margin_names(sheet: Sheet, ax: Any, names: tuple[Any, Any], room: float) -> None:
    """Name rows on the right and columns below; `room` is that of a row in sizes of the font."""
    ax.set_axis_off()
    is_crowded, scale, turn = sheet.has("overlapping_text"), min(0.85, 0.95 * room), 90
    if is_crowded and sheet.way("overlapping_text", 2):
        scale, turn = 1.9 * scale, 0
    # Written one by one, as ticks would take twice the time.
    rows, columns = names
    keep: dict[str, Any] = {"textcoords": "offset points", "va": "center"}
    for i, name in enumerate(rows if not sheet.has("missing_node_labels") else ()):
        ax.annotate(sheet.words(str(name)), (1, i + 0.5), (3, 0),
                    xycoords=ax.get_yaxis_transform(), **keep | sheet.font(scale))  # fmt: skip
        if is_crowded:
            ax.annotate(sheet.words("n = 12, up"), (1, i + 0.75), (12, 0),
                        xycoords=ax.get_yaxis_transform(), **keep | sheet.font(0.85))  # fmt: skip
    keep |= {"va": "top", "ha": "center", "rotation": turn}
    size = 0.85 if turn else 1.1
    for i, name in enumerate(columns if not sheet.has("missing_node_labels") else ()):
        ax.annotate(sheet.words(str(name)), (i + 0.5, 0), (0, -3),
                    xycoords=ax.get_xaxis_transform(), **keep | sheet.font(size))  # fmt: skip


def _measure(sheet: Sheet, is_wanted: bool) -> None:
    """Write a statistic of the clustering, possible or impossible, below all."""
    name = sheet.pick(("Cophenetic r", "R²", "p", "Silhouette"))
    value = float(sheet.rng.uniform(0.01, 0.05) if name == "p" else sheet.rng.uniform(0.55, 0.95))
    if sheet.has("impossible_statistic"):
        value += (0.6, 1.1, 2.3)[sheet.way("impossible_statistic", 3)] + (name == "p")
    elif not is_wanted:
        return
    sheet.figure.text(0.98, 0.4 / paper_ems(sheet)[1], f"{name} = {value:.2f}", ha="right",
                      va="bottom", **sheet.font(0.9))  # fmt: skip


def _colour_key(sheet: Sheet, mappable: Any, what: str, box: tuple[float, ...]) -> None:
    """Add a colour bar into the box, whose places are sizes of the font, along its longer side."""
    if sheet.has("missing_colorbar"):
        return
    bar = sheet.figure.colorbar(
        mappable, cax=sheet.figure.add_axes(tuple(np.array(box) / (paper_ems(sheet) * 2))),
        orientation="horizontal" if box[2] > box[3] else "vertical",
    )  # fmt: skip
    bar.set_label(sheet.words(what), **sheet.font(0.9))
    bar.ax.locator_params(nbins=4)
    bar.ax.minorticks_off()
    bar.ax.tick_params(labelsize=sheet.font_size * 0.8, labelfontfamily=sheet.fonts)
