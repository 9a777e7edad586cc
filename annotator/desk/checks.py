"""What reading the images found, as the curator sees it: of one image, and of all."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc

from annotator.scoring_checks import findings_by_picture
from annotator.scoring_files import ScoringFolder, picture_name
from annotator.store import Store
from pipelines.scoring.checks.checking import CHECKS_VERSION
from pipelines.scoring.checks.findings import Finding

__all__ = ["CheckView", "Found", "FoundIn"]

_MOST = 200


class FoundIn(NamedTuple):
    """A finding and the image it is about."""

    stimulus: str
    file_name: str
    finding: Finding


class Found(NamedTuple):
    """What was found in all images."""

    rows: tuple[FoundIn, ...]
    """The surest, at most 200, surest first."""
    n_findings: int
    n_images: int
    """Images in which something was found."""
    n_read: int
    """Images that were read."""


class CheckView:
    """Reads what `score --checks` kept; kept in memory until there is more."""

    def __init__(self, store: Store) -> None:
        """Read from the files of the store's scorer."""
        self._store = store
        self._files = ScoringFolder(store.folder.scoring)
        self._lock = threading.Lock()
        self._shards: list[Path] = []
        self._by_picture: dict[str, list[Finding]] = {}
        self._read: set[str] = set()
        """Pictures that were read, whether something was found or not."""

    def of(self, stimulus: str) -> tuple[Finding, ...]:
        """Return what was found in one image, surest first.

        Raises:
            UserError: `checks_unreadable`.
        """
        row = self._store.stimulus(stimulus)
        found = self._found()
        if row is None:
            return ()
        return tuple(found.get(picture_name(row["sha256"], row["rendition"]), ()))

    def all(self) -> Found:
        """Return what was found in images that are in use.

        Raises:
            UserError: `checks_unreadable`.
        """
        found = self._found()
        rows: list[FoundIn] = []
        n_read = n_images = 0
        for stimulus, file_name, picture, is_read in self._pictures():
            n_read += is_read
            n_images += picture in found
            rows += [FoundIn(stimulus, file_name, one) for one in found.get(picture, ())]
        rows.sort(key=lambda row: (-row.finding.sureness, row.file_name, row.finding.check))
        return Found(tuple(rows[:_MOST]), len(rows), n_images, n_read)

    def _found(self) -> dict[str, list[Finding]]:
        shards = self._files.check_shards(CHECKS_VERSION)
        with self._lock:
            if shards != self._shards:
                self._by_picture = findings_by_picture(self._files)
                self._read = self._files.checked_pictures(CHECKS_VERSION)
                self._shards = shards
            return self._by_picture

    def _pictures(self) -> list[tuple[str, str, str, bool]]:
        """Return stimulus, file name, picture and whether it was read, of images in use."""
        if not self._shards:
            return []
        rows = self._store.stimuli().select(
            ["stimulus", "file_name", "sha256", "rendition", "is_retired"]
        )
        rows = rows.filter(pc.invert(rows["is_retired"]))
        pictures = [
            picture_name(sha, rendition)
            for sha, rendition in zip(
                rows["sha256"].to_pylist(), rows["rendition"].to_pylist(), strict=True
            )
        ]
        is_read = [picture in self._read for picture in pictures]
        names = (rows[name].to_pylist() for name in ("stimulus", "file_name"))
        return list(zip(*names, pictures, is_read, strict=True))
