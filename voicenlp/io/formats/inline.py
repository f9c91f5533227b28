"""The inline form: a record annotated inside its own text.

Nothing else is changed, so removing the tags gives the record back byte for byte and a change of mind shows in a diff. Text is never
escaped: a record that itself holds something that looks like a tag is refused, and belongs in the JSON Lines form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from voicenlp.errors import InputError, SchemeError
from voicenlp.io.formats.files import read_meta, read_text, record_path, write_meta, write_text
from voicenlp.io.formats.record import Record, check_spans
from voicenlp.records import Span
from voicenlp.scheme import Scheme, default_scheme

__all__ = ["LOSES", "format_inline", "parse_inline", "read", "write"]

LOSES: tuple[str, ...] = ("person_id", "score", "tagger", "heading", "span ids other than s1, s2, … in reading order")
"""What the format can't hold (crossing spans and tag-like text are refused)."""

_ELEMENTS = {"v": "voice", "s": "space", "a": "audience", "i": "influence"}
_LETTERS = {element: letter for letter, element in _ELEMENTS.items()}
_KEYS = {"v": {"s", "p", "e", "c", "q", "via", "ch", "t"}, "s": {"s", "p", "g", "how"}, "a": {"s", "p"}, "i": {"s", "p", "o", "of"}}
_TAG = re.compile(r'<(?:/(?P<close>[vsai])|(?P<open>[vsai])(?P<attributes>(?:\s+[a-z]+="[^"<>]*")+))\s*>')
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"<>]*)"')
# What an annotator would take for a tag; left over in the text it is a slip of the pen, or a record that the inline form can't hold.
_TAG_LIKE = re.compile(r"</?[vsai](?=[\s>/])")
# Only what would break a tag is escaped in an attribute, so that "Mr & Mrs Hall" stays as people write it.
_ENTITIES = {"&quot;": '"', "&lt;": "<", "&gt;": ">", "&#10;": "\n", "&#13;": "\r", "&amp;": "&"}
_ENTITY = re.compile("|".join(_ENTITIES))
_ESCAPE = re.compile(rf'["<>\n\r]|&(?={"|".join(entity[1:] for entity in _ENTITIES)})')
_ENTITY_OF = {char: entity for entity, char in _ENTITIES.items()}


def parse_inline(annotated: str, *, source: object = None, scheme: Scheme | None = None) -> tuple[str, tuple[Span, ...]]:
    """Take the tags off an inline-annotated record.

    Parameters
    ----------
    annotated : str
        The record with its tags.
    source : object, optional
        File or record to name in errors.
    scheme : Scheme, optional
        Whose values are allowed; the default scheme if not given.

    Returns
    -------
    text : str
        The record without tags.
    spans : tuple of Span
        In reading order (by opening tag), with ids ``s1``, ``s2``, …

    Raises
    ------
    InputError
        If tags do not balance or something that looks like a tag is none; with the line and the character in it.
    SchemeError
        If a tag holds an unknown attribute or value.

    Examples
    --------
    >>> text, spans = parse_inline('Tia <v s="child" p="Tia" e="wish" t="leisure">wants to swim</v>.')
    >>> text, spans[0].start, spans[0].end, spans[0].expression
    ('Tia wants to swim.', 4, 17, ('wish',))
    """
    scheme = scheme or default_scheme()
    pieces: list[str] = []
    opened: list[tuple[str, int, int, re.Match[str]]] = []
    found: list[tuple[Span, str, re.Match[str]] | None] = []
    voices: list[str] = []
    length = position = 0
    for tag in _TAG.finditer(annotated):
        piece = annotated[position : tag.start()]
        pieces.append(piece)
        length += len(piece)
        position = tag.end()
        if letter := tag["open"]:
            opened.append((letter, length, len(found), tag))
            found.append(None)
            if letter == "v":
                voices.append(f"s{len(found)}")
            continue
        if not opened or opened[-1][0] != tag["close"]:
            inside = f" inside <{opened[-1][0]}>" if opened else ""
            raise InputError(
                f"</{tag['close']}> closes nothing{inside}{_at(annotated, tag.start())}", **_where(source, annotated, tag.start())
            )
        letter, start, index, opening = opened.pop()
        values = _attributes(letter, opening, annotated, source)
        found[index] = (_span(letter, start, length, values, f"s{index + 1}"), values.get("of", ""), opening)
    if opened:
        letter, _, _, tag = opened[-1]
        raise InputError(f"<{letter}> is never closed{_at(annotated, tag.start())}", **_where(source, annotated, tag.start()))
    pieces.append(annotated[position:])
    text = "".join(pieces)
    _refuse_tag_like(text, source, "is not a whole tag of the scheme")
    spans = []
    for span, of, tag in (entry for entry in found if entry):
        span = replace(span, of=_voices(of, voices, annotated, tag, source)) if of else span
        if faults := scheme.faults(span.as_dict() | ({"speaker": ""} if " s=" not in re.sub(r"\s", " ", tag["attributes"]) else {})):
            raise SchemeError(f"{_name(source)}{_line(annotated, tag.start())}: {'; '.join(faults)}{_at(annotated, tag.start())}")
        spans.append(span)
    return text, tuple(spans)


