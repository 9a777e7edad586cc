"""Embeddings of a study's images: made when first needed, kept beside the study."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.splits import EMBEDDING_SIZE, gradient_embedding
from schemas.layout import StudyFolder, has_thumbnail

__all__ = ["Embedding", "image_embeddings"]

Embedding = npt.NDArray[np.int8]
_LOG = logging.getLogger("annotator")
_VERSION = b"gradient-1"
"""Goes up when `gradient_embedding` changes; what was kept under another is made again."""


def image_embeddings(
    folder: StudyFolder,
    stimuli: pa.Table,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Embedding]:
    """Return stimulus -> embedding; those that are not kept yet are made and kept.

    An image that cannot be read has none; the export names it.

    Args:
        folder: The study.
        stimuli: The store's table.
        progress: Told how many of those to make are done.
    """
    kept = _kept(folder.embeddings)
    columns = ["stimulus", "sha256", "suffix", "width", "height", "rendition"]
    rows = [row for row in stimuli.select(columns).to_pylist() if row["stimulus"] not in kept]
    if not rows:
        return kept
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        for done, made in enumerate(threads.map(lambda row: _made(folder, row), rows), 1):
            if made is not None:
                kept[rows[done - 1]["stimulus"]] = made
            progress(done, len(rows))
    try:
        _keep(folder.embeddings, kept)
    except OSError as error:
        # They are made again next time; what is being exported does not need the file.
        _LOG.warning("%s could not be written: %s", folder.embeddings, error.strerror)
    return kept


def _made(folder: StudyFolder, row: Mapping[str, Any]) -> Embedding | None:
    from PIL import Image

    path = folder.images.shown(row["sha256"], row["suffix"], row["rendition"] is not None)
    small = folder.images.thumbnail(row["sha256"])
    if has_thumbnail(row["width"], row["height"]) and small.exists():
        path = small
    try:
        with Image.open(path) as image:
            return gradient_embedding(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def _kept(path: Path) -> dict[str, Embedding]:
    try:
        table = pq.read_table(path)
    except (FileNotFoundError, pa.ArrowInvalid):
        return {}
    if (table.schema.metadata or {}).get(b"embedding") != _VERSION:
        return {}
    values = (np.frombuffer(value, np.int8) for value in table["embedding"].to_pylist())
    return dict(zip(table["stimulus"].to_pylist(), values, strict=True))


def _keep(path: Path, embeddings: Mapping[str, Embedding]) -> None:
    names = sorted(embeddings)
    schema = pa.schema(
        [("stimulus", pa.string()), ("embedding", pa.binary(EMBEDDING_SIZE))],
        metadata={b"embedding": _VERSION},
    )
    values = [embeddings[name].tobytes() for name in names]
    part = path.with_suffix(f".{os.getpid()}.part")
    pq.write_table(pa.table([pa.array(names), pa.array(values, schema.types[1])], schema), part)
    part.replace(path)
