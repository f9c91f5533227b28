"""Annotated records: read and written as inline tags (one text file a record) or as JSON Lines (one line a record)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from voicenlp.errors import InputError, UsageError
from voicenlp.io.formats import inline, jsonl
from voicenlp.io.formats.inline import format_inline, parse_inline
from voicenlp.io.formats.record import Record, check_record, check_spans
from voicenlp.scheme import Scheme

__all__ = ["Record", "check_record", "check_spans", "format_inline", "parse_inline", "read_annotations", "write_annotations"]


def read_annotations(path: str | Path, format: str | None = None, *, scheme: Scheme | None = None, crossing: bool = False) -> list[Record]:
    """Read annotated records.

    Parameters
    ----------
    path : str or Path
        A ``.jsonl`` file (or the folder of a run that holds ``spans.jsonl``), an inline ``.txt`` file, or a folder of them, read with
        its subfolders. There a record's id is its path in the folder without the suffix (``s1/01``), and its metadata come from the
        ``people.jsonl`` beside it, if there is one, by ``id``.
    format : {'inline', 'jsonl'}, optional
        Found from the path if not given.
    scheme : Scheme, optional
        Whose values are allowed; the default scheme if not given.
    crossing : bool
        Whether to let spans cross (predictions of other tools); the scheme does not.

    Returns
    -------
    list of Record
        In the order of the file, or of the sorted paths.

    Raises
    ------
    InputError, SchemeError
        If a record can't be read or breaks the scheme; with the record and the position.
    UsageError
        If ``format`` is neither of the two.
    """
    path = Path(path)
    if format not in (None, "inline", "jsonl"):
        raise UsageError(f"unknown form of annotations {format!r}: inline or jsonl")
    if not path.exists():
        raise InputError("no such file or folder", source=path)
    if path.is_dir() and format != "inline" and (path / "spans.jsonl").is_file():
        path, format = path / "spans.jsonl", "jsonl"
    if format == "jsonl" or (format is None and path.is_file() and path.suffix.lower() in (".jsonl", ".ndjson")):
        if path.is_dir():
            raise InputError("no spans.jsonl in this folder", source=path)
        return jsonl.read(path, scheme=scheme, crossing=crossing)
    if path.is_file() and format is None and path.suffix.lower() != ".txt":
        raise InputError("annotations are read from .jsonl, from inline .txt, or from a folder of inline .txt", source=path)
    return inline.read(path, scheme=scheme)


def write_annotations(records: Iterable[Record], path: str | Path, format: str | None = None) -> None:
    """Write annotated records, so that `read_annotations` gives them back.

    Parameters
    ----------
    records : iterable of Record
    path : str or Path
        The ``.jsonl`` file, or the folder for inline text (one file a record, in subfolders where the id has ``/``, and the metadata in
        a ``people.jsonl`` beside). Folders are made; files are overwritten.
    format : {'inline', 'jsonl'}, optional
        JSON Lines where the path ends in ``.jsonl``, else inline.

    Raises
    ------
    InputError
        If a record can't be held by the form: crossing spans or tag-like text (inline), an id that makes no file name (inline).
    """
    path = Path(path)
    format = format or ("jsonl" if path.suffix.lower() in (".jsonl", ".ndjson") else "inline")
    if format == "jsonl":
        jsonl.write(records, path)
    elif format == "inline":
        inline.write(records, path)
    else:
        raise UsageError(f"unknown form of annotations {format!r}: inline or jsonl")
