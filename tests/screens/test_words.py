"""The catalogue of texts is complete, and nothing on the rating screen stands outside it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from annotator.screens.look import in_all_languages

STATIC = Path(__file__).parents[2] / "annotator" / "static"
WORDS = json.loads((STATIC / "words.json").read_text(encoding="utf-8"))
SCRIPTS = [*STATIC.glob("*.js"), *STATIC.glob("steps/*.js")]


def texts(language):
    return {
        key: list(value.values()) if isinstance(value, dict) else [value]
        for key, value in WORDS[language].items()
    }


def test_languages_have_the_same_keys():
    assert set(WORDS["zh"]) == set(WORDS["en"])


@pytest.mark.parametrize("key", sorted(WORDS["en"]))
def test_texts_name_the_same_values(key):
    def names(language):
        return {n for text in texts(language)[key] for n in re.findall(r"\{(\w+)\}", text)}

    assert names("zh") <= names("en")
    assert all(texts("en")[key]) and all(texts("zh")[key])


def test_every_key_that_scripts_ask_for_is_there():
    asked = {
        key
        for script in SCRIPTS
        for key in re.findall(r'\bsay\("(\w+?)"', script.read_text(encoding="utf-8"))
    }
    assert len(asked) > 30
    assert {key for key in asked if not key.endswith("_")} <= set(WORDS["en"])


def test_notices_have_title_and_text():
    source = (STATIC / "rating.js").read_text(encoding="utf-8")
    notices = set(re.findall(r'\btell\("(\w+)"', source)) | {"unwell", "offline"}
    assert len(notices) > 5
    for notice in notices:
        assert {f"{notice}_title", f"{notice}_text"} <= set(WORDS["en"])


def test_values_are_escaped():
    html = in_all_languages("join_invited", rater="<script>")
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 2


def test_texts_of_the_desk_are_complete():
    desk = json.loads((STATIC / "desk_words.json").read_text(encoding="utf-8"))
    assert set(desk["zh"]) == set(desk["en"])
    for key, text in desk["en"].items():
        assert text and desk["zh"][key]
        values = re.findall(r"\{(\w+)\}", text)
        assert sorted(values) == sorted(re.findall(r"\{(\w+)\}", desk["zh"][key]))
