"""Checks of a return that bear on linking: ids, dates, codes, intervals. They list; they change nothing."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from voicenlp.linkage.keys import match_keys
from voicenlp.linkage.layouts import Layout
from voicenlp.linkage.returns import Finding, read_date
from voicenlp.linkage.tables import ReturnTable

__all__ = ["check"]

_NUMBERS = {10: "ten", 20: "twenty"}


def check(tables: Mapping[str, ReturnTable], layout: Layout) -> list[Finding]:
    """Return everything found in the tables of a return, in no particular order.

    Parameters
    ----------
    tables : mapping of str to ReturnTable
        By name.
    layout : Layout
        What they should be.
    """
    found: list[Finding] = []
    for one in tables.values():
        found += [*_columns(one, layout), *_ids(one, layout), *_values(one, layout), *_repeats(one, layout), *_intervals(one, layout)]
    found += [*_strangers(tables, layout), *_outside(tables, layout), *_alike(tables, layout)]
    return found


def _rule(one: ReturnTable, layout: Layout) -> Mapping[str, Any]:
    return layout.tables.get(one.kind, {})


def _children(one: ReturnTable, layout: Layout) -> list[str] | None:
    return one.child or one.column(layout.id_of(one.kind))


def _columns(one: ReturnTable, layout: Layout) -> Iterator[Finding]:
    rule = layout.tables.get(one.kind)
    if rule is None:
        said = f"not a known table of the return; kept, and joined by child where it has a {layout.id} column"
        yield Finding(one.name, None, "", "table", said)
    for column in rule["columns"] if rule else [layout.id] if one.child is None else []:
        if column not in one.place:
            yield Finding(one.name, None, column, "table", "no such column")


def _ids(one: ReturnTable, layout: Layout) -> Iterator[Finding]:
    name = layout.id_of(one.kind)
    values = one.column(name)
    if values is None or _rule(one, layout).get("nested"):
        return
    good = re.compile(rf"[A-Za-z0-9]{{1,{layout.longest}}}")
    for line, value in zip(one.lines, values, strict=True):
        bare = value.strip()
        if not bare:
            yield Finding(one.name, line, one.written(name), "id", "empty")
        elif bare != value:
            yield Finding(one.name, line, one.written(name), "id", "spaces around the id")
        elif not good.fullmatch(bare):
            yield Finding(one.name, line, one.written(name), "id", f"not one to {_NUMBERS[layout.longest]} letters and digits")


def _values(one: ReturnTable, layout: Layout) -> Iterator[Finding]:
    rule = _rule(one, layout)
    needed = {rule.get("start"), rule.get("date")}
    for column in layout.dates:
        for line, value in zip(one.lines, one.column(column) or [], strict=False):
            if not value.strip():
                if column in needed:
                    yield Finding(one.name, line, one.written(column), "date", "empty")
            elif read_date(value) is None and not value.startswith("="):  # a formula is listed as one
                yield Finding(one.name, line, one.written(column), "date", "not a date")
    for column, codes in layout.codes.items():
        known = {code.upper() for code in codes}
        for line, value in zip(one.lines, one.column(column) or [], strict=False):
            parts = value.split(";") if column in layout.listed else [value]
            if any(code.strip().upper() not in known for code in parts if code.strip()):
                yield Finding(one.name, line, one.written(column), "code", layout.code_finding)
    for line, value in zip(one.lines, one.column("SDQ_SCORE") or [], strict=False):
        bare = value.strip()
        if bare and not (bare.isdecimal() and int(bare) <= 40):
            yield Finding(one.name, line, one.written("SDQ_SCORE"), "number", "not a whole number from 0 to 40")


def _repeats(one: ReturnTable, layout: Layout) -> Iterator[Finding]:
    """One row a child, or one row a child and date, where the table should have that."""
    rule = layout.tables.get(one.kind)
    children = _children(one, layout)
    if rule is None or children is None or rule.get("repeats"):
        return
    date = one.first_filled(rule.get("date") or rule.get("start") or "")
    if rule["rows"] != "child" and date is None:
        return
    if rule["rows"] == "child":
        date = None
    first: dict[tuple[str, object], int] = {}
    for at, (line, child) in enumerate(zip(one.lines, children, strict=True)):
        day = (read_date(date[at]) or date[at].strip()) if date is not None else ""
        if not child.strip() or (date is not None and not day):
            continue
        if (child, day) not in first:
            first[child, day] = line
            continue
        what = "the child stands" if date is None else "the child and date stand"
        yield Finding(one.name, line, one.written(layout.id_of(one.kind)), "id", f"{what} in row {first[child, day]} already")


def _spells(one: ReturnTable, layout: Layout) -> dict[str, list[tuple[dt.date, dt.date, int]]]:
    """Return each child's intervals with readable dates: first day, last day (the end of time while open), line; sorted."""
    rule = _rule(one, layout)
    children, starts, ends = _children(one, layout), one.first_filled(rule.get("start", "")), one.first_filled(rule.get("end", ""))
    out: dict[str, list[tuple[dt.date, dt.date, int]]] = defaultdict(list)
    if children is None or starts is None or ends is None:
        return out
    for line, child, start, end in zip(one.lines, children, starts, ends, strict=True):
        first, last = read_date(start), read_date(end) if end.strip() else dt.date.max
        if child.strip() and first is not None and last is not None:
            out[child].append((first, last, line))
    for spells in out.values():
        spells.sort()
    return out


