"""Canonical JSON (RFC 8785): the one byte form of an event, so that its hash can be made again by anybody."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import rfc8785

__all__ = ["canonical", "digest", "parse", "parse_canonical"]

_SAFE = 2**53 - 1
_BEFORE_SURROGATES = "\ud7ff"


def canonical(value: Any) -> bytes:
    """Return a JSON value in the canonical form of RFC 8785, as UTF-8 bytes.

    Parameters
    ----------
    value : dict, list, tuple, str, int, float, bool or None
        Keys of dicts must be text; whole numbers must lie within ±(2**53 - 1).

    Raises
    ------
    ValueError
        If the value has no canonical form (NaN, infinity, a lone surrogate, a number too large, something that is not JSON).

    Examples
    --------
    >>> canonical({"b": 1.0, "a": ["€", 1e-7, None]}).decode()
    '{"a":["€",1e-7,null],"b":1}'
    """
    return rfc8785.dumps(value)


def _whole(text: str) -> int | float:
    # RFC 8785 sees every number as a double: one beyond the safe integers was a float when it was written.
    number = int(text)
    return number if -_SAFE <= number <= _SAFE else float(text)


def _fraction(text: str) -> float:
    raise ValueError("a number that is not whole")


_read_whole = json.JSONDecoder(parse_int=_whole, parse_float=_fraction).decode
_write = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode


def parse(data: bytes) -> Any:
    """Read canonical JSON back, so that `canonical` gives the same bytes again.

    Raises
    ------
    ValueError
        If the bytes are not UTF-8 or not JSON.

    Examples
    --------
    >>> canonical(parse(b'{"a":100000000000000000000}'))
    b'{"a":100000000000000000000}'
    """
    try:
        return json.loads(data.decode("utf-8"), parse_int=_whole)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def parse_canonical(data: bytes) -> Any:
    """Read JSON that must be canonical: with a log of a million lines this is where the time goes.

    Raises
    ------
    ValueError
        If the bytes are not the canonical form of what they say.

    Examples
    --------
    >>> parse_canonical(b'{"a":1,"b":[]}')
    {'a': 1, 'b': []}
    """
    # Where there are no fractions, and no characters beyond the surrogates (by which RFC 8785 sorts keys in another order), the standard
    # library writes the canonical form, several times as fast. Its word is only taken where it gives these very bytes.
    try:
        text = data.decode("utf-8")
        value = _read_whole(text)
        if (text.isascii() or max(text) <= _BEFORE_SURROGATES) and _write(value) == text:
            return value
    except (ValueError, RecursionError):
        pass
    value = parse(data)
    if canonical(value) != data:
        raise ValueError("not in canonical form")
    return value


def digest(value: Any) -> str:
    """Return the SHA-256 of a value's canonical form, as 64 hex digits.

    Examples
    --------
    >>> digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    True
    """
    return hashlib.sha256(canonical(value)).hexdigest()
