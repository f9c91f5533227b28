"""Forms in which annotated records are kept by this library and by other annotation tools, and the ways between them.

Each form is a module with ``read(path)``, ``write(records, path)`` and ``LOSES``, the names of what it can't hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from voicenlp.errors import InputError, UsageError

__all__ = ["FORMATS", "Conversion", "convert", "format_module"]

FORMATS = {
    "inline": "inline",
    "jsonl": "jsonl",
    "label-studio": "label_studio",
    "inception": "inception",
    "brat": "brat",
    "doccano": "doccano",
    "spacy": "docbin",
}
"""Name of each form to the module that reads and writes it."""


@dataclass(frozen=True)
class Conversion:
    """What was converted.

    Attributes
    ----------
    records, spans : int
    loses : tuple of str
        What the form that was written can't hold, whether or not these records had it.
    """

    records: int
    spans: int
    loses: tuple[str, ...]


def format_module(name: str) -> ModuleType:
    """Return the module of a form.

    Raises
    ------
    UsageError
        If there is no such form.

    Examples
    --------
    >>> format_module("jsonl").LOSES
    ()
    """
    if name not in FORMATS:
        raise UsageError(f"unknown form of annotations {name!r}: {', '.join(FORMATS)}")
    return import_module(f"voicenlp.io.formats.{FORMATS[name]}")


def convert(src: str | Path, dst: str | Path, from_: str, to: str) -> Conversion:
    """Read annotated records in one form and write them in another.

    Parameters
    ----------
    src, dst : str or Path
        File or folder to read, and to write.
    from_, to : str
        One of `FORMATS`.

    Returns
    -------
    Conversion

    Raises
    ------
    UsageError
        If a form is unknown, or the package that it needs is not installed.
    InputError, SchemeError
        If the records can't be read, break the scheme, or can't be held by the form to be written.
    """
    reader, writer = format_module(from_), format_module(to)
    src, dst = Path(src), Path(dst)
    if not src.exists():
        raise InputError("no such file or folder", source=src)
    records = reader.read(src)
    writer.write(records, dst)
    return Conversion(len(records), sum(len(record.spans) for record in records), tuple(writer.LOSES))
