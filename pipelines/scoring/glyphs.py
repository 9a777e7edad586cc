"""A small reader of letter shapes: which way they face, and digits; it does not read words.

A network of three layers and 30,000 weights looks at 16 × 16 points around one mark, neighbours
included, in all eight positions that turning and mirroring give, and says how much each looks
like writing. It learned from words in ordinary fonts, never from figures (`make_glyphs.py`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.views import Values

__all__ = [
    "GLYPH_FILE", "N_ANSWERS", "Boxes", "Glyphs", "Windows", "all_positions", "glyph_inputs",
    "read_glyphs", "windows_of",
]  # fmt: skip

_SIDE = 16
_REACH = 2.2
"""Side of the window over the size of the letter."""
_JOINED = 1.7
"""A mark longer than so many usual letters is several that touch."""
_TRAITS = 5
N_ANSWERS = 1 + _TRAITS + 10
GLYPH_FILE = Path(__file__).parent / "weights" / "glyphs.safetensors"
"""The shipped weights."""


class Boxes(NamedTuple):
    """Bounding boxes of n marks, px, each `[n]`."""

    top: NDArray[np.int64]
    left: NDArray[np.int64]
    height: NDArray[np.int64]
    width: NDArray[np.int64]

    def of(self, chosen: NDArray[np.generic]) -> Boxes:
        """Return some of the boxes, by index or mask."""
        return Boxes(*(part[chosen] for part in self))


class Windows(NamedTuple):
    """Squares to read, px, each `[n]`."""

    y: Values
    """Centre."""
    x: Values
    """Centre."""
    size: Values
    """Size of the letter that is expected there."""
    height: Values
    """Height of the mark."""
    width: Values
    """Width of the mark."""

    def of(self, chosen: NDArray[np.generic]) -> Windows:
        """Return some of the windows, by index or mask."""
        return Windows(*(part[chosen] for part in self))

    def on(self, seen: tuple[int, ...], page: tuple[int, ...]) -> Windows:
        """Return the same windows on a page of another size than they were seen in, `(h, w)`."""
        down, along = (np.float32(p / s) for p, s in zip(page, seen, strict=True))
        scale = np.float32(max(down, along))
        return Windows(self.y * down, self.x * along, self.size * scale,
                       self.height * scale, self.width * scale)  # fmt: skip


class Glyphs(NamedTuple):
    """What is said of n marks."""

    faces: Values
    """`[n, 9]` probabilities: turned by 0, 90, 180, 270° anticlockwise; the same four and then
    mirrored; no letter."""
    digit: Values
    """`[n]` probability, as the next three."""
    upper: Values
    slanted: Values
    bold: Values
    stretch: Values
    """`[n]` logarithm of width gained over height."""
    number: Values
    """`[n, 10]` probability of each digit, if it is one."""


def windows_of(boxes: Boxes) -> Windows:
    """Return where to read: once in each mark, several times along marks of joined letters."""
    longer, shorter = np.maximum(boxes.height, boxes.width), np.minimum(boxes.height, boxes.width)
    if not longer.size:
        return Windows(*(np.zeros(0, dtype=np.float32) for _ in range(5)))
    usual = float(np.median(longer[longer <= 2 * np.median(longer)]))
    joined = (longer > _JOINED * usual) & (shorter >= 0.5 * usual) & (longer > 1.5 * shorter)
    times = np.where(joined, np.clip(np.round(longer / (shorter + 0.1)), 2, 8), 1).astype(np.int64)
    of = np.repeat(np.arange(longer.size), times)
    step = np.arange(of.size) - np.repeat(np.cumsum(times) - times, times)
    share = (step + 0.5) / times[of]
    wide = boxes.width[of] >= boxes.height[of]
    y = boxes.top[of] + boxes.height[of] * np.where(wide, 0.5, share)
    x = boxes.left[of] + boxes.width[of] * np.where(wide, share, 0.5)
    size = np.where(joined[of], shorter[of], longer[of])
    parts = (y, x, size, np.minimum(boxes.height[of], size), np.minimum(boxes.width[of], size))
    return Windows(*(part.astype(np.float32) for part in parts))


def glyph_inputs(page: NDArray[np.uint8], windows: Windows) -> Values:
    """Return `[n, 259]`: contrast on 16 × 16 points around each mark, its shape and size.

    Args:
        page: Grey picture, `[h, w]`.
        windows: Where to read, px of the page.
    """
    offset = ((np.arange(_SIDE) + 0.5) / _SIDE - 0.5).astype(np.float32) * np.float32(_REACH)
    y = windows.y[:, None] + offset * windows.size[:, None] - np.float32(0.5)
    x = windows.x[:, None] + offset * windows.size[:, None] - np.float32(0.5)
    grey = _bilinear(page, y, x).reshape(len(y), _SIDE * _SIDE)
    low, high, middle = grey.min(axis=1), grey.max(axis=1), grey.mean(axis=1)
    light = high + low > 2 * middle
    paper, far = np.where(light, low, high), np.where(light, high, low)
    ink = (grey - paper[:, None]) / (far - paper + np.where(light, 6, -6))[:, None]
    height, width = np.log(windows.height + 0.5), np.log(windows.width + 0.5)
    rest = np.stack([width - height, height + width - 2 * np.log(windows.size + 0.5),
                     np.log(windows.size + 0.5) - 2], axis=1)  # fmt: skip
    return np.concatenate([ink - np.float32(0.4), rest], axis=1, dtype=np.float32)


def all_positions(inputs: Values) -> Values:
    """Return the inputs as they were before each of eight changes, `[8, n, 259]`.

    The changes: turned by 0, 90, 180, 270° anticlockwise; the same, then mirrored.

    Args:
        inputs: From `glyph_inputs`.
    """
    place = np.arange(_SIDE * _SIDE).reshape(_SIDE, _SIDE)
    before = [np.rot90(p, -k) for p in (place, place[:, ::-1]) for k in range(4)]
    positions = np.stack([
        np.concatenate([inputs[:, b.ravel()], inputs[:, _SIDE * _SIDE :]], axis=1) for b in before
    ])  # fmt: skip
    positions[1::2, :, -3] *= -1
    return positions


def _bilinear(page: NDArray[np.uint8], y: Values, x: Values) -> Values:
    """Return the grey at every crossing of each mark's rows and columns, `[n, 16, 16]`."""
    y, x = (n.clip(0, size - 1.001) for n, size in zip((y, x), page.shape, strict=True))
    y0, x0 = y.astype(np.int32), x.astype(np.int32)
    fy, fx = (y - y0)[:, :, None], (x - x0)[:, None, :]
    flat, width = page.ravel(), page.shape[1]
    first = (y0 * width)[:, :, None] + x0[:, None, :]
    a, b, c, d = (flat[first + shift].astype(np.float32) for shift in (0, 1, width, width + 1))
    upper = a + (b - a) * fx
    mixed: Values = upper + (c + (d - c) * fx - upper) * fy
    return mixed


