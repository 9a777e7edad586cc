"""Make the shipped reader of letter shapes again: `python -m pipelines.scoring.make_glyphs`.

For developers; needs `requirements-render.txt`, whose matplotlib brings most of the fonts (the
Liberation fonts are used where they are installed). Draws sheets of words, numbers and marks
that are neither, turned, mirrored, stretched, softened, in any grey on any grey.
"""

from __future__ import annotations

import argparse
import io
import string
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from pipelines.scoring.glyphs import (
    GLYPH_FILE,
    N_ANSWERS,
    Windows,
    all_positions,
    glyph_inputs,
    windows_of,
)

__all__ = ["draw_sheet", "main", "turn_sheet"]

_SHEET, _TURNS, _MOST = 420, 3, 300
_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_FACES = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Bold",
    "DejaVuSansMono", "DejaVuSansMono-BoldOblique", "DejaVuSerif-Italic", "STIXGeneral",
    "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10",
    *("LiberationSans-Regular",) * 4, "LiberationSans-Bold", "LiberationSans-Italic",
    "LiberationSansNarrow-Regular", "LiberationSerif-Regular", "LiberationSerif-Italic",
)  # fmt: skip
_JUNK, _UNKNOWN = 0, 100
"""Marks on the sheet of answers besides 1 + the place in `_LETTERS`: no writing; skipped."""

Answers = NDArray[np.float32]


@cache
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    from matplotlib import get_data_path

    own = Path(get_data_path()) / "fonts" / "ttf" / f"{face}.ttf"
    try:
        return ImageFont.truetype(own if own.exists() else f"{face}.ttf", size)
    except OSError:
        return _font("DejaVuSans", size)


def turn_sheet(
    sheet: Image.Image, known: Image.Image, rng: np.random.Generator
) -> tuple[NDArray[np.float32], Answers]:
    """Return inputs `[n, 259]` and answers `[n, 7]` of the marks of a sheet turned and spoilt.

    The answers: no letter, digit, upper, slanted, bold, stretch, number 0–9 or −1.

    Args:
        sheet: From `draw_sheet`.
        known: Likewise.
        rng: All random choices.
    """
    from pipelines.scoring.letters import find_marks

    stretch = float(rng.normal(0, 0.3))
    scale = rng.uniform(0.45, 1.0)
    gained = float(np.exp(stretch / 2))
    size = (round(sheet.width * scale * gained), round(sheet.width * scale / gained))
    way = (Image.Resampling.BICUBIC, Image.Resampling.BILINEAR, Image.Resampling.BOX)
    small = sheet.resize(size, way[int(rng.integers(3))])
    known = known.resize(size, Image.Resampling.NEAREST)
    if rng.random() < 0.4:
        angle = rng.normal(0, 4) if rng.random() < 0.6 else rng.uniform(-30, 30)
        small, known = _tilted(small, known, float(angle))
    page = np.asarray(_spoilt(small, rng))
    marks = find_marks(page)
    windows = windows_of(marks.letters)
    own = np.asarray(known)[
        windows.y.astype(int).clip(0, known.height - 1),
        windows.x.astype(int).clip(0, known.width - 1),
    ].astype(int)
    kept = (own != _UNKNOWN) & (rng.random(len(own)) < _MOST / max(1, len(own)))
    windows, own = windows.of(kept), own[kept]
    return glyph_inputs(page, _moved(windows, rng)), _answers(own, stretch)


def _moved(windows: Windows, rng: np.random.Generator) -> Windows:
    """Return the windows a little beside their place, as marks found in a smaller picture are."""
    n, size = len(windows.y), windows.size
    return Windows(
        windows.y + size * rng.normal(0, 0.04, n).astype(np.float32),
        windows.x + size * rng.normal(0, 0.04, n).astype(np.float32),
        size * np.exp(rng.normal(0, 0.08, n)).astype(np.float32), windows.height, windows.width,
    )  # fmt: skip


def _answers(own: NDArray[np.int64], stretch: float) -> Answers:
    style, code = own // 128, own % 128
    letter = np.where(code == _JUNK, -1, code - 1)
    return np.stack(
        [letter < 0, (letter >= 0) & (letter < 10),
         (letter >= 10) & (letter < 36), style & 1, style >> 1, np.full(len(own), stretch),
         np.where(letter < 10, letter, -1)], axis=1,
    ).astype(np.float32)  # fmt: skip


def _tilted(
    sheet: Image.Image, known: Image.Image, angle: float
) -> tuple[Image.Image, Image.Image]:
    paper = sheet.getpixel((0, 0))
    return (
        sheet.rotate(angle, Image.Resampling.BICUBIC, fillcolor=paper),
        known.rotate(angle, Image.Resampling.NEAREST, fillcolor=_JUNK),
    )


