"""The command line answers before any heavy library is loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = (
    "gradio", "torch", "transformers", "scipy", "openai", "pandas", "numpy", "pyarrow", "duckdb",
    "fastapi", "PIL", "plotly", "uvicorn",
)  # fmt: skip

SCRIPT = (
    f"HEAVY = set({HEAVY!r})"
    """
import sys
from annotator.commands import main
code = main(sys.argv[1:])
print(code, *sorted({n.split(".")[0] for n in sys.modules} & HEAVY), file=sys.stderr)
"""
)


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["mos", "--help"], ["serve", "--help"], ["export", "--help"], ["--json", "nope"]],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    expected = "2" if "nope" in arguments else "0"
    assert done.stderr.splitlines()[-1] == expected


def test_importing_a_heavy_library_would_be_seen() -> None:
    script = SCRIPT.replace("import sys", "import sys, numpy", 1)
    done = subprocess.run(
        [sys.executable, "-c", script, "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stderr.splitlines()[-1] == "0 numpy"
