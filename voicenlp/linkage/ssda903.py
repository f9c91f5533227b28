"""The SSDA903 return (children looked after): a folder of CSV files, read as text with every value kept as it stands."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicenlp.errors import InputError
from voicenlp.io.encoding import EncodingFault, decode, unreadable
from voicenlp.linkage.returns import Finding, RowWindow, WindowSettings, findings_table, read_date

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Return903", "Table903", "read_ssda903"]

ALIASES = {"GENDER": "SEX", "CHILD_ID": "CHILD", "CHILDID": "CHILD"}


@cache
def layout() -> dict[str, Any]:
    """Return the tables, columns and codes of the return (``resources/ssda903.toml``)."""
    return tomllib.loads(files("voicenlp").joinpath("resources/ssda903.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Table903:
    """One file of the return.

    Attributes
    ----------
    name : str
        The file's name without its ending.
    kind : str
        Which table of the return it is (``episodes``); empty if that can't be told.
    columns : list of str
        Column names as the file writes them, in order.
    values : list of list of str
        For each column its values, exactly as they stand.
    lines : list of int
        Line of the file on which each row begins.
    """

    name: str
    kind: str
    columns: list[str]
    values: list[list[str]]
    lines: list[int]
    place: Mapping[str, int] = field(default_factory=dict)

    def column(self, standard: str) -> list[str] | None:
        """Return the values of a column by its standard name, whatever case the file writes it in; None if there is no such column."""
        at = self.place.get(standard)
        return None if at is None else self.values[at]

    def written(self, standard: str) -> str:
        """Return a column's name as the file writes it."""
        return self.columns[self.place[standard]]


@dataclass(frozen=True)
class Return903:
    """An SSDA903 return as it was read.

    Attributes
    ----------
    source : str
        The folder.
    files : dict of str to Table903
        By file name without its ending.
    findings : pyarrow.Table
        What is not as it should be: ``table``, ``row`` (line of the file), ``column``, ``kind``, ``finding``.
    """

    source: str
    files: Mapping[str, Table903]
    findings: pa.Table
    name: str = "ssda903"

    @cached_property
    def tables(self) -> dict[str, pa.Table]:
        """Every table as Arrow text columns, nothing changed."""
        import pyarrow as pa

        return {
            name: pa.Table.from_arrays([pa.array(values, pa.string()) for values in one.values], names=one.columns)
            for name, one in self.files.items()
        }

    @property
    def lines(self) -> dict[str, list[int]]:
        """For each table, the line of the file on which each row begins."""
        return {name: one.lines for name, one in self.files.items()}

    def windows(self, table: str, settings: WindowSettings) -> list[RowWindow]:
        """Return one window for each row of a table, in order.

        The last day of an interval counts with it, unless another interval of the child begins on that day.
        """
        one = self.files[table]
        children = one.column("CHILD") or [""] * len(one.lines)
        rule = layout()["tables"].get(one.kind, {})
        if rule.get("rows") == "event" and (dates := one.column(rule["date"])) is not None:
            return [_event(child, date, settings) for child, date in zip(children, dates, strict=True)]
        if rule.get("rows") == "interval" and (starts := one.column(rule["start"])) is not None:
            ends = one.column(rule["end"]) or [""] * len(starts)
            begun = {(child, read_date(start)) for child, start in zip(children, starts, strict=True)}
            return [_interval(child, start, end, begun) for child, start, end in zip(children, starts, ends, strict=True)]
        if rule.get("rows") in ("event", "interval"):
            return [RowWindow(child, fault="bad date") for child in children]
        start, end = settings.period or (None, None)
        return [RowWindow(child, start, end) for child in children]

    def meaning(self, table: str, column: str) -> str:
        """Say what a column of the return holds."""
        standard = _standard(column)
        said = layout()["columns"].get(standard)
        return f"{said} Unchanged from the return." if said else "Unchanged from the return."

    def window_meaning(self, table: str, settings: WindowSettings) -> str:
        """Say in words from when to when the notes count for the rows of a table."""
        rule = layout()["tables"].get(self.files[table].kind, {})
        if rule.get("rows") == "event":
            return f"Notes from {settings.before} days before to {settings.after} days after {rule['date']}, both days included."
        if rule.get("rows") == "interval":
            return (
                f"Notes from {rule['start']} to {rule['end']}, or to the run's last note where that is empty. "
                f"The day of {rule['end']} is left out where another row of the child begins on it."
            )
        if settings.period:
            return f"Notes from {settings.period[0].isoformat()} to {settings.period[1].isoformat()}, both days included."
        return "All notes of the child, those without a date too."


