"""Words of an image, read by RapidOCR: optional, see requirements-ocr.txt.

The models come inside the package and are named by their files, so that nothing is ever fetched.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.scoring.checks.page import Box, Page, Word
from schemas.errors import UserError

__all__ = ["Reader", "check_reader"]

Pixels = NDArray[np.uint8]

_TALL = 1.5
"""A box so many times as high as wide holds text that was turned."""
_TALLEST_DIGIT = 2.5
_SURE_DIGIT = 0.6
_INK_SIDE = 1024
_INK = 36
"""Grey levels that ink differs from paper by."""


def check_reader() -> None:
    """Check that the reader is installed.

    Raises:
        UserError: `ocr_missing` where it is not.
    """
    if find_spec("rapidocr") is None or find_spec("onnxruntime") is None:
        raise UserError(
            "ocr_missing",
            "Checks read the words in images with a package that is not installed: "
            "pip install -r requirements-ocr.txt -c constraints.txt.",
        )


class Reader:
    """Reads images; it pickles, and each process loads the models at the first image."""

    def __init__(self) -> None:
        """Load nothing yet."""
        self._engine: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {"_engine": None}

    def read(self, image: Image.Image) -> Page:
        """Return the words of an image of any mode.

        Args:
            image: Decoded; transparency is taken as white.

        Raises:
            UserError: as `check_reader`.
        """
        rgb = _on_white(image)
        pixels = np.asarray(rgb)
        boxes = [_box(corners, rgb.size) for corners in self._found(pixels)]
        words = self._recognised(pixels, [box for box in boxes if min(box.width, box.height) >= 3])
        return Page(tuple(words), rgb.width, rgb.height, _ink(rgb))

    def _found(self, pixels: Pixels) -> list[NDArray[np.float32]]:
        # The package takes arrays for blue, green, red.
        found = self._loaded()(
            np.ascontiguousarray(pixels[..., ::-1]), use_det=True, use_cls=False, use_rec=False
        )
        return [] if found.boxes is None else list(found.boxes)

    def _recognised(self, pixels: Pixels, boxes: list[Box]) -> list[Word]:
        asked = [(box, turn) for box in boxes for turn in _turns(box)]
        if not asked:
            return []
        read = self._loaded().recognize_txt([_turned(pixels, *one) for one in asked])
        words: dict[Box, list[Word]] = {}
        for (box, turn), text, sureness in zip(asked, read.txts, read.scores, strict=True):
            if text.strip():
                words.setdefault(box, []).append(Word(text.strip(), box, float(sureness), turn))
        return [_best(ways) for ways in words.values()]

    def _loaded(self) -> Any:
        if self._engine is None:
            check_reader()
            import rapidocr

            models = Path(rapidocr.__file__).parent / "models"
            self._engine = rapidocr.RapidOCR(
                params={
                    "Global.log_level": "error",
                    "Global.use_cls": False,
                    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                    "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
                    "Rec.model_path": str(models / "PP-OCRv6_rec_small.onnx"),
                }
            )
        return self._engine


def _turns(box: Box) -> tuple[int, ...]:
    """Return the ways to read a box; high ones hold text that was turned, or a narrow digit."""
    if box.height <= _TALL * box.width:
        return (0,)
    return (90, 270) if box.height > _TALLEST_DIGIT * box.width else (0, 90, 270)


def _best(ways: list[Word]) -> Word:
    """Return the surest way to read; one letter by itself stands upright."""
    for word in ways:
        if word.turn == 0 and len(word.text) == 1 and word.sureness > _SURE_DIGIT:
            return word
    return max(ways, key=lambda word: word.sureness)


def _on_white(image: Image.Image) -> Image.Image:
    if "A" in image.getbands() or "transparency" in image.info:
        paper = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _ink(rgb: Image.Image) -> NDArray[np.bool_]:
    """Return what differs from the paper, taken as the commonest grey."""
    small = rgb.convert("L")
    small.thumbnail((_INK_SIDE, _INK_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    grey = np.asarray(small, np.int16)
    paper = int(np.bincount(grey.ravel() >> 3, minlength=32).argmax()) * 8 + 4
    ink: NDArray[np.bool_] = np.abs(grey - paper) > _INK
    return ink


def _box(corners: NDArray[np.float32], size: tuple[int, int]) -> Box:
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    width, height = size
    return Box(
        max(0.0, float(left)), max(0.0, float(top)),
        min(float(width), float(right)), min(float(height), float(bottom)),
    )  # fmt: skip


def _turned(pixels: Pixels, box: Box, turn: int) -> Pixels:
    part = pixels[
        int(box.top) : int(np.ceil(box.bottom)), int(box.left) : int(np.ceil(box.right)), ::-1
    ]
    return np.ascontiguousarray(np.rot90(part, -turn // 90))