def _spoilt(sheet: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the sheet softened, faint, light on dark, noisy or compressed, or as it is."""
    fault = rng.random()
    if fault < 0.35:
        sheet = sheet.filter(ImageFilter.GaussianBlur(float(0.25 * 12 ** rng.random())))
    elif fault < 0.5:
        coarse = (
            round(sheet.width * rng.uniform(0.4, 0.9)), round(sheet.height * rng.uniform(0.4, 0.9)),
        )  # fmt: skip
        way = (Image.Resampling.BICUBIC, Image.Resampling.BILINEAR)[int(rng.integers(2))]
        sheet = sheet.resize(coarse, Image.Resampling.BOX).resize(sheet.size, way)
    elif fault < 0.6:
        radius = (int(rng.integers(1, 6)), 0)[:: rng.choice((1, -1))]
        sheet = sheet.filter(ImageFilter.BoxBlur(radius))
    elif fault < 0.68:
        sheet = sheet.filter(ImageFilter.UnsharpMask(2, int(rng.integers(100, 400)), 0))
    grey = np.asarray(sheet, dtype=np.float32)
    if rng.random() < 0.3:
        low, high = sorted(rng.uniform(0, 255, 2).tolist())
        grey = low + grey * (max(high - low, 70) / 255)
    if rng.random() < 0.3:
        grey = 255 - grey
    if rng.random() < 0.3:
        grey = grey + rng.normal(0, rng.uniform(1, 12), grey.shape).astype(np.float32)
    image = Image.fromarray(grey.clip(0, 255).astype(np.uint8))
    if rng.random() < 0.2:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=int(rng.integers(15, 80)))
        image = Image.open(buffer).convert("L")
    return image


def draw_sheet(rng: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """Return a sheet of words and, for every place, the letter there and its style."""
    sheet = Image.new("L", (_SHEET, _SHEET), 255)
    known = Image.new("I", sheet.size, _JUNK)
    pen, notes = ImageDraw.Draw(sheet), ImageDraw.Draw(known)
    y = 8
    while y < _SHEET - 24:
        size, x = int(rng.integers(11, 27)), float(rng.integers(4, 40))
        while x < _SHEET - 12:
            ink = int(rng.choice([0, 0, 0, 60, 110, 150]))
            if rng.random() < 0.2:
                x += _scribble(pen, (x, y), ink, rng)
            else:
                x = _word(pen, notes, (x, y), size, ink, rng)
            x += size * rng.uniform(0.5, 1.2)
        y += int(size * rng.uniform(1.25, 1.9))
    return sheet, known


def _word(
    pen: ImageDraw.ImageDraw,
    notes: ImageDraw.ImageDraw,
    at: tuple[float, float],
    size: int,
    ink: int,
    rng: np.random.Generator,
) -> float:
    """Draw a word, number or single letter; return where it ends."""
    face = str(rng.choice(_FACES))
    font, word = _font(face, size), _some_word(rng)
    style = int("Oblique" in face or "Italic" in face) + 2 * int("Bol" in face)
    x, y = at
    pen.text(at, word, ink, font, anchor="lt")
    lift = font.getbbox(word, anchor="ls")[1]
    for i, letter in enumerate(word):
        start, end = x + font.getlength(word[:i]), x + font.getlength(word[: i + 1])
        box = font.getbbox(letter, anchor="ls")
        code = 1 + _LETTERS.index(letter) + 128 * style if letter in _LETTERS else _UNKNOWN
        notes.rectangle((start, y + box[1] - lift, end - 1, y + box[3] - lift), code)
    return x + font.getlength(word)


def _some_word(rng: np.random.Generator) -> str:
    kind = rng.random()
    if kind < 0.4:
        text = f"{rng.choice([0.01, 0.1, 1, 10, 100, 1000]) * rng.integers(0, 100):.6g}"
        return ("−" if rng.random() < 0.1 else "") + text
    n = 1 + int(rng.integers(9))
    lower = "".join(rng.choice(list("eeeaaatttoniisshrrdlucmfpgwybvkxjqz"), n))
    if kind < 0.5:
        return str(rng.choice(list(_LETTERS)))
    if kind < 0.6:
        return lower.upper()
    if kind < 0.65:
        return "(" + lower[:3] + ")"
    return lower.capitalize() if kind < 0.8 else lower


def _scribble(
    pen: ImageDraw.ImageDraw,
    at: tuple[float, float],
    ink: int,
    rng: np.random.Generator,
) -> float:
    """Draw a mark that is no letter: line, ring, polygon, curve, box, cross; return its width."""
    size = rng.uniform(5, 20)
    points = [(at[0] + a * size, at[1] + b * size) for a, b in rng.uniform(0, 1, (4, 2))]
    box = (at[0], at[1], at[0] + size, at[1] + size)
    kind, width = int(rng.integers(7)), int(rng.integers(1, 4))
    if kind == 0:
        pen.line(points[:2], ink, width)
    elif kind == 1:
        pen.ellipse(box, fill=ink if rng.random() < 0.5 else None, outline=ink, width=width)
    elif kind == 2:
        pen.polygon(points[:3], fill=ink)
    elif kind == 3:
        pen.line(points, ink, width, joint="curve")
    elif kind == 4:
        pen.line((at[0], at[1] + size / 2, at[0] + size, at[1] + size / 2), ink, width)
        pen.line((at[0] + size / 2, at[1], at[0] + size / 2, at[1] + size), ink, width)
    elif kind == 5:
        angles, radii = np.linspace(0, 6, 9), rng.uniform(0.2, 0.5, 9)
        around = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii[:, None]
        blob = [(at[0] + size * (0.5 + x), at[1] + size * (0.5 + y)) for x, y in around]
        pen.polygon(blob, fill=ink)
    else:
        pen.rectangle(box, fill=ink if rng.random() < 0.5 else None, outline=ink, width=width)
    return float(size)


def _texture(rng: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """Return a sheet of grain or grains, with no writing."""
    from scipy.ndimage import gaussian_filter

    width = np.exp(rng.uniform(np.log(0.7), np.log(6)))
    grey = gaussian_filter(rng.normal(0, 1, (_SHEET, _SHEET)), width * rng.uniform(0.6, 1.6, 2))
    grey /= grey.std()
    if rng.random() < 0.5:
        grey = np.sign(grey - rng.uniform(0, 2))
    grey = 128 + 60 * grey if rng.random() < 0.5 else 255 - 90 * np.maximum(grey - 1, 0)
    sheet = Image.fromarray(grey.clip(0, 255).astype(np.uint8))
    return sheet, Image.new("I", sheet.size, _JUNK)


def _sheets(n_sheets: int, seed: int) -> Iterator[tuple[NDArray[np.float32], Answers]]:
    for number in range(n_sheets):
        rng = np.random.default_rng([seed, number])
        sheet, known = draw_sheet(rng)
        for _ in range(_TURNS):
            yield turn_sheet(sheet, known, rng)
        if number % 2:
            yield turn_sheet(*_texture(rng), rng)


def main() -> None:
    """Draw, learn, write; print how often the answers are right on sheets not seen."""
    import torch
    from safetensors.numpy import save_file
    from torch import nn

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheets", type=int, default=380)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=GLYPH_FILE)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(given.seed)
    x, y = (
        torch.from_numpy(np.concatenate(part))
        for part in zip(*_sheets(given.sheets, given.seed), strict=True)
    )
    kept = len(x) * 19 // 20
    net = nn.Sequential(
        nn.Linear(x.shape[1], 96), nn.ReLU(), nn.Linear(96, 40), nn.ReLU(),
        nn.Linear(40, N_ANSWERS),
    )  # fmt: skip
    optimiser = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=1e-3)
    batch = 512
    n_steps = given.epochs * -(-kept // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=n_steps)
    for _ in range(given.epochs):
        for rows in torch.split(torch.randperm(kept), batch):
            others = torch.randperm(6)[:2] + 1
            chosen = torch.cat([torch.tensor([0, 4]), others + (others > 3)])
            loss = _loss(_positions(net, x[rows], chosen), y[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    with torch.inference_mode():
        sys.stderr.write(f"{kept} marks; {_rights(_positions(net, x[kept:]), y[kept:])}\n")
    layers = [layer for layer in net if isinstance(layer, nn.Linear)]
    arrays = {f"w{i}": layer.weight.T for i, layer in enumerate(layers, 1)}
    arrays |= {f"b{i}": layer.bias for i, layer in enumerate(layers, 1)}
    half = {
        name: np.ascontiguousarray(value.detach().numpy(), dtype=np.float16)
        for name, value in arrays.items()
    }
    save_file(half, given.out)


def _positions(net: Any, x: Any, chosen: Any = slice(None)) -> Any:
    """Return what the network says of each mark in the chosen positions, `[p, n, 16]`."""
    import torch

    return net(torch.from_numpy(all_positions(x.numpy()))[chosen])


def _faces(said: Any) -> Any:
    import torch

    return torch.cat([said[:, :, 0], torch.zeros_like(said[:1, :, 0])]).T


def _loss(said: Any, known: Any) -> Any:
    """Return cross-entropies of face, traits and number, and squared error of the stretch."""
    import torch.nn.functional as F

    letters, digits, upright = known[:, 0] == 0, known[:, 6] >= 0, said[0]
    face = F.cross_entropy(_faces(said), known[:, 0].long() * len(said))
    traits = F.binary_cross_entropy_with_logits(upright[letters, 1:5], known[letters, 1:5])
    stretch = ((upright[letters, 5] - known[letters, 5]) ** 2).mean()
    number = F.cross_entropy(upright[digits, 6:], known[digits, 6].long(), reduction="sum")
    number = number / digits.sum().clamp(min=1)  # a batch may hold no digit
    return face + traits + stretch + 0.5 * number


def _rights(said: Any, known: Any) -> dict[str, float]:
    letters, digits, upright = known[:, 0] == 0, known[:, 6] >= 0, said[0]
    faces = _faces(said)
    rights = {
        "letter or not": (faces.argmax(1) == 8) == ~letters,
        "position": (faces[:, :8].argmax(1) == 0)[letters],
        "mirrored": (faces[:, 0] > faces[:, 4])[letters],
        "traits": ((upright[:, 1:5] > 0) == (known[:, 1:5] > 0.5))[letters],
        "number": (upright[:, 6:].argmax(1) == known[:, 6])[digits],
    }
    return {name: round(float(right.float().mean()), 3) for name, right in rights.items()}


if __name__ == "__main__":
    main()
