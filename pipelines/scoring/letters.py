"""Features of connected marks, mostly letters: size, shape, place, and which way they face."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.glyphs import GLYPH_ANSWERS, Boxes, glyph_inputs, read_glyphs
from pipelines.scoring.layout import Frame
from pipelines.scoring.views import Features, Values, Views

__all__ = ["Marks", "find_marks", "letter_features"]

_MOST_MARKS, _MOST_GLYPHS = 3000, 192


class Marks(NamedTuple):
    """Connected marks of a picture."""

    n_marks: int
    boxes: Boxes
    """At most 3,000 of them."""
    paper: float
    """Grey of the paper."""
    is_letter: NDArray[np.bool_]
    """Whether each has the size of a letter."""


def find_marks(grey: Values) -> Marks:
    """Find what stands out of the paper, which is the commonest grey.

    Args:
        grey: Picture, 0–1, `[h, w]`.
    """
    from scipy.ndimage import find_objects, label

    counts = np.bincount((grey * 31.99).astype(np.uint8).ravel(), minlength=32)
    paper = (int(counts.argmax()) + 0.5) / 32
    labels, n_marks = label(np.abs(grey - np.float32(paper)) > 0.14)
    found = find_objects(labels)[:: 1 + n_marks // _MOST_MARKS]
    sides = [(y.start, x.start, y.stop - y.start, x.stop - x.start) for y, x in found]
    boxes = Boxes(*np.array(sides, dtype=np.int64).reshape(-1, 4).T)
    height, width = grey.shape
    is_letter = (
        (boxes.height >= 4) & (boxes.height < 0.12 * height)
        & (boxes.width < 0.15 * width) & (boxes.width >= 1)
    )  # fmt: skip
    return Marks(n_marks, boxes, paper, is_letter)


def letter_features(views: Views, frame: Frame) -> Features:
    """Number, size, shape and place of letters, and how they face.

    Args:
        views: The image.
        frame: Where the longest straight lines are, as shares of the sides.
    """
    marks = find_marks(views.text)
    letters = marks.boxes.of(marks.is_letter)
    return {
        **_sizes(views, marks, letters), **_places(letters, views.text.shape),
        **_facing(views.text, marks, letters, frame),
    }  # fmt: skip


def _sizes(views: Views, marks: Marks, letters: Boxes) -> Features:
    height = views.text.shape[0]
    enlarge = max(views.size) / max(views.text.shape)
    sizes = letters.height if letters.height.size else np.zeros(1)
    ratios = np.log((letters.width + 0.5) / (letters.height + 0.5)) if letters.width.size else sizes
    low, middle, high = np.quantile(sizes, (0.15, 0.5, 0.85))
    narrow, usual, wide = np.quantile(ratios, (0.2, 0.5, 0.8))
    boxes = marks.boxes
    tall = float(boxes.height.max() / height) if boxes.height.size else 0.0
    return {
        "n_marks": np.log1p(marks.n_marks), "n_letters": np.log1p(letters.height.size),
        "n_specks": np.log1p(int((boxes.height * boxes.width <= 6).sum())),
        "letter_low": low * enlarge, "letter_middle": middle * enlarge,
        "letter_high": high * enlarge, "letter_share": middle / height,
        "letter_share_low": low / height, "letter_share_high": high / height,
        "letter_spread": high / (low + 0.5), "largest_mark": tall,
        "letter_wide_low": narrow, "letter_wide": usual, "letter_wide_high": wide,
    }  # fmt: skip


def _places(letters: Boxes, shape: tuple[int, ...]) -> Features:
    """How many letters lie along each side, and how many the edge of the picture cuts."""
    height, width = shape
    bottom, right = letters.top + letters.height, letters.left + letters.width
    strips = {
        "left": letters.left < width * 0.14, "right": letters.left > width * 0.84,
        "bottom": letters.top > height * 0.84, "top": letters.top < height * 0.12,
    }  # fmt: skip
    cut = (letters.top == 0) | (letters.left == 0) | (bottom == height) | (right == width)
    return {
        **{f"letters_{name}": np.log1p(int(part.sum())) for name, part in strips.items()},
        "letters_cut": np.log1p(int(cut.sum())),
    }  # fmt: skip


def _facing(grey: Values, marks: Marks, letters: Boxes, frame: Frame) -> Features:
    n = letters.height.size
    chosen = np.arange(n) if n <= _MOST_GLYPHS else np.linspace(0, n - 1, _MOST_GLYPHS).astype(int)
    boxes = letters.of(chosen)
    said = dict(
        zip(
            GLYPH_ANSWERS,
            read_glyphs(glyph_inputs(grey, boxes, marks.paper)).T.clip(-8, 8),
            strict=True,
        )
    )
    real = _share(-said["junk"])
    weight = real / (real.sum() + 1e-6)
    rotated = _share(said["rotated"])
    upright = real * (1 - rotated)
    total = upright.sum() + 0.5
    features = {
        f"glyph_{name}": float((weight * value).sum())
        for name, value in said.items()
        if name != "junk"
    }
    stretch = said["stretch"]
    side = {
        "glyph_real": np.log1p(real.sum()),
        "glyph_mirrored_upright": float((upright * said["mirrored"]).sum() / total),
        "glyph_mirrored_sum": float(np.arcsinh((real * said["mirrored"]).sum())),
        "glyph_stretch_upright": float((upright * stretch).sum() / total),
        "glyph_stretch_turned": float(
            (real * rotated * stretch).sum() / ((real * rotated).sum() + 0.5)
        ),
        "glyph_digits": np.log1p((upright * _share(said["digit"])).sum()),
    }
    return features | side | _around(boxes, grey.shape, frame, real, said)


def _share(logit: Values) -> Values:
    return np.asarray(1 / (1 + np.exp(-logit)), dtype=np.float32)


def _around(
    boxes: Boxes,
    shape: tuple[int, ...],
    frame: Frame,
    real: Values,
    said: dict[str, Values],
) -> Features:
    """Digits, upright and turned letters on each side of the frame, and inside it."""
    y = (boxes.top + boxes.height / 2) / shape[0]
    x = (boxes.left + boxes.width / 2) / shape[1]
    places = {
        "left": x < frame.left, "right": x > frame.right,
        "below": (y > frame.bottom) & (x >= frame.left), "above": y < frame.top,
        "inside": (x >= frame.left) & (x <= frame.right) & (y >= frame.top) & (y <= frame.bottom),
    }  # fmt: skip
    digit, rotated = _share(said["digit"]), _share(said["rotated"])
    kinds = {
        "digits": digit * (1 - rotated),
        "words": (1 - digit) * (1 - rotated),
        "turned": rotated,
    }
    return {
        f"{what}_{place}": np.log1p(float((real * share)[there].sum()))
        for place, there in places.items()
        for what, share in kinds.items()
    }
