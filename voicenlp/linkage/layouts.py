"""Layouts: what the tables of a return are called, how their rows are set in time, what their columns mean and which codes they hold."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from typing import Any

__all__ = ["Layout", "read_layout"]


@dataclass(frozen=True)
class Layout:
    """One kind of return as data; a return itself is never changed by it.

    Attributes
    ----------
    name : str
        ``ssda903``, ``cin``, ``annex-a``, ``ssd`` or ``table``.
    id : str
        Standard name of the column with the child's id; a table's own entry ``id`` comes before it.
    tables : mapping
        For each kind of table: ``names`` (file or sheet names, letters and digits only), ``columns``, ``rows`` (``child``, ``event`` or
        ``interval``) with ``date``, or ``start``, ``end`` (one column, or several of which the first that is filled counts) and ``days``
        (how long an interval lasts that has no end, where it is not open); ``before`` and ``after`` for events that have a window of
        their own; ``note`` for a column that holds the id of the note that the row is; ``nested`` for rows that have their id from the
        record around them; ``overlap`` where intervals may.
    columns : mapping of str to str
        What each column holds, by its standard name.
    dates, codes : sequence, mapping
        Columns that hold dates; columns that hold codes, and which.
    listed : sequence of str
        Columns that may hold several codes, parted by ``;``.
    aliases : mapping of str to str
        Other names of columns, letters and digits only and lower case, to the standard ones.
    register : str
        Kind of the table in which every child should stand; empty if there is none.
    within : mapping of str to (str, str)
        Kind of table whose events should lie in an interval of another: that one's kind, and the finding where they don't.
    longest : int
        Most characters of a child's id.
    code_finding : str
        What is said of a value that is no code of its column.
    """

    name: str
    id: str
    tables: Mapping[str, Mapping[str, Any]]
    columns: Mapping[str, str] = field(default_factory=dict)
    dates: tuple[str, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    listed: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    register: str = ""
    within: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    longest: int = 10
    code_finding: str = "not a code of this column"

    @cached_property
    def _standard(self) -> dict[str, str]:
        named = [self.id, *self.columns, *self.dates, *self.codes]
        named += [column for rule in self.tables.values() for column in rule.get("columns", ())]
        return {bare(column): column for column in named} | dict(self.aliases)

    def standard(self, column: str) -> str:
        """Return the standard name of a column, whatever case, blanks and marks it is written with; itself if it is not known."""
        return self._standard.get(bare(column), column)

    def kind(self, name: str, columns: Iterable[str]) -> str:
        """Tell which kind of table one is from its name, or else from its columns (standard names); empty if neither tells."""
        stem = bare(name)
        names = sorted(((word, kind) for kind, rule in self.tables.items() for word in rule.get("names", ())), key=lambda one: -len(one[0]))
        for candidate in (stem, stem.rstrip("0123456789")):
            for word, kind in names:
                if candidate.endswith(word):
                    return str(kind)
        have = set(columns)
        return next((str(kind) for kind, rule in self.tables.items() if rule.get("columns") and set(rule["columns"]) == have), "")

    def id_of(self, kind: str) -> str:
        """Return the standard name of the column that holds the child's id in a kind of table."""
        return str(self.tables.get(kind, {}).get("id", self.id))


def bare(name: str) -> str:
    """Return a name as names are compared: letters and digits only, case-folded.

    Examples
    --------
    >>> bare("Was the Child Seen Alone?")
    'wasthechildseenalone'
    """
    return re.sub(r"[\W_]+", "", name.casefold())


def read_layout(path: str, **more: Any) -> Layout:
    """Read a layout from a TOML file of the package.

    Parameters
    ----------
    path : str
        Below the package's own folder.
    **more
        What the file does not say.
    """
    data = tomllib.loads(files("voicenlp").joinpath(path).read_text(encoding="utf-8"))
    said: dict[str, Any] = {key: data[key] for key in ("name", "id", "register", "longest", "code_finding", "aliases") if key in data}
    said["listed"] = tuple(data.get("listed", ()))
    said["within"] = {kind: tuple(pair) for kind, pair in data.get("within", {}).items()}
    said |= more
    return Layout(
        tables=data["tables"],
        columns=data["columns"],
        dates=tuple(data.get("dates", {}).get("columns", ())),
        codes={column: tuple(codes) for column, codes in data.get("codes", {}).items()},
        **said,
    )
