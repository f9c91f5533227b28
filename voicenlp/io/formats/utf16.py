"""Offsets in UTF-16 units, as programs written in JavaScript or Java count them: a character beyond U+FFFF counts twice."""

from __future__ import annotations

from bisect import bisect_left

__all__ = ["Utf16"]


class Utf16:
    """Converts offsets of one text.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> offsets = Utf16("a😀b")
    >>> offsets.to_units(2), offsets.to_chars(3), offsets.to_chars(2)
    (3, 2, None)
    """

    def __init__(self, text: str) -> None:
        self._length = len(text)
        self._wide = [position for position, char in enumerate(text) if ord(char) > 0xFFFF]
        self._wide_units = [position + number for number, position in enumerate(self._wide)]

    def to_units(self, char: int) -> int:
        """Return the offset in UTF-16 units of an offset in characters."""
        return char + bisect_left(self._wide, char)

    def to_chars(self, unit: int) -> int | None:
        """Return the offset in characters; None inside a pair of surrogates or outside the text."""
        before = bisect_left(self._wide_units, unit)
        char = unit - before
        inside = before and self._wide_units[before - 1] + 1 == unit
        return None if inside or not 0 <= char <= self._length else char
