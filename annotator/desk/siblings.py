"""Studies beside the one that is served: making one from the desk, and serving another."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import tomlkit

from annotator.accounts import invite
from annotator.clock import iso, now
from annotator.founding import found_study, read_preset
from annotator.store import Store
from annotator.store.access import load_study
from schemas.errors import UserError
from schemas.facts import Fact, RaterAdded, Setting
from schemas.layout import StudyFolder

__all__ = ["LANGUAGES", "NewStudy", "Sibling", "Siblings"]

LANGUAGES = ("en", "zh")
"""Languages that the screens speak."""
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_ANSWER_FIRST_S = 0.7
"""Time for the answer to reach the browser before the server changes over."""


@dataclass(frozen=True, slots=True)
class NewStudy:
    """What a curator fills in."""

    title: str
    folder: str
    """Name of the folder to make beside the served one; from the title where empty."""
    preset: str
    language: str
    raters_per_stimulus: float | None


@dataclass(frozen=True, slots=True)
class Sibling:
    """A study folder beside the served one, or itself."""

    folder: str
    title: str
    is_served: bool


class Siblings:
    """The studies in the folder in which the served study lies."""

    def __init__(self, store: Store, change: Callable[[Path], None] | None = None) -> None:
        """Look around `store`.

        Args:
            store: The open store of the served study.
            change: Makes the server end this study and serve the one in a folder; None where
                it cannot.
        """
        self._store, self._change = store, change
        self._room = store.folder.root.resolve().parent

    @property
    def room(self) -> Path:
        """The folder in which the studies lie."""
        return self._room

    def studies(self) -> list[Sibling]:
        """Return the studies of the folder, by name."""
        found = []
        for path in sorted(self._room.glob("*/study.toml")):
            root = path.parent
            try:
                title = load_study(StudyFolder(root)).title
            except UserError:
                # Not a study of this version; it is not for opening here.
                continue
            served = root == self._store.folder.root.resolve()
            found.append(Sibling(root.name, title, served))
        return found

    def found(self, new: NewStudy, author: str) -> str:
        """Make a study with `author` as its curator; return the name of its folder.

        Raises:
            UserError: `no_title`, `invalid_folder`, `invalid_number`, `invalid_language`,
                `study_exists`, `folder_not_empty`, `cannot_make_folder`, or what is wrong with
                the preset.
        """
        text, place = _filled_in(new)
        root = self._room / _folder_name(new)
        try:
            study = found_study(root, (text, place))
        except OSError as error:
            raise UserError(
                "cannot_make_folder",
                f"The folder {root} cannot be made ({error.strerror}); ask whoever runs the "
                "server for room beside this study.",
            ) from error
        with Store(StudyFolder(root), study) as store:
            facts: list[Fact] = [RaterAdded(iso(now()), author, "curator")]
            public_url = self._store.settings().get("public_url")
            if public_url:
                facts.append(Setting(iso(now()), "public_url", public_url, author))
            store.append(facts)
        return root.name

    def open(self, folder: str, author: str) -> str:
        """Have another study served here; return the path by which `author` comes in there.

        Raises:
            UserError: `no_such_study`, `served_already`, `folder_in_use`, `cannot_change`, or
                `not_its_curator`.
        """
        known = {one.folder: one for one in self.studies()}
        if folder not in known:
            raise UserError("no_such_study", f"There is no study '{folder[:80]}' here; reload.")
        if known[folder].is_served:
            raise UserError("served_already", f"'{folder}' is the study that is open.")
        if self._change is None:
            raise UserError(
                "cannot_change",
                f"This server cannot change over; start it again with --data {self._room / folder}",
            )
        there = StudyFolder(self._room / folder)
        with Store(there, load_study(there), wait_s=0) as store:
            if not any(
                row["rater"] == author and row["role"] == "curator" and row["enabled"]
                for row in store.raters()
            ):
                raise UserError(
                    "not_its_curator",
                    f"You are no curator of '{folder}'; ask one of its curators to open it.",
                    status=403,
                )
            token, invited = invite(author)
            store.append([invited])
        threading.Timer(_ANSWER_FIRST_S, self._change, [there.root]).start()
        return f"/join/{token}"


def _folder_name(new: NewStudy) -> str:
    name = new.folder.strip() or re.sub(r"[^a-z0-9]+", "-", new.title.casefold()).strip("-")[:40]
    if not _FOLDER.fullmatch(name):
        raise UserError(
            "invalid_folder",
            f"'{name[:80]}' cannot be the name of a folder here; use 1 to 80 of the letters a to "
            "z, digits, dots, hyphens and underscores, beginning with a letter or digit.",
        )
    return name


def _filled_in(new: NewStudy) -> tuple[str, str]:
    """Return the text of the study file, the preset's comments kept, and its name."""
    title = " ".join(new.title.split())
    if not 1 <= len(title) <= 200:
        raise UserError("no_title", "A study needs a title of 1 to 200 characters.")
    wanted = new.raters_per_stimulus
    if wanted is None or wanted != int(wanted) or not 1 <= wanted <= 1000:
        raise UserError(
            "invalid_number", "Ratings wanted for each image: give a whole number, 1 to 1000."
        )
    if new.language not in LANGUAGES:
        raise UserError("invalid_language", f"Choose a language: {' or '.join(LANGUAGES)}.")
    text, place = read_preset(new.preset)
    file = tomlkit.parse(text)
    short = re.sub(r"[^a-z0-9_-]+", "-", _folder_name(new).casefold())[:40]
    file["name"] = short if short[:1].isalpha() else f"study-{short}"[:40]
    file["title"], file["language"] = title, new.language
    file.setdefault("queue", tomlkit.table())["raters_per_stimulus"] = int(wanted)
    return tomlkit.dumps(file), place
