"""Every command, option and route stands in the reference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest
from typer.main import get_command

from annotator.api.app import build_app
from annotator.commands.tree import application

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference.md"


def commands() -> list[tuple[str, Any]]:
    """Return (words, command) of every command that does something."""
    found = []

    def walk(words: str, command: Any) -> None:
        inner = getattr(command, "commands", None)
        if inner is None:
            found.append((words, command))
            return
        for name, child in inner.items():
            walk(f"{words} {name}".strip(), child)

    walk("", get_command(application))
    return found


def options() -> list[tuple[str, str]]:
    """Return (words, option) of every option of every command."""
    return [
        (words, option)
        for words, command in commands()
        for parameter in command.params
        for option in [*parameter.opts, *parameter.secondary_opts]
        if option.startswith("--") and option != "--help"
    ]


def routes() -> list[str]:
    """Return the paths of every route that people's scripts may use."""

    class _Nobody:
        public_url = None

    app = build_app(_Nobody())  # type: ignore[arg-type]
    return sorted(app.openapi()["paths"])


@pytest.fixture(scope="module")
def reference() -> str:
    return REFERENCE.read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [words for words, _ in commands()])
def test_every_command_is_documented(words: str, reference: str) -> None:
    group, _, verb = words.rpartition(" ")
    # Verbs of one noun may be listed together: `raters list`, `raters add|invite NAME`.
    pattern = rf"`[^`\n]*\b{group}[ |a-z]*\b{verb}\b" if group else rf"`[^`\n]*\b{verb}\b"
    assert re.search(pattern, reference), f"docs/reference.md does not name `{words}`"


@pytest.mark.parametrize(("words", "option"), options())
def test_every_option_is_documented(words: str, option: str, reference: str) -> None:
    positive = option.removeprefix("--no-")
    assert re.search(rf"--(no-)?{re.escape(positive.removeprefix('--'))}\b", reference), (
        f"docs/reference.md does not name {option} of `{words}`"
    )


@pytest.mark.parametrize("path", routes())
def test_every_route_is_documented(path: str, reference: str) -> None:
    plain = re.escape(re.sub(r"\{.*?\}", "{}", path)).replace(r"\{\}", r"\{[a-z_]+\}")
    assert re.search(plain, reference), f"docs/reference.md does not name {path}"


def test_there_is_something_to_check() -> None:
    assert {"serve", "raters add", "verify"} <= {words for words, _ in commands()}
    assert ("export", "--out") in options()
    assert "/api/next" in routes()
    assert isinstance(get_command(application), click.Group) or hasattr(
        get_command(application), "commands"
    )
