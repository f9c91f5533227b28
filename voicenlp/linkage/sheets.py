"""Sheets of an Excel workbook as text: every cell as it stands, a formula as the formula, nothing calculated."""

from __future__ import annotations

import datetime as dt
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicenlp.errors import InputError
from voicenlp.io.columns import as_text
from voicenlp.io.documents import DocumentFault, check_zip, need_office
from voicenlp.io.encoding import probe

__all__ = ["Sheet", "cell_text", "read_sheets"]

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LARGEST_PART = 1 << 30
_LARGEST_BOOK = 2 << 30


@dataclass(frozen=True)
class Sheet:
    """One sheet.

    Attributes
    ----------
    name : str
        Its title.
    rows : list of (int, list of str)
        The rows that are not empty, with the numbers that Excel shows.
    formulas, errors : frozenset of (int, int)
        Row number and place (from 0) of the cells that hold a formula, or an error such as ``#N/A``.
    """

    name: str
    rows: list[tuple[int, list[str]]]
    formulas: frozenset[tuple[int, int]]
    errors: frozenset[tuple[int, int]]


def cell_text(value: Any) -> str:
    """Return a typed cell as text: a day without its midnight, whole numbers without ``.0``, yes and no as Excel writes them.

    Examples
    --------
    >>> import datetime as dt
    >>> cell_text(dt.datetime(2026, 2, 3)), cell_text(7.0), cell_text(None), cell_text(True)
    ('2026-02-03', '7', '', 'TRUE')
    """
    if isinstance(value, str):
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value) if "_x" in value else value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        value = value.date()
    try:
        return as_text(value)
    except ValueError:
        return ""  # bytes and lists are nothing that a return holds


def read_sheets(path: Path) -> list[Sheet]:
    """Read all sheets of a workbook, hidden ones too.

    Raises
    ------
    InputError
        If it is no readable workbook, or would unpack to more than fits in memory.
    UsageError
        If openpyxl is not installed.
    """
    need_office("openpyxl", "reading Excel workbooks")
    import openpyxl

    probe(path, text=False)  # says so if there is no such file
    try:
        check_zip(path, largest_part=_LARGEST_PART, largest=_LARGEST_BOOK)
    except DocumentFault as fault:
        raise InputError(str(fault), source=path) from None
    book = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what openpyxl would lose in writing: nothing is written
            book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
            return [_sheet(sheet) for sheet in book.worksheets]
    except Exception as error:  # openpyxl lets through whatever the XML parser or a missing part makes of a broken file
        raise InputError(f"is broken: not a readable workbook ({type(error).__name__})", source=path) from None
    finally:
        if book is not None:
            book.close()


def _sheet(sheet: Any) -> Sheet:
    sheet.reset_dimensions()  # the size written in the file is often wrong
    rows: list[tuple[int, list[str]]] = []
    formulas, errors = set(), set()
    for number, cells in enumerate(sheet.iter_rows(), 1):
        texts = []
        for place, cell in enumerate(cells):
            value = cell.value
            if value is not None and cell.data_type == "f":
                formulas.add((number, place))
                value = value if isinstance(value, str) else f"={getattr(value, 'text', None) or ''}".replace("==", "=", 1)
            elif cell.data_type == "e":
                errors.add((number, place))
            texts.append(cell_text(value))
        while texts and not texts[-1]:  # sheets are often formatted far beyond what they hold
            texts.pop()
        if any(text.strip() for text in texts):
            rows.append((number, texts))
    return Sheet(sheet.title, rows, frozenset(formulas), frozenset(errors))
