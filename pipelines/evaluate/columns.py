"""Items of a JSON file as columns, read in pieces: a million objects are never held at once."""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import orjson
import pyarrow as pa

from pipelines.evaluate.reading import read_document, without_collection

__all__ = ["Columns", "Document", "Part", "columns_of", "read_columns", "unpacked"]

_PIECE = 1 << 21
"""Bytes read at a time."""
_TRIES = 32
"""Ends of objects tried for the end of a piece; objects inside items have ends too."""
_HEAD = 1000
_IDLE = frozenset({
    "option", "class", "category", "annotation", "explantion", "explanation", "difficulty",
    "is_wrong",
})  # fmt: skip
"""Keys of items that no score is made from."""
_SEAM = re.compile(rb"\}\s*,\s*(?=\{)")
_MARK = b"\xef\xbb\xbf"
_OPENING = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\{.{,65536}?"predictions"\s*:\s*)?\[', re.DOTALL)


_ABSENT = object()
"""The key is not there, which is something else than null."""
Part: TypeAlias = Any
"""Values of a key in one piece: an array of numpy or Arrow where all are of one kind, a dict of
parts where all are objects of the same keys, else a list. It has a length except as a dict."""


class Columns:
    """Items of a file, in order: key -> values."""

    def __init__(self) -> None:
        """Begin without items."""
        self.head: list[dict[str, Any]] = []
        """The first thousand items as they are."""
        self.keys: dict[str, None] = {}
        """Keys of any item, in the order they came."""
        self._sizes: list[int] = []
        self._pieces: list[dict[str, Part]] = []

    def __len__(self) -> int:
        return sum(self._sizes)

    def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Add items."""
        self.head += rows[: _HEAD - len(self.head)]
        names = list(rows[0])
        if set(map(len, rows)) != {len(names)}:
            names = list(dict.fromkeys(name for row in rows for name in row))
        try:
            found = {name: list(map(itemgetter(name), rows)) for name in names if name not in _IDLE}
        except KeyError:
            names = list(dict.fromkeys(name for row in rows for name in row))
            found = {name: [row.get(name, _ABSENT) for row in rows] for name in names}
        self.keys |= dict.fromkeys(names)
        self._pieces.append({name: _packed(values) for name, values in found.items()})
        self._sizes.append(len(rows))

    def parts(self, name: str, default: Any = None) -> list[Part]:
        """Return the values of a key piece by piece, `default` where an item lacks it."""
        found: list[Part] = []
        for piece, size in zip(self._pieces, self._sizes, strict=True):
            part = piece.get(name)
            if part is None:
                part = [default] * size
            elif isinstance(part, list):
                part = [default if value is _ABSENT else value for value in part]
            found.append(part)
        return found

    def values(self, name: str) -> list[Any]:
        """Return the values of a key, None where an item lacks it."""
        return [value for part in self.parts(name) for value in unpacked(part)]

    def texts(self, name: str) -> pa.ChunkedArray | None:
        """Return a key of which every value is text; None otherwise."""
        parts = self.parts(name)
        if not all(isinstance(part, pa.Array) for part in parts):
            return None
        return pa.chunked_array(parts, pa.large_string())


class Document(NamedTuple):
    """What a file holds."""

    items: Columns
    """Its items."""
    head: dict[str, Any] | None = None
    """The object around the list `predictions`, without it; None where the list stands alone."""
    fault: str = ""
    """Why it is no list of objects, where it is none."""


def read_columns(path: Path) -> Document:
    """Read a list of objects, an object with the list `predictions`, or JSON lines.

    Raises:
        UserError: what `read_document` refuses.
    """
    is_large = path.is_file() and path.stat().st_size > _PIECE
    found = _in_pieces(path) if is_large else None
    return columns_of(read_document(path)) if found is None else found


def columns_of(document: Any) -> Document:
    """Return a document that is read already."""
    head = None
    if isinstance(document, dict) and "predictions" in document:
        head = {key: value for key, value in document.items() if key != "predictions"}
        document = document["predictions"]
    items = Columns()
    rows = [document] if isinstance(document, dict) else document
    if not isinstance(rows, list) or not rows:
        return Document(items, head, "holds no list of items; name another file")
    if set(map(type, rows)) != {dict}:
        return Document(items, head, "holds something that is no object; write one an item")
    items.add(rows)
    return Document(items, head)


def _in_pieces(path: Path) -> Document | None:
    """Return what the file holds, None where it has to be read whole to tell."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        found = _list_place(content)
        if found is None:
            head, pieces = None, _lines(content)
        else:
            head, start, end = found
            pieces = _objects(content, start, end)
        items = Columns()
        with without_collection():
            for piece in pieces:
                if piece is None or set(map(type, piece)) != {dict}:
                    return None
                items.add(piece)
    return Document(items, head)


def _list_place(content: mmap.mmap) -> tuple[dict[str, Any] | None, int, int] | None:
    """Return what is around the list and where its items begin and end; None without a list."""
    opening = _OPENING.match(content)
    end = content.rfind(b"]")
    if opening is None or end < opening.end():
        return None
    outside = _loaded(content[3 if content[:3] == _MARK else 0 : opening.end()] + content[end:])
    if outside == []:
        return None, opening.end(), end
    if isinstance(outside, dict) and outside.pop("predictions", None) == []:
        return outside, opening.end(), end
    return None


def _objects(content: mmap.mmap, start: int, end: int) -> Iterator[list[Any] | None]:
    """Yield the objects of a list piece by piece, None where no end of one is found."""
    while start < end:
        seams = islice(_SEAM.finditer(content, start + _PIECE, end), _TRIES)
        for at in (*(seam.start() + 1 for seam in seams), end):
            # What is whole JSON up to here cannot end inside a text or inside an object.
            found = _loaded(b"[" + content[start:at] + b"]")
            if found is not None:
                break
        yield found
        start = content.find(b",", at, end) + 1 or end


def _lines(content: mmap.mmap) -> Iterator[list[Any] | None]:
    """Yield the objects of JSON lines piece by piece, None where a line is something else."""
    start, end = 3 if content[:3] == _MARK else 0, len(content)
    while start < end:
        at = content.find(b"\n", min(start + _PIECE, end), end) + 1 or end
        lines = [line for line in content[start:at].split(b"\n") if line.strip()]
        found = _loaded(b"[" + b",".join(lines) + b"]")
        yield found if found is not None and len(found) == len(lines) else None
        start = at


def _loaded(text: bytes) -> Any:
    """Return JSON, NaN and Infinity accepted, or None."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(text.decode("utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None


def _packed(values: list[Any]) -> Part:
    kinds = set(map(type, values))
    try:
        if kinds == {float}:
            return np.array(values, np.float64)
        if kinds == {int}:
            return np.array(values, np.int64)
        if kinds == {str}:
            return _texts(values)
    except (OverflowError, UnicodeEncodeError):
        # Numbers past 64 bits and halves of surrogates stay as they are.
        return values
    return _inner(values) if kinds == {dict} and values[0] else values


def _inner(values: list[dict[str, Any]]) -> Part:
    if set(map(len, values)) != {len(values[0])}:
        return values
    try:
        inner = {name: _packed(list(map(itemgetter(name), values))) for name in values[0]}
    except KeyError:
        return values
    # Of objects in objects the number could not be told any more.
    return values if any(isinstance(part, dict) for part in inner.values()) else inner


def _texts(values: list[str]) -> pa.LargeStringArray:
    # pa.array() would do, but it imports pandas, which takes as long as reading a file.
    content = "".join(values)
    encoded = content.encode()
    is_ascii = len(encoded) == len(content)
    sizes = map(len, values if is_ascii else map(str.encode, values))
    offsets = np.zeros(len(values) + 1, np.int64)
    np.cumsum(np.fromiter(sizes, np.int64, len(values)), out=offsets[1:])
    return pa.LargeStringArray.from_buffers(
        len(values), pa.py_buffer(offsets), pa.py_buffer(encoded)
    )


def unpacked(part: Part) -> list[Any]:
    """Return a part's values as Python has them."""
    if isinstance(part, dict):
        columns = [unpacked(inner) for inner in part.values()]
        return [dict(zip(part, row, strict=True)) for row in zip(*columns, strict=True)]
    return list(part) if isinstance(part, list) else list(part.tolist())
