"""Smaller copies of a picture for lists and small screens, made on first use and kept."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from PIL import Image

from schemas.layout import ImageFolder

__all__ = ["narrowed"]

_STEPS = (512, 1024, 2048, 4096, 8192)


def narrowed(picture: Path, images: ImageFolder, sha256: str, width: int) -> Path:
    """Return a copy of `picture` at least `width` px wide, or the picture itself.

    Copies are made in a few widths only and kept under the original's SHA-256. They are
    for looking around; what raters judge is never scaled.
    """
    step = next((step for step in _STEPS if step >= width), None)
    if step is None or not picture.exists():
        return picture
    path = images.narrowed(sha256, step)
    if path.exists():
        return path
    with Image.open(picture) as source:
        if source.width <= step:
            return picture
        height = max(1, round(source.height * step / source.width))
        small = source.convert("RGB").resize((step, height), Image.Resampling.LANCZOS)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        small.save(file, "JPEG", quality=90)
    Path(part).replace(path)
    return path
