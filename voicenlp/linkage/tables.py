"""The tables of a return as they were read, and the window in time that each of their rows has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from voicenlp.linkage.layouts import Layout
from voicenlp.linkage.returns import Finding, RowWindow, WindowSettings, findings_table, read_date

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ReturnTable", "ReturnTables", "make_return"]


@dataclass(frozen=True)
class ReturnTable:
    """One table of a return: a file, a sheet, or all records of one kind in an XML file or a database.

    Attributes
    ----------
    name : str
        As it goes out again: the file's name without its ending, the sheet's.
    kind : str
        Which table of the layout it is (``episodes``); empty if that can't be told.
    columns : list of str
        Column names as written, in order.
    values : list of list of str
        For each column its values, exactly as they stand.
    lines : list of int
        Line of the file, or row of the sheet, on which each row begins.
    place : mapping of str to int
        Where each column is, by its standard name.
    child : list of str, optional
        The child of each row where the table itself does not name one.
    original : pyarrow.Table, optional
        The table with its own types, where it has any.
    """

    name: str
    kind: str
    columns: list[str]
    values: list[list[str]]
    lines: list[int]
    place: Mapping[str, int] = field(default_factory=dict)
    child: list[str] | None = None
    original: pa.Table | None = None

    def column(self, standard: str) -> list[str] | None:
        """Return the values of a column by its standard name, however the file writes it; None if there is no such column."""
        at = self.place.get(standard)
        return None if at is None else self.values[at]

    def written(self, standard: str) -> str:
        """Return a column's name as the file writes it."""
        return self.columns[self.place[standard]] if standard in self.place else ""

    def first_filled(self, standards: str | Sequence[str]) -> list[str] | None:
        """Return for each row the first of some columns' values that is not empty; None if none of the columns is there."""
        names = [standards] if isinstance(standards, str) else standards
        found = [column for name in names if (column := self.column(name)) is not None]
        if len(found) < 2:
            return found[0] if found else None
        return [next((value for value in row if value.strip()), "") for row in zip(*found, strict=True)]


def make_table(
    layout: Layout, name: str, columns: list[str], rows: list[list[str]], lines: list[int], kind: str | None = None, **more: Any
) -> ReturnTable:
    """Put rows of text together as a table of a return; its kind is found by its name and columns if it is not given."""
    values = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in columns]
    place: dict[str, int] = {}
    for at, column in sorted(enumerate(columns), key=lambda one: layout.standard(one[1]) != one[1]):  # those written to the letter first
        place.setdefault(layout.standard(column), at)
    return ReturnTable(name, layout.kind(name, place) if kind is None else kind, columns, values, lines, place, **more)


@dataclass(frozen=True)
class ReturnTables:
    """A return as it was read.

    Attributes
    ----------
    source : str
        File, folder or database (without its password).
    layout : Layout
        What its tables mean.
    parts : mapping of str to ReturnTable
        Its tables by name.
    findings : pyarrow.Table
        What is not as it should be: ``table``, ``row`` (line of the file), ``column``, ``kind``, ``finding``.
    originals : mapping of str to bytes
        Files that go out again byte for byte.
    """

    source: str
    layout: Layout
    parts: Mapping[str, ReturnTable]
    findings: pa.Table
    originals: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """What the return is."""
        return self.layout.name

    @cached_property
    def tables(self) -> dict[str, pa.Table]:
        """Every table as Arrow columns, nothing changed; of text, but where the source had types of its own."""
        import pyarrow as pa

        return {
            name: one.original
            if one.original is not None
            else pa.Table.from_arrays([pa.array(values, pa.string()) for values in one.values], names=one.columns)
            for name, one in self.parts.items()
        }

    @property
    def lines(self) -> dict[str, list[int]]:
        """For each table, the line of the file on which each row begins."""
        return {name: one.lines for name, one in self.parts.items()}

    def children(self, table: str) -> list[str]:
        """Return the child's id of each row as written; empty where there is none."""
        one = self.parts[table]
        return one.child or one.column(self.layout.id_of(one.kind)) or [""] * len(one.lines)

    def windows(self, table: str, settings: WindowSettings) -> list[RowWindow]:
        """Return one window for each row of a table, in order.

        The last day of an interval counts with it, unless another interval of the child begins on that day.
        """
        one = self.parts[table]
        children = self.children(table)
        rule = self.layout.tables.get(one.kind, {})
        notes = one.column(rule.get("note", "")) or [""] * len(one.lines)
        if rule.get("rows") == "event" and (dates := one.first_filled(rule["date"])) is not None:
            settings = _own(rule, settings)
            return [_event(child, date, settings, note) for child, date, note in zip(children, dates, notes, strict=True)]
        if rule.get("rows") == "interval" and (starts := one.first_filled(rule["start"])) is not None:
            ends = one.first_filled(rule["end"]) or [""] * len(starts)
            begun = {(child, read_date(start)) for child, start in zip(children, starts, strict=True)}
            days = rule.get("days")
            return [_interval(child, start, end, begun, days) for child, start, end in zip(children, starts, ends, strict=True)]
        if rule.get("rows") in ("event", "interval"):
            return [RowWindow(child, fault="bad date", note=note) for child, note in zip(children, notes, strict=True)]
        start, end = settings.period or (None, None)
        return [RowWindow(child, start, end, note=note) for child, note in zip(children, notes, strict=True)]

    def meaning(self, table: str, column: str) -> str:
        """Say what a column of the return holds."""
        said = self.layout.columns.get(self.layout.standard(column))
        return f"{said} Unchanged from the return." if said else "Unchanged from the return."

    def window_meaning(self, table: str, settings: WindowSettings) -> str:
        """Say in words from when to when the notes count for the rows of a table."""
        rule = self.layout.tables.get(self.parts[table].kind, {})
        itself = f"The note whose id is in {rule['note']}, where it is among the notes; else: " if rule.get("note") else ""
        return itself + _window_words(rule, settings)


