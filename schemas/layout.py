"""Where things lie in a study folder. Path arithmetic only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["THUMBNAIL_PX", "ImageFolder", "StudyFolder", "has_thumbnail", "stimulus_id"]

THUMBNAIL_PX = 256
"""Longest side of a thumbnail."""


def stimulus_id(sha256: str) -> str:
    """Return the id of the stimulus whose original has this SHA-256 (hex).

    The leading letter keeps spreadsheets from reading it as a number.
    """
    return "s" + sha256[:16]


def has_thumbnail(width_px: int, height_px: int) -> bool:
    """Return whether a picture of this size has a thumbnail; a smaller one is its own."""
    return max(width_px, height_px) > THUMBNAIL_PX


@dataclass(frozen=True)
class ImageFolder:
    """Images by the SHA-256 of the original, in 256 sub-folders."""

    root: Path

    def original(self, sha256: str, suffix: str) -> Path:
        """Return where the bytes that came in lie, unchanged."""
        return self.root / "originals" / sha256[:2] / f"{sha256}{suffix}"

    def rendition(self, sha256: str) -> Path:
        """Return where the displayed picture lies, if the original is not displayed itself."""
        return self.root / "renditions" / sha256[:2] / f"{sha256}.png"

    def shown(self, sha256: str, suffix: str, has_rendition: bool) -> Path:
        """Return the picture that raters judge: the rendition where there is one."""
        return self.rendition(sha256) if has_rendition else self.original(sha256, suffix)

    def thumbnail(self, sha256: str) -> Path:
        """Return where the thumbnail lies, if there is one (`has_thumbnail`)."""
        return self.root / "thumbnails" / sha256[:2] / f"{sha256}.jpg"

    def narrowed(self, sha256: str, width_px: int) -> Path:
        """Return where a copy of this width lies; copies can be deleted at any time."""
        return self.root / "narrowed" / sha256[:2] / f"{sha256}-{width_px}.jpg"

    @property
    def all_tiles(self) -> Path:
        """The folder of all tiles; it can be deleted at any time."""
        return self.root / "tiles"

    def tiles(self, sha256: str, size_px: int) -> Path:
        """Return the folder of a large picture's tiles; it can be deleted at any time."""
        return self.all_tiles / sha256[:2] / f"{sha256}-{size_px}"


@dataclass(frozen=True)
class StudyFolder:
    """A study on disk."""

    root: Path

    @property
    def study_file(self) -> Path:
        """The study file, edited by people."""
        return self.root / "study.toml"

    @property
    def journal(self) -> Path:
        """The journal: the truth."""
        return self.root / "journal.jsonl"

    @property
    def database(self) -> Path:
        """The DuckDB index of the journal; can be made again."""
        return self.root / "study.duckdb"

    @property
    def secret(self) -> Path:
        """Key that signs login cookies, mode 0600."""
        return self.root / "secret"

    @property
    def lock(self) -> Path:
        """Held by the one process that owns journal and database."""
        return self.root / "lock"

    @property
    def server(self) -> Path:
        """Address and token of the running server, mode 0600; absent when none runs."""
        return self.root / "server.json"

    @property
    def opens(self) -> Path:
        """Name of the study beside this one that is served when no folder is named."""
        return self.root / "opens"

    @property
    def drafts(self) -> Path:
        """One file per open assignment with what its rater has typed so far."""
        return self.root / "drafts"

    @property
    def images(self) -> ImageFolder:
        """Originals, renditions, thumbnails."""
        return ImageFolder(self.root / "images")

    @property
    def scoring(self) -> Path:
        """Features, models and predictions of the scorer; can be deleted and computed again."""
        return self.root / "scoring"

    @property
    def splits(self) -> Path:
        """What exports with `--splits` decided, so that later ones leave images where they are.

        One file for each choice of shares and seed. Losing them loses no fact: the next export
        splits anew.
        """
        return self.root / "splits"

    @property
    def embeddings(self) -> Path:
        """Embeddings of the images, made once; can be deleted at any time."""
        return self.root / "embeddings.parquet"

    @property
    def temporary(self) -> Path:
        """Files in the making; emptied when the store opens."""
        return self.root / "tmp"
