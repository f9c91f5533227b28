"""Which encoding a text file is in: UTF-8, UTF-8 with a byte order mark, UTF-16 with one, or cp1252 (Windows, Western European)."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from voicenlp.errors import InputError

__all__ = ["EncodingFault", "Probe", "blocks", "decode", "detect", "probe", "unreadable"]

BLOCK = 1 << 20
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_BROKEN = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{1,2}|[\x80-\xff]")  # a character cut short counts once
_NOT_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


class EncodingFault(ValueError):
    """Bytes that are text in none of the encodings that are read.

    Attributes
    ----------
    position : int
        Place of the byte at fault, counted from 0.
    line : int
        Line on which it stands, counted from 1.
    """

    def __init__(self, message: str, position: int, line: int) -> None:
        super().__init__(message)
        self.position, self.line = position, line


@dataclass(frozen=True)
class Probe:
    """What one pass over a file tells: its encoding (empty for one that is not text), its SHA-256 in hexadecimal and its size in bytes."""

    encoding: str
    sha256: str
    size: int


def unreadable(source: object, error: OSError) -> InputError:
    """Turn an operating system's error into one line for the user."""
    if isinstance(error, FileNotFoundError):
        return InputError("no such file or folder", source=source)
    return InputError(f"can't be read ({error.strerror or type(error).__name__})", source=source)


def blocks(path: Path) -> Iterator[bytes]:
    """Read a file in blocks of 1 MiB.

    Raises
    ------
    InputError
        If it can't be read.
    """
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise unreadable(path, error) from None


def _line(source: Iterable[bytes], position: int) -> int:
    line, seen = 1, 0
    for block in source:
        line += block[: max(0, position - seen)].count(b"\n")
        seen += len(block)
        if seen >= position:
            break
    return line


def _first_fault(source: Iterable[bytes], encoding: str) -> int | None:
    """Place of the first byte that `encoding` does not allow; None if it allows them all."""
    decoder = codecs.getincrementaldecoder(encoding)()
    offset = 0
    for block in source:
        pending = decoder.getstate()[0]
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            return offset - len(pending) + error.start
        offset += len(block)
    pending = decoder.getstate()[0]
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return offset - len(pending)
    return None


def detect(source: Callable[[], Iterable[bytes]]) -> str:
    r"""Find the encoding of bytes that can be gone through more than once.

    A file that is UTF-8 but for a few bytes is a damaged or mixed file, not a cp1252 one: read as cp1252, each of its curly quotes would
    turn into three odd characters without a word. So cp1252 is taken only where most bytes above 127 make no UTF-8.

    Parameters
    ----------
    source : callable
        Returns the bytes, in blocks, each time that it is called.

    Returns
    -------
    str
        ``utf-8``, ``utf-8-sig``, ``utf-16`` or ``cp1252``.

    Raises
    ------
    EncodingFault
        If it is none of them.

    Examples
    --------
    >>> detect(lambda: ["Zoë".encode()]), detect(lambda: [b"Zo\xeb"])
    ('utf-8', 'cp1252')
    """
    head = next(iter(source()), b"")[:4]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        place = _first_fault(source(), "utf-16")
        if place is None:
            return "utf-16"
        raise EncodingFault(f"not readable as UTF-16 at byte {place + 1:,}", place, _line(source(), place))
    place = _first_fault(source(), "utf-8")
    marked = head.startswith(codecs.BOM_UTF8)
    if place is None:
        return "utf-8-sig" if marked else "utf-8"
    multi = single = offset = 0
    undefined: int | None = None
    for block in source():
        rest, count = _MULTIBYTE.subn(b"", block)
        multi, single = multi + count, single + len(_BROKEN.findall(rest))
        if undefined is None and (match := _NOT_CP1252.search(block)):
            undefined = offset + match.start()
        offset += len(block)
    if marked or multi > single:
        raise EncodingFault(f"damaged or mixed UTF-8 at byte {place + 1:,}: save the file again as UTF-8", place, _line(source(), place))
    if undefined is not None:
        message = f"neither UTF-8 nor cp1252 at byte {undefined + 1:,}: save the file as UTF-8"
        raise EncodingFault(message, undefined, _line(source(), undefined))
    return "cp1252"


def decode(data: bytes) -> str:
    r"""Decode the bytes of a text file, line ends and all; a byte order mark is not text.

    Raises
    ------
    EncodingFault
        If the bytes are in none of the encodings that are read.

    Examples
    --------
    >>> decode(b"\xef\xbb\xbfone\r\ntwo")
    'one\r\ntwo'
    """
    return data.decode(detect(lambda: [data]))


def probe(path: Path, *, text: bool = True) -> Probe:
    """Find a file's hash and size and, if it is ``text``, its encoding.

    Raises
    ------
    InputError
        If it can't be read, or is in no encoding that is read; names the line.
    """
    digest, size = hashlib.sha256(), 0
    for block in blocks(path):
        digest.update(block)
        size += len(block)
    encoding = ""
    if text:
        try:
            encoding = detect(lambda: blocks(path))
        except EncodingFault as fault:
            raise InputError(str(fault), source=path, row=fault.line) from None
    return Probe(encoding, digest.hexdigest(), size)
