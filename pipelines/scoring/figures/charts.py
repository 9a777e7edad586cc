"""Kinds of figure with axes that are not one plain plot: curves of survival, violins, panels."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.axes_flaws import foreign_handles
from pipelines.scoring.figures.plots import drawn_topic
from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.topics import COHORTS, TOPICS, Quantity, Topic

__all__ = ["panels", "pie", "polar", "survival", "traces", "violin"]


def survival(sheet: Sheet) -> None:
    """Steps down from all to few, with marks where follow-up ended."""
    ax = sheet.axes(has_legend=True)
    top = 1.9 if sheet.has("impossible_value") else 1.0
    months, names = float(sheet.pick((24, 36, 60, 120))), sheet.pick(COHORTS)
    for i, name in enumerate(names[: int(sheet.rng.integers(2, len(names) + 1))]):
        n_events = int(sheet.rng.integers(8, 40))
        times = np.sort(sheet.rng.uniform(0.02, 1, n_events)) ** sheet.rng.uniform(0.8, 1.4)
        end = sheet.rng.uniform(0.1, 0.75)
        left = 100 * top * (1 - (1 - end) * np.arange(n_events + 1) / n_events)
        x = np.concatenate([[0], times]) * months
        colour = sheet.style.colours[i % len(sheet.style.colours)]
        ax.step(x, left, where="post", color=colour, label=name, linewidth=sheet.line_width,
                alpha=sheet.alpha, linestyle=("-", "--", "-.")[i % 3])  # fmt: skip
        ax.plot(x[2::4], left[2::4], "+", color=colour, markersize=6, alpha=sheet.alpha)
    ax.set_ylim(0, 105 * top)
    ax.set_xlim(0, months)
    what = sheet.pick(("Survival", "Progression-free survival", "Remission", "Parts in service"))
    sheet.label(ax, Quantity("Time", "months", "mths.", 0, months),
                Quantity(what, "%", "percent", 0, 100))  # fmt: skip
    sheet.legend(ax)
    sheet.statistic(ax)
    sheet.finish(ax)


def violin(sheet: Sheet) -> None:
    """Distributions side by side: violins, or every value as a point."""
    quantity, rng = drawn_topic(sheet).y, sheet.rng
    ax, n_groups = sheet.axes(), int(rng.integers(3, 7))
    has_points = rng.random() < 0.5
    for i in range(n_groups):
        share = np.clip(rng.normal(rng.uniform(0.3, 0.75), rng.uniform(0.05, 0.13), 70), 0, 1)
        values = quantity.low + share * (quantity.high - quantity.low)
        colour = sheet.style.colours[i % len(sheet.style.colours)]
        if has_points:
            ax.scatter(i + 1 + rng.uniform(-0.2, 0.2, 70), values, s=sheet.style.marker_size**2,
                       color=colour, alpha=0.7, linewidths=0)  # fmt: skip
            ax.hlines(np.median(values), i + 0.65, i + 1.35, color=sheet.ink, linewidth=1.6)
            continue
        for body in ax.violinplot([values], [i + 1], widths=0.8, showextrema=False)["bodies"]:
            body.set(facecolor=colour, edgecolor=sheet.ink, alpha=0.75, linewidth=0.8)
        ends = np.quantile(values, [0.25, 0.5, 0.75])
        ax.vlines(i + 1, ends[0], ends[2], color=sheet.ink, linewidth=3.5)
        ax.plot(i + 1, ends[1], "o", color=sheet.style.panel, markersize=3.5)
    groups = Quantity(sheet.pick(("Group", "Genotype", "Tissue", "Cohort", "Site")), "", "", 0, 1)
    sheet.label(ax, groups, quantity)
    ax.set_xticks(range(1, n_groups + 1), [f"{groups.name[0]}{i + 1}" for i in range(n_groups)])
    sheet.statistic(ax)
    sheet.finish(ax)


_TRACES = (
    (Quantity("2θ", "°", "degrees", 10, 80), "Intensity", ("25 °C", "200 °C", "400 °C", "600 °C")),
    (Quantity("Raman shift", "cm⁻¹", "1/cm's", 200, 1800), "Intensity",
     ("Pristine", "1 h", "6 h", "24 h")),
    (Quantity("Time", "s", "sec.", 0, 10), "Voltage", ("Fp1", "Fp2", "C3", "O1")),
    (Quantity("Time", "ms", "msec", 0, 400), "Amplitude", ("St. 1", "St. 2", "St. 3", "St. 4")),
)  # fmt: skip


def traces(sheet: Sheet) -> None:
    """Curves one above the other; the offset makes numbers on the y axis meaningless."""
    quantity, what, names = sheet.pick(_TRACES)
    ax, x = sheet.axes(), np.linspace(0, 1, 600)
    n_traces = int(sheet.rng.integers(3, 6))
    centres = np.sort(sheet.rng.uniform(0.06, 0.84, 7))
    for i in range(n_traces):
        if what in ("Voltage", "Amplitude"):
            steps = sheet.rng.normal(size=660)
            kernel = np.hanning(int(sheet.rng.integers(6, 24)))
            y = np.convolve(steps, kernel / kernel.sum(), "same")[30:630]
            y = 0.55 * y / np.abs(y).max()
        else:
            wide = (x[:, None] - centres - sheet.rng.normal(0, 0.003)) / 0.006
            y = (sheet.rng.uniform(0.1, 0.9, 7) / (1 + wide**2)).sum(axis=1)
            y = y / y.max() * 0.85 + sheet.rng.normal(0, 0.008, 600)
        values = quantity.low + x * (quantity.high - quantity.low)
        colour = sheet.style.colours[i % len(sheet.style.colours)]
        ax.plot(values, y + i, color=colour, linewidth=0.7 * sheet.line_width, alpha=sheet.alpha)
        if not sheet.has("missing_legend"):
            name = names[i] if i < len(names) else "Reference"
            ax.text(0.985, i + 0.2, sheet.words(name), transform=ax.get_yaxis_transform(),
                    ha="right", bbox={"facecolor": sheet.style.panel, "alpha": 0.75, "pad": 0.5,
                    "linewidth": 0}, **sheet.font(0.9))  # fmt: skip
    if what == "Intensity" and not sheet.has("missing_peak_labels"):
        for centre, text in zip(centres[::2], ("(111)", "(200)", "(220)", "(311)"), strict=True):
            ax.text(quantity.low + centre * (quantity.high - quantity.low), n_traces + 0.02, text,
                    ha="center", **sheet.font(0.75))  # fmt: skip
    ax.set_ylim(-0.7 if what in ("Voltage", "Amplitude") else -0.1, n_traces + 0.3)
    ax.set_xlim(quantity.low, quantity.high)
    ax.set_yticks([])
    sheet.label(ax, quantity, Quantity(what, "a.u.", "units", 0, 1))
    sheet.finish(ax)


def panels(sheet: Sheet) -> None:
    """Four small plots with letters."""
    style, rng = sheet.style, sheet.rng
    # Labels of quarters need room: small figures are printed larger.
    factor = max(1.0, 4.8 / style.width, 3.9 / style.height)
    sheet.figure.set_size_inches(sheet.figure.get_size_inches() * factor)
    em_x, em_y = (style.font_size / 72 / n / factor for n in (style.width, style.height))
    width, height = (1 - 10.6 * em_x) / 2, (1 - 9.4 * em_y) / 2
    hit = int(rng.integers(4))
    letters = sheet.pick(("abcd", "ABCD", ("(a)", "(b)", "(c)", "(d)")))
    for i, topic in enumerate([TOPICS[k] for k in rng.permutation(len(TOPICS))[:4]]):
        place = (4.4 * em_x + (i % 2) * (width + 5.3 * em_x),
                 3.0 * em_y + (1 - i // 2) * (height + 4.7 * em_y), width, height)  # fmt: skip
        is_empty = i == hit and sheet.has("missing_panel")
        if is_empty and not sheet.way("missing_panel", 2):
            continue
        ax = sheet.figure.add_axes(place)
        sheet.dress(ax, 0.85)
        ax.locator_params(nbins=4)
        if not is_empty:
            _small_plot(sheet, ax, topic, int(rng.integers(4)))
        if not sheet.has("missing_x_label"):
            ax.set_xlabel(sheet.name(topic.x), **sheet.font(0.85), labelpad=1)
        if not sheet.has("missing_y_label"):
            ax.set_ylabel(sheet.name(topic.y), **sheet.font(0.85), labelpad=1)
        ax.text(-0.02, 1.03, letters[i], transform=ax.transAxes, ha="right",
                **sheet.font(1.1, fontweight="bold"))  # fmt: skip
        sheet.finish(ax)


def _small_plot(sheet: Sheet, ax: Any, topic: Topic, form: int) -> None:
    """Draw curves, points, bars or counts of a topic."""
    rng, colours = sheet.rng, sheet.style.colours
    x = np.linspace(topic.x.low, topic.x.high, 9)
    for i in range(2 if form < 3 else 1):
        share = np.clip(np.cumsum(rng.normal(0, 0.14, 9)) + rng.uniform(0.3, 0.7), 0.03, 0.97)
        y = topic.y.low + share * (topic.y.high - topic.y.low)
        keep = {"color": colours[i], "alpha": sheet.alpha}
        if form == 0:
            ax.plot(x, y, marker=sheet.style.markers[i], markersize=3.5,
                    linewidth=sheet.line_width * 0.8, **keep)  # fmt: skip
        elif form == 1:
            ax.scatter(rng.uniform(x[0], x[-1], 25), rng.choice(y, 25) * rng.uniform(0.9, 1.1, 25),
                       s=sheet.style.marker_size**2 * 0.7, **keep)  # fmt: skip
        elif form == 2:
            step = (x[1] - x[0]) * 0.4
            bottom = min(0.0, topic.y.low)
            ax.bar(x + (i - 0.5) * step, y - bottom, step, bottom, edgecolor=sheet.ink,
                   linewidth=0.4, **keep)  # fmt: skip
        else:
            ax.fill_between(x, y, topic.y.low, alpha=0.25 * sheet.alpha, color=colours[0])
            ax.plot(x, y, linewidth=sheet.line_width * 0.8, **keep)


def pie(sheet: Sheet) -> None:
    """Shares of a whole: pie or ring, with per cent and names."""
    from matplotlib.patches import Circle, Ellipse

    n_parts = int(sheet.rng.integers(3, 7))
    share = sheet.rng.dirichlet(np.full(n_parts, 3.0)) * 0.8 + 0.2 / n_parts
    ax = sheet.figure.add_axes((0.02, 0.03, 0.58, 0.94))
    names = sheet.rng.permutation(
        ("Quartz", "Feldspar", "Clay", "Calcite", "Organic", "Other", "Water")
    )
    palette = (*sheet.style.colours, "#bbbbbb", "#e8d8a0", "#7fa8a0")
    shown = share * (1.0 if not sheet.has("wrong_total") else sheet.rng.uniform(1.3, 1.7))
    if sheet.has("pseudo_3d"):
        for depth in np.linspace(0.28, 0.01, 12):
            ax.add_patch(Ellipse((0, -depth), 2, 2, facecolor="#666666", edgecolor="none"))
    wedges = ax.pie(share, colors=palette[:n_parts], startangle=float(sheet.rng.uniform(0, 360)),
                    wedgeprops={"edgecolor": sheet.style.panel, "linewidth": 1.2})[0]  # fmt: skip
    if sheet.rng.random() < 0.4 and not sheet.has("pseudo_3d"):
        ax.add_patch(Circle((0, 0), 0.52, facecolor=sheet.background))
    if not sheet.has("missing_node_labels"):
        for wedge, part in zip(wedges, shown, strict=True):
            angle = np.radians((wedge.theta1 + wedge.theta2) / 2)
            place = (0.77 * np.cos(angle), 0.77 * np.sin(angle))
            ax.text(*place, f"{100 * part:.0f} %", ha="center", va="center",
                    bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1},
                    **{"color": "black"} | sheet.font(0.9))  # fmt: skip
    if sheet.has("pseudo_3d"):
        ax.set(xlim=(-1.1, 1.1), ylim=(-1.9, 1.7))
    for wedge, name in zip(wedges, names, strict=False):
        wedge.set_label(str(name))
    _names_beside(sheet, ax, wedges)
    sheet.finish(ax)


def _names_beside(sheet: Sheet, ax: Any, handles: Any) -> None:
    """Name the parts to the right of round axes."""
    if sheet.has("missing_legend"):
        return
    names = [sheet.words(str(handle.get_label())) for handle in handles]
    if sheet.has("legend_mismatch"):
        handles = foreign_handles(len(names))
    font = sheet.font(0.95)
    sheet.figure.legend(
        handles, names, loc="center left", bbox_to_anchor=(0.68, 0.5),
        frameon=sheet.style.legend_frame, prop={"size": font["fontsize"],
        "family": font["fontfamily"]},
    )  # fmt: skip


def polar(sheet: Sheet) -> None:
    """Something over an angle: patterns of antennas, or a rose of winds."""
    ax = sheet.figure.add_axes((0.09, 0.1, 0.5, 0.76), projection="polar")
    ax.set_facecolor("none" if sheet.is_garish else sheet.style.panel)
    ax.grid(True, color="#b0b0b0", linewidth=0.6)
    ax.tick_params(labelsize=sheet.font_size * 0.85, labelfontfamily=sheet.fonts)
    ax.set_axisbelow(True)
    angle, handles = np.linspace(0, 2 * np.pi, 241), []
    is_rose = sheet.rng.random() < 0.4
    for i in range(int(sheet.rng.integers(2, 4))):
        colour = sheet.style.colours[i]
        if is_rose:
            sectors, width = np.linspace(0, 2 * np.pi, 17)[:-1], 2 * np.pi / 16 * 0.9
            values = sheet.rng.gamma(3, 2, 16) * (1 - 0.25 * i)
            drawn = ax.bar(sectors, values, width, color=colour, edgecolor=sheet.ink, alpha=0.85,
                           linewidth=0.4)[0]  # fmt: skip
        else:
            lobes, turn = int(sheet.rng.integers(1, 4)), sheet.rng.uniform(0, 6)
            values = 30 * np.abs(np.cos(lobes * (angle - turn) / 2)) ** 1.5 + 3
            drawn = ax.plot(angle, values, color=colour, linewidth=sheet.line_width,
                            alpha=sheet.alpha, linestyle=("-", "--", "-.")[i])[0]  # fmt: skip
        drawn.set_label(("8 m/s", "4 m/s", "2 m/s")[i] if is_rose else
                        ("E plane", "H plane", "Model")[i])  # fmt: skip
        handles.append(drawn)
    if is_rose:
        ax.set_theta_zero_location("N")
        ax.set_theta_direction(-1)
    ax.set_yticks(ax.get_yticks()[1::2])
    quantity = Quantity("Frequency", "%", "percent", 0, 9) if is_rose else Quantity(
        "Gain", "dB", "decibels", 0, 30)  # fmt: skip
    if not sheet.has("missing_y_label"):
        sheet.figure.text(0.64, 0.12, sheet.name(quantity), **sheet.font())
    _names_beside(sheet, ax, handles)
    sheet.finish(ax)