def _intervals(one: ReturnTable, layout: Layout) -> Iterator[Finding]:
    may_overlap = _rule(one, layout).get("overlap", False)
    for spells in _spells(one, layout).values():
        latest: tuple[dt.date, int] | None = None
        for first, last, line in spells:
            if last < first:
                yield Finding(one.name, line, "", "interval", "ends before it begins")
                continue
            if latest is not None and first < latest[0] and not may_overlap:
                yield Finding(one.name, line, "", "interval", f"overlaps with row {latest[1]}")
            if latest is None or last > latest[0]:
                latest = (last, line)


def _strangers(tables: Mapping[str, ReturnTable], layout: Layout) -> Iterator[Finding]:
    registers = [one for one in tables.values() if layout.register and one.kind == layout.register]
    if not registers:
        return
    known = {child for one in registers for child in _children(one, layout) or []}
    for one in tables.values():
        if one.kind and one.kind != layout.register:
            for line, child in zip(one.lines, _children(one, layout) or [], strict=False):
                if child.strip() and child not in known:
                    yield Finding(one.name, line, one.written(layout.id_of(one.kind)), "id", f"not in the {layout.register}")


def _outside(tables: Mapping[str, ReturnTable], layout: Layout) -> Iterator[Finding]:
    """Reviews on a day on which the child has no episode, and the like."""
    for kind, (around, said) in layout.within.items():
        spells = [_spells(one, layout) for one in tables.values() if one.kind == around]
        for one in tables.values() if spells else ():
            date = layout.tables[kind]["date"]
            if one.kind != kind or (dates := one.column(date)) is None:
                continue
            for line, child, value in zip(one.lines, _children(one, layout) or [], dates, strict=False):
                day = read_date(value)
                if day and not any(first <= day <= last for by_child in spells for first, last, _ in by_child.get(child, ())):
                    yield Finding(one.name, line, one.written(date), "date", said)


def _alike(tables: Mapping[str, ReturnTable], layout: Layout) -> Iterator[Finding]:
    """Ids that are written differently but would be the same once tidied."""
    where: dict[str, tuple[ReturnTable, int]] = {}
    for one in tables.values():
        for line, child in zip(one.lines, _children(one, layout) or [], strict=False):
            where.setdefault(child, (one, line))
    for clash in match_keys(where, ()).clashes:
        for child in clash.ids:
            one, line = where[child]
            column = one.written(layout.id_of(one.kind))
            yield Finding(one.name, line, column, "id", "differs from another id only by spaces, case or leading zeros; not merged")
