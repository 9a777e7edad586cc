"""Read lists of JSON objects that others wrote: an array, or one object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from schemas.errors import UserError

__all__ = ["read_items"]


def read_items(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON array or JSON-lines file; a byte-order mark is accepted.

    Raises:
        UserError: `file_missing` or `invalid_json`, naming the line.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise UserError("file_missing", f"{path} is missing; name an existing file.") from error
    except UnicodeDecodeError as error:
        raise UserError("invalid_json", f"{path} is not UTF-8 text; save it as UTF-8.") from error
    try:
        items = json.loads(text) if text.lstrip().startswith("[") else _lines(text)
    except json.JSONDecodeError as error:
        raise UserError(
            "invalid_json", f"{path} is not valid JSON: {error}. Mend that line or get it again."
        ) from error
    wrong = next((n for n, item in enumerate(items, start=1) if not isinstance(item, dict)), None)
    if wrong is not None:
        raise UserError(
            "invalid_json", f"Item {wrong} of {path} is not a JSON object; mend that item."
        )
    return list(items)


def _lines(text: str) -> list[Any]:
    # split("\n"), not splitlines(): texts may hold U+2028, which JSON leaves unescaped.
    items = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                items.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise json.JSONDecodeError(f"line {number}: {error.msg}", line, 0) from error
    return items
