"""A kind of figure: power over time and frequency, from speech to scanned fields."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.captions import lift_letter
from pipelines.scoring.figures.plots import banded
from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.sizes import paper_ems
from pipelines.scoring.figures.topics import Quantity

__all__ = ["spectrogram"]

_SCANNED = (
    ("speech", Quantity("Time", "s", "secs", 0, 2.5), Quantity("Frequency", "kHz", "khz", 0, 8)),
    ("calls", Quantity("Time", "ms", "msec", 0, 120), Quantity("Frequency", "kHz", "khz", 10, 99)),
    ("tremor", Quantity("Time", "min", "mins", 0, 30), Quantity("Frequency", "Hz", "hertz", 0, 25)),
    ("rhythm", Quantity("Time", "s", "secs", 0, 60), Quantity("Frequency", "Hz", "hertz", 0, 40)),
    ("walk", Quantity("Time", "s", "secs", 0, 4), Quantity("Velocity", "m/s", "mps", -6, 6)),
    ("scan", Quantity("Field", "T", "Tesla's", 0, 9), Quantity("Energy", "meV", "milli eV", 0, 80)),
    ("scan", Quantity("Bias", "mV", "milliV", -20, 20), Quantity("Frequency", "GHz", "GHZ", 4, 8)),
)  # fmt: skip


def spectrogram(sheet: Sheet) -> None:
    """Power over time and frequency as colours, some with the signal above; or a scan."""
    rng, (wide, high) = sheet.rng, paper_ems(sheet)
    form, x, y = sheet.pick(_SCANNED)
    ax = sheet.axes(right=0.05 + 4.8 / wide, has_grid=False)
    t, f = np.linspace(0, 1, 220), np.linspace(0, 1, 130)[:, None]
    power = np.zeros((130, 220))
    for centre, half, loud in _RIDGES[form](rng, t):
        power += loud * np.exp(-(((f - centre) / half) ** 2))
    floor = 10 ** rng.uniform(-4.2, -3) / (0.3 + f)
    level = 10 * np.log10(power + floor) + 1.6 * rng.standard_normal(power.shape)
    level = np.clip((level - np.quantile(level, 0.999) + 48) / 48, 0, 1)
    is_heard = form not in ("scan", "walk") and rng.random() < 0.5
    if is_heard and high > 21 and not (sheet.style.has_title or sheet.style.panel_letter):
        _signal_above(sheet, ax, power.sum(axis=0), x)
    bar = Quantity(
        "Signal" if form == "scan" else "Power",
        "dB",
        "decibels",
        *sheet.pick(((-50, 0), (0, 50), (-90, -40))),
    )
    usual = sheet.pick(("viridis", "magma", "inferno", "gray", "Greys"))
    # Colours that part in the middle mean a sign, which power has not.
    cmap = sheet.colour_map
    cmap = usual if cmap in ("RdBu_r", "coolwarm", "PuOr", "BrBG") else cmap
    mappable = ax.imshow(
        bar.low + (bar.high - bar.low) * banded(sheet, level), cmap=cmap, origin="lower",
        extent=(x.low, x.high, y.low, y.high), aspect="auto", zorder=0.2,
        interpolation="nearest" if rng.random() < 0.4 else "bilinear",
    )  # fmt: skip
    sheet.label(ax, x, y)
    lift_letter(sheet, ax)
    sheet.colorbar(mappable, ax, sheet.name(bar))
    sheet.finish(ax)


def _signal_above(sheet: Sheet, ax: Any, power: Any, x: Quantity) -> None:
    """Draw the signal itself into the upper part of the axes' place."""
    left, bottom, width, height = ax.get_position().bounds
    ax.set_position((left, bottom, width, 0.72 * height))
    signal = sheet.figure.add_axes((left, bottom + 0.76 * height, width, 0.24 * height))
    sheet.dress(signal, has_grid=False)
    time = np.linspace(x.low, x.high, 1100)
    swing = np.sqrt(np.repeat(power, 5)) * sheet.rng.standard_normal(1100)
    signal.plot(time, swing, color=sheet.style.colours[0], linewidth=0.5)
    signal.set(xlim=(x.low, x.high), xticks=[], yticks=[])
    signal.minorticks_off()
    if not sheet.has("missing_y_label"):
        signal.set_ylabel(sheet.words("Signal"), **sheet.font(0.9))
    if sheet.has("missing_axes"):
        signal.set_axis_off()


