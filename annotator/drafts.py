"""Half-typed answers: one file per open assignment, replaced whole, flushed to disk."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from schemas.errors import UserError

__all__ = ["Draft", "Drafts"]


class Draft(NamedTuple):
    """What a rater had entered when it was last saved."""

    answers: dict[str, Any]
    saved_at: datetime


class Drafts:
    """The folder of drafts. Not facts: a draft is gone when its submission stands."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, made when the first draft is saved."""
        self._folder = folder

    def save(self, assignment: str, answers: dict[str, Any]) -> None:
        """Keep answers; on return they are on disk.

        Raises:
            UserError: `disk_full` or `unstorable`; the draft before stays.
        """
        path = self._path(assignment)
        part = path.with_suffix(f".{os.getpid()}-{id(answers):x}.part")
        content = _encoded(answers)
        try:
            self._folder.mkdir(exist_ok=True)
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise UserError(
                "disk_full",
                f"The draft was not saved: the disk of the study folder refused it "
                f"({error.strerror}). Keep the page open, tell the curator, go on in a moment.",
                status=507,
            ) from error

    def load(self, assignment: str) -> Draft | None:
        """Return the draft of an assignment, or None where there is none that can be read."""
        path = self._path(assignment)
        try:
            answers = orjson.loads(path.read_bytes())
            saved_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except (FileNotFoundError, orjson.JSONDecodeError):
            return None
        return Draft(answers, saved_at)

    def saved_at(self, assignment: str) -> datetime | None:
        """Return when the draft was last saved, or None."""
        try:
            return datetime.fromtimestamp(self._path(assignment).stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def drop(self, assignment: str) -> None:
        """Forget the draft of an assignment that is submitted or skipped."""
        self._path(assignment).unlink(missing_ok=True)

    def _path(self, assignment: str) -> Path:
        return self._folder / f"{assignment}.json"


def _encoded(answers: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(answers)
    except orjson.JSONEncodeError as error:
        raise UserError(
            "unstorable",
            f"The draft was not saved: a value cannot be stored ({error}); correct it.",
            status=422,
        ) from error
