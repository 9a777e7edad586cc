"""No room opens a door it may not: the rules of ARCHITECTURE.md, read from the imports."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("schemas", "pipelines", "exports", "annotator")
FILES = sorted(
    path.relative_to(ROOT)
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    if "__pycache__" not in path.parts
)
MAY_OPEN = {
    "schemas": {"schemas"},
    "pipelines": {"schemas", "pipelines"},
    "exports": {"schemas", "exports"},
    "annotator": {"schemas", "pipelines", "exports", "annotator"},
}
ONLY_IN = {
    "duckdb": Path("annotator/store"),
    "gradio": Path("annotator/screens"),
    "fastapi": Path("annotator/api"),
    "starlette": Path("annotator/api"),
}
HEAVY = {"gradio", "torch", "transformers", "scipy", "openai", "pandas", "numpy", "pyarrow"}


def imported(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield (top-level name, whether it is only for the type checker) of every import."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    checked = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names = [node.module or ""]
        for name in names:
            yield name.split(".")[0], id(node) in checked


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    room = path.parts[0]
    for name, for_types in imported(path):
        if name in ROOMS:
            assert name in MAY_OPEN[room], f"{path} imports {name}"
        if name in ONLY_IN and not for_types:
            assert path.is_relative_to(ONLY_IN[name]), f"{path} imports {name}"


@pytest.mark.parametrize("path", [p for p in FILES if p.parts[0] == "schemas"], ids=str)
def test_schemas_need_only_pydantic(path: Path) -> None:
    allowed = {"schemas", "pydantic", *sys.stdlib_module_names}
    assert {name for name, _ in imported(path)} <= allowed


def test_the_app_only_hands_over() -> None:
    assert {name for name, _ in imported(Path("app.py"))} == {"annotator"}


def test_no_floor_below_reads_the_clock_or_the_environment() -> None:
    """Clocks and clients come in as arguments (pipelines)."""
    for path in FILES:
        if path.parts[0] != "pipelines":
            continue
        text = (ROOT / path).read_text(encoding="utf-8")
        for forbidden in ("datetime.now(", "os.environ", "time.time("):
            assert forbidden not in text, f"{path} uses {forbidden}"


def test_the_rules_would_be_seen(tmp_path: Path) -> None:
    """The reader of imports sees lazy, plain and type-only imports."""
    source = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import duckdb\n"
        "def f():\n    from gradio.blocks import Blocks\n"
    )
    (tmp_path / "m.py").write_text(source)
    assert set(imported(tmp_path / "m.py")) == {
        ("typing", False), ("duckdb", True), ("gradio", False)
    }  # fmt: skip
