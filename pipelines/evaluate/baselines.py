"""Published results to stand beside one's own; the numbers are in `baselines.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

__all__ = ["published"]


def published(track: str, task: str | None = None) -> list[dict[str, Any]]:
    """Return the published tables of a track, and of a task where it has several.

    Each has `title`, `source`, `note` (units and signs) and `rows` of `{"model", COLUMN: value}`.
    """
    text = Path(__file__).with_name("baselines.toml").read_text(encoding="utf-8")
    return [
        {
            "title": table["title"],
            "source": table["source"],
            "note": table["note"],
            "rows": [
                {"model": row["model"], **dict(zip(table["columns"], row["values"], strict=True))}
                for row in table["rows"]
            ],
        }
        for table in tomllib.loads(text)["table"]
        if table["track"] == track and table.get("task", task) == task
    ]
