"""spaCy DocBin: one ``.spacy`` file of docs, ready for training.

Each element has a span group (``doc.spans["voice"]`` …), the speaker as the span's label and the id as the span's id. Where edges do not
fall on tokens the span is left out of the group, never widened: all spans, with their exact character offsets and attributes, stand
in ``doc.user_data["voicenlp"]`` as JSON, from which they are read back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from voicenlp.errors import InputError
from voicenlp.io.formats.jsonl import record_dict, record_from_dict
from voicenlp.io.formats.record import Record, check_record
from voicenlp.scheme import Scheme, default_scheme

__all__ = ["LOSES", "read", "write"]

LOSES: tuple[str, ...] = ("lone surrogates (refused)",)
"""What the format can't hold."""

_KEY = "voicenlp"


def read(path: Path, *, scheme: Scheme | None = None) -> list[Record]:
    """Read a ``.spacy`` file.

    Docs that were not written here are read from their span groups, where a group's name is an element and a span's label a speaker;
    their records are numbered.

    Raises
    ------
    InputError
        If the file is no DocBin, or its spans do not fit its texts.
    SchemeError
        If a value is not in the scheme.
    """
    import spacy
    from spacy.tokens import DocBin

    try:
        docs = list(DocBin(store_user_data=True).from_disk(path).get_docs(spacy.blank("en").vocab))
    except Exception as error:  # whatever zlib, msgpack or spaCy make of bytes that are none of theirs
        raise InputError(f"not a readable DocBin ({type(error).__name__})", source=path) from None
    out: dict[str, Record] = {}
    for number, doc in enumerate(docs, 1):
        stored = doc.user_data.get(_KEY)
        data = json.loads(stored) if isinstance(stored, str) else {"note_id": str(number), "spans": _grouped(doc)}
        record = record_from_dict(data | {"text": doc.text}, source=path, row=number)
        check_record(record, source=path, row=number, scheme=scheme)
        if record.note_id in out:
            raise InputError(f"record {record.note_id!r} stands twice", source=path, row=number)
        out[record.note_id] = record
    return list(out.values())


def write(records: Iterable[Record], path: Path) -> None:
    """Write records as one ``.spacy`` file.

    Raises
    ------
    InputError
        If a text holds a lone surrogate.
    """
    import spacy
    from spacy.tokens import DocBin, SpanGroup

    tokenizer = spacy.blank("en").tokenizer
    store = DocBin(store_user_data=True)
    for record in records:
        try:
            record.text.encode()
        except UnicodeEncodeError as error:
            raise InputError(f"a lone surrogate at character {error.start}", source=f"record {record.note_id!r}") from None
        doc = tokenizer(record.text)
        for element in default_scheme().elements:
            found = [
                doc.char_span(span.start, span.end, label=span.speaker, span_id=span.span_id)
                for span in record.spans
                if span.element == element
            ]
            doc.spans[element] = SpanGroup(doc, name=element, spans=[span for span in found if span is not None])
        data = record_dict(record)
        del data["text"]
        doc.user_data[_KEY] = json.dumps(data)
        store.add(doc)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    store.to_disk(path)


def _grouped(doc: Any) -> list[dict[str, Any]]:
    return [
        {"id": f"{element}{number}", "element": element, "start": span.start_char, "end": span.end_char, "speaker": span.label_ or "other"}
        for element in default_scheme().elements
        for number, span in enumerate(doc.spans.get(element, ()), 1)
    ]
