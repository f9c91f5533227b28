"""Which column of a source is which of the contract's, and what a cell of it says."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from numbers import Number
from typing import Any

from voicenlp.errors import InputError, UsageError

__all__ = ["NOTE_COLUMNS", "as_id", "as_text", "find_column", "parse_columns", "plain", "resolve_columns"]

NOTE_COLUMNS = ("note_id", "text", "child_id", "date", "author", "author_role", "note_type", "title")
NEEDED = ("note_id", "text")


def plain(name: str) -> str:
    """Return a column's name as names are compared: without case, blanks, underscores and hyphens.

    Examples
    --------
    >>> plain("Note ID") == plain("note_id")
    True
    """
    return re.sub(r"[\s_\-\ufeff]+", "", name).casefold()


def parse_columns(value: str | Mapping[str, str] | None) -> dict[str, str]:
    """Read a mapping of the contract's names to the source's, as a mapping or in the form of the command line.

    A name of the source may hold blanks and commas, but not a comma directly before a word and ``=``.

    Raises
    ------
    UsageError
        If it is not of that form, or names a column that the contract does not have.

    Examples
    --------
    >>> parse_columns("note_id=ID, text=Note text, in full")
    {'note_id': 'ID', 'text': 'Note text, in full'}
    """
    if not value:
        return {}
    if isinstance(value, str):
        pairs = []
        for part in re.split(r",(?=\s*\w+\s*=)", value):
            name, sign, column = part.partition("=")
            if not sign or not column.strip():
                raise UsageError(f"columns: {part.strip()!r} is not of the form note_id=ID")
            pairs.append((name.strip(), column.strip()))
    else:
        pairs = [(str(name), str(column)) for name, column in value.items()]
    for name, _ in pairs:
        if name not in NOTE_COLUMNS:
            raise UsageError(f"columns: {name!r} is none of {', '.join(NOTE_COLUMNS)}")
    if len({name for name, _ in pairs}) < len(pairs):
        raise UsageError("columns: the same name is given twice")
    return dict(pairs)


def find_column(present: Sequence[str], wanted: str, source: str) -> str | None:
    """Find a column by its name, to the letter if it is there so, else without case, blanks, underscores and hyphens.

    Raises
    ------
    InputError
        If more than one column answers to the name.
    """
    for found in ([name for name in present if name == wanted], [name for name in present if plain(name) == plain(wanted)]):
        if len(found) > 1:
            raise InputError(f"there are {len(found)} columns of this name", source=source, column=wanted)
        if found:
            return found[0]
    return None


_TEXT_OF_NAMES = """
a actual and answer at author body by case child code contact control created creator date description detail details document end entered
event for form id in instance is key last value name no note notes number of on or own person planned question reason record recorded ref
reference role section short start subject summary team text the time title to type updated user visit was worker workflow step written
"""
_NAME_WORDS = frozenset(_TEXT_OF_NAMES.split())


def _like_a_name(name: str) -> bool:
    """Whether words are what columns are called, rather than a cell of somebody's record."""
    words = re.findall(r"[^\W_]+", name.lower())
    return len(name) <= 40 and (len(words) <= 1 or " " not in name.strip() or all(word in _NAME_WORDS for word in words))


def listed(present: Sequence[str]) -> str:
    """Say which columns are there, for a message.

    A file without a header has a record in its place, so only what looks like the name of a column is shown: one word, or several that
    forms and exports use in names.

    Examples
    --------
    >>> listed(["id", "note"]), listed(["1017", "Seen alone."])
    ('the columns there are: id, note', 'the first row holds data, not the names of columns')
    """
    names = [name for name in present if name.strip()]
    if any(re.fullmatch(r"[\d\s./:-]+", name) for name in names):
        return "the first row holds data, not the names of columns"
    shown = ", ".join(name if _like_a_name(name) else "(not shown)" for name in names[:30])
    more = f" and {len(names) - 30} more" if len(names) > 30 else ""
    return f"the columns there are: {shown or 'none'}{more}"


def resolve_columns(present: Sequence[str], given: Mapping[str, str], source: str) -> dict[str, str]:
    """Find the source's column for each of the contract's that it has.

    Parameters
    ----------
    present : sequence of str
        The source's columns.
    given : Mapping[str, str]
        The user's mapping; what it does not name is looked for under the contract's own name.

    Raises
    ------
    InputError
        If a column that is needed or given is missing (the message lists those there), or is there more than once.

    Examples
    --------
    >>> resolve_columns(["ID", "Text", "Note type"], {"note_id": "ID"}, "notes.csv")
    {'note_id': 'ID', 'text': 'Text', 'note_type': 'Note type'}
    """
    out = {}
    for name in NOTE_COLUMNS:
        column = find_column(present, given.get(name, name), source)
        if column is not None:
            out[name] = column
        elif name in given or name in NEEDED:
            raise InputError(f"is missing; {listed(present)}", source=source, column=given.get(name, name))
    return out


def as_text(value: Any) -> str:
    """Return a cell as text: to the letter if it is text, empty for an empty cell, whole numbers without ``.0``.

    Raises
    ------
    ValueError
        If the cell holds bytes, a list or the like.

    Examples
    --------
    >>> as_text(12.0), as_text(None), as_text(" a ")
    ('12', '', ' a ')
    """
    if isinstance(value, str):
        return value
    if value is None or value != value:
        return ""
    if isinstance(value, bytes | bytearray | list | tuple | dict | set):
        raise ValueError(f"holds {type(value).__name__}, not text")
    if isinstance(value, Number) and not isinstance(value, bool | complex):
        if isinstance(value, int):
            return str(value)
        number: Any = value
        if math.isfinite(number) and number == int(number):
            return str(int(number))
        return format(number, "f") if isinstance(value, Decimal) else str(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def as_id(value: Any) -> str:
    """Return an identifier as text, blanks around it taken off and nothing else changed.

    Examples
    --------
    >>> as_id(1017.0), as_id(" 0042 ")
    ('1017', '0042')
    """
    return as_text(value).strip()
