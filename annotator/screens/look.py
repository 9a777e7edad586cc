"""What every page has in common: where its files are, its head, its words."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from pathlib import Path

__all__ = ["STATIC", "head_of", "in_all_languages", "modules_head", "refusal_in_all_languages"]

STATIC = "/static"
"""Where the app serves the folder `annotator/static`."""

_FOLDER = Path(__file__).parent.parent / "static"


def head_of(*styles: str) -> str:
    """Return the tags that give a page the look: theme before first paint, then the styles."""
    sheets = "".join(
        f'<link rel="stylesheet" href="{STATIC}/{name}.css">' for name in ("look", *styles)
    )
    return (
        f'<script src="{STATIC}/theme.js"></script>{sheets}'
        f'<link rel="icon" href="{STATIC}/icon.svg" type="image/svg+xml">'
    )


def modules_head() -> str:
    """Return tags that fetch the rating screen's scripts at once, not one after another."""
    modules = sorted([*_FOLDER.glob("*.js"), *_FOLDER.glob("steps/*.js")])
    names = [path.relative_to(_FOLDER).as_posix() for path in modules]
    tags = [
        f'<link rel="modulepreload" href="{STATIC}/{name}">'
        for name in names
        if name not in {"theme.js", "speak.js", "desk.js"}
    ]
    library = f"{STATIC}/vendor/openseadragon/openseadragon.min.js"
    return "".join(tags) + f'<link rel="preload" as="script" href="{library}">'


def in_all_languages(key: str, **values: str) -> str:
    """Return the text `key` as HTML in every language; `static/speak.js` shows one of them.

    Args:
        key: Name of the text in `static/words.json`.
        values: What its `{name}` stand for; escaped here.

    Raises:
        KeyError: for a key the catalogue does not have.
    """
    safe = {name: f"<b>{escape(value)}</b>" for name, value in values.items()}
    return "".join(
        f'<span lang="{language}"{"" if language == "en" else " hidden"}>'
        f"{escape(words[key]).format(**safe)}</span>"
        for language, words in _catalogue().items()
    )


def refusal_in_all_languages(code: str, message: str) -> str:
    """Return a refusal as HTML in every language that has words for its code.

    The message of the error is English and names what it is about; other languages say from the
    catalogue what happened and what to do.

    Args:
        code: Stable name of the error.
        message: What the error says.
    """
    texts = {"en": message} | {
        language: words[f"refusal_{code}"]
        for language, words in _catalogue().items()
        if f"refusal_{code}" in words
    }
    return "".join(
        f'<span lang="{language}"{"" if language == "en" else " hidden"}>{escape(text)}</span>'
        for language, text in texts.items()
    )


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    text = (_FOLDER / "words.json").read_text(encoding="utf-8")
    catalogue: dict[str, dict[str, str]] = json.loads(text)
    return catalogue
