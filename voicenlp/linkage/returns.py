"""What every return has in common, whatever its form: tables of text, a window of time for each row, findings, dates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from voicenlp.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Finding", "Return", "RowWindow", "WindowSettings", "findings_table", "read_date"]


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """From when to when the notes count for a row.

    Attributes
    ----------
    before, after : int
        Days before and after an event (a review), both included.
    period : tuple of two dates, optional
        First and last day for rows that are about the child as a whole; all notes of the run if left out.
    """

    before: int = 183
    after: int = 28
    period: tuple[dt.date, dt.date] | None = None

    def __post_init__(self) -> None:
        if not (0 <= self.before <= 36525 and 0 <= self.after <= 36525):
            raise UsageError("a window reaches 0 to 36525 days before and after")
        if self.period is not None and self.period[0] > self.period[1]:
            raise UsageError("the period ends before it starts")


@dataclass(frozen=True, slots=True)
class RowWindow:
    """Whose notes, and from when to when, stand beside one row of a return.

    Attributes
    ----------
    child : str
        The child's id as the return writes it; empty if the row has none.
    start, end : datetime.date, optional
        First and last day, both included; None: no bound on that side.
    fault : str
        Why there is no window; empty if there is one.
    note : str
        Id of the note that the row itself is, where the system that keeps both gives them one id (a visit); empty otherwise.
    """

    child: str
    start: dt.date | None = None
    end: dt.date | None = None
    fault: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a return that is not as it should be. It never holds the value itself, only where it stands.

    Attributes
    ----------
    table, column : str
        Where; ``column`` is empty for the row or table as a whole.
    row : int, optional
        Line of the file, 1 being the header; None for the table as a whole.
    kind : str
        What kind of value or thing it is: ``table``, ``row``, ``id``, ``date``, ``code``, ``number``, ``interval``, ``text`` or
        ``formula``.
    finding : str
        What is the matter, in plain words.
    """

    table: str
    row: int | None
    column: str
    kind: str
    finding: str


class Return(Protocol):
    """What `attach` needs to know of a return; the readers of the several returns give it."""

    @property
    def name(self) -> str:
        """What the return is (``ssda903``, ``cin``, ``annex-a``, ``ssd``, ``table``)."""

    @property
    def source(self) -> str:
        """Where it was read."""

    @property
    def tables(self) -> Mapping[str, pa.Table]:
        """Its tables by name, every value as it stood."""

    @property
    def lines(self) -> Mapping[str, list[int]]:
        """For each table, the line of the file on which each row begins."""

    @property
    def findings(self) -> pa.Table:
        """What is not as it should be (`findings_table`)."""

    @property
    def originals(self) -> Mapping[str, bytes]:
        """Files that go out again byte for byte beside the tables, by name: a return in XML is handed in as such."""

    def windows(self, table: str, settings: WindowSettings) -> list[RowWindow]:
        """Return one window for each row of a table, in order."""

    def meaning(self, table: str, column: str) -> str:
        """Say what a column of the return holds."""

    def window_meaning(self, table: str, settings: WindowSettings) -> str:
        """Say in words from when to when the notes count for the rows of a table."""


@cache
def _findings_schema() -> pa.Schema:
    import pyarrow as pa

    text = pa.string()
    return pa.schema([("table", text), ("row", pa.int64()), ("column", text), ("kind", text), ("finding", text)])


def findings_table(findings: Iterable[Finding]) -> pa.Table:
    """Return findings as an Arrow table: ``table``, ``row``, ``column``, ``kind``, ``finding``."""
    import pyarrow as pa

    rows: list[dict[str, Any]] = [
        {"table": f.table, "row": f.row, "column": f.column, "kind": f.kind, "finding": f.finding} for f in findings
    ]
    return pa.Table.from_pylist(rows, schema=_findings_schema())


_DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MIDNIGHT = re.compile(r"[ T]00:00(:00(\.0+)?)?$")  # spreadsheets and databases add it to dates


@lru_cache(maxsize=65536)
def read_date(value: str) -> dt.date | None:
    """Read a date of a return, day first or ISO; None if it is none.

    Examples
    --------
    >>> read_date("02/01/2025"), read_date("2025-01-02 00:00:00"), read_date("02/01/20251"), read_date("31/02/2025")
    (datetime.date(2025, 1, 2), datetime.date(2025, 1, 2), None, None)
    """
    bare = _MIDNIGHT.sub("", value.strip())
    if match := _DAY_FIRST.fullmatch(bare):
        day, month, year = (int(part) for part in match.groups())
    elif match := _ISO.fullmatch(bare):
        year, month, day = (int(part) for part in match.groups())
    else:
        return None
    if not 1900 <= year <= 2199:
        return None
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