def format_inline(text: str, spans: Sequence[Span], *, source: object = None) -> str:
    """Put spans into their text as tags.

    Parameters
    ----------
    text : str
        The record.
    spans : sequence of Span
        In any order; of two with the same extent, the first is the outer one. Nested spans are fine.
    source : object, optional
        File or record to name in errors.

    Raises
    ------
    InputError
        If spans cross, lie outside the text, or the text holds something that looks like a tag.
    SchemeError
        If an influence answers something that is no voice span of the record.

    Examples
    --------
    >>> format_inline("Tia wants to swim.", [Span("voice", 4, 17, "child", "Tia", expression=("wish",), themes=("leisure",))])
    'Tia <v s="child" p="Tia" e="wish" t="leisure">wants to swim</v>.'
    """
    _refuse_tag_like(text, source, "stands in the text and would be taken for a tag: keep this record as JSON Lines")
    order = sorted(spans, key=lambda span: (span.start, -span.end))
    check_spans(text, order, source=source)
    numbers: dict[str, int] = {}
    for span in order:
        if span.element == "voice":
            numbers.setdefault(span.span_id, len(numbers) + 1)
    out: list[str] = []
    stack: list[Span] = []
    position = 0

    def close(until: int) -> None:
        nonlocal position
        while stack and stack[-1].end <= until:
            span = stack.pop()
            out.extend((text[position : span.end], f"</{_LETTERS[span.element]}>"))
            position = span.end

    for span in order:
        close(span.start)
        out.append(text[position : span.start])
        out.append(_tag(span, numbers, source))
        position = span.start
        stack.append(span)
    close(len(text))
    out.append(text[position:])
    return "".join(out)


def read(path: Path, *, scheme: Scheme | None = None) -> list[Record]:
    """Read an inline file, or a folder of them with its subfolders.

    A record's id is its path in the folder without the suffix; its metadata come from the ``people.jsonl`` beside it, by ``id``.

    Raises
    ------
    InputError, SchemeError
        If a file can't be read, tags do not balance or values are not in the scheme.
    """
    base = path if path.is_dir() else path.parent
    files = sorted(file for file in path.rglob("*.txt") if file.is_file()) if path.is_dir() else [path]
    if not files:
        raise InputError("no .txt file in this folder", source=path)
    metas: dict[Path, dict[str, dict[str, Any]]] = {}
    out = []
    for file in files:
        if file.parent not in metas:
            metas[file.parent] = read_meta(file.parent)
        text, spans = parse_inline(read_text(file), source=file, scheme=scheme)
        out.append(Record(file.relative_to(base).with_suffix("").as_posix(), text, spans, metas[file.parent].get(file.stem, {})))
    return out


def write(records: Iterable[Record], folder: Path) -> None:
    """Write each record into a file of its own in a folder, and the metadata into a ``people.jsonl`` beside.

    Raises
    ------
    InputError
        If spans cross, the text holds something like a tag, or an id makes no file name.
    """
    done: dict[str, tuple[Path, Record]] = {}
    for record in records:
        path = record_path(folder, record.note_id, ".txt")
        if str(path).casefold() in done:
            raise InputError(f"record {record.note_id!r} would overwrite {done[str(path).casefold()][1].note_id!r}", source=folder)
        write_text(path, format_inline(record.text, record.spans, source=f"record {record.note_id!r}"), record.note_id)
        done[str(path).casefold()] = (path, record)
    write_meta(done.values())


