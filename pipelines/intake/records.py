"""What intake finds out about files: frozen records, told in facts by `facts_of`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.facts import Described, Fact, Imported, Sighted
from schemas.layout import stimulus_id

__all__ = [
    "Batch",
    "Candidate",
    "Description",
    "Duplicate",
    "NewStimulus",
    "Refused",
    "RefusedContent",
    "Seen",
    "Sighting",
    "TakenIn",
    "facts_of",
]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be an image."""

    path: Path
    """Where it lies, absolute."""
    source_path: str
    """As the importer gave it: the named path, joined with what lies below it."""
    relative_path: str
    """Below the imported folder; the file name for a file named itself."""
    named: bool
    """Whether the file was named itself, so that it is not silently ignored."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is not taken in."""

    path: str
    reason: str
    """One sentence."""


@dataclass(frozen=True, slots=True)
class RefusedContent(Refused):
    """A file whose bytes are at fault: any other file of the same bytes is refused too."""

    sha256: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A file whose bytes are a stimulus already."""

    path: str
    stimulus: str


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A file read, checked and kept. Fields as in `schemas.facts.Imported`."""

    sha256: str
    suffix: str
    format: str
    width: int
    height: int
    n_bytes: int
    mode: str
    n_pages: int
    phash: str
    rendition: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A file whose bytes were known, or are being read by another worker. Nothing was decoded."""

    sha256: str


@dataclass(frozen=True, slots=True)
class NewStimulus:
    """What `schemas.facts.Imported` holds, but for the time."""

    stimulus: str
    sha256: str
    file_name: str
    suffix: str
    format: str
    width: int
    height: int
    n_bytes: int
    mode: str
    n_pages: int
    phash: str
    rendition: dict[str, Any] | None

    @classmethod
    def of(cls, taken: TakenIn, file_name: str) -> NewStimulus:
        """Return the stimulus that a file became."""
        names = (*_fields(taken).items(), ("file_name", file_name))
        return cls(stimulus=stimulus_id(taken.sha256), **dict(names))


@dataclass(frozen=True, slots=True)
class Sighting:
    """What `schemas.facts.Sighted` holds, but for the time."""

    stimulus: str
    file_name: str
    source_path: str
    relative_path: str


@dataclass(frozen=True, slots=True)
class Description:
    """What `schemas.facts.Described` holds, but for the time."""

    stimulus: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of some files, in the order they were found."""

    new: tuple[NewStimulus, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    descriptions: tuple[Description, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    refused: tuple[Refused, ...] = ()
    n_ignored: int = 0


def facts_of(batch: Batch, at: str) -> list[Fact]:
    """Return the facts of a batch, stimuli before what is said about them.

    Args:
        batch: From `intake`.
        at: Time of the facts, as `schemas.facts` writes it.
    """
    return [
        *(Imported(at=at, **_fields(new)) for new in batch.new),
        *(Sighted(at=at, **_fields(sighting)) for sighting in batch.sightings),
        *(Described(at=at, **_fields(description)) for description in batch.descriptions),
    ]


def _fields(record: TakenIn | NewStimulus | Sighting | Description) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}
