"""Kind of figure that shows an electric circuit: the schematic."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.axes_flaws import decorate
from pipelines.scoring.figures.lettering import overlap, paper, write
from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.sizes import paper_ems

__all__ = ["circuit"]

_VALUES = {
    "resistor": ("R", (("Ω", "Ohms"), ("kΩ", "Kohm"), ("MΩ", "Megs"))),
    "capacitor": ("C", (("nF", "nFd"), ("µF", "uFd"), ("pF", "puff"))),
    "inductor": ("L", (("mH", "mHy"), ("µH", "uHenr"))),
    "source": ("V", (("V", "Volts"), ("mV", "mVolt"))),
    "battery": ("B", (("V", "Volts"),)),
}  # fmt: skip
"""Part -> its letter and pairs of units, as the SI writes them and as they should not be."""
_TURN = np.linspace(0, 2 * np.pi, 41)
_PLATE = np.array([[0.0, -0.3], [0.0, 0.3]])


def _symbol(form: str, has_boxes: bool) -> tuple[float, list[Any]]:
    """Return half the length of a symbol and its strokes, along and across."""
    disk = 0.38 * np.column_stack([np.cos(_TURN), np.sin(_TURN)])
    signs = [(_PLATE, 0.8), (_PLATE[:, ::-1], 0.8), (_PLATE, -0.8)]
    plus = [0.25 * np.add(stroke, (shift, 0)) for stroke, shift in signs]
    zigzag = [(-0.5, 0), *[((k - 2.5) / 6, (-1) ** k * 0.17) for k in range(6)], (0.5, 0)]
    box = [(-0.5, -0.17), (0.5, -0.17), (0.5, 0.17), (-0.5, 0.17), (-0.5, -0.17)]
    along = np.linspace(0, 4, 81)
    turns = np.column_stack([along / 4 - 0.5, 0.2 * np.abs(np.sin(np.pi * along))])
    strokes: dict[str, tuple[float, list[Any]]] = {
        "resistor": (0.5, [np.array(box if has_boxes else zigzag)]),
        "capacitor": (0.08, [np.add(_PLATE, (shift, 0)) for shift in (-0.08, 0.08)]),
        "inductor": (0.5, [turns]),
        "source": (0.38, [disk, *plus]),
        "battery": (0.08, [np.add(_PLATE, (0.08, 0)), np.add(_PLATE * 0.5, (-0.08, 0))]),
        "meter": (0.38, [disk]),
        "diode": (0.2, [np.array([(-0.2, -0.22), (0.2, 0), (-0.2, 0.22), (-0.2, -0.22)]),
                        np.add(_PLATE * 0.8, (0.2, 0))]),
    }  # fmt: skip
    return strokes[form]


class _Board:
    """A circuit in the making: draws wires and parts, and counts and names them."""

    def __init__(self, sheet: Sheet, ax: Any, size: float) -> None:
        self.sheet, self.ax, self.size = sheet, ax, size
        self.has_boxes = bool(sheet.rng.random() < 0.4)
        self.joint = sheet.pick((" ", " = ", ", "))
        self.counts: dict[str, int] = {}

    def wire(self, *places: Any) -> None:
        """Draw a line from place to place."""
        self.ax.plot(*np.array(places).T, color=self.sheet.ink, linewidth=self.sheet.line_width,
                     alpha=self.sheet.alpha, solid_joinstyle="miter", zorder=1)  # fmt: skip

    def dot(self, *place: float, is_open: bool = False) -> None:
        """Draw a node, or an open terminal."""
        sheet = self.sheet
        face = sheet.background if is_open else sheet.ink
        self.ax.plot(*place, "o", markersize=2.2 + 1.2 * sheet.line_width, color=sheet.ink,
                     markerfacecolor=face, alpha=sheet.alpha, zorder=3)  # fmt: skip

    def ground(self, x: float, y: float) -> None:
        """Draw the sign of ground below a place."""
        self.wire((x, y), (x, y - 0.5))
        for k, half in enumerate((0.75, 0.5, 0.22)):
            self.wire((x - half, y - 0.5 - 0.28 * k), (x + half, y - 0.5 - 0.28 * k))

    def part(self, start: tuple[float, float], end: tuple[float, float], form: str) -> None:
        """Draw a part with its leads, name and value."""
        first, last = np.array(start), np.array(end)
        way = (last - first) / np.hypot(*(last - first))
        middle, across = (first + last) / 2, np.array([-way[1], way[0]])
        half, strokes = _symbol(form, self.has_boxes)
        self.wire(first, middle - half * self.size * way)
        self.wire(middle + half * self.size * way, last)
        for stroke in strokes:
            self.wire(*(middle + self.size * (stroke[:, :1] * way + stroke[:, 1:] * across)))
        # The letter of a meter stands inside it.
        reach = 0.15 + self.size * max(float(stroke[:, 1].max()) for stroke in strokes)
        beside = middle + (0 if form == "meter" else reach) * np.abs(across)
        self._name(form, (float(beside[0]), float(beside[1])), is_flat=bool(abs(way[0]) > 0.5))

    def _name(self, form: str, place: tuple[float, float], is_flat: bool) -> None:
        """Write name and value above a part or to the right of it."""
        sheet, n_named = self.sheet, sum(self.counts.values())
        letter, units = _VALUES.get(form, ("G" if form == "meter" else "D", (("", ""),)))
        self.counts[letter] = self.counts.get(letter, 0) + 1
        unit, loose = sheet.pick(units)
        value = f"{sheet.pick((1, 1.5, 2.2, 3.3, 4.7, 10, 12, 22, 47, 68, 100, 220))}"
        if not sheet.has("missing_unit"):
            value += f" {loose if sheet.has('informal_units') else unit}"
        if sheet.has("missing_node_labels") and n_named % 3 != 1:
            return
        name = f"{letter}{self.counts[letter]}"
        text = name if not unit else f"{name}{self.joint if is_flat else chr(10)}{value}"
        more = {"ha": "center", "va": "bottom"} if is_flat else {"va": "center"}
        if form == "meter":
            text, more["va"] = letter, "center_baseline"
        place = (place[0] + 0.25 * (not is_flat), place[1])
        self.ax.text(*place, text, **sheet.font(0.92, **more), linespacing=1.1)
        overlap(sheet, self.ax, place, "5 %, 1 W", **more)


_RC = ("τ = R C", "τ = R / C")
_SECTIONS = (
    ("resistor", "capacitor", _RC), ("capacitor", "resistor", _RC),
    ("inductor", "capacitor", ("f₀ = 1 / (2π √(L C))", "f₀ = 2π L / √C")),
    ("resistor", "diode", ("V = R I", "V = R / I")),
)  # fmt: skip
"""Parts along and down a section, and a formula for them, right and wrong."""


def circuit(sheet: Sheet) -> None:
    """Electric schematic: network of sections, inverting amplifier, or bridge."""
    wide, tall = paper_ems(sheet)
    # A bridge needs room for the names between its branches and the meter.
    has_room = tall > 20 or (tall > 15 and wide > 32)
    title, draw = sheet.pick(
        (("Passive network", _ladder), ("Inverting amplifier", _amplifier),
         ("Wheatstone bridge", _bridge) if has_room else ("Passive network", _ladder))
    )  # fmt: skip
    ax, width, height = paper(sheet, title)
    span = min((height - 5.4) / 1.2, 0.75 * width)
    low = 3.4 + (height - 5.4 - 1.2 * span) / 2
    right, wrong = draw(sheet, ax, width, (low, low + span))
    is_shown = sheet.rng.random() < 0.4
    if is_shown or sheet.has("wrong_formula"):
        text = wrong if sheet.has("wrong_formula") else right
        ax.text(width - 0.3, 0.2, text, ha="right", **sheet.font(0.95))
    decorate(sheet, ax)


def _ladder(sheet: Sheet, ax: Any, width: float, rails: tuple[float, float]) -> tuple[str, str]:
    """Draw a source and sections of one part along and one part down each; return its formula."""
    low, high = rails
    n = int(np.clip((width - 7.5) / sheet.rng.uniform(8.5, 13), 1, 3))
    has_output = width > 9 * n + 10.5
    end = width - (10.0 if has_output else 5.2)
    step = (end - 2.2) / n
    board = _Board(sheet, ax, min(0.45 * step, 0.62 * (high - low), 5.0))
    board.part((2.2, low), (2.2, high), sheet.pick(("source", "source", "battery")))
    along, down, formula = sheet.pick(_SECTIONS)
    for k in range(n):
        x = 2.2 + (k + 1) * step
        board.part((x - step, high), (x, high), along)
        board.part((x, high), (x, low), "resistor" if k and sheet.rng.random() < 0.3 else down)
        if k < n - 1 or has_output:
            board.dot(x, high)
            board.dot(x, low)
    board.wire((2.2, low), (end, low))
    board.ground(2.2 + step * float(sheet.rng.uniform(0.2, 0.8)), low)
    if has_output:
        for y in rails:
            board.wire((end, y), (width - 3.6, y))
            board.dot(width - 3.6, y, is_open=True)
        write(sheet, ax, (width - 3.0, (low + high) / 2), "Vout", 2.8, va="center")
    elif not sheet.style.has_title:
        write(sheet, ax, (0.2, 0.2), "Network", width - 11.5)
    return str(formula[0]), str(formula[1])


def _amplifier(sheet: Sheet, ax: Any, width: float, rails: tuple[float, float]) -> tuple[str, str]:
    """Draw an operational amplifier with its input, feedback and output; return its formula."""
    low, high = rails
    tall = min(0.55 * (high - low), 0.22 * width, 9.0)
    x, y = width * 0.56, low + tall * 0.62
    node, out = x - 1.3, x + 0.95 * tall
    board = _Board(sheet, ax, min(0.3 * width - 2.5, 0.26 * (high - low) + 1, 4.5))
    inverting, other = y + tall / 4, y - tall / 4
    board.wire((x, y - tall / 2), (x, y + tall / 2), (out, y), (x, y - tall / 2))
    for sign, level in (("−", inverting), ("+", other)):
        ax.text(x + 0.1 * tall, level, sign, va="center", ha="center",
                **sheet.font(min(1.0, tall / 3.6)))  # fmt: skip
    board.part((1.4, inverting), (node, inverting), "resistor")
    board.wire((node, inverting), (x, inverting))
    board.wire((node, inverting), (node, high))
    board.part((node, high), (out + 1.0, high), "resistor")
    board.wire((out + 1.0, high), (out + 1.0, y), (out, y))
    board.wire((out + 1.0, y), (width - 1.6, y))
    board.wire((x, other), (node, other), (node, low))
    board.ground(node, low)
    for place in ((node, inverting), (out + 1.0, y)):
        board.dot(*place)
    for place, text in (((1.4, inverting), "Vin"), ((width - 1.6, y), "Vout")):
        board.dot(*place, is_open=True)
        write(sheet, ax, (place[0], place[1] - 0.7), text, ha="center", va="top")
    return "Vout = −Vin R2 / R1", "Vout = −Vin R1 + R2"


def _bridge(sheet: Sheet, ax: Any, width: float, rails: tuple[float, float]) -> tuple[str, str]:
    """Draw a bridge of four parts with a meter between; return its formula."""
    low, high = rails
    middle, left, right = (low + high) / 2, 0.4 * width, width - 5.6
    board = _Board(sheet, ax, min(0.32 * (high - low), 0.2 * width, 4.5))
    board.part((2.2, low), (2.2, high), sheet.pick(("source", "battery")))
    for x in (left, right):
        board.part((x, high), (x, middle), "resistor")
        board.part((x, middle), (x, low), "resistor")
        board.dot(x, middle)
    board.part((left, middle), (right, middle), "meter")
    for y in rails:
        board.wire((2.2, y), (right, y))
        board.dot(left, y)
    board.ground(0.25 * width, low)
    if not sheet.style.has_title:
        write(sheet, ax, (0.2, 0.2), "Bridge circuit", width - 11.5)
    return "R1 R4 = R2 R3", "R1 + R4 = R2 / R3"
