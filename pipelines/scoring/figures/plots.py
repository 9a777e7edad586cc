"""Kinds of figure on two numeric axes, and maps."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.topics import FRACTIONS, PHASES, TOPICS, Quantity, Topic

__all__ = [
    "banded", "bar", "box", "contour", "drawn_topic", "field", "geographic", "heatmap", "histogram",
    "line", "phase", "scatter", "spectrum", "spread",
]  # fmt: skip


def drawn_topic(sheet: Sheet) -> Topic:
    """Return a topic; its y is a fraction in per cent where the flaw needs one."""
    topic: Topic = sheet.pick(TOPICS)
    if sheet.has("impossible_value") or sheet.rng.random() < 0.3:
        high = 100 * float(sheet.rng.uniform(1.5, 2.6)) if sheet.has("impossible_value") else 95.0
        fraction = Quantity(sheet.pick(FRACTIONS), "%", "percent", 4, high)
        topic = topic._replace(y=fraction)
    return topic


def _curve(sheet: Sheet, share: Any) -> Any:
    """Return a smooth curve over `share` 0–1, itself within 0–1."""
    rng = sheet.rng
    form = int(rng.integers(6))
    a, b = rng.uniform(0.15, 0.85), rng.uniform(3, 14)
    if form == 0:
        y = 1 / (1 + np.exp(-b * (share - a)))
    elif form == 1:
        y = 1 - np.exp(-b * share / 2)
    elif form == 2:
        y = np.exp(-b * share / 3)
    elif form == 3:
        y = 0.5 + 0.4 * np.sin(b * share + a * 6)
    elif form == 4:
        y = np.exp(-((share - a) ** 2) * b * 3)
    else:
        y = a * share**2 + (1 - a) * share
    return np.clip(y * rng.uniform(0.45, 0.95) + rng.uniform(0, 0.05), 0, 1)


def spread(quantity: Quantity, share: Any) -> Any:
    """Return shares 0–1 as values of the quantity."""
    return quantity.low + share * (quantity.high - quantity.low)


def _error_bars(sheet: Sheet, ax: Any, x: Any, y: Any, colour: str) -> None:
    """Draw error bars, or bars that miss their values; sometimes none are due."""
    if sheet.has("missing_error_bars"):
        return
    reach = np.ptp(ax.get_ylim()) if len(x) < 2 else max(np.ptp(y), 1e-9)
    size = reach * sheet.rng.uniform(0.03, 0.1, len(x))
    centre = y + reach * 0.2 * sheet.pick((-1, 1)) if sheet.has("detached_error_bars") else y
    ax.errorbar(
        x, centre, yerr=size, fmt="none", ecolor=colour, capsize=2.5, alpha=sheet.alpha,
        elinewidth=max(0.7, sheet.line_width * 0.7),
    )  # fmt: skip


def line(sheet: Sheet) -> None:
    """Curves of one to four series, with points and error bars."""
    topic = drawn_topic(sheet)
    ax = sheet.axes(has_legend=True)
    crowd = sheet.severity("overplotting")
    n_points = int(sheet.rng.integers(6, 16)) if not crowd else int(30 + 120 * crowd)
    n_series = int(sheet.rng.integers(2, 5)) if not crowd else int(4 + 8 * crowd)
    share = np.linspace(0.02, 1, n_points)
    x = spread(topic.x, share)
    for i in range(n_series):
        colour = sheet.style.colours[i % len(sheet.style.colours)]
        noise = sheet.rng.normal(0, 0.015 + 0.1 * crowd, n_points)
        y = spread(topic.y, np.clip(_curve(sheet, share) + noise, 0, 1))
        name = topic.series[i % 4] + (f" {i // 4 + 1}" if i > 3 else "")
        ax.plot(
            x, y, color=colour, linewidth=sheet.line_width, alpha=sheet.alpha, label=name,
            marker=sheet.style.markers[i % 8], markersize=sheet.style.marker_size,
            linestyle="none" if sheet.has("contradicting_fit") else ("-", "--", "-.", ":")[i % 4],
        )  # fmt: skip
        _error_bars(sheet, ax, x, y, colour)
        if sheet.has("contradicting_fit"):
            ax.plot(x, spread(topic.y, 1 - _relative(y)), color=colour, linewidth=sheet.line_width)
    _words_on(sheet, ax, topic)


def _relative(y: Any) -> Any:
    return (y - y.min()) / max(np.ptp(y), 1e-9)


def _words_on(sheet: Sheet, ax: Any, topic: Topic) -> None:
    sheet.label(ax, topic.x, topic.y)
    sheet.legend(ax)
    sheet.statistic(ax)
    sheet.formula(ax)
    sheet.finish(ax)


def scatter(sheet: Sheet) -> None:
    """Point clouds with a fitted line."""
    topic = drawn_topic(sheet)
    ax = sheet.axes(has_legend=True)
    crowd = sheet.severity("overplotting")
    n_points = int(sheet.rng.integers(15, 60)) if not crowd else int(400 + 2500 * crowd)
    if sheet.has("missing_error_bars") or sheet.has("detached_error_bars"):
        n_points = min(n_points, 25)
    n_series = int(sheet.rng.integers(2, 4))
    size = sheet.style.marker_size**2 * (1 + 2.5 * crowd)
    for i in range(n_series):
        colour = sheet.style.colours[i % len(sheet.style.colours)]
        share = sheet.rng.uniform(0.03, 0.97, n_points)
        slope, start = (
            sheet.rng.uniform(0.3, 0.6) * sheet.pick((-1, 1)),
            sheet.rng.uniform(0.1, 0.3),
        )
        start = start if slope > 0 else start - slope
        noise = sheet.rng.normal(0, 0.05 + 0.1 * crowd, n_points)
        y = spread(topic.y, np.clip(start + slope * share + noise, 0, 1))
        x = spread(topic.x, share)
        ax.scatter(
            x, y, s=size, color=colour, marker=sheet.style.markers[i % 8], label=topic.series[i],
            linewidths=0.4, edgecolors="black" if crowd else "none",
        )  # fmt: skip
        if not crowd and n_points < 30:
            _error_bars(sheet, ax, x, y, colour)
        if sheet.has("contradicting_fit") or sheet.rng.random() < 0.6:
            fitted = -slope if sheet.has("contradicting_fit") else slope
            ends = np.array([0.03, 0.97])
            middle = start + slope / 2 - fitted / 2
            ax.plot(
                spread(topic.x, ends), spread(topic.y, middle + fitted * ends), color=colour,
                linewidth=sheet.line_width,
            )  # fmt: skip
    _words_on(sheet, ax, topic)


def bar(sheet: Sheet) -> None:
    """Grouped bars with error bars."""
    topic = drawn_topic(sheet)
    ax = sheet.axes(has_legend=True)
    n_groups, n_series = int(sheet.rng.integers(3, 7)), int(sheet.rng.integers(2, 4))
    width = 0.8 / n_series
    places = np.arange(n_groups)
    low = max(0.0, topic.y.low)
    for i in range(n_series):
        colour = sheet.style.colours[i % len(sheet.style.colours)]
        y = low + (topic.y.high - low) * sheet.rng.uniform(0.35, 0.95, n_groups)
        x = places + (i - (n_series - 1) / 2) * width
        if sheet.has("pseudo_3d"):
            _bar_with_depth(ax, x, y, width, colour, topic.y.high)
        ax.bar(x, y, width * 0.92, color=colour, label=topic.series[i], edgecolor="black",
               linewidth=0.5)  # fmt: skip
        _error_bars(sheet, ax, x, y, sheet.ink)
    if sheet.has("truncated_axis"):
        lowest = min(p.get_height() for p in ax.patches if hasattr(p, "get_height"))
        ax.set_ylim(lowest * 0.93, None)
    ax.set_ylim(top=ax.get_ylim()[1] + 0.35 * float(np.ptp(ax.get_ylim())))
    groups = Quantity(sheet.pick(("Treatment", "Site", "Batch", "Species", "Alloy")), "", "", 0, 1)
    sheet.label(ax, groups, topic.y)
    ax.set_xticks(places, [f"{groups.name[0]}{i + 1}" for i in places])
    sheet.legend(ax)
    sheet.statistic(ax)
    sheet.finish(ax)


def _bar_with_depth(ax: Any, x: Any, y: Any, width: float, colour: str, top: float) -> None:
    """Draw side and lid of blocks behind the bars."""
    dx, dy = width * 0.35, top * 0.05
    right = x + width * 0.46
    for xr, height in zip(right, y, strict=True):
        ax.fill([xr, xr + dx, xr + dx, xr], [0, dy, height + dy, height], color=colour, alpha=0.55,
                edgecolor="black", linewidth=0.4)  # fmt: skip
        xl = xr - width * 0.92
        ax.fill([xl, xl + dx, xr + dx, xr], [height, height + dy, height + dy, height],
                color=colour, alpha=0.8, edgecolor="black", linewidth=0.4)  # fmt: skip


def histogram(sheet: Sheet) -> None:
    """Counts of one quantity."""
    topic: Topic = sheet.pick(TOPICS)
    ax = sheet.axes()
    share = np.clip(
        np.concatenate([
            sheet.rng.normal(sheet.rng.uniform(0.25, 0.5), 0.1, 300),
            sheet.rng.normal(sheet.rng.uniform(0.5, 0.8), 0.08, int(sheet.rng.integers(0, 300))),
        ]), 0, 1,
    )  # fmt: skip
    values = spread(topic.y, share)
    counts, edges = np.histogram(values, int(sheet.rng.integers(10, 32)))
    width = edges[1] - edges[0]
    colour = sheet.style.colours[0]
    if sheet.has("pseudo_3d"):
        _bar_with_depth(ax, (edges[:-1] + edges[1:]) / 2, counts, width, colour, counts.max())
    ax.bar(edges[:-1], counts, width, align="edge", color=colour, edgecolor="white", linewidth=0.6)
    sheet.label(ax, topic.y, Quantity("Count", "", "", 0, 1))
    sheet.statistic(ax)
    sheet.finish(ax)


def box(sheet: Sheet) -> None:
    """Box plots of groups."""
    topic = drawn_topic(sheet)
    ax = sheet.axes()
    n_groups = int(sheet.rng.integers(3, 7))
    samples = [
        spread(topic.y, np.clip(sheet.rng.normal(sheet.rng.uniform(0.3, 0.75), 0.09, 40), 0, 1))
        for _ in range(n_groups)
    ]
    boxes = ax.boxplot(samples, patch_artist=True, widths=0.55, medianprops={"color": "black"},
                       flierprops={"markersize": 3})  # fmt: skip
    for i, patch in enumerate(boxes["boxes"]):
        patch.set_facecolor(sheet.style.colours[i % len(sheet.style.colours)])
    groups = Quantity(sheet.pick(("Group", "Site", "Batch", "Cohort")), "", "", 0, 1)
    sheet.label(ax, groups, topic.y)
    ax.set_xticks(range(1, n_groups + 1), [f"{groups.name[0]}{i + 1}" for i in range(n_groups)])
    sheet.statistic(ax)
    sheet.finish(ax)


_SPECTRA = (
    (Quantity("Wavenumber", "cm⁻¹", "per cm", 600, 3800), "Transmittance"),
    (Quantity("Raman shift", "cm⁻¹", "1/cm's", 200, 1800), "Intensity"),
    (Quantity("m/z", "", "", 50, 900), "Relative abundance"),
    (Quantity("2θ", "°", "degrees", 10, 80), "Intensity"),
    (Quantity("Energy", "keV", "kilo eV", 0.5, 20), "Counts"),
)


def spectrum(sheet: Sheet) -> None:
    """Peaks over a baseline, with their assignments."""
    x_quantity, name = sheet.pick(_SPECTRA)
    top = 100.0
    if sheet.has("impossible_value"):
        name, top = "Transmittance", 100 * float(sheet.rng.uniform(1.5, 2.4))
    unit = "%" if name in ("Transmittance", "Relative abundance") else "a.u."
    ax = sheet.axes()
    x = np.linspace(x_quantity.low, x_quantity.high, 700)
    centres = np.sort(sheet.rng.uniform(0.08, 0.92, int(sheet.rng.integers(4, 10))))
    heights = sheet.rng.uniform(0.15, 0.88, len(centres))
    share = (x - x.min()) / np.ptp(x)
    peaks = (heights[:, None] / (1 + ((share - centres[:, None]) / 0.008) ** 2)).sum(axis=0)
    y = top * np.clip(0.04 + peaks / peaks.max() * 0.88 + sheet.rng.normal(0, 0.008, 700), 0, None)
    colour = sheet.style.colours[0]
    ax.plot(x, y, color=colour, linewidth=sheet.line_width * 0.8, alpha=sheet.alpha)
    if sheet.has("contradicting_fit"):
        ax.plot(x, top - y, color=sheet.style.colours[1], linewidth=sheet.line_width)
    if not sheet.has("missing_peak_labels"):
        for centre, letter in zip(centres, "ABCDEFGHIJ", strict=False):
            i = int(centre * 699)
            ax.text(x[i], y[max(0, i - 9) : i + 9].max() + top * 0.01, letter, ha="center",
                    **sheet.font(0.85))  # fmt: skip
    ax.set_ylim(0, top * 1.08)
    sheet.label(ax, x_quantity, Quantity(name, unit, "percent" if unit == "%" else "units", 0, 1))
    sheet.finish(ax)


def phase(sheet: Sheet) -> None:
    """Phase diagram: two boundaries that meet in a triple point."""
    ax = sheet.axes()
    t = np.linspace(150, 700, 120)
    rng = sheet.rng
    t0, p0 = rng.uniform(260, 380), rng.uniform(0.1, 0.3)
    melting = p0 + (t - t0) / rng.uniform(35, 80) * 2
    boiling = p0 + ((t - t0).clip(0) / rng.uniform(160, 260)) ** 2
    subliming = p0 * np.exp((t - t0) / 60)
    keep = {"color": sheet.style.colours[0], "linewidth": sheet.line_width, "alpha": sheet.alpha}
    ax.plot(t[t >= t0], melting[t >= t0], **keep)
    ax.plot(t[t >= t0], boiling[t >= t0], **keep)
    ax.plot(t[t <= t0], subliming[t <= t0], **keep)
    ax.plot([t0], [p0], "o", color=sheet.ink, markersize=4)
    ax.set_ylim(0, 2.4)
    ax.set_xlim(150, 700)
    names = list(PHASES)
    if sheet.has("exchanged_phases"):
        names = names[::-1] if rng.random() < 0.5 else [names[1], names[2], names[0]]
    for name, place in zip(names, ((0.08, 0.6), (0.42, 0.75), (0.72, 0.2)), strict=True):
        ax.text(*place, sheet.words(name), transform=ax.transAxes, **sheet.font(1.1))
    sheet.label(ax, Quantity("Temperature", "K", "Kelvins", 150, 700),
                Quantity("Pressure", "MPa", "mega pascals", 0, 2.4))  # fmt: skip
    sheet.formula(ax)
    sheet.finish(ax)


def field(sheet: Sheet, size: int) -> Any:
    """Return a smooth random field [size, size] within 0–1."""
    from scipy.ndimage import gaussian_filter

    field = gaussian_filter(
        sheet.rng.normal(size=(size, size)), sheet.rng.uniform(0.06, 0.16) * size
    )
    return (field - field.min()) / np.ptp(field)


def banded(sheet: Sheet, values: Any) -> Any:
    """Return values in few steps where bands are wanted."""
    if not sheet.has("banding"):
        return values
    steps = 7 - int(4 * sheet.severity("banding"))
    return np.round(values * steps) / steps


def contour(sheet: Sheet) -> None:
    """Filled contours of a field over two quantities."""
    topic: Topic = sheet.pick(TOPICS)
    ax = sheet.axes(right=0.2, has_grid=False)
    z = banded(sheet, field(sheet, 48))
    x, y = (spread(q, np.linspace(0, 1, 48)) for q in topic[:2])
    mappable = ax.contourf(x, y, z, levels=int(sheet.rng.integers(7, 16)), cmap=sheet.colour_map)
    if sheet.rng.random() < 0.5:
        ax.contour(x, y, z, levels=8, colors="black", linewidths=0.5)
    sheet.label(ax, topic.x, topic.y)
    sheet.colorbar(mappable, ax, sheet.name(Quantity("Intensity", "a.u.", "units", 0, 1)))
    sheet.formula(ax)
    sheet.finish(ax)


def heatmap(sheet: Sheet) -> None:
    """Matrix of values: an expression matrix, a correlation matrix or a scan."""
    ax = sheet.axes(right=0.2, has_grid=False)
    n_rows, n_columns = (int(n) for n in sheet.rng.integers(6, 24, 2))
    values = field(sheet, 24)[:n_rows, :n_columns] + sheet.rng.normal(0, 0.08, (n_rows, n_columns))
    values = banded(sheet, (values - values.min()) / np.ptp(values))
    mappable = ax.imshow(values, cmap=sheet.colour_map, aspect="auto")
    ax.locator_params(integer=True)
    names = sheet.pick((("Sample", "Gene"), ("Time step", "Channel"), ("Predicted", "True class"),
                        ("Column", "Row")))  # fmt: skip
    sheet.label(ax, Quantity(names[0], "", "", 0, 1), Quantity(names[1], "", "", 0, 1))
    sheet.colorbar(mappable, ax, sheet.words("Expression (log₂)"))
    sheet.finish(ax)


def geographic(sheet: Sheet) -> None:
    """Map: coast lines over a field, with graticule, scale bar and north arrow."""
    ax = sheet.axes(right=0.2, has_grid=False)
    z = field(sheet, 60)
    lon0, lat0 = sheet.rng.uniform(-150, 120), sheet.rng.uniform(-60, 40)
    if sheet.has("impossible_coordinates"):
        lat0 = sheet.rng.uniform(85, 140)
    lon, lat = np.linspace(lon0, lon0 + 30, 60), np.linspace(lat0, lat0 + 22, 60)
    sea = banded(sheet, z)
    mappable = ax.pcolormesh(
        lon, lat, sea, cmap=sheet.colour_map, shading="nearest", rasterized=True
    )
    ax.contour(lon, lat, field(sheet, 60), levels=[0.55], colors="black", linewidths=1.0)
    ax.grid(color="white", linewidth=0.5, alpha=0.6)
    ax.xaxis.set_major_formatter("{x:.0f}°")
    ax.yaxis.set_major_formatter("{x:.0f}°")
    if not sheet.has("missing_scale_bar"):
        unit = sheet.pick(("nm", "µm", "kg")) if sheet.has("wrong_scale_bar") else "km"
        ax.plot([lon0 + 2, lon0 + 8], [lat0 + 2, lat0 + 2], color="black", linewidth=3)
        ax.text(lon0 + 5, lat0 + 2.6, f"500 {unit}", ha="center", **sheet.font(0.85))
    ax.annotate("N", (0.93, 0.95), (0.93, 0.8), xycoords="axes fraction", ha="center",
                arrowprops={"arrowstyle": "->", "color": sheet.ink}, **sheet.font())  # fmt: skip
    sheet.label(ax, Quantity("Longitude", "", "", 0, 1), Quantity("Latitude", "", "", 0, 1))
    sheet.colorbar(mappable, ax, sheet.words("Temperature (°C)"))
    sheet.finish(ax)
