"""Copy the images of a package, on all cores, a few at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from exports.package import Package
from exports.pictures import Picture, Plan
from exports.source import ExportOptions, ExportSource

__all__ = ["copy_images"]

_COLUMNS = ["stimulus", "file_name", "sha256", "suffix", "rendition"]
_BATCH = 256


def copy_images(
    package: Package,
    source: ExportSource,
    options: ExportOptions,
    stimuli: Collection[str],
    plan: Callable[[dict[str, Any]], Plan],
    folder: str = "images/",
) -> dict[str, Picture]:
    """Write the images of `stimuli` into `folder` of the package.

    Args:
        package: Where to.
        source: Where from.
        options: `with_images` False only names the pictures; `progress` is told.
        stimuli: Which ones.
        plan: What to write for a row of `stimuli`.
        folder: Folder in the package, with a final `/`.

    Returns:
        Stimulus -> picture.

    Raises:
        UserError: an original is missing, damaged or unreadable.
    """

    def copy(rows: list[dict[str, Any]]) -> list[Picture]:
        return [_copy(package, plan(row), folder, options) for row in rows]

    pictures: dict[str, Picture] = {}
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        for batch in threads.map(copy, _batches(source, stimuli)):
            pictures.update((picture.stimulus, picture) for picture in batch)
            if options.progress is not None:
                options.progress(len(pictures), len(stimuli))
    return pictures


def _copy(package: Package, plan: Plan, folder: str, options: ExportOptions) -> Picture:
    if options.with_images and not options.is_rehearsal:
        package.write_pieces(
            folder + plan.picture.name, plan.pieces, source=plan.source, sha256=plan.sha256
        )
    return plan.picture


def _batches(source: ExportSource, stimuli: Collection[str]) -> Iterator[list[dict[str, Any]]]:
    wanted = pc.is_in(source.stimuli["stimulus"], pa.array(sorted(stimuli), pa.string()))
    table = source.stimuli.select(_COLUMNS).filter(wanted).sort_by("stimulus")
    for batch in table.to_batches(max_chunksize=_BATCH):
        yield batch.to_pylist()
