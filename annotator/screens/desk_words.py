"""The desk's texts, in every language: HTML that shows the person's, labels that Gradio picks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from schemas.errors import UserError

__all__ = [
    "Words", "english", "in_other_languages", "label", "language_choice", "refused", "say",
    "words_in", "words_of",
]  # fmt: skip

Words = Callable[..., str]
"""Returns the text of a key in one language, plain, its `{name}` filled in."""

_FILE = Path(__file__).parent.parent / "static" / "desk_words.json"


def say(key: str, **values: object) -> str:
    """Return the text `key` as HTML in every language; `static/desk.css` shows one of them.

    Args:
        key: Name of the text in `static/desk_words.json`.
        values: What its `{name}` stand for; escaped here.

    Raises:
        KeyError: for a key the catalogue does not have.
    """
    safe = {name: escape(str(value)) for name, value in values.items()}
    return _in_languages(
        {language: escape(words[key]).format(**safe) for language, words in _catalogue().items()}
    )


def _in_languages(texts: Mapping[str, str]) -> str:
    return "".join(
        f'<span class="say" lang="{language}">{text}</span>' for language, text in texts.items()
    )


def refused(error: UserError) -> str:
    """Return what a user error says as HTML in every language.

    The message is English and names what it is about; other languages say from the catalogue
    (`refusal_CODE`) what happened and what to do, with the message below.
    """
    own = f"<small>{escape(error.message)}</small>"
    texts = {"en": escape(error.message)}
    for language, words in _catalogue().items():
        if language != "en":
            text = words.get(f"refusal_{error.code}")
            texts[language] = f"{escape(text)} {own}" if text else escape(error.message)
    return _in_languages(texts)


def in_other_languages(text: str, keys: Sequence[str], values: Mapping[str, str]) -> str:
    """Return an English text as HTML; other languages say it with their texts of `keys`.

    Where a language lacks one of them it is shown in English.
    """
    safe = {name: escape(value) for name, value in values.items()}
    texts = {"en": escape(text)}
    for language, words in _catalogue().items():
        if language != "en":
            own = "".join(escape(words[key]) for key in keys if key in words)
            has_all = all(key in words for key in keys)
            texts[language] = own.format(**safe) if has_all else escape(text)
    return _in_languages(texts)


def label(key: str) -> Any:
    """Return the text `key` for a Gradio component, in the browser's language."""
    _ = _catalogue()["en"][key]
    return language_choice()(key)


def words_in(language: str) -> Words:
    """Return the texts of one language, for figures; English where it is not known."""
    words = _catalogue().get(language, _catalogue()["en"])
    return lambda key, **values: words[key].format(**values)


def words_of(request: gr.Request) -> Words:
    """Return the texts in the language of who asks; `static/desk.js` keeps it in a cookie."""
    cookies = getattr(request, "cookies", None) or {}
    return words_in(cookies.get("siqa_language", "en"))


def english(key: str, **values: object) -> str:
    """Return a text in English."""
    return words_in("en")(key, **values)


@cache
def language_choice() -> gr.I18n:
    """Return the texts as Gradio wants them on mounting."""
    return gr.I18n(**_catalogue())


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    catalogue: dict[str, dict[str, str]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return catalogue
