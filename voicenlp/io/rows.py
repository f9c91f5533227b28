"""Rows: what every kind of source gives, and those of plain Python records.

Every kind gives the same three things: the columns, the rows as often as asked (a few at a time, never the whole file), and a hash.
Cells come exactly as they stand in the source. The kinds are in `voicenlp.io.lines`, `voicenlp.io.arrow` and `voicenlp.io.office`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from voicenlp.errors import UsageError
from voicenlp.io.encoding import Probe

__all__ = ["RecordRows", "Rows", "all_keys", "file_input", "rows_hash"]


class Rows(Protocol):
    """A source of rows.

    Attributes
    ----------
    name : str
        What the user called it: a path, a URL without credentials, ``table``.
    columnar : bool
        Whether a column that is not asked for costs nothing to leave out.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def columnar(self) -> bool: ...  # noqa: D102

    def columns(self) -> list[str]:
        """Return the names of the columns, in order, doubles and all."""

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, Sequence[Any]]]:
        """Yield each row's number, as a person counts it, and its cells in the order of `names`."""

    def inputs(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """Return ``name``, ``sha256`` and ``bytes`` of what was read; for tables, of the cells of `names`."""


def file_input(path: Path, found: Probe) -> dict[str, Any]:
    """Return the entry of a file in a run's list of inputs: its bare name, without the folders of one machine."""
    return {"name": path.name, "sha256": found.sha256, "bytes": found.size}


def rows_hash(rows: Iterable[tuple[int, Sequence[Any]]]) -> tuple[str, int]:
    """Return the SHA-256 (hexadecimal) of rows, each written as a JSON list of its cells as text, and how many bytes these come to.

    Examples
    --------
    >>> rows_hash([(1, ("n1", None))])[1]
    13
    """
    digest, size = hashlib.sha256(), 0
    for _, cells in rows:
        line = json.dumps([None if cell is None or cell != cell else str(cell) for cell in cells]).encode("ascii") + b"\n"
        digest.update(line)
        size += len(line)
    return digest.hexdigest(), size


def all_keys(records: Iterable[dict[str, Any]]) -> list[str]:
    """Collect the keys of records in order of appearance; nearly always one record has the very keys of the one before."""
    seen: dict[str, None] = {}
    last: tuple[str, ...] = ()
    for record in records:
        keys = tuple(record)
        if keys != last:
            seen.update(dict.fromkeys(keys))
            last = keys
    return list(seen)


@dataclass(frozen=True)
class RecordRows:
    """Mappings in memory, one a row, counted from 1; a key that one lacks is an empty cell."""

    records: Sequence[dict[str, Any]] = field(repr=False)
    name: str = "notes"
    columnar = False

    def columns(self) -> list[str]:
        """Return all keys that any record has."""
        keys = all_keys(iter(self.records))
        if any(not isinstance(key, str) for key in keys):
            raise UsageError(f"{self.name}: the keys of a record must be text")
        return keys

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, Sequence[Any]]]:
        """Yield the records' values."""
        for number, record in enumerate(self.records, 1):
            yield number, [record.get(name) for name in names]

    def inputs(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """Return the hash of the values of `names`."""
        sha256, size = rows_hash(self.rows(names))
        return [{"name": self.name, "sha256": sha256, "bytes": size}]
