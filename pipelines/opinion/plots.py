"""Static SVG plots of the report: no script, no fonts, colours of Okabe and Ito."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np

__all__ = ["Point", "bar_plot", "caterpillar_plot", "interval_plot", "scatter_plot", "shortened"]

_BLUE, _ORANGE, _GREY, _GRID = "#0072B2", "#D55E00", "#888888", "#88888855"
_WIDTH, _LEFT, _RIGHT, _ROW = 680, 190, 20, 20
_MOST_DOTS = 4000


class Point(NamedTuple):
    """A value with its interval; NaN limits draw no interval."""

    label: str
    value: float
    low: float
    high: float
    is_marked: bool = False
    """Drawn in orange with a square, e.g. a rejected rater."""


def interval_plot(points: Sequence[Point], axis: str, low: float, high: float) -> str:
    """Return a dot with its interval per row, on one horizontal axis.

    Args:
        points: Rows from top to bottom.
        axis: What the axis shows, with its unit and n.
        low: Left end of the axis.
        high: Right end.
    """
    height = _ROW * len(points) + 48
    scale = _Scale(low, high, _LEFT, _WIDTH - _RIGHT)
    parts = [_axis(scale, height - 40, axis)]
    for index, point in enumerate(points):
        y = 14 + _ROW * index
        colour = _ORANGE if point.is_marked else _BLUE
        parts.append(_text(_LEFT - 8, y + 4, point.label, "end"))
        if np.isfinite(point.low) and np.isfinite(point.high):
            ends = scale.at(point.low), scale.at(point.high)
            parts.append(_line(ends[0], y, ends[1], y, colour))
        if np.isfinite(point.value):
            parts.append(_dot(scale.at(point.value), y, colour, point.is_marked))
        else:
            parts.append(_text(_LEFT + 6, y + 4, "not defined", "start"))
    return _svg(height, parts, axis)


def caterpillar_plot(
    values: Sequence[tuple[float, float]], axis: str, low: float, high: float
) -> str:
    """Return values in rising order with their half-widths, as one curve with whiskers.

    Args:
        values: (MOS, half-width of the interval or NaN), any order.
        axis: What the vertical axis shows, with unit and n.
        low: Bottom of the axis.
        high: Top of the axis.
    """
    ordered = sorted(value for value in values if np.isfinite(value[0]))
    if len(ordered) > 400:  # beyond that, whiskers of neighbours cover each other
        picks = np.linspace(0, len(ordered) - 1, 400).astype(int)
        ordered = [ordered[pick] for pick in picks]
    height, top, bottom = 300, 14, 262
    scale = _Scale(low, high, bottom, top)
    parts = []
    for tick in _ticks(low, high):
        y = scale.at(tick)
        parts += [_line(50, y, _WIDTH - _RIGHT, y, _GRID), _text(44, y + 4, f"{tick:g}", "end")]
    step = (_WIDTH - _RIGHT - 60) / max(len(ordered), 1)
    for index, (value, half) in enumerate(ordered):
        x = 56 + step * (index + 0.5)
        if np.isfinite(half):
            ends = scale.at(min(value + half, high)), scale.at(max(value - half, low))
            parts.append(_line(x, ends[0], x, ends[1], _GREY))
        parts.append(_dot(x, scale.at(value), _BLUE, False, 2.2))
    parts.append(_text(56, 290, axis, "start"))
    return _svg(height, parts, axis)


def bar_plot(bars: Sequence[tuple[str, float]], axis: str) -> str:
    """Return horizontal bars from 0, the value written at each."""
    height = _ROW * len(bars) + 48
    most = max([value for _, value in bars], default=1.0) or 1.0
    scale = _Scale(0, most, _LEFT, _WIDTH - 60)
    parts = [_axis(scale, height - 40, axis)]
    for index, (label, value) in enumerate(bars):
        y = 14 + _ROW * index
        width = max(scale.at(value) - _LEFT, 0.0)
        parts.append(_text(_LEFT - 8, y + 4, label, "end"))
        parts.append(
            f'<rect x="{_LEFT}" y="{y - 7}" width="{width:.1f}" height="14" fill="{_BLUE}"/>'
        )
        parts.append(_text(scale.at(value) + 5, y + 4, f"{value:g}", "start"))
    return _svg(height, parts, axis)


def scatter_plot(
    points: Sequence[tuple[float, float]],
    curve: Sequence[tuple[float, float]],
    x_axis: str,
    y_axis: str,
) -> str:
    """Return dots with a fitted curve over them.

    Args:
        points: (x, y), finite; of more than 4000 a regular sample is drawn.
        curve: (x, y) of the fit from left to right.
        x_axis: What the horizontal axis shows.
        y_axis: What the vertical axis shows.
    """
    drawn = points[:: max(1, -(-len(points) // _MOST_DOTS))]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    height, left, bottom = 420, 60, 370
    across = _Scale(min(xs), max(xs), left + 10, _WIDTH - _RIGHT)
    up = _Scale(min(ys), max(ys), bottom - 10, 24)
    parts = []
    for tick in _ticks(up.low, up.high):
        y = up.at(tick)
        parts += [
            _line(left, y, _WIDTH - _RIGHT, y, _GRID),
            _text(left - 6, y + 4, f"{tick:g}", "end"),
        ]
    for tick in _ticks(across.low, across.high):
        x = across.at(tick)
        parts += [
            _line(x, 14, x, bottom, _GRID),
            _text(x, bottom + 16, f"{tick:g}", "middle"),
        ]
    parts += [_dot(across.at(x), up.at(y), _BLUE, False, 2.2) for x, y in drawn]
    path = " ".join(f"{across.at(x):.1f},{up.at(y):.1f}" for x, y in curve)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{_ORANGE}" stroke-width="2.2"/>')
    parts += [
        _text(left + 10, bottom + 38, x_axis, "start"),
        _text(left - 6, 12, y_axis, "start"),
    ]
    return _svg(height, parts, f"{y_axis} over {x_axis}")


class _Scale(NamedTuple):
    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        span = (self.high - self.low) or 1.0
        share = min(max((value - self.low) / span, 0.0), 1.0)
        return self.start + share * (self.end - self.start)


def _ticks(low: float, high: float) -> list[float]:
    span = (high - low) or 1.0
    step = 10.0 ** np.floor(np.log10(span / 4))
    step *= next(times for times in (1, 2, 5, 10) if span / (step * times) <= 6)
    first = np.ceil(low / step - 1e-9) * step
    return [float(round(tick, 10)) + 0.0 for tick in np.arange(first, high + step * 1e-6, step)]


def _axis(scale: _Scale, y: float, label: str) -> str:
    parts = [_line(scale.start, y, scale.end, y, "currentColor")]
    for tick in _ticks(scale.low, scale.high):
        x = scale.at(tick)
        parts += [_line(x, 4, x, y, _GRID), _text(x, y + 15, f"{tick:g}", "middle")]
    return "".join([*parts, _text(scale.start, y + 34, label, "start")])


def _svg(height: float, parts: Sequence[str], label: str) -> str:
    return (
        f'<svg role="img" aria-label="{escape(label, quote=True)}" viewBox="0 0 {_WIDTH} '
        f'{height:g}" width="{_WIDTH}" height="{height:g}" xmlns="http://www.w3.org/2000/svg">'
        f"{''.join(parts)}</svg>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        'stroke-width="1.4"/>'
    )


def _dot(x: float, y: float, colour: str, is_square: bool, size: float = 4.0) -> str:
    if is_square:
        return (
            f'<rect x="{x - size:.1f}" y="{y - size:.1f}" width="{2 * size:g}" '
            f'height="{2 * size:g}" fill="{colour}"/>'
        )
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:g}" fill="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    # What ends at the plot has the margin left of it; what starts there has the rest.
    shown = shortened(text, 28 if anchor == "end" else int((_WIDTH - x) / 6.2))
    full = f"<title>{escape(text)}</title>" if shown != text else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="12" '
        f'fill="currentColor">{full}{escape(shown)}</text>'
    )


def shortened(text: str, most: int) -> str:
    """Return text of at most so many characters, its middle left out.

    >>> shortened("validity", 28), shortened("abcdefghij", 6)
    ('validity', 'abc…ij')
    """
    if len(text) <= most:
        return text
    end = (most - 1) // 2
    return text[: most - 1 - end] + "…" + text[len(text) - end :]
