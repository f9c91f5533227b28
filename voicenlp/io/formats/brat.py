r"""brat standoff: for each record a ``.txt`` and an ``.ann`` beside it, and an ``annotation.conf`` that tells brat the scheme.

A span is a text-bound annotation of its element's type; single values are attributes, values of which a span may have two are two
attributes (``Expression``, ``Expression2``), what is free text or a number is JSON in a note, and an influence is tied to its voices by
``of`` relations. brat does not let an annotation run over a line break, so such a span is written as fragments, one a line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from voicenlp.errors import InputError
from voicenlp.io.formats.files import read_meta, read_text, record_path, write_meta, write_text
from voicenlp.io.formats.jsonl import record_from_dict
from voicenlp.io.formats.record import Record, check_record
from voicenlp.records import Span
from voicenlp.scheme import Scheme, default_scheme

__all__ = ["LOSES", "annotation_conf", "read", "write"]

LOSES: tuple[str, ...] = ("line breaks at the edges of a span (refused)", "more than two expressions or themes (refused)")
"""What the format can't hold."""

_BREAKS = re.compile(r"[\r\n]+")
_SINGLE = {"voice": ("channel", "via"), "space": ("how",), "audience": (), "influence": ("outcome",)}
_FLAGS = {"voice": ("verbatim", "challenge"), "space": ("given",), "audience": (), "influence": ()}
_NOTE = ("person", "person_id", "score", "tagger", "heading")


def annotation_conf(scheme: Scheme | None = None) -> str:
    """Return the ``annotation.conf`` of the scheme.

    Examples
    --------
    >>> annotation_conf().splitlines()[:2]
    ['[entities]', 'voice']
    """
    scheme = scheme or default_scheme()
    every = "|".join(scheme.elements)
    values = {"Speaker": (every, scheme.speakers), "Channel": ("voice", scheme.channels), "Via": ("voice", scheme.speakers)}
    values |= dict.fromkeys(("Expression", "Expression2"), ("voice", scheme.expressions))
    values |= dict.fromkeys(("Themes", "Themes2"), ("voice", scheme.themes))
    values |= {"How": ("space", {**scheme.given, **scheme.missed}), "Outcome": ("influence", scheme.outcomes)}
    attributes = [f"{name}\tArg:{on}, Value:{'|'.join(options)}" for name, (on, options) in values.items()]
    attributes += [f"{name.capitalize()}\tArg:{element}" for element, names in _FLAGS.items() for name in names]
    parts = ["[entities]", *scheme.elements, "", "[relations]", "of\tArg1:influence, Arg2:voice"]
    return "\n".join(
        [*parts, "<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>", "", "[events]", "", "[attributes]", *attributes, ""]
    )


def read(path: Path, *, scheme: Scheme | None = None) -> list[Record]:
    """Read a folder of ``.txt`` and ``.ann`` files with its subfolders; a record without ``.ann`` has no spans.

    Raises
    ------
    InputError
        If a file can't be read, a line is not standoff, or a span has fragments with more than line breaks between them.
    SchemeError
        If a value is not in the scheme.
    """
    path = Path(path)
    files = sorted(path.rglob("*.txt")) if path.is_dir() else []
    if not files:
        raise InputError("no folder with .txt files", source=path)
    out = []
    metas = {folder: read_meta(folder) for folder in {file.parent for file in files}}
    for file in files:
        text, ann = read_text(file), file.with_name(file.name.removesuffix(".txt") + ".ann")
        note_id = file.relative_to(path).as_posix().removesuffix(".txt")
        spans = _spans(read_text(ann), text, ann) if ann.is_file() else []
        record = record_from_dict({"note_id": note_id, "text": text, "spans": spans}, source=ann)
        record = Record(note_id, text, record.spans, metas[file.parent].get(file.name.removesuffix(".txt"), {}))
        check_record(record, source=ann, scheme=scheme)
        out.append(record)
    return out


def write(records: Iterable[Record], path: Path) -> None:
    """Write records into a folder, with the metadata in a ``people.jsonl`` beside them.

    Raises
    ------
    InputError
        If an id makes no file name, or a span begins or ends with a line break or has more than two expressions or themes.
    """
    path = Path(path)
    done = []
    for record in records:
        file = record_path(path, record.note_id, ".txt")
        lines = list(_lines(record))
        write_text(file, record.text, record.note_id)
        write_text(record_path(path, record.note_id, ".ann"), "".join(f"{line}\n" for line in lines), record.note_id)
        done.append((file, record))
    write_meta(done)
    write_text(path / "annotation.conf", annotation_conf(), "")