def _speech(rng: np.random.Generator, t: Any) -> Any:
    """Harmonics of a voice, in syllables whose vowels differ."""
    pitch = rng.uniform(0.025, 0.05) * (1 + 0.2 * np.sin(rng.uniform(4, 9) * t + rng.uniform(0, 6)))
    middles = np.linspace(0.09, 0.91, int(rng.integers(4, 8)))
    for middle in middles + rng.uniform(-0.03, 0.03, len(middles)):
        inside = 1 / (1 + np.exp((np.abs(t - middle) - rng.uniform(0.03, 0.065)) / 0.006))
        formants = rng.uniform((0.05, 0.15, 0.32), (0.12, 0.3, 0.5))
        for k in range(1, 21):
            near = np.abs(k * pitch.mean() - formants)
            loud = (np.exp(-((near / 0.04) ** 2)) * (1, 0.3, 0.1)).sum() + 0.003
            yield k * pitch, 0.2 * pitch, inside * loud
        if rng.random() < 0.4:
            yield 0.7 + 0 * t, 0.22, 0.02 * np.roll(inside, 14)


def _calls(rng: np.random.Generator, t: Any) -> Any:
    """Falling sweeps of a bat or a whale with one overtone."""
    low, rise, every = rng.uniform((0.1, 0.2, 0.12), (0.3, 0.4, 0.3))
    share = ((t + rng.uniform(0, every)) % every) / (every * rng.uniform(0.35, 0.6))
    inside, sweep = np.sin(np.pi * np.clip(share, 0, 1)), low + rise * np.exp(-2.5 * share)
    yield sweep, 0.014, inside
    yield 2 * sweep, 0.022, 0.04 * inside


def _tremor(rng: np.random.Generator, t: Any) -> Any:
    """Arrivals whose high frequencies fade first, over a steady hum."""
    yield rng.uniform(0.05, 0.2), 0.03, 0.02 + 0 * t
    fall = rng.uniform(0.15, 0.4)
    for onset in rng.uniform(0.05, 0.85, int(rng.integers(2, 6))):
        after, loud = np.clip(t - onset, 0, None), rng.uniform(0.05, 1)
        for f in np.linspace(0, 1, 16):
            yield f, 0.07, loud * np.exp(-after * (20 + 70 * f) - f / fall) * (t > onset)


def _rhythm(rng: np.random.Generator, t: Any) -> Any:
    """Bands that wax and wane over a background that falls with frequency."""
    yield 0.0, 0.3, 0.02 + 0 * t
    for band in rng.uniform((0.03, 0.22, 0.4), (0.08, 0.3, 0.65)):
        wax = np.interp(t, np.linspace(0, 1, 14), rng.gamma(0.8, 0.5, 14))
        yield band + 0.01 * np.sin(9 * t), 0.02 + 0.06 * band, wax


def _walk(rng: np.random.Generator, t: Any) -> Any:
    """Doppler shifts of a walker for a radar: the body, and limbs that swing about it."""
    body = 0.5 + rng.choice([-1, 1]) * rng.uniform(0.08, 0.16) + 0.015 * np.sin(20 * t)
    yield body, 0.018, 1 + 0 * t
    yield 0.5, 0.008, 0.25 + 0 * t
    pace, reach = rng.uniform((12, 0.12), (30, 0.24))
    for k in range(4):
        limb = body + reach * (1 - 0.2 * k) * np.sin(pace * t + k * np.pi / 2)
        yield limb, 0.022, 0.12 + 0 * t


def _scan(rng: np.random.Generator, t: Any) -> Any:
    """Lines that avoid each other while a parameter is varied."""
    for _ in range(int(rng.integers(2, 5))):
        middle, slope, gap, turn = rng.uniform((0.2, 0.2, 0.02, 0.3), (0.8, 0.6, 0.1, 0.7))
        for side in (-1, 1):
            centre = middle + side * np.hypot(slope * (t - turn), gap)
            for half, loud in ((0.012, 1), (0.04, 0.05)):
                yield centre, half, loud * rng.uniform(0.3, 1) + 0 * t


_RIDGES = {"speech": _speech, "calls": _calls, "tremor": _tremor, "rhythm": _rhythm, "walk": _walk,
           "scan": _scan}  # fmt: skip
"""What yields centre, half width and power over time of every ridge."""
