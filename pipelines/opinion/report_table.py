"""Tables of the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

__all__ = ["html_table"]


def html_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return an HTML table; what is not defined is a dash, numbers have three decimals.

    Text may wrap anywhere, numbers stay whole; a column is aligned as its first cell is.
    """
    body = [list(row) for row in rows]
    is_text = [_is_text(cell) for cell in body[0]] if body else [True] * len(head)
    top = "".join(_cell("th", name, text) for name, text in zip(head, is_text, strict=True))
    lines = "".join(
        "<tr>" + "".join(_cell("td", _shown(cell), _is_text(cell)) for cell in row) + "</tr>"
        for row in body
    )
    return f"<div><table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>"


def _cell(tag: str, text: str, is_text: bool) -> str:
    kind = ' class="t"' if is_text else ""
    return f"<{tag}{kind}>{escape(text)}</{tag}>"


def _is_text(cell: Any) -> bool:
    return isinstance(cell, str) and not cell[:1].isdigit()


def _shown(cell: Any) -> str:
    if cell is None or (isinstance(cell, float) and not np.isfinite(cell)):
        return "–"
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)
