"""Checks of an SSDA903 return that bear on linking: ids, dates, codes, intervals. They list; they change nothing."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from voicenlp.linkage.keys import match_keys
from voicenlp.linkage.returns import Finding, read_date
from voicenlp.linkage.ssda903 import Table903, layout

__all__ = ["check"]

_ID = re.compile(r"[A-Za-z0-9]{1,10}")


def check(tables: Mapping[str, Table903]) -> list[Finding]:
    """Return everything found in the tables of a return, in no particular order.

    Parameters
    ----------
    tables : mapping of str to Table903
        By file name.
    """
    found: list[Finding] = []
    for one in tables.values():
        found += [*_columns(one), *_ids(one), *_values(one), *_repeats(one), *_intervals(one)]
    found += [*_strangers(tables), *_reviews(tables), *_alike(tables)]
    return found


def _columns(one: Table903) -> Iterator[Finding]:
    rule = layout()["tables"].get(one.kind)
    if rule is None:
        yield Finding(one.name, None, "", "table", "not a known table of the return; kept, and joined by child where it has a CHILD column")
    for column in rule["columns"] if rule else ["CHILD"]:
        if column not in one.place:
            yield Finding(one.name, None, column, "table", "no such column")


def _ids(one: Table903) -> Iterator[Finding]:
    for line, value in zip(one.lines, one.column("CHILD") or [], strict=False):
        bare = value.strip()
        if not bare:
            yield Finding(one.name, line, one.written("CHILD"), "id", "empty")
        elif bare != value:
            yield Finding(one.name, line, one.written("CHILD"), "id", "spaces around the id")
        elif not _ID.fullmatch(bare):
            yield Finding(one.name, line, one.written("CHILD"), "id", "not one to ten letters and digits")


def _values(one: Table903) -> Iterator[Finding]:
    spec = layout()
    rule = spec["tables"].get(one.kind, {})
    needed = {rule.get("start"), rule.get("date")}
    for column in spec["dates"]["columns"]:
        for line, value in zip(one.lines, one.column(column) or [], strict=False):
            if not value.strip():
                if column in needed:
                    yield Finding(one.name, line, one.written(column), "date", "empty")
            elif read_date(value) is None:
                yield Finding(one.name, line, one.written(column), "date", "not a date")
    for column, codes in spec["codes"].items():
        known = set(codes)
        for line, value in zip(one.lines, one.column(column) or [], strict=False):
            if value.strip() and value.strip().upper() not in known:
                yield Finding(one.name, line, one.written(column), "code", "not a code of this column in any year from 2017 to 2027")
    for line, value in zip(one.lines, one.column("SDQ_SCORE") or [], strict=False):
        bare = value.strip()
        if bare and not (bare.isdecimal() and int(bare) <= 40):
            yield Finding(one.name, line, one.written("SDQ_SCORE"), "number", "not a whole number from 0 to 40")


def _repeats(one: Table903) -> Iterator[Finding]:
    """One row a child, or one row a child and date, where the table should have that."""
    rule = layout()["tables"].get(one.kind)
    children = one.column("CHILD")
    if rule is None or children is None:
        return
    date = one.column(rule.get("date") or rule.get("start") or "")
    if rule["rows"] != "child" and date is None:
        return
    first: dict[tuple[str, object], int] = {}
    for at, (line, child) in enumerate(zip(one.lines, children, strict=True)):
        day = (read_date(date[at]) or date[at].strip()) if date is not None else ""
        if not child.strip() or (date is not None and not day):
            continue
        earlier = first.setdefault((child, day), line)
        if earlier != line:
            what = "the child stands" if date is None else "the child and date stand"
            yield Finding(one.name, line, one.written("CHILD"), "id", f"{what} in row {earlier} already")


def _spells(one: Table903) -> dict[str, list[tuple[dt.date, dt.date, int]]]:
    """Return each child's intervals with readable dates: first day, last day (the end of time while open), line; sorted."""
    rule = layout()["tables"].get(one.kind, {})
    children, starts, ends = one.column("CHILD"), one.column(rule.get("start", "")), one.column(rule.get("end", ""))
    out: dict[str, list[tuple[dt.date, dt.date, int]]] = defaultdict(list)
    if children is None or starts is None or ends is None:
        return out
    for line, child, start, end in zip(one.lines, children, starts, ends, strict=True):
        first, last = read_date(start), read_date(end) if end.strip() else dt.date.max
        if first is not None and last is not None:
            out[child].append((first, last, line))
    for spells in out.values():
        spells.sort()
    return out


def _intervals(one: Table903) -> Iterator[Finding]:
    for spells in _spells(one).values():
        latest: tuple[dt.date, int] | None = None
        for first, last, line in spells:
            if last < first:
                yield Finding(one.name, line, "", "interval", "ends before it begins")
                continue
            if latest is not None and first < latest[0]:
                yield Finding(one.name, line, "", "interval", f"overlaps with row {latest[1]}")
            if latest is None or last > latest[0]:
                latest = (last, line)


def _strangers(tables: Mapping[str, Table903]) -> Iterator[Finding]:
    headers = [one for one in tables.values() if one.kind == "header"]
    if not headers:
        return
    known = {child for one in headers for child in one.column("CHILD") or []}
    for one in tables.values():
        if one.kind and one.kind != "header":
            for line, child in zip(one.lines, one.column("CHILD") or [], strict=False):
                if child.strip() and child not in known:
                    yield Finding(one.name, line, one.written("CHILD"), "id", "not in the header")


def _reviews(tables: Mapping[str, Table903]) -> Iterator[Finding]:
    """Reviews on a day on which the child has no episode."""
    episodes = [_spells(one) for one in tables.values() if one.kind == "episodes"]
    if not episodes:
        return
    for one in tables.values():
        dates = one.column("REVIEW")
        if one.kind != "reviews" or dates is None:
            continue
        for line, child, value in zip(one.lines, one.column("CHILD") or [], dates, strict=False):
            day = read_date(value)
            if day and not any(first <= day <= last for spells in episodes for first, last, _ in spells.get(child, ())):
                yield Finding(one.name, line, one.written("REVIEW"), "date", "no episode of the child on this day")


def _alike(tables: Mapping[str, Table903]) -> Iterator[Finding]:
    """Ids that are written differently but would be the same once tidied."""
    where: dict[str, tuple[Table903, int]] = {}
    for one in tables.values():
        for line, child in zip(one.lines, one.column("CHILD") or [], strict=False):
            where.setdefault(child, (one, line))
    for clash in match_keys(where, ()).clashes:
        for child in clash.ids:
            one, line = where[child]
            yield Finding(
                one.name, line, one.written("CHILD"), "id", "differs from another id only by spaces, case or leading zeros; not merged"
            )
