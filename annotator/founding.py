"""Making a study folder."""

from __future__ import annotations

import os
import secrets
from importlib import resources
from pathlib import Path

from annotator.accounts import read_secret
from annotator.clock import iso, now
from annotator.store.journal import Journal
from schemas.errors import UserError
from schemas.facts import Founded
from schemas.layout import StudyFolder
from schemas.study import Study, parse_study

__all__ = ["found_study", "preset_names", "read_preset"]


def preset_names() -> list[str]:
    """Return the presets that come with the program."""
    folder = resources.files("schemas") / "presets"
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def read_preset(name: str) -> tuple[str, str]:
    """Return (text, place) of a preset by name, or of a study file by path.

    Raises:
        UserError: `unknown_preset` or `study_unreadable`.
    """
    if name in preset_names():
        entry = resources.files("schemas") / "presets" / f"{name}.toml"
        return entry.read_text(encoding="utf-8"), f"preset {name}"
    path = Path(name)
    if not path.exists():
        raise UserError(
            "unknown_preset",
            f"There is no preset and no file '{name}' (looked in {Path.cwd()}); presets are "
            f"{', '.join(preset_names())}.",
        )
    try:
        return path.read_text(encoding="utf-8"), str(path)
    except UnicodeDecodeError as error:
        raise UserError(
            "study_unreadable", f"The study file {path} is not UTF-8 text; give a TOML file."
        ) from error
    except OSError as error:
        raise UserError(
            "study_unreadable",
            f"The study file {path} cannot be read ({error.strerror}); give a TOML file.",
        ) from error


def found_study(root: Path, preset: tuple[str, str]) -> Study:
    """Make a study in `root` from the text of a study file.

    Args:
        root: An empty folder, or one that does not exist yet.
        preset: Text and place, as `read_preset` returns.

    Raises:
        UserError: `study_exists`, `folder_not_empty`, or what is wrong with the study file.
    """
    text, place = preset
    study = parse_study(text, place)
    folder = StudyFolder(root)
    if folder.study_file.exists():
        raise UserError(
            "study_exists",
            f"There is a study in {root} already; use it, or name another folder with --data.",
        )
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UserError(
            "folder_not_empty",
            f"{root} holds other files; name an empty or new folder with --data.",
        )
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    read_secret(folder)
    journal = Journal(folder.journal)
    journal.append(
        1, [Founded(iso(now()), study.name, secrets.token_hex(8), secrets.token_hex(16))]
    )
    journal.close()
    # The study file comes last: with it the folder is a study.
    part = folder.study_file.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder.study_file)
    return study