def _span(letter: str, start: int, end: int, values: Mapping[str, str], span_id: str) -> Span:
    shared: dict[str, Any] = {"speaker": values.get("s", "other"), "person": values.get("p", ""), "span_id": span_id}
    if letter == "v":
        shared |= {"expression": _words(values.get("e", "")), "themes": _words(values.get("t", "")), "via": values.get("via", "")}
        shared |= {"channel": values.get("c", "spoken"), "verbatim": values.get("q") == "yes", "challenge": values.get("ch") == "yes"}
    elif letter == "s":
        shared |= {"given": values["g"] == "yes", "how": values.get("how", "")}
    elif letter == "i":
        shared |= {"outcome": values.get("o", "")}
    return Span(_ELEMENTS[letter], start, end, **shared)


def _attributes(letter: str, tag: re.Match[str], annotated: str, source: object) -> dict[str, str]:
    pairs = _ATTRIBUTE.findall(tag["attributes"])
    values = {key: _ENTITY.sub(lambda found: _ENTITIES[found[0]], value) for key, value in pairs}
    faults = [f"<{letter}> has no attribute {key!r}" for key in values if key not in _KEYS[letter]]
    faults += ["an attribute stands twice"] if len(values) < len(pairs) else []
    faults += [f"{key}={values[key]!r} must be yes or no" for key in ("q", "ch", "g") if values.get(key, "no") not in ("yes", "no")]
    faults += ["g (yes or no) is missing"] if letter == "s" and "g" not in values else []
    if faults:
        raise SchemeError(f"{_name(source)}{_line(annotated, tag.start())}: {'; '.join(faults)}{_at(annotated, tag.start())}")
    return values


def _voices(of: str, voices: Sequence[str], annotated: str, tag: re.Match[str], source: object) -> tuple[str, ...]:
    out = []
    for word in _words(of):
        if not (word.isascii() and word.isdigit() and 1 <= int(word) <= len(voices)):
            at = _at(annotated, tag.start())
            raise SchemeError(f"{_name(source)}{_line(annotated, tag.start())}: of={word!r} counts none of the {len(voices)} <v> tags{at}")
        out.append(voices[int(word) - 1])
    return tuple(out)


def _tag(span: Span, numbers: Mapping[str, int], source: object) -> str:
    if span.element not in _LETTERS:
        raise SchemeError(f"{_name(source)}: element {span.element!r} has no tag")
    pairs = [("s", span.speaker), ("p", span.person)]
    if span.element == "voice":
        pairs += [("e", ",".join(span.expression)), ("c", span.channel if span.channel != "spoken" else "")]
        pairs += [("q", "yes" if span.verbatim else ""), ("via", span.via), ("ch", "yes" if span.challenge else "")]
        pairs += [("t", ",".join(span.themes))]
    elif span.element == "space":
        pairs += [("g", "yes" if span.given else "no"), ("how", span.how)]
    elif span.element == "influence":
        if lost := [one for one in span.of if one not in numbers or not one]:
            raise SchemeError(
                f"{_name(source)}, span {span.element} {span.start} to {span.end}: of {lost[0]!r} is no voice span of the record"
            )
        pairs += [("o", span.outcome), ("of", ",".join(str(numbers[one]) for one in span.of))]
    written = (f'{key}="{_ESCAPE.sub(lambda found: _ENTITY_OF[found[0]], value)}"' for key, value in pairs if value)
    return f"<{_LETTERS[span.element]} {' '.join(written)}>"


def _words(value: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())


def _refuse_tag_like(text: str, source: object, why: str) -> None:
    if found := _TAG_LIKE.search(text):
        raise InputError(f"{found[0]!r} {why} (character {found.start()} of the text)", **_where(source, text, found.start()))


def _where(source: object, text: str, position: int) -> dict[str, Any]:
    return {"source": source, "row": text.count("\n", 0, position) + 1}


def _name(source: object) -> str:
    return "record" if source is None else str(source)


def _line(text: str, position: int) -> str:
    return f", row {_where(None, text, position)['row']}"


def _at(text: str, position: int) -> str:
    return f" (character {position - text.rfind(chr(10), 0, position)} of the line)"
