"""Canonical JSON (RFC 8785): the one byte form of an event, so that its hash can be made again by anybody."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import rfc8785

__all__ = ["canonical", "digest", "parse"]

_SAFE = 2**53 - 1


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


def digest(value: Any) -> str:
    """Return the SHA-256 of a value's canonical form, as 64 hex digits.

    Examples
    --------
    >>> digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    True
    """
    return hashlib.sha256(canonical(value)).hexdigest()
