"""Tagged notes as rows: the tables of a run, made where the notes were tagged."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicenlp.records import Note, Reject, Span, notes_schema, rejects_schema, spans_schema, spans_table, texts_schema

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ELEMENTS", "Tagged", "lines_of", "notes_rows", "rejects_rows", "spans_rows", "spans_rows_schema", "texts_rows"]

ELEMENTS = ("voice", "space", "audience", "influence")


@dataclass(frozen=True, slots=True)
class Tagged:
    """A note with its spans, the headings in it and those with nothing under them."""

    note: Note
    spans: Sequence[Span]
    present: Sequence[str]
    empty: Sequence[str]


def spans_rows_schema(*, with_text: bool = False) -> pa.Schema:
    """Return the schema of ``spans``, with a last column ``text`` where the words are asked for."""
    import pyarrow as pa

    return spans_schema().append(pa.field("text", pa.string())) if with_text else spans_schema()


def spans_rows(tagged: Sequence[Tagged], *, with_text: bool = False) -> pa.Table:
    """Return one row a span."""
    import pyarrow as pa

    table = spans_table((one.note, one.spans) for one in tagged)
    if not with_text:
        return table
    words = [one.note.text[span.start : span.end] for one in tagged for span in one.spans]
    return table.append_column("text", pa.array(words, pa.string()))


def notes_rows(tagged: Iterable[Tagged]) -> pa.Table:
    """Return one row a note: ids, date, words, spans by element, headings."""
    import pyarrow as pa

    rows = []
    for one in tagged:
        counts = Counter(span.element for span in one.spans)
        note = one.note
        rows.append(
            {
                "note_id": note.note_id, "child_id": note.child_id or None, "date": note.date, "note_type": note.note_type or None,
                "author_role": note.author_role or None, "words": len(note.text.split()), **{name: counts[name] for name in ELEMENTS},
                "headings": list(one.present), "headings_empty": list(one.empty),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=notes_schema())


def rejects_rows(rejects: Iterable[Reject]) -> pa.Table:
    """Return one row a rejected note."""
    import pyarrow as pa

    rows = [{"note_id": r.note_id, "stage": r.stage, "reason": r.reason} for r in rejects]
    return pa.Table.from_pylist(rows, schema=rejects_schema())


def texts_rows(tagged: Iterable[Tagged]) -> pa.Table:
    """Return the text of each note, for notes that did not come as plain text."""
    import pyarrow as pa

    return pa.Table.from_pylist([{"note_id": one.note.note_id, "text": one.note.text} for one in tagged], schema=texts_schema())


def lines_of(tagged: Iterable[Tagged]) -> bytes:
    """Return the notes with their spans as JSON Lines, in UTF-8."""
    out = bytearray()
    for one in tagged:
        line = {"note_id": one.note.note_id, "text": one.note.text, "spans": [span.as_dict() for span in one.spans]}
        # a lone surrogate (half an emoji, as some exports hold) can't be UTF-8; escaped, it can
        try:
            out += json.dumps(line, ensure_ascii=False).encode("utf-8") + b"\n"
        except UnicodeEncodeError:
            out += json.dumps(line).encode("ascii") + b"\n"
    return bytes(out)
