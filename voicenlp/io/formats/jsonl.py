"""The JSON Lines form: one record a line, with note_id, text, spans, and metadata beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from voicenlp.errors import InputError
from voicenlp.io.formats.files import read_lines, write_lines
from voicenlp.io.formats.record import Record, check_record
from voicenlp.records import Span
from voicenlp.scheme import Scheme

__all__ = ["LOSES", "read", "record_dict", "record_from_dict", "write"]

LOSES: tuple[str, ...] = ()
"""What the format can't hold: nothing."""


def read(path: Path, *, scheme: Scheme | None = None, crossing: bool = False) -> list[Record]:
    """Read a JSON Lines file of records.

    Raises
    ------
    InputError, SchemeError
        If a line is no record or a record breaks the scheme; with the line.
    """
    out: dict[str, Record] = {}
    for row, data in read_lines(path):
        record = record_from_dict(data, source=path, row=row)
        if record.note_id in out:
            raise InputError(f"record {record.note_id!r} stands twice", source=path, row=row, column="note_id")
        check_record(record, source=path, row=row, scheme=scheme, crossing=crossing)
        out[record.note_id] = record
    return list(out.values())


def write(records: Iterable[Record], path: Path) -> None:
    """Write records as JSON Lines."""
    write_lines((record_dict(record) for record in records), path)


def record_dict(record: Record) -> dict[str, Any]:
    """Return a record in the JSON Lines form; metadata stand beside ``note_id``, ``text`` and ``spans``.

    Examples
    --------
    >>> record_dict(Record("n1", "Seen.", meta={"record_type": "visit"}))
    {'note_id': 'n1', 'text': 'Seen.', 'record_type': 'visit', 'spans': []}
    """
    meta = {key: value for key, value in record.meta.items() if key not in ("note_id", "text", "spans")}
    return {"note_id": record.note_id, "text": record.text, **meta, "spans": [_span_dict(span) for span in record.spans]}


def record_from_dict(data: Any, *, source: object = None, row: int | None = None) -> Record:
    """Read a record in the JSON Lines form (the inverse of `record_dict`); spans without an id get one.

    ``of`` may also hold whole numbers, which count the voice spans of the record from 1.

    Raises
    ------
    InputError
        If a part is missing or of the wrong kind.
    """
    if not isinstance(data, dict):
        raise InputError("not a record: a JSON object with note_id, text and spans is wanted", source=source, row=row)
    note_id = data.get("note_id", data.get("id"))
    if not isinstance(note_id, (str, int)) or isinstance(note_id, bool) or note_id == "":
        raise InputError("the record has no note_id", source=source, row=row, column="note_id")
    text, entries = data.get("text"), data.get("spans", [])
    if not isinstance(text, str):
        raise InputError(f"record {note_id!r} has no text", source=source, row=row, column="text")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(f"spans of record {note_id!r} are not a list of objects", source=source, row=row, column="spans")
    taken = {str(entry.get("id") or entry.get("span_id") or "") for entry in entries}
    fresh = (f"s{number}" for number in range(1, 2 * len(entries) + 2) if f"s{number}" not in taken)
    entries = [{**entry, "id": entry.get("id") or entry.get("span_id") or next(fresh)} for entry in entries]
    voices = [str(entry["id"]) for entry in entries if entry.get("element") == "voice"]
    spans = [_read_span(entry, voices, f"record {note_id!r}", source, row) for entry in entries]
    dropped = {"note_id", "text", "spans"} | (set() if "note_id" in data else {"id"})
    return Record(str(note_id), text, tuple(spans), {key: value for key, value in data.items() if key not in dropped})


def _span_dict(span: Span) -> dict[str, Any]:
    # A score is rounded in `as_dict` for reading; kept whole here, so that calibration measured on the file is that of the tagger.
    out = span.as_dict() | {"score": span.score}
    if span.span_id == "":
        del out["id"]
    return out


def _read_span(entry: Mapping[str, Any], voices: Sequence[str], record: str, source: object, row: int | None) -> Span:
    data = dict(entry)
    name = f"{record}, span {data['id']!r}"
    for key in ("expression", "themes", "of"):
        value = data.get(key)
        if key == "of" and isinstance(value, list):
            value = [voices[one - 1] if isinstance(one, int) and 1 <= one <= len(voices) else one for one in value]
        if value is not None and not (isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))):
            raise InputError(f"{name}: a list of words is wanted", source=source, row=row, column=key)
        data[key] = [value] if isinstance(value, str) and value else value
    kinds: dict[str, type | tuple[type, ...]] = {"start": int, "end": int, "score": (int, float), "verbatim": bool, "challenge": bool}
    kinds |= dict.fromkeys(("element", "speaker", "person", "person_id", "channel", "via", "how", "outcome", "tagger", "heading"), str)
    for key, kind in (kinds | {"given": bool}).items():
        value = data.get(key)
        if value is None and key not in ("start", "end", "element"):
            continue
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise InputError(f"{name}: {key} is missing or of the wrong kind ({type(value).__name__})", source=source, row=row, column=key)
    if not data.get("speaker"):
        raise InputError(f"{name}: speaker is missing", source=source, row=row, column="speaker")
    return Span.from_dict(data)