def read_ssda903(folder: str | Path) -> Return903:
    """Read every CSV of an SSDA903 return.

    File names, column names and their case, byte-order marks, UTF-8 or cp1252, comma, semicolon or tab, and dates day first or ISO are all
    taken as they come. Nothing is corrected: faults are listed.

    Parameters
    ----------
    folder : str or Path
        Folder with ``header.csv``, ``episodes.csv``, ``reviews.csv`` … A file that is no known table is read too.

    Returns
    -------
    Return903

    Raises
    ------
    InputError
        If the folder does not exist, holds no table of the return, or a file can't be read as text.
    """
    from voicenlp.linkage.checks903 import check

    folder = Path(folder)
    if not folder.is_dir():
        raise InputError("no such folder", source=folder)
    tables: dict[str, Table903] = {}
    findings: list[Finding] = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name.casefold()):
        if path.suffix.lower() == ".csv" and path.is_file():
            one, found = _read_csv(path)
            findings += found
            if one is not None:
                tables[one.name] = one
    if not any(one.kind for one in tables.values()):
        raise InputError("no CSV file of an SSDA903 return (header.csv, episodes.csv, reviews.csv, …) in this folder", source=folder)
    order = {kind: place for place, kind in enumerate(layout()["tables"])}
    tables = dict(sorted(tables.items(), key=lambda item: order.get(item[1].kind, len(order))))
    findings += check(tables)
    place = {name: number for number, name in enumerate(tables)}
    findings.sort(key=lambda one: (place.get(one.table, len(place)), one.row or 0))
    return Return903(str(folder), tables, findings_table(findings))


def _event(child: str, date: str, settings: WindowSettings) -> RowWindow:
    day = read_date(date)
    if day is None:
        return RowWindow(child, fault="bad date")
    return RowWindow(child, day - dt.timedelta(settings.before), day + dt.timedelta(settings.after))


def _interval(child: str, start: str, end: str, begun: set[tuple[str, dt.date | None]]) -> RowWindow:
    first, last = read_date(start), read_date(end)
    if first is None or (last is None and end.strip()) or (last is not None and last < first):
        return RowWindow(child, fault="bad date")
    if last is not None and last > first and (child, last) in begun:
        last -= dt.timedelta(1)  # the day of the change belongs to what begins on it
    return RowWindow(child, first, last)


def _standard(column: str) -> str:
    name = re.sub(r"[\s_]+", "_", column.strip()).upper()
    return ALIASES.get(name, name)


def _kind(stem: str, columns: set[str]) -> str:
    """Tell which table a file is from its name, or else from its columns."""
    tables = layout()["tables"]
    bare = re.sub(r"[^a-z0-9]", "", stem.casefold())
    names = sorted(((name, kind) for kind, rule in tables.items() for name in rule["names"]), key=lambda pair: -len(pair[0]))
    for candidate in (bare, bare.rstrip("0123456789")):
        for name, kind in names:
            if candidate.endswith(name):
                return str(kind)
    return next((str(kind) for kind, rule in tables.items() if set(rule["columns"]) == columns), "")


def _decode(path: Path) -> str:
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise unreadable(path, error) from None
    except EncodingFault as fault:
        raise InputError(str(fault), source=path, row=fault.line) from None


def _read_csv(path: Path) -> tuple[Table903 | None, list[Finding]]:
    text = _decode(path)
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows, lines, line = [], [], 1
    try:
        for row in reader:
            if row:  # csv gives an empty list for an empty line, which is no row
                rows.append(row)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"not a CSV file ({error})", source=path, row=line) from None
    name = path.stem
    if not rows:
        return None, [Finding(name, None, "", "table", "the file is empty; left out")]
    columns, body, lines = rows[0], rows[1:], lines[1:]
    findings = []
    for number, row in zip(lines, body, strict=True):
        if len(row) != len(columns):
            word = "fewer" if len(row) < len(columns) else "more"
            findings.append(Finding(name, number, "", "row", f"{word} values than columns"))
        if any("\n" in value or "\r" in value for value in row):
            findings.append(Finding(name, number, "", "row", "a line break inside a value"))
    width = max(map(len, [columns, *body]))
    columns = [*columns, *(f"extra_{place}" for place in range(1, width - len(columns) + 1))]
    body = [row + [""] * (width - len(row)) for row in body]
    values = [list(column) for column in zip(*body, strict=True)] if body else [[] for _ in columns]
    place: dict[str, int] = {}
    for at, column in enumerate(columns):
        place.setdefault(_standard(column), at)
    repeated = [column for column in dict.fromkeys(columns) if columns.count(column) > 1]
    findings += [Finding(name, 1, column, "table", "two columns have this name") for column in repeated]
    return Table903(name, _kind(name, set(place)), columns, values, lines, place), findings
