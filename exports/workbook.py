"""Excel workbooks whose bytes depend on nothing but their cells."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from schemas.errors import UserError

__all__ = ["read_workbook", "workbook_bytes"]

_DATE = (1980, 1, 1, 0, 0, 0)
_CREATED = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def workbook_bytes(rows: Sequence[Sequence[Any]], sheet: str = "Sheet1") -> bytes:
    """Return an .xlsx of one sheet; texts stay texts, also those that begin with `=`."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    for row in rows:
        cells = [WriteOnlyCell(page, value) for value in row]
        for cell in cells:
            if cell.data_type == "f":
                cell.data_type = "s"
        page.append(cells)
    out = io.BytesIO()
    book.save(out)
    return _without_clock(out.getvalue())


def _without_clock(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(out, "w") as target:
        for name in given.namelist():
            part = given.read(name)
            if name == "docProps/core.xml":
                part = _CREATED.sub(b"1980-01-01T00:00:00Z", part)
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, part)
    return out.getvalue()


def read_workbook(path: Path, sheet: str = "Sheet1") -> list[tuple[Any, ...]]:
    """Return the rows of a sheet, the first sheet where none has that name.

    Raises:
        UserError: `invalid_workbook`.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (OSError, KeyError, zipfile.BadZipFile, InvalidFileException) as error:
        raise UserError(
            "invalid_workbook", f"{path} cannot be read as an Excel workbook; save it as .xlsx."
        ) from error
    page = book[sheet] if sheet in book.sheetnames else book.worksheets[0]
    rows = list(page.iter_rows(values_only=True))
    book.close()
    return rows
