"""Features of connected marks, mostly letters: size, shape, place, and which way they face."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.connected import boxes_of_marks
from pipelines.scoring.glyphs import Boxes, Windows, glyph_inputs, read_glyphs, windows_of
from pipelines.scoring.layout import Frame
from pipelines.scoring.ticks import find_numbers, tick_features
from pipelines.scoring.views import Features, Levels, Values, Views

__all__ = ["Marks", "find_marks", "letter_features"]

_MOST_MARKS, _MOST_GLYPHS = 3000, 192
_CONTRAST, _FILLED = 36, 0.35


class Marks(NamedTuple):
    """Connected marks of a picture."""

    n_marks: int
    boxes: Boxes
    """At most 3,000 of them."""
    letters: Boxes
    """Marks of the size of a letter, on the paper and on filled boxes."""


def find_marks(grey: Levels) -> Marks:
    """Find what stands out of the paper, which is the commonest grey, and letters on filled boxes.

    Args:
        grey: Picture, `[h, w]`.
    """
    paper, _ = _commonest(grey)
    n_marks, boxes = _marks_on(grey, paper)
    inside = [boxes.of(_of_letter_size(boxes, grey.shape))]
    for top, left, height, width in _largest(boxes, grey.size):
        part = grey[top : top + height, left : left + width]
        fill, share = _commonest(part)
        if share > _FILLED and abs(fill - paper) > _CONTRAST:
            _, found = _marks_on(part, fill)
            found = found.of(_of_letter_size(found, grey.shape))
            inside.append(found._replace(top=found.top + top, left=found.left + left))
    letters = Boxes(*(np.concatenate(parts) for parts in zip(*inside, strict=True)))
    return Marks(n_marks, boxes, letters)


def _commonest(grey: Levels) -> tuple[int, float]:
    """Return the middle of the commonest of 32 ranges of grey, and its share."""
    counts = np.bincount(grey[::2, ::2].ravel() >> 3, minlength=32)
    return 8 * int(counts.argmax()) + 4, float(counts.max() / counts.sum())


def _marks_on(grey: Levels, paper: int) -> tuple[int, Boxes]:
    # Two comparisons of bytes take a tenth of the time of a table.
    lighter, darker = np.uint8(min(paper + _CONTRAST, 255)), np.uint8(max(paper - _CONTRAST, 0))
    found = boxes_of_marks((grey > lighter) | (grey < darker))
    return len(found), Boxes(*found[:: 1 + len(found) // _MOST_MARKS].T)


def _largest(boxes: Boxes, n_pixels: int) -> list[tuple[int, ...]]:
    """Return the largest marks that letters could be written on, at most 16."""
    area = boxes.height * boxes.width
    roomy = np.flatnonzero((area > 0.002 * n_pixels) & (boxes.height > 9) & (boxes.width > 9))
    chosen = boxes.of(roomy[np.argsort(-area[roomy])][:16])
    return [tuple(int(side) for side in box) for box in zip(*chosen, strict=True)]


def _of_letter_size(boxes: Boxes, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    height, width = shape
    size: NDArray[np.bool_] = (
        (boxes.height >= 4) & (boxes.height < 0.12 * height)
        & (boxes.width < 0.15 * width) & (boxes.width >= 1)
    )  # fmt: skip
    return size


def letter_features(views: Views, frame: Frame) -> Features:
    """Number, size, shape and place of letters, and how they face.

    Args:
        views: The image.
        frame: Where the longest straight lines are, as shares of the sides.
    """
    marks = find_marks(views.text)
    letters = marks.letters
    return {
        **_sizes(views, marks, letters), **_places(letters, views.text.shape),
        **_facing(views, marks, frame),
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


def _facing(views: Views, marks: Marks, frame: Frame) -> Features:
    windows = windows_of(marks.letters)
    n = windows.y.size
    if n > _MOST_GLYPHS:
        windows = windows.of(np.linspace(0, n - 1, _MOST_GLYPHS).astype(int))
    shape = views.text.shape
    said = read_glyphs(glyph_inputs(views.page, windows.on(shape, views.page.shape)))
    real = 1 - said.faces[:, 8]
    weight = real / (real.sum() + 1e-6)
    rotated = said.faces[:, [1, 3, 5, 7]].sum(axis=1) / (real + 1e-6)
    upright = real * (1 - rotated)
    features = {
        f"glyph_{name}": float((weight * _logit(value)).sum())
        for name, value in (
            ("digit", said.digit), ("upper", said.upper),
            ("slanted", said.slanted), ("bold", said.bold), ("rotated", rotated),
        )
    }  # fmt: skip
    wordy = upright * (1 - said.digit)
    side = {
        "glyph_upper_words": float((wordy * said.upper).sum() / (wordy.sum() + 1)),
        "glyph_real": np.log1p(real.sum()),
        "glyph_stretch": float((weight * said.stretch).sum()),
        "glyph_stretch_upright": float((upright * said.stretch).sum() / (upright.sum() + 0.5)),
        "glyph_stretch_turned": float(
            (real * rotated * said.stretch).sum() / ((real * rotated).sum() + 0.5)
        ),
        "glyph_digits": np.log1p((upright * said.digit).sum()),
    }
    places = _around(windows, shape, frame, real, rotated, said.digit)
    numbers = tick_features(find_numbers(windows, said, marks.boxes))
    return features | side | _reflection(said.faces) | places | numbers


_USUAL = np.array([0.7, 0.25, 0.01, 0.04], dtype=np.float32)
"""How often letters of a sound figure are turned by 0, 90, 180, 270° anticlockwise."""
_DOUBT = np.float32(0.05)
"""Chance that a mark says nothing, which bounds what one mark can say."""


def _reflection(faces: Values) -> Features:
    """Evidence that the whole picture is reflected: logarithms of likelihood ratios, summed."""
    sound = faces[:, :4] @ _USUAL + _DOUBT
    # Text turned by k and mirrored left to right; top to bottom is that, turned by 180°.
    sideways = np.log((faces[:, 4:8] @ _USUAL + _DOUBT) / sound)
    over = np.log((faces[:, 4:8] @ _USUAL[[2, 3, 0, 1]] + _DOUBT) / sound)
    n = 3 + (1 - faces[:, 8]).sum()
    either = max(float(sideways.sum()), float(over.sum())) if len(faces) else 0.0
    # As a sum of steps of a random walk: many marks that say this and that are no evidence.
    walk = 1 + float(np.sqrt((sideways**2).sum()))
    return {
        "reflected_walk": float(sideways.sum()) / walk,
        "reflected_sideways": float(sideways.sum()), "reflected_over": float(over.sum()),
        "reflected": either, "reflected_mean": either / n,
    }  # fmt: skip


def _logit(share: Values) -> Values:
    share = share.clip(3e-4, 1 - 3e-4)
    return np.asarray(np.log(share / (1 - share)), dtype=np.float32)


def _around(
    windows: Windows,
    shape: tuple[int, ...],
    frame: Frame,
    real: Values,
    rotated: Values,
    digit: Values,
) -> Features:
    """Digits, upright and turned letters on each side of the frame, and inside it."""
    y, x = windows.y / shape[0], windows.x / shape[1]
    places = {
        "left": x < frame.left, "right": x > frame.right,
        "below": (y > frame.bottom) & (x >= frame.left), "above": y < frame.top,
        "inside": (x >= frame.left) & (x <= frame.right) & (y >= frame.top) & (y <= frame.bottom),
    }  # fmt: skip
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
