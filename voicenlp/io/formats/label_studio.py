"""Label Studio: a JSON file of tasks, as it is imported and exported.

A span is a region labelled with its element; its attributes are choices and text areas of the same region, and an influence is tied to
the voices that it answers by relations. Offsets count UTF-16 units, as the browser does. `labelling_config` gives the interface to set
up in the project.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from voicenlp.errors import InputError
from voicenlp.io.formats.files import write_text
from voicenlp.io.formats.jsonl import record_from_dict
from voicenlp.io.formats.record import Record, check_record, with_ids
from voicenlp.io.formats.utf16 import Utf16
from voicenlp.scheme import Scheme, default_scheme

__all__ = ["LOSES", "labelling_config", "read", "write"]

LOSES: tuple[str, ...] = ()
"""What the format can't hold: nothing. Scores, taggers, headings and person ids travel in a region's ``meta``."""

_CHOICES = {
    "voice": ("expression", "channel", "verbatim", "via", "challenge", "themes"),
    "space": ("given", "how"),
    "audience": (),
    "influence": ("outcome",),
}
_LISTS = ("expression", "themes")
_FLAGS = ("verbatim", "challenge", "given")
_REST = ("person_id", "score", "tagger", "heading")


def labelling_config(scheme: Scheme | None = None) -> str:
    r"""Return the labelling interface (XML) that the tasks are made for.

    Examples
    --------
    >>> print(*labelling_config().splitlines()[:2], sep="\n")
    <View>
      <Text name="text" value="$text"/>
    """
    scheme = scheme or default_scheme()
    values: dict[str, Iterable[str]] = {"speaker": scheme.speakers, "expression": scheme.expressions, "channel": scheme.channels}
    values |= {"verbatim": ("yes", "no"), "via": scheme.speakers, "challenge": ("yes", "no"), "themes": scheme.themes}
    values |= {"given": ("yes", "no"), "how": dict.fromkeys([*scheme.given, *scheme.missed]), "outcome": scheme.outcomes}
    lines = ["<View>", '  <Text name="text" value="$text"/>', '  <Labels name="element" toName="text">']
    lines += [f"    <Label value={quoteattr(element)}/>" for element in scheme.elements] + ["  </Labels>"]
    lines.append('  <TextArea name="person" toName="text" perRegion="true" maxSubmissions="1"/>')
    for name, options in values.items():
        elements = ",".join(element for element, names in _CHOICES.items() if name in names)
        when = f' whenTagName="element" whenLabelValue={quoteattr(elements)}' if elements else ""
        several = "multiple" if name in _LISTS else "single"
        lines.append(f'  <Choices name="{name}" toName="text" perRegion="true" choice="{several}"{when}>')
        lines += [f"    <Choice value={quoteattr(option)}/>" for option in options] + ["  </Choices>"]
    return "\n".join([*lines, '  <Relations><Relation value="of"/></Relations>', "</View>", ""])


def read(path: Path, *, scheme: Scheme | None = None, annotator: str | int | None = None) -> list[Record]:
    """Read a file of tasks.

    Parameters
    ----------
    path : Path
    scheme : Scheme, optional
    annotator : str or int, optional
        Whose annotation to take where a task has several: the id or email in ``completed_by``. Cancelled annotations are left out; where
        a task has none at all, its first prediction is taken.

    Raises
    ------
    InputError
        If the file holds no tasks, a task has several annotations and no annotator is named, or offsets do not fit the text.
    SchemeError
        If a value is not in the scheme.
    """
    try:
        tasks = json.loads(Path(path).read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "msg", None) or getattr(error, "strerror", None) or "not UTF-8"
        raise InputError(f"no readable JSON ({reason})", source=path) from None
    if not isinstance(tasks, list) or not all(isinstance(task, dict) and isinstance(task.get("data"), dict) for task in tasks):
        raise InputError("not a list of Label Studio tasks, each with data", source=path)
    out: dict[str, Record] = {}
    for number, task in enumerate(tasks, 1):
        data = dict(task["data"])
        note_id = str(data.pop("note_id", task.get("id", number)))
        where = f"{path}, task {number}, record {note_id!r}"
        text = data.pop("text", None)
        if not isinstance(text, str):
            raise InputError("the task's data have no text", source=where)
        try:
            spans = _spans(_result(task, annotator, where), text, where)
        except (AttributeError, KeyError, TypeError, IndexError) as error:
            raise InputError(f"the annotation is not built as expected ({type(error).__name__})", source=where) from None
        record = record_from_dict({"note_id": note_id, "text": text, "spans": spans}, source=where)
        record = Record(note_id, text, record.spans, data)
        check_record(record, source=path, scheme=scheme)
        if note_id in out:
            raise InputError("the record stands twice", source=where)
        out[note_id] = record
    return list(out.values())


def write(records: Iterable[Record], path: Path) -> None:
    """Write records as one file of tasks."""
    tasks = []
    for number, record in enumerate(records, 1):
        data = {"note_id": record.note_id, "text": record.text} | {
            key: value for key, value in record.meta.items() if key not in ("note_id", "text")
        }
        tasks.append({"id": number, "data": data, "annotations": [{"result": list(_regions(record))}]})
    try:
        content = json.dumps(tasks, ensure_ascii=False, indent=1)
        content.encode()
    except UnicodeEncodeError:
        content = json.dumps(tasks, indent=1)
    write_text(Path(path), content, "")


def _regions(record: Record) -> Iterable[dict[str, Any]]:
    offsets = Utf16(record.text)
    for span in with_ids(record.spans):
        region = span.span_id
        place = {"start": offsets.to_units(span.start), "end": offsets.to_units(span.end), "text": record.text[span.start : span.end]}
        rest = {key: getattr(span, key) for key in _REST if getattr(span, key) not in ("", 1.0)}
        shared = {"id": region, "to_name": "text"}
        yield (
            shared
            | {"from_name": "element", "type": "labels", "value": place | {"labels": [span.element]}}
            | ({"meta": rest} if rest else {})
        )
        if span.person:
            yield shared | {"from_name": "person", "type": "textarea", "value": place | {"text": [span.person]}}
        for name in ("speaker", *_CHOICES.get(span.element, ())):
            value = getattr(span, name)
            choices = list(value) if name in _LISTS else ["yes" if value else "no"] if name in _FLAGS else [value] if value else []
            if choices:
                yield shared | {"from_name": name, "type": "choices", "value": place | {"choices": choices}}
        for voice in span.of:
            yield {"type": "relation", "from_id": region, "to_id": voice, "direction": "right", "labels": ["of"]}


def _result(task: Mapping[str, Any], annotator: str | int | None, where: str) -> list[dict[str, Any]]:
    done = [one for one in task.get("annotations") or task.get("completions") or [] if not one.get("was_cancelled")]
    if annotator is not None:
        done = [one for one in done if str(annotator) in _who(one.get("completed_by"))]
    if len(done) > 1:
        raise InputError(f"the task has {len(done)} annotations: name the annotator to take", source=where)
    chosen = done or (list(task.get("predictions") or [])[:1] if annotator is None else [])
    return list(chosen[0].get("result") or []) if chosen else []


def _who(value: Any) -> set[str]:
    return {str(one) for one in (value.values() if isinstance(value, dict) else [value])}


def _spans(result: list[dict[str, Any]], text: str, where: str) -> list[dict[str, Any]]:
    offsets = Utf16(text)
    spans: dict[str, dict[str, Any]] = {}
    for item in result:
        if item.get("type") in ("labels", "hypertextlabels"):
            value, name = item["value"], str(item["id"])
            places = [(offsets.to_chars(value["start"]), offsets.to_chars(value["end"]))]
            if "text" in value:
                # Some versions counted characters; the region's own text tells which it was.
                places = [place for place in (*places, (value["start"], value["end"])) if _stands(value["text"], text, place)]
            if not places or None in places[0]:
                raise InputError(f"region {name!r}: {value['start']} to {value['end']} is not where its text stands", source=where)
            start, end = places[0]
            meta = item.get("meta") or {}
            spans[name] = {"id": name, "element": value["labels"][0], "start": start, "end": end}
            spans[name] |= {key: meta[key] for key in _REST if key in meta}
    for item in result:
        kind = item.get("type")
        if kind in ("choices", "textarea"):
            span, name = spans.get(str(item["id"])), item["from_name"]
            if span is not None and kind == "choices":
                values = item["value"]["choices"]
                span[name] = values if name in _LISTS else values[0] == "yes" if name in _FLAGS else values[0]
            elif span is not None:
                span[name] = item["value"]["text"][0] if isinstance(item["value"]["text"], list) else item["value"]["text"]
        elif kind == "relation":
            # Drawn from either end: an arrow from the voice to the influence means the same.
            ends = [spans.get(str(item["from_id"])), spans.get(str(item["to_id"]))]
            for span, other in (ends, ends[::-1]):
                if span and other and span["element"] == "influence" and other["element"] == "voice":
                    span.setdefault("of", []).append(other["id"])
    return list(spans.values())


def _stands(words: Any, text: str, place: tuple[int | None, int | None]) -> bool:
    start, end = place
    return start is not None and end is not None and 0 <= start < end and _flat(words) == _flat(text[start:end])


def _flat(text: Any) -> str:
    # Label Studio writes line breaks of a region's text as \n, whatever they were, in some versions spelled out.
    return "".join(str(text).replace("\\n", " ").split())