def _lines(record: Record) -> Iterator[str]:
    place = {span.span_id: number for number, span in enumerate(record.spans, 1)}
    attributes: list[tuple[str, int, str]] = []
    notes: list[str] = []
    relations: list[str] = []
    for number, span in enumerate(record.spans, 1):
        yield f"T{number}\t{span.element} {_fragments(record, span)}"
        attributes.append(("Speaker", number, span.speaker))
        for name in ("expression", "themes") if span.element == "voice" else ():
            values = getattr(span, name)
            if len(values) > 2:
                raise InputError(
                    f"span {span.start} to {span.end} has {len(values)} {name}, two at most", source=f"record {record.note_id!r}"
                )
            attributes += [(name.capitalize() + suffix, number, value) for suffix, value in zip(("", "2"), values, strict=False)]
        attributes += [(name.capitalize(), number, value) for name in _SINGLE[span.element] if (value := getattr(span, name))]
        attributes += [(name.capitalize(), number, "") for name in _FLAGS[span.element] if getattr(span, name)]
        note = {name: getattr(span, name) for name in _NOTE if getattr(span, name) not in ("", 1.0)}
        if span.span_id != f"s{number}":
            note["id"] = span.span_id
        if note:
            notes.append(f"#{len(notes) + 1}\tAnnotatorNotes T{number}\t{json.dumps(note, ensure_ascii=True)}")
        relations += [f"of Arg1:T{number} Arg2:T{place[voice]}" for voice in span.of]
    yield from (f"A{number}\t{name} T{target} {value}".rstrip() for number, (name, target, value) in enumerate(attributes, 1))
    yield from (f"R{number}\t{relation}" for number, relation in enumerate(relations, 1))
    yield from notes


def _fragments(record: Record, span: Span) -> str:
    text = record.text[span.start : span.end]
    breaks = list(_BREAKS.finditer(text))
    if breaks and (breaks[0].start() == 0 or breaks[-1].end() == len(text)):
        raise InputError(f"span {span.start} to {span.end} begins or ends with a line break", source=f"record {record.note_id!r}")
    starts = [0, *(found.end() for found in breaks)]
    ends = [*(found.start() for found in breaks), len(text)]
    places = ";".join(f"{span.start + start} {span.start + end}" for start, end in zip(starts, ends, strict=True))
    # A tab or another break inside would end the field.
    words = " ".join(
        re.sub(r"[\t\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", " ", text[start:end]) for start, end in zip(starts, ends, strict=True)
    )
    return f"{places}\t{words}"


def _spans(standoff: str, text: str, source: Path) -> list[dict[str, Any]]:
    spans: dict[str, dict[str, Any]] = {}
    later: list[tuple[int, list[str]]] = []
    for row, line in enumerate(standoff.split("\n"), 1):
        parts = line.rstrip("\r").split("\t")
        if line.strip() and len(parts) < 2:
            raise InputError("not a line of standoff annotation", source=source, row=row)
        if parts[0].startswith("T"):
            spans[parts[0]] = _bound(parts, text, source, row)
        elif line.strip():
            later.append((row, parts))
    for row, parts in later:
        try:
            _attach(spans, parts)
        except (KeyError, ValueError, IndexError, TypeError) as error:
            raise InputError(f"not a line of standoff annotation ({type(error).__name__})", source=source, row=row) from None
    for span in spans.values():
        for name in ("expression", "themes"):
            span[name] = [value for suffix in ("", "2") if (value := span.pop(name + suffix, None))]
        if span["element"] == "space":
            span.setdefault("given", False)
    ids = {key: span["id"] for key, span in spans.items()}
    for span in spans.values():
        span["of"] = [ids[key] for key in span["of"]]
    return list(spans.values())


def _bound(parts: list[str], text: str, source: Path, row: int) -> dict[str, Any]:
    element, _, places = parts[1].partition(" ")
    try:
        edges = [tuple(int(edge) for edge in place.split(" ")) for place in places.split(";")]
        ends = [(start, end) for start, end in edges]
    except ValueError:
        raise InputError("offsets are not pairs of whole numbers", source=source, row=row) from None
    if any(not 0 <= start < end <= len(text) for start, end in ends):
        raise InputError(f"offsets {places} lie outside the text of {len(text)} characters", source=source, row=row)
    if any(text[end:start].strip() or end > start for (_, end), (start, _) in pairwise(ends)):
        raise InputError(f"the span {places} has a gap: spans of the scheme are contiguous", source=source, row=row)
    return {"id": f"s{parts[0][1:]}", "element": element, "start": ends[0][0], "end": ends[-1][1], "of": []}


def _attach(spans: dict[str, dict[str, Any]], parts: list[str]) -> None:
    if parts[0][0] in "AM":
        name, target, *value = parts[1].split(" ")
        spans[target][name.lower()] = value[0] if value else True
    elif parts[0][0] == "R":
        kind, *ends = parts[1].split(" ")
        arguments = dict(end.split(":", 1) for end in ends)
        if kind == "of":
            spans[arguments["Arg1"]]["of"].append(arguments["Arg2"])
    elif parts[0][0] == "#" and parts[1].startswith("AnnotatorNotes T"):
        target, words = parts[1].split(" ")[1], "\t".join(parts[2:])
        # A note that a person typed into brat names the person.
        note = json.loads(words) if words.startswith("{") else {"person": words}
        spans[target] |= {key: value for key, value in note.items() if key in (*_NOTE, "id")}
