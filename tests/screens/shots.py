"""Kept screenshots: a page must look as it did, whatever rasteriser drew its letters.

`compare(page, name, boxes)` holds a page against `shots/NAME.json` and `shots/NAME.png`:

- the boxes of named elements, within a few pixels: this is what notices a layout shift;
- the picture as a coarse grey mosaic: this notices an image, a colour theme or a panel that is
  missing, and overlooks how single letters are drawn.

`UPDATE_SHOTS=1 pytest …` writes both anew; look at the pictures before you commit them. What a
failed comparison saw lies in `test-results/shots/`.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page

__all__ = ["MAX_BYTES", "SIZES", "compare", "differences"]

SIZES = {"1280x720": (1280, 720), "2560x1440": (2560, 1440), "820x1180": (820, 1180)}
"""Sizes at which every page is kept: laptop, large screen, tablet."""

MAX_BYTES = 60_000
SHOTS = Path(__file__).parent / "shots"
SEEN = Path(__file__).parents[2] / "test-results" / "shots"

NEAR_PX = 10.0
"""How far an edge may lie from where it was: other fonts have other widths."""
CELL_PX = 40
MEAN_LEVELS = 5.0
"""Largest mean difference of the mosaics, of 255 grey levels."""
CELL_LEVELS = 56.0
CELL_SHARE = 0.02
"""Largest share of cells that differ by more than `CELL_LEVELS`."""

_WIDE = 1280
_BOXES = """(named) => Object.fromEntries(Object.entries(named).map(([name, selector]) => [name,
  Array.from(document.querySelectorAll(selector))
    .map((one) => one.getBoundingClientRect())
    .filter((box) => box.width && box.height)
    .map((box) => [box.x, box.y, box.width, box.height].map(Math.round))]))"""
_STILL = """() => Promise.all([document.fonts.ready,
  ...Array.from(document.images, (one) => one.decode().catch(() => {})),
  new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))])
  .then(() => {})"""

Boxes = dict[str, list[list[int]]]


def compare(
    page: Page,
    name: str,
    boxes: Mapping[str, str],
    *,
    hide: Sequence[str] = (),
    near_px: float = NEAR_PX,
) -> None:
    """Hold a page against what is kept under `name`; with UPDATE_SHOTS set, keep it instead.

    Args:
        page: In the state to be kept; waited for until two pictures in a row are the same.
        name: Of the kept files, without ending.
        boxes: What must stay in its place: a name for people -> CSS selector, all matches.
        hide: Selectors of what differs from run to run (names, addresses, times): painted over.
        near_px: How far an edge may move.

    Raises:
        AssertionError: naming what moved, and how to keep it where it was meant.
    """
    picture, found = _settled(page, boxes, hide)
    for label, selector in boxes.items():
        assert found[label], f"{name}: nothing to see of {label} ({selector})"
    kept = SHOTS / f"{name}.png"
    if os.environ.get("UPDATE_SHOTS"):
        _keep(kept, picture, found)
        return
    assert kept.exists(), f"No shot {name} yet; UPDATE_SHOTS=1 keeps it."
    faults = differences(_read(kept), (picture, found), near_px)
    if faults:
        SEEN.mkdir(parents=True, exist_ok=True)
        picture.save(SEEN / kept.name)
    assert not faults, (
        f"{name} does not look as it did: {'; '.join(faults)}. Seen: {SEEN / kept.name}. "
        "Where it is meant, UPDATE_SHOTS=1 keeps it."
    )


def differences(
    old: tuple[Image.Image, Boxes], new: tuple[Image.Image, Boxes], near_px: float = NEAR_PX
) -> list[str]:
    """Return in words where two states of a page differ; empty when they look the same."""
    return _moved(old[1], new[1], near_px) + _changed(old[0], new[0])


def _moved(old: Boxes, new: Boxes, near_px: float) -> list[str]:
    faults = []
    for label, was in old.items():
        now = new.get(label, [])
        if len(was) != len(now):
            faults.append(f"{label}: {len(now)} in view, {len(was)} before")
        for before, after in zip(was, now, strict=False):
            if _edge_shift(before, after) > near_px:
                faults.append(f"{label} moved from {before} to {after}")
    return faults


def _edge_shift(before: Sequence[int], after: Sequence[int]) -> float:
    edges = [[box[0], box[1], box[0] + box[2], box[1] + box[3]] for box in (before, after)]
    return float(np.abs(np.subtract(*edges)).max())


def _changed(old: Image.Image, new: Image.Image) -> list[str]:
    # The kept picture may be smaller, so the mosaics have the new one's cells.
    cells = (max(1, new.width // CELL_PX), max(1, new.height // CELL_PX))
    apart = np.abs(_mosaic(old, cells) - _mosaic(new, cells))
    faults = []
    if apart.mean() > MEAN_LEVELS:
        faults.append(f"the picture differs by {apart.mean():.1f} grey levels on average")
    share = float((apart > CELL_LEVELS).mean())
    if share > CELL_SHARE:
        faults.append(f"{share:.0%} of the picture differs strongly")
    return faults


def _mosaic(picture: Image.Image, cells: tuple[int, int]) -> np.ndarray[Any, np.dtype[np.float64]]:
    grey = picture.convert("RGB").convert("L")
    return np.asarray(grey.resize(cells, Image.Resampling.BOX), dtype=np.float64)


def _settled(
    page: Page, boxes: Mapping[str, str], hide: Sequence[str]
) -> tuple[Image.Image, Boxes]:
    """Return picture and boxes once nothing moves, or after twenty pictures as they are."""
    last: tuple[bytes, Boxes] | None = None
    for _ in range(20):
        page.evaluate(_STILL)
        found: Boxes = page.evaluate(_BOXES, dict(boxes))
        shot = page.screenshot(
            animations="disabled",
            caret="hide",
            scale="css",
            mask=[page.locator(selector) for selector in hide],
            mask_color="#808080",
        )
        if last == (shot, found):
            break
        last = (shot, found)
        page.wait_for_timeout(100)
    return Image.open(io.BytesIO(shot)).convert("RGB"), found


def _keep(path: Path, picture: Image.Image, boxes: Boxes) -> None:
    """Write a picture small enough for the repository, and the boxes in full pixels."""
    small = picture
    if picture.width > _WIDE:
        height = round(picture.height * _WIDE / picture.width)
        small = picture.resize((_WIDE, height), Image.Resampling.LANCZOS)
    for colours in (64, 32, 16, 8):
        file = io.BytesIO()
        small.quantize(colours, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
        if file.tell() <= MAX_BYTES:
            break
    SHOTS.mkdir(exist_ok=True)
    path.write_bytes(file.getvalue())
    lines = [f" {json.dumps(label)}: {json.dumps(box)}" for label, box in boxes.items()]
    path.with_suffix(".json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _read(path: Path) -> tuple[Image.Image, Boxes]:
    boxes: Boxes = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return Image.open(path), boxes
