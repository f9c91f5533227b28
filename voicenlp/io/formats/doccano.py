"""doccano: JSON Lines with entities and relations, as its sequence labelling with relations imports and exports them.

An entity's label is ``element:speaker``, all that a doccano entity can carry. Offsets count characters (code points): leave the
project's option to count grapheme clusters off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from voicenlp.errors import InputError
from voicenlp.io.formats.files import read_lines, write_lines
from voicenlp.io.formats.jsonl import record_from_dict
from voicenlp.io.formats.record import Record, check_record
from voicenlp.scheme import Scheme

__all__ = ["LOSES", "read", "write"]

LOSES: tuple[str, ...] = (
    "person", "person_id", "expression", "channel", "verbatim", "via", "challenge", "themes", "given", "how", "outcome", "score",
    "tagger", "heading", "span ids other than s1, s2, … in the order of the file",
)  # fmt: skip
"""What the format can't hold."""

_OWN = {"id", "text", "label", "labels", "entities", "relations", "note_id", "Comments"}


def read(path: Path, *, scheme: Scheme | None = None) -> list[Record]:
    """Read a JSON Lines export: entities and relations, or the shorter ``label: [[start, end, label], …]``.

    Raises
    ------
    InputError, SchemeError
        If a line is no record, offsets lie outside the text, or a label is not ``element:speaker`` of the scheme.
    """
    out: dict[str, Record] = {}
    for row, line in read_lines(Path(path)):
        if not isinstance(line, dict) or not isinstance(line.get("text", line.get("data")), str):
            raise InputError("not a doccano record with text", source=path, row=row)
        note_id = str(line.get("note_id", line.get("id", row)))
        try:
            spans = _spans(line)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"entities are not built as expected ({type(error).__name__})", source=path, row=row) from None
        data = {"note_id": note_id, "text": line.get("text", line.get("data")), "spans": spans}
        record = record_from_dict(data, source=path, row=row)
        record = Record(note_id, record.text, record.spans, {key: value for key, value in line.items() if key not in _OWN})
        check_record(record, source=path, row=row, scheme=scheme)
        if note_id in out:
            raise InputError(f"record {note_id!r} stands twice", source=path, row=row)
        out[note_id] = record
    return list(out.values())


def write(records: Iterable[Record], path: Path) -> None:
    """Write records as JSON Lines."""
    write_lines((_line(number, record) for number, record in enumerate(records, 1)), Path(path))


def _line(number: int, record: Record) -> dict[str, Any]:
    place = {span.span_id: position for position, span in enumerate(record.spans, 1)}
    entities = [
        {"id": position, "label": f"{span.element}:{span.speaker}", "start_offset": span.start, "end_offset": span.end}
        for position, span in enumerate(record.spans, 1)
    ]
    links = [(position, place[voice]) for position, span in enumerate(record.spans, 1) for voice in span.of if voice in place]
    relations = [{"id": count, "from_id": one, "to_id": other, "type": "of"} for count, (one, other) in enumerate(links, 1)]
    meta = {key: value for key, value in record.meta.items() if key not in _OWN}
    return {"id": number, "text": record.text, "note_id": record.note_id, **meta, "entities": entities, "relations": relations}


def _spans(line: Mapping[str, Any]) -> list[dict[str, Any]]:
    entities = line.get("entities")
    if entities is None:
        short = line.get("label", line.get("labels")) or []
        entities = [{"id": n, "start_offset": start, "end_offset": end, "label": label} for n, (start, end, label) in enumerate(short, 1)]
    spans: dict[Any, dict[str, Any]] = {}
    for number, entity in enumerate(entities, 1):
        element, _, speaker = entity["label"].partition(":")
        shared = {"id": f"s{number}", "element": element, "start": entity["start_offset"], "end": entity["end_offset"], "speaker": speaker}
        spans[entity["id"]] = shared | ({"given": None} if element == "space" else {})
    for relation in line.get("relations") or []:
        ends = [spans[relation["from_id"]], spans[relation["to_id"]]]
        for span, other in (ends, ends[::-1]):
            if span["element"] == "influence" and other["element"] == "voice":
                span.setdefault("of", []).append(other["id"])
    return list(spans.values())
