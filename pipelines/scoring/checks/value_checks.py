"""Checks of the numbers along an axis: their order, and what they can be."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.checks.axes import Axis
from pipelines.scoring.checks.findings import Finding, finding
from pipelines.scoring.checks.quantities import PER_CENT_QUANTITIES

__all__ = ["check_order", "check_reach"]

Numbers = NDArray[np.float64]

_SURE = 0.9
_BEYOND_PER_CENT = 140
_FEWEST_IN_ORDER = 4
_EVEN = 0.12
"""Part of a step by which places or values may be off."""


def check_order(axis: Axis) -> Iterator[Finding]:
    """Yield an axis whose numbers are evenly spaced and stand in another order."""
    ticks = axis.ticks
    if len(ticks) >= _FEWEST_IN_ORDER and all(t.word.sureness >= _SURE for t in ticks):
        values = np.array([tick.value for tick in ticks])
        if _is_permuted(values, np.array([tick.place for tick in ticks])):
            text = ", ".join(tick.word.text for tick in ticks)
            yield finding(
                "ticks_out_of_order", [tick.word for tick in ticks], axis=axis.name, text=text
            )


def _is_permuted(values: Numbers, places: Numbers) -> bool:
    """Return whether evenly spaced numbers stand at evenly spaced places in another order.

    A number that was misread, or whose minus was not seen, is not evenly spaced with the others;
    whole numbers one apart may be names (leaves of a tree, columns sorted by likeness).
    """
    steps = np.diff(values)
    if (steps > 0).all() or (steps < 0).all():
        return False
    ordered = np.diff(np.sort(values))
    step = float(ordered.min())
    is_index = step == 1 and bool((values == values.round()).all())
    return step > 0 and not is_index and _is_even(ordered) and _is_even(np.diff(places))


def _is_even(steps: Numbers) -> bool:
    """Return whether steps are whole multiples of the smallest, most of them one."""
    step = float(np.abs(steps).min())
    if step <= 0:
        return False
    times = steps / step
    return bool(np.abs(times - times.round()).max() < _EVEN) and bool(times.max() < 2.5)


def check_reach(axis: Axis) -> Iterator[Finding]:
    """Yield an axis that goes to values its quantity cannot have."""
    label = axis.label
    if label is None or label.sureness < _SURE:
        return
    far = max(axis.ticks, key=lambda tick: abs(tick.value))
    names = set(re.findall(r"[a-z]+", label.text.lower()))
    if far.word.sureness < _SURE:
        return
    words, value = (*label.words, far.word), far.word.text.rstrip("% ")
    if names & PER_CENT_QUANTITIES and "%" in label.text and far.value >= _BEYOND_PER_CENT:
        yield finding("impossible_percentage", words, text=label.text, value=value)
    if "latitude" in names and "longitude" not in names and abs(far.value) > 90:
        yield finding("impossible_latitude", words, text=label.text, value=value)
