"""Making images on the spot, and taking one in."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from pipelines.engine import InProcess
from pipelines.intake.flow import intake
from pipelines.intake.records import Batch, NewStimulus
from schemas.layout import ImageFolder, has_thumbnail


@dataclass
class Shown:
    new: NewStimulus
    images: ImageFolder

    @property
    def original(self) -> bytes:
        return self.images.original(self.new.sha256, self.new.suffix).read_bytes()

    @property
    def rendition(self) -> np.ndarray:
        path = self.images.rendition(self.new.sha256)
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert image.mode in ("L", "RGB")
            assert (image.width, image.height) == (self.new.width, self.new.height)
            return np.asarray(image)

    @property
    def thumbnail(self) -> Image.Image:
        """The small picture; one that is small itself has none beside it."""
        path = self.images.thumbnail(self.new.sha256)
        if not has_thumbnail(self.new.width, self.new.height):
            assert not path.exists()
            path = self.images.rendition(self.new.sha256)
            if self.new.rendition is None:
                path = self.images.original(self.new.sha256, self.new.suffix)
        return Image.open(path)


@pytest.fixture
def images(tmp_path) -> ImageFolder:
    return ImageFolder(tmp_path / "study" / "images")


@pytest.fixture
def bring(tmp_path, images):
    """Return a function that imports bytes under a name and gives the batch."""
    counter = iter(range(1_000_000))

    def run(content: bytes, name: str = "picture.png") -> Batch:
        folder = tmp_path / f"from-{next(counter)}"
        folder.mkdir()
        (folder / name).write_bytes(content)
        return gathered([folder], images)

    return run


@pytest.fixture
def show(bring, images):
    """Return a function that imports bytes that must come in and gives what became of them."""

    def run(content: bytes, name: str = "picture.png") -> Shown:
        batch = bring(content, name)
        assert not batch.refused, batch.refused
        return Shown(batch.new[0], images)

    return run


@pytest.fixture
def gather():
    return gathered


def gathered(paths, images, manifest=None, known=None, engine=None) -> Batch:
    """Import and put all batches together."""
    batches = list(intake(paths, manifest, images, known or {}, engine or InProcess()))
    fields = ("new", "sightings", "descriptions", "duplicates", "refused")
    joined = {name: sum((getattr(batch, name) for batch in batches), ()) for name in fields}
    return Batch(**joined, n_ignored=sum(batch.n_ignored for batch in batches))


@pytest.fixture
def encoded():
    """Return a function from pixels (array or image) to a file's bytes."""

    def run(pixels, form: str = "PNG", **options) -> bytes:
        image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
        into = io.BytesIO()
        image.save(into, form, **options)
        return into.getvalue()

    return run


@pytest.fixture
def bare_tiff():
    """Return a function that writes an uncompressed TIFF of any sample type, by the book."""

    def run(pixels: np.ndarray, photometric: int = 1, order: str = "<") -> bytes:
        height, width = pixels.shape[:2]
        channels = pixels.shape[2] if pixels.ndim == 3 else 1
        raw = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
        raw += b"\0" * (len(raw) % 2)
        sample = {"u": 1, "i": 2, "f": 3}[pixels.dtype.kind]
        short = {name: struct.pack(order + "HH", name, 0) for name in range(65)}
        long = {"<": "<HHII", ">": ">HHII"}[order]
        entries = [(256, width), (257, height), (273, 8), (278, height), (279, len(raw))]
        shorts = [(258, pixels.itemsize * 8), (259, 1), (262, photometric), (277, channels)]
        rows = [(tag, struct.pack(long, tag, 4, 1, value)) for tag, value in entries]
        for tag, value in [*shorts, (339, sample)]:
            rows.append((tag, struct.pack(order + "HHI", tag, 3, 1) + short[value]))
        rows.sort()
        head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + len(raw))
        body = struct.pack(order + "H", len(rows)) + b"".join(row for _, row in rows)
        return head + raw + body + bytes(4)

    return run
