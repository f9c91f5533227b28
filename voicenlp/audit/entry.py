"""One line of the log: an event with its place in the chain, sealed by its hash.

The hash is the RFC 6962 leaf hash of the canonical JSON of all fields but ``hash``; ``prev`` is the hash of the line before. So the lines
form a chain and are, as they stand, the leaves of a Merkle tree.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from voicenlp.audit.canonical import canonical, parse_canonical
from voicenlp.audit.merkle import leaf_hash

__all__ = ["FIRST", "LIMIT", "Entry", "seal", "unseal"]

FIRST = "0" * 64
"""``prev`` of the first line."""

LIMIT = 1 << 20
"""Longest line, in bytes."""

_TEXT = frozenset({"time", "event", "actor", "role", "purpose", "lawful_basis", "dpia", "run", "prev", "hash"})
_FIELDS = _TEXT | {"seq", "data"}
_HASH = b',"hash":"'
_AFTER = b',"lawful_basis":'  # the field that comes after "hash" in canonical order; only plain values stand after it


class Entry(NamedTuple):
    """A line as read: its fields, and the hash that its content really has (``fields["hash"]`` is the one that it states)."""

    fields: dict[str, Any]
    computed: str


def _with_hash(body: bytes, value: str) -> bytes:
    place = body.rindex(_AFTER)
    return body[:place] + _HASH + value.encode("ascii") + b'"' + body[place:]


def seal(fields: dict[str, Any]) -> tuple[str, bytes]:
    """Return the hash of an event and its line, newline included.

    Parameters
    ----------
    fields : dict
        All fields but ``hash``.

    Raises
    ------
    ValueError
        If the fields have no canonical form or make a line longer than `LIMIT`.
    """
    body = canonical(fields)
    value = leaf_hash(body).hex()
    line = _with_hash(body, value) + b"\n"
    if len(line) > LIMIT:
        raise ValueError(f"the event takes {len(line):,} bytes; {LIMIT:,} is the most")
    return value, line


def unseal(line: bytes) -> Entry:
    """Read a line (with or without its newline).

    Raises
    ------
    ValueError
        If the line is not an event in canonical form. A line whose hash does not fit is returned: compare ``computed``.
    """
    line = line.removesuffix(b"\n")
    fields = parse_canonical(line)
    if not isinstance(fields, dict) or fields.keys() != _FIELDS:
        raise ValueError("not an event")
    if type(fields["data"]) is not dict or type(fields["seq"]) is not int or any(type(fields[name]) is not str for name in _TEXT):
        raise ValueError("not an event")
    stated = fields["hash"]
    place = line.rindex(_AFTER)
    start = place - len(stated) - len(_HASH) - 1
    if not stated.isascii() or start < 0 or line[start:place] != _HASH + stated.encode("ascii") + b'"':
        raise ValueError("not an event")  # of a hash with marks that JSON writes otherwise
    return Entry(fields, leaf_hash(line[:start] + line[place:]).hex())
