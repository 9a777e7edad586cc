"""Make the shipped reader of letter shapes again: `python -m pipelines.scoring.make_glyphs`.

For developers; needs `requirements-render.txt`, whose matplotlib brings the fonts. Draws sheets
of single letters and of marks that are none, turned, mirrored, stretched, softened.
"""

from __future__ import annotations

import argparse
import string
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from pipelines.scoring.glyphs import GLYPH_ANSWERS, GLYPH_FILE, glyph_inputs

__all__ = ["draw_sheet", "main"]

_CELL, _N = 48, 14
_LETTERS = string.ascii_letters + string.digits
_FACES = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Bold",
    "DejaVuSansMono", "DejaVuSansMono-BoldOblique", "DejaVuSerif-Italic", "STIXGeneral",
    "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10",
)  # fmt: skip

Answers = NDArray[np.float32]


def draw_sheet(rng: np.random.Generator) -> tuple[NDArray[np.float32], Answers]:
    """Return inputs `[n, 146]` and answers `[n, 8]` of the marks of one sheet.

    Args:
        rng: All random choices.
    """
    from pipelines.scoring.letters import find_marks

    sheet, known = _drawn(rng)
    mirrored, rotated = bool(rng.random() < 0.5), bool(rng.random() < 0.25)
    stretch = float(rng.normal(0, 0.35))
    if rotated:
        sheet, known = sheet.transpose(Image.Transpose.ROTATE_90), np.rot90(known)
    scale = rng.uniform(0.55, 1.1)
    size = tuple(round(sheet.width * scale * np.exp(s * stretch / 2)) for s in (1, -1))
    sheet = sheet.resize(size, Image.Resampling.BICUBIC)
    if rng.random() < 0.4:
        sheet = sheet.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.2, 0.9))))
    if mirrored:
        sheet, known = sheet.transpose(Image.Transpose.FLIP_LEFT_RIGHT), known[:, ::-1]
    grey = np.asarray(sheet, dtype=np.float32) / np.float32(255)
    if rng.random() < 0.3:
        grey = (grey + rng.normal(0, 0.03, grey.shape)).clip(0, 1).astype(np.float32)
    marks = find_marks(grey)
    boxes = marks.boxes.of(marks.is_letter)
    row = ((boxes.top + boxes.height / 2) / grey.shape[0] * _N).astype(int)
    column = ((boxes.left + boxes.width / 2) / grey.shape[1] * _N).astype(int)
    own = known[row, column]
    answers = np.stack(
        [np.full(len(own), mirrored), np.full(len(own), rotated), *own.T,
         np.full(len(own), stretch)], axis=1,
    )  # fmt: skip
    return glyph_inputs(grey, boxes, marks.paper), answers.astype(np.float32)


def _drawn(rng: np.random.Generator) -> tuple[Image.Image, NDArray[np.float64]]:
    """Return a sheet of marks and what each is: digit, upper, junk, slanted, bold."""
    from matplotlib import get_data_path

    sheet = Image.new("L", (_CELL * _N, _CELL * _N), 255)
    pen = ImageDraw.Draw(sheet)
    known = np.zeros((_N, _N, 5))
    for row, column in np.ndindex(_N, _N):
        at = (_CELL * (column + 0.5), _CELL * (row + 0.5))
        ink = int(rng.choice([0, 0, 0, 60, 110]))
        if rng.random() < 0.25:
            _scribble(pen, at, ink, rng)
            known[row, column, 2] = 1
            continue
        face, letter = rng.choice(_FACES), rng.choice(list(_LETTERS))
        path = Path(get_data_path()) / "fonts" / "ttf" / f"{face}.ttf"
        pen.text(
            at,
            letter,
            ink,
            ImageFont.truetype(path, int(rng.integers(11, 32))),
            anchor="mm",
        )
        slanted, bold = ("Oblique" in face or "Italic" in face), "Bol" in face
        known[row, column] = letter.isdigit(), letter.isupper(), 0, slanted, bold
    return sheet, known


def _scribble(
    pen: ImageDraw.ImageDraw,
    at: tuple[float, float],
    ink: int,
    rng: np.random.Generator,
) -> None:
    """Draw a mark that is no letter: a line, a ring, a polygon, a curve."""
    size = rng.uniform(4, 18)
    points = [(at[0] + a * size, at[1] + b * size) for a, b in rng.uniform(-1, 1, (4, 2))]
    box = (at[0] - size / 2, at[1] - size / 2, at[0] + size / 2, at[1] + size / 2)
    kind, width = int(rng.integers(5)), int(rng.integers(1, 4))
    if kind == 0:
        pen.line(points[:2], ink, width)
    elif kind == 1:
        pen.ellipse(box, fill=ink if rng.random() < 0.5 else None, outline=ink, width=width)
    elif kind == 2:
        pen.polygon(points[:3], fill=ink)
    elif kind == 3:
        pen.line(points, ink, width, joint="curve")
    else:
        pen.rectangle(box, fill=ink if rng.random() < 0.5 else None, outline=ink, width=width)


def _sheets(n_sheets: int, seed: int) -> Iterator[tuple[NDArray[np.float32], Answers]]:
    for number in range(n_sheets):
        yield draw_sheet(np.random.default_rng([seed, number]))


def main() -> None:
    """Draw, learn, write; print how often the answers are right on sheets not seen."""
    import torch
    from safetensors.numpy import save_file
    from torch import nn

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheets", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=GLYPH_FILE)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(given.seed)
    x, y = (
        torch.from_numpy(np.concatenate(part))
        for part in zip(*_sheets(given.sheets, given.seed), strict=True)
    )
    kept = len(x) * 9 // 10
    net = nn.Sequential(nn.Linear(x.shape[1], 64), nn.ReLU(), nn.Linear(64, len(GLYPH_ANSWERS)))
    optimiser = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=1e-3)
    epochs, batch = 14, 512
    n_steps = epochs * -(-kept // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=n_steps)
    for _ in range(epochs):
        for rows in torch.split(torch.randperm(kept), batch):
            loss = _loss(net(x[rows]), y[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    with torch.inference_mode():
        said, known = net(x[kept:]), y[kept:]
    right = ((said[:, :-1] > 0) == (known[:, :-1] > 0.5)).float().mean(0).tolist()
    error = float((said[:, -1] - known[:, -1]).std())
    sys.stderr.write(f"{kept} marks; right {np.round(right, 3)}, stretch off by {error:.2f}\n")
    first, last = (layer for layer in net if isinstance(layer, nn.Linear))
    arrays = {
        "w1": first.weight.T,
        "b1": first.bias,
        "w2": last.weight.T,
        "b2": last.bias,
    }
    half = {
        name: np.ascontiguousarray(value.detach().numpy(), dtype=np.float16)
        for name, value in arrays.items()
    }
    save_file(half, given.out)


def _loss(said: Any, known: Any) -> Any:
    """Return cross-entropy of the kinds of mark, and squared error of the stretch, of letters."""
    import torch.nn.functional as F

    is_letter = 1 - known[:, 4:5]
    entropy = F.binary_cross_entropy_with_logits(said[:, :-1], known[:, :-1], reduction="none")
    entropy[:, :4] = entropy[:, :4] * is_letter
    wrong = (said[:, -1:] - known[:, -1:]) ** 2 * is_letter
    return entropy.mean() + wrong.mean() * 2


if __name__ == "__main__":
    main()
