"""The catalogue of texts is complete, and nothing on the rating screen stands outside it."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from annotator.screens.look import in_all_languages, refusal_in_all_languages

STATIC = Path(__file__).parents[2] / "annotator" / "static"
WORDS = json.loads((STATIC / "words.json").read_text(encoding="utf-8"))
SCRIPTS = [*STATIC.glob("*.js"), *STATIC.glob("steps/*.js")]


def texts(language):
    return {
        key: list(value.values()) if isinstance(value, dict) else [value]
        for key, value in WORDS[language].items()
    }


def test_languages_have_the_same_keys():
    refusals = {key for key in WORDS["zh"] if key.startswith("refusal_")}
    assert set(WORDS["zh"]) - refusals == set(WORDS["en"])


# What only commands and curators meet.
NOT_FOR_RATERS = {"database_unusable", "folder_in_use", "http_error", "invalid_name",
                  "invalid_role", "journal_behind_database", "journal_damaged", "journal_missing",
                  "other_version", "rater_exists", "unknown_rater", "wrong_token"}  # fmt: skip
MET_BY_RATERS = ["accounts.py", "drafts.py", "leasing.py", "queue.py", "tiles.py", "api/*.py",
                 "store/journal.py", "store/store.py", "store/writer.py",
                 "../schemas/steps/*.py"]  # fmt: skip


def codes_in(path):
    """Yield the codes of the errors a file can raise."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "UserError":
            for part in ast.walk(node.args[0]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def test_every_refusal_a_rater_can_meet_is_there_in_chinese():
    files = [path for name in MET_BY_RATERS for path in STATIC.parent.glob(name)]
    codes = {code for path in files for code in codes_in(path) if re.fullmatch(r"[a-z_]+", code)}
    codes |= {"not_found", "method_not_allowed"}
    assert len(codes) > 35
    assert {f"refusal_{code}" for code in codes - NOT_FOR_RATERS} <= set(WORDS["zh"])
    assert all(
        re.search("[\u4e00-\u9fff]", WORDS["zh"][key]) for key in WORDS["zh"] if "refusal" in key
    )


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
    source = "".join(script.read_text(encoding="utf-8") for script in SCRIPTS)
    notices = set(re.findall(r'\btell\("(\w+)"', source)) | {"unwell", "offline"}
    assert len(notices) > 5
    for notice in notices:
        assert {f"{notice}_title", f"{notice}_text"} <= set(WORDS["en"])


def test_values_are_escaped():
    html = in_all_languages("join_invited", rater="<script>")
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 2


def test_a_refusal_without_words_in_a_language_is_shown_as_it_is():
    assert refusal_in_all_languages("odd", "<odd>") == '<span lang="en">&lt;odd&gt;</span>'
    html = refusal_in_all_languages("invite_used", "This link has been used.")
    assert '<span lang="en">This link has been used.</span>' in html
    assert '<span lang="zh" hidden>此链接' in html


def test_every_reading_and_every_refusal_of_the_desk_is_there_in_chinese():
    chinese = json.loads((STATIC / "desk_words.json").read_text(encoding="utf-8"))["zh"]
    figures = {key.removeprefix("reading_") for key in chinese if key.startswith("reading_")}
    assert len(figures) == 10
    assert {f"sentence_{figure}" for figure in figures} <= set(chinese)
    files = [*STATIC.parent.glob("desk/*.py"), *STATIC.parent.glob("*_desk.py")]
    files += [STATIC.parent / name for name in ("jobs.py", "names.py", "people_file.py")]
    codes = {code for path in files for code in codes_in(path) if re.fullmatch(r"[a-z_]+", code)}
    assert len(codes) > 25
    assert {f"refusal_{code}" for code in codes} <= set(chinese)


def test_texts_of_the_desk_are_complete():
    desk = json.loads((STATIC / "desk_words.json").read_text(encoding="utf-8"))
    # What errors and readings say in English of themselves.
    by_itself = {key for key in desk["zh"] if key.startswith(("refusal_", "sentence_", "advice_"))}
    assert set(desk["zh"]) - by_itself == set(desk["en"])
    for key, text in desk["en"].items():
        assert text and desk["zh"][key]
        values = re.findall(r"\{(\w+)\}", text)
        assert sorted(values) == sorted(re.findall(r"\{(\w+)\}", desk["zh"][key]))
