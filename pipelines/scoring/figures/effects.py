"""Kinds of figure that compare effects: forests of studies, volcanoes of genes."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.captions import decimals, label_titled
from pipelines.scoring.figures.genes import name_genes
from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.sizes import axes_ems, em_pixels, enlarge
from pipelines.scoring.figures.topics import Quantity

__all__ = ["forest", "volcano"]

_EFFECTS = (
    Quantity("Hazard ratio", "", "", 0, 0), Quantity("Odds ratio", "", "", 0, 0),
    Quantity("Risk ratio", "", "", 0, 0), Quantity("Rate ratio", "", "", 0, 0),
    Quantity("Mean difference", "mmHg", "mm mercury", -14, 14),
    Quantity("Mean difference", "kg", "kgs", -5, 5),
    Quantity("Change in yield", "%", "percent", -40, 40),
    Quantity("Hedges' g", "", "", -2, 2),
)  # fmt: skip
"""Effects; those without a range are ratios."""
_AUTHORS = (
    "Almeida", "Bauer", "Chen", "Dupont", "Eriksson", "Fischer", "García", "Haddad", "Ito",
    "Jansen", "Kim", "Kowalski", "Li", "Müller", "Nguyen", "Okafor", "Patel", "Rossi", "Silva",
    "Tanaka", "Weber", "Yilmaz",
)  # fmt: skip
_SUBGROUPS = (
    "Women", "Men", "Age < 65", "Age ≥ 65", "BMI < 25", "BMI ≥ 25", "Smokers", "Never smoked",
    "Diabetes", "No diabetes", "Stage I–II", "Stage III", "Europe", "Asia", "Americas",
    "First line", "Second line", "Low dose", "High dose",
)  # fmt: skip


def forest(sheet: Sheet) -> None:
    """Effects of studies or subgroups with intervals, and the pooled effect as a diamond."""
    rng, effect = sheet.rng, sheet.pick(_EFFECTS)
    enlarge(sheet, 4.2, 2.9)
    ax = sheet.axes()
    wide, tall = axes_ems(sheet, ax)
    is_ratio, is_meta = not effect.high, rng.random() < 0.6
    n = max(4, min(int(rng.integers(5, 18)), int(0.7 * tall / 1.25) - 1))
    middle = rng.normal(rng.uniform(-0.45, 0.45), 0.2, n)
    half = rng.uniform(0.12, 0.6, n)
    weight = half**-2 / (half**-2).sum()
    middle = np.append(middle, (middle * weight).sum())
    half = np.append(half, max(0.07, 1.3 / np.sqrt((half**-2).sum())))
    ends = _interval(sheet, middle, half)
    limit = max(1.75, 1.12 * float(np.abs(ends).max()))
    scale = effect.high / 1.75
    middle, ends, limits = (
        np.exp(v) if is_ratio else v * scale for v in (middle, ends, np.array((-limit, limit)))
    )
    _rows(sheet, ax, middle, ends, weight if is_meta else None)
    _effect_axis(sheet, ax, is_ratio)
    ax.set_xlim(*limits)
    # Above and below the rows is room for what is noted in a corner.
    line = (n + 1.2) / (0.82 - 1.6 / tall)
    ax.set_ylim(-0.6 - 0.13 * line, -0.6 - 0.13 * line + line)
    ax.set_yticks([])
    what = "Study" if is_meta else "Subgroup"
    title = f"{effect.name} by {what.lower()}"
    label_titled(sheet, ax, effect, Quantity(what, "", "", 0, 1), title)
    values = [decimals(m) for m in middle]
    if not sheet.has("missing_error_bars"):
        values = [f"{m} [{decimals(a)}, {decimals(b)}]" for m, (a, b) in
                  zip(values, ends.T, strict=True)]  # fmt: skip
    has_values = wide > 27 and rng.random() < 0.6
    _columns(sheet, ax, _row_names(sheet, n, is_meta), values if has_values else [])
    sheet.statistic(ax)
    sheet.finish(ax)


def _effect_axis(sheet: Sheet, ax: Any, is_ratio: bool) -> None:
    """Give the axis of effects its scale, and the line of no effect."""
    ax.axvline(float(is_ratio), color=sheet.ink, linewidth=0.9, linestyle="--", zorder=0.9)
    if not is_ratio:
        ax.locator_params(axis="x", nbins=6)
        return
    ax.set_xscale("log")
    ticks = sheet.pick(((0.2, 0.5, 1, 2, 5), (0.25, 0.5, 1, 2, 4)))
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.minorticks_off()
    ax.xaxis.set_minor_formatter("")


def _interval(sheet: Sheet, middle: Any, half: Any) -> Any:
    """Return both ends [2, n] of the intervals; the last, of the pooled effect, is always right."""
    shift = np.zeros(len(middle))
    if sheet.has("detached_error_bars"):
        side = np.where(middle[:-1] > np.median(middle), -1, 1)
        shift[:-1] = side * (half[:-1] + 0.32)
    return np.stack((middle + shift - half, middle + shift + half))


def _rows(sheet: Sheet, ax: Any, middle: Any, ends: Any, weight: Any) -> None:
    """Draw points with intervals, larger where they weigh more, and the diamond below."""
    n, colour = len(middle) - 1, sheet.pick((sheet.ink, sheet.style.colours[0]))
    cap = "|" if sheet.rng.random() < 0.4 else ""
    mark = "s" if weight is not None else sheet.pick("osD")
    size = np.full(n, min(5.0, sheet.style.marker_size))
    if weight is not None:
        size = 3 + 5 * np.sqrt(weight / weight.max())
    for i in range(n):
        if not sheet.has("missing_error_bars"):
            ax.plot(ends[:, i], [n - i] * 2, color=colour, linewidth=max(0.9, 0.7 *
                    sheet.line_width), marker=cap, markersize=5)  # fmt: skip
        ax.plot(middle[i], n - i, mark, color=colour, markersize=size[i])
    x = (ends[0, n], middle[n], ends[1, n], middle[n])
    ax.fill(
        x, (0, 0.36, 0, -0.36), color=sheet.style.colours[1], edgecolor=sheet.ink, linewidth=0.7
    )
    if sheet.rng.random() < 0.4:
        ax.axvline(middle[n], color=sheet.style.colours[1], linewidth=0.8, linestyle=":")


def _row_names(sheet: Sheet, n: int, is_meta: bool) -> list[str]:
    """Return the names of n rows and of the pooled effect."""
    if not is_meta:
        return [*sheet.rng.permutation(_SUBGROUPS)[:n].tolist(), "All patients"]
    years = np.sort(sheet.rng.integers(1994, 2024, n))
    et_al = sheet.pick(("", "", " et al."))
    authors = sheet.rng.permutation(_AUTHORS)
    return [f"{a}{et_al} {y}" for a, y in zip(authors, years, strict=False)] + ["Pooled"]


def _columns(sheet: Sheet, ax: Any, names: list[str], values: list[str]) -> None:
    """Write names to the left of the rows and values to the right; make room for both."""
    n, em, box = len(names) - 1, em_pixels(sheet), ax.get_position()
    is_bare = sheet.has("missing_axes") or (
        sheet.has("missing_tick_labels") and sheet.way("missing_tick_labels", 2) == 1)  # fmt: skip
    columns = [[] if is_bare else names, values]
    reach = []
    for side, column in enumerate(columns):
        texts = [
            ax.annotate(sheet.words(text), (side, n - i), (8 * side - 4, 0), va="center",
                        xycoords=ax.get_yaxis_transform(), textcoords="offset points",
                        ha="left" if side else "right",
                        **sheet.font(0.85) | ({"fontweight": "bold"} if i == n else {}))
            for i, text in enumerate(column)
        ]  # fmt: skip
        renderer = sheet.figure.canvas.get_renderer()
        widths = [text.get_window_extent(renderer).width for text in texts]
        reach.append(max([*widths, *(0.4 * em * len(text) for text in column)], default=0.0))
    width = sheet.figure.bbox.width
    is_header = sheet.rng.random() < 0.5 and not is_bare
    left = (reach[0] + (1.2 if is_header else 3.0) * em) / width
    right = box.x1 - (reach[1] + 0.4 * em) / width if values else box.x1
    left = box.x0 if is_bare else max(left, 0.6 * box.x0)
    ax.set_position((left, box.y0, right - left, box.height))
    heading = (n + 1.05 - ax.get_ylim()[0]) / np.ptp(ax.get_ylim())
    if is_header:
        ax.yaxis.label.set(rotation=0, ha="right", va="center", fontsize=0.9 * sheet.font_size)
        ax.yaxis.set_label_coords(-0.25 * em / ax.get_window_extent().width, heading)
    elif not is_bare:
        ax.yaxis.set_label_coords(-(reach[0] + 1.1 * em) / ax.get_window_extent().width, 0.5)
    if values:
        what = "Effect" if sheet.has("missing_error_bars") else "Effect [95 % CI]"
        ax.annotate(sheet.words(what), (1, heading), (4, 0), xycoords="axes fraction",
                    textcoords="offset points", va="center", **sheet.font(0.85))  # fmt: skip


def _groups(sheet: Sheet, ax: Any, points: Any, is_far: Any, size: float) -> None:
    """Draw what goes up, what goes down, and the rest, each in its colour."""
    crowd = sheet.severity("overplotting")
    size = min(max(size, 2.3), 3.2) * (1 + 1.9 * crowd)
    groups = (is_far & (points[:, 0] > 0), is_far & (points[:, 0] < 0), ~is_far)
    names = sheet.pick((("Up", "Down", "Unchanged"), ("Up", "Down", "n.s."),
                        ("Increased", "Decreased", "Not sign.")))  # fmt: skip
    first, second = sheet.style.colours[:2]
    # Shapes tell groups apart where the colours are greys.
    is_grey, is_shaped = first[1:3] == first[3:5] == first[5:7], sheet.rng.random() < 0.3
    for k, (group, name) in enumerate(zip(groups, names, strict=True)):
        ax.scatter(*points[group].T, s=(size * (1.4 if k < 2 else 1)) ** 2, label=name,
                   color=(first, second, sheet.ink)[k], alpha=1.0 if crowd else (0.9, 0.9, 0.3)[k],
                   marker="^vo"[k] if is_grey or is_shaped else "o", zorder=3 - k / 2,
                   linewidths=0.4 if crowd else 0, edgecolors="black" if crowd else "none"
                   )  # fmt: skip


def volcano(sheet: Sheet) -> None:
    """Changes of genes against their significance, those beyond thresholds in colours."""
    rng, style = sheet.rng, sheet.style
    enlarge(sheet, 3.6, 2.9)
    ax = sheet.axes(has_legend=True)
    n = int(sheet.pick((180, 400, 900, 1500)))
    change = np.clip(rng.standard_t(5, n) * rng.uniform(0.6, 1.2), -7, 7)
    score = np.abs(change) ** 1.3 * rng.uniform(1.2, 3.5) * rng.gamma(2.5, 0.4, n)
    score += rng.exponential(0.35, n)
    # Spawned, so that a crowd of points changes nothing else of the figure.
    state = rng.spawn(1)[0]
    more = state.integers(n, size=int(4000 * sheet.severity("overplotting")))
    change = np.append(change, change[more] + state.normal(0, 0.12, len(more)))
    score = np.append(score, score[more] * state.uniform(0.7, 1, len(more)))
    fold, limit = float(sheet.pick((0.58, 1.0, 1.5))), float(sheet.pick((1.3, 2.0)))
    is_far = (np.abs(change) > fold) & (score > limit)
    _groups(sheet, ax, np.column_stack((change, score)), is_far, 17 / np.log(n))
    ax.axhline(limit, color=sheet.ink, linewidth=0.8, linestyle="--")
    # The legend stands above points and lines, where it stands within the axes at all.
    head = min(0.55, 6.6 / axes_ems(sheet, ax)[1]) if style.legend_place == "inside" else 0.1
    for place in (-fold, fold) if rng.random() < 0.75 else ():
        ax.axvline(place, 0, 1 - head, color=sheet.ink, linewidth=0.8, linestyle="--")
    ax.set_ylim(-0.02 * score.max(), score.max() / (1 - head))
    widest = 1.15 * float(np.abs(change[:n]).max())
    ax.set_xlim(-widest, widest)
    label_titled(sheet, ax, Quantity("log₂ fold change", "", "", 0, 1),
                 Quantity(sheet.pick(("−log₁₀ p", "−log₁₀ FDR")), "", "", 0, 1),
                 sheet.pick(("Tumour and normal tissue", "Treated and control", "Knock-out"))
                 )  # fmt: skip
    sheet.legend(ax)
    n_named = int(rng.integers(4, 11))
    if not sheet.has("missing_node_labels"):
        order = np.argsort(np.where(is_far, -score - np.abs(change), 0))[:60]
        name_genes(sheet, ax, np.column_stack((change, score)), order, n_named)
    sheet.finish(ax)