@cache
def _weights() -> dict[str, Values]:
    from safetensors.numpy import load_file

    return {name: value.astype(np.float32) for name, value in load_file(GLYPH_FILE).items()}


@cache
def _first_layers() -> Values:
    """Return the first layer as it is for each of eight positions, `[259, 8 n]`.

    Its rows change places instead of the pixels, of which there are many more.
    """
    weights = _weights()["w1"]
    places = all_positions(np.eye(len(weights), dtype=np.float32))
    layers: Values = np.concatenate([place @ weights for place in places], axis=1)
    return layers


def read_glyphs(inputs: Values) -> Glyphs:
    """Return what is said of each mark.

    Args:
        inputs: From `glyph_inputs`.
    """
    a = _weights()
    first = (inputs @ _first_layers()).reshape(8 * len(inputs), len(a["b1"]))
    hidden = np.maximum(first + a["b1"], 0)
    said = np.maximum(hidden @ a["w2"] + a["b2"], 0) @ a["w3"] + a["b3"]
    said = said.reshape(-1, 8, N_ANSWERS).swapaxes(0, 1)
    none = np.zeros((1, len(inputs)), dtype=np.float32)
    faces = _softmax(np.concatenate([said[:, :, 0], none]).T)
    share = faces[:, :8] / (faces[:, :8].sum(axis=1, keepdims=True) + 1e-9)
    answers = np.einsum("nk,kna->na", share, said)
    digit, upper, slanted, bold = 1 / (1 + np.exp(-answers[:, 1:_TRAITS].T.clip(-30, 30)))
    stretch, number = answers[:, _TRAITS].clip(-2, 2), _softmax(answers[:, -10:])
    return Glyphs(faces, digit, upper, slanted, bold, stretch, number)


def _softmax(logits: Values) -> Values:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-30))
    share: Values = raised / raised.sum(axis=1, keepdims=True)
    return share
