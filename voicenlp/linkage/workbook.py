"""Attached tables as one Excel workbook: text stays text, whatever it looks like; voicenlp's own dates and numbers are such."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

from voicenlp.errors import UsageError
from voicenlp.io.documents import need_office

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["write_workbook"]

ROWS_AT_ONCE = 8192
MOST_ROWS = 1_048_576
LONGEST_CELL = 32_767
LONGEST_TITLE = 31
_UNFIT_TITLE = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def write_workbook(tables: Mapping[str, pa.Table], file: IO[bytes]) -> None:
    """Write tables into a workbook, a sheet each, in order.

    Control characters, which XML can't hold, stand there in Excel's own escaped form.

    Raises
    ------
    UsageError
        If a table has more rows, or a cell more characters, than Excel can hold; or openpyxl is not installed.
    """
    need_office("openpyxl", "writing Excel workbooks")
    import openpyxl
    from openpyxl.cell import WriteOnlyCell

    book = openpyxl.Workbook(write_only=True)
    titles: set[str] = set()
    for name, table in tables.items():
        if table.num_rows >= MOST_ROWS:
            raise UsageError(f"table {name!r} has {table.num_rows:,} rows, more than a sheet of Excel holds: take csv or parquet")
        sheet = book.create_sheet(_title(name, titles))

        def cell(value: Any, name: str = name, sheet: Any = sheet) -> Any:
            if isinstance(value, list):
                value = ";".join(map(str, value))
            if not isinstance(value, str):
                return value
            if len(value) > LONGEST_CELL:
                raise UsageError(f"table {name!r} has a cell that is longer than Excel holds: take csv or parquet")
            made = WriteOnlyCell(sheet, value=None)
            made.value = _CONTROL.sub(lambda match: f"_x{ord(match[0]):04X}_", value)
            made.data_type = "s"  # also where it begins with =
            return made

        sheet.append([cell(column) for column in table.column_names])
        for batch in table.to_batches(max_chunksize=ROWS_AT_ONCE):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                sheet.append([cell(value) for value in row])
    book.save(file)


def _title(name: str, taken: set[str]) -> str:
    """Return a title that Excel allows and that no other sheet has."""
    fit = _UNFIT_TITLE.sub("_", name)[:LONGEST_TITLE].strip("'") or "_"
    title, number = fit, 2
    while title.casefold() in taken:
        end = f" ({number})"
        title, number = fit[: LONGEST_TITLE - len(end)] + end, number + 1
    taken.add(title.casefold())
    return title