def make_return(
    source: object, layout: Layout, tables: Mapping[str, ReturnTable], findings: list[Finding], originals: Mapping[str, bytes] | None = None
) -> ReturnTables:
    """Check the tables of a return and put them together, in the layout's order, with everything that was found."""
    from voicenlp.linkage.checks import check

    order = {kind: place for place, kind in enumerate(layout.tables)}
    tables = dict(sorted(tables.items(), key=lambda item: order.get(item[1].kind, len(order))))
    findings = [*findings, *check(tables, layout)]
    place = {name: number for number, name in enumerate(tables)}
    findings.sort(key=lambda one: (place.get(one.table, len(place)), one.row or 0))
    return ReturnTables(str(source), layout, tables, findings_table(findings), originals or {})


def _own(rule: Mapping[str, Any], settings: WindowSettings) -> WindowSettings:
    """Return the window that a kind of event has of its own, if it has one."""
    return WindowSettings(rule["before"], rule["after"]) if "before" in rule else settings


def _window_words(rule: Mapping[str, Any], settings: WindowSettings) -> str:
    if rule.get("rows") == "event":
        own = _own(rule, settings)
        return f"Notes from {own.before} days before to {own.after} days after {rule['date']}, both days included."
    if rule.get("rows") == "interval":
        start, end = (one if isinstance(one, str) else " or, if empty, ".join(one) for one in (rule["start"], rule["end"]))
        otherwise = f"{rule['days']} days on" if "days" in rule else "to the run's last note"
        return (
            f"Notes from {start} to {end}, or {otherwise} where that is empty. "
            f"The day of {end} is left out where another row of the child begins on it."
        )
    if settings.period:
        return f"Notes from {settings.period[0].isoformat()} to {settings.period[1].isoformat()}, both days included."
    return "All notes of the child, those without a date too."


def _event(child: str, date: str, settings: WindowSettings, note: str) -> RowWindow:
    day = read_date(date)
    if day is None:
        return RowWindow(child, fault="bad date", note=note)
    return RowWindow(child, day - dt.timedelta(settings.before), day + dt.timedelta(settings.after), note=note)


def _interval(child: str, start: str, end: str, begun: set[tuple[str, dt.date | None]], days: int | None) -> RowWindow:
    first, last = read_date(start), read_date(end)
    if first is None or (last is None and end.strip()) or (last is not None and last < first):
        return RowWindow(child, fault="bad date")
    if last is None and days is not None:
        last = first + dt.timedelta(days)
    elif last is not None and last > first and (child, last) in begun:
        last -= dt.timedelta(1)  # the day of the change belongs to what begins on it
    return RowWindow(child, first, last)
