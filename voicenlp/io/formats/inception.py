"""INCEpTION: UIMA CAS as XMI, one file a record, with the type system beside (``TypeSystem.xml``).

A span is a ``webanno.custom.VoiceSpan`` with its attributes as features; an influence points to the voices that it answers by a link
feature. The package ``dkpro-cassis`` reads and writes the XMI, whose offsets count UTF-16 units.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from voicenlp.errors import InputError, UsageError
from voicenlp.io.formats.files import record_path
from voicenlp.io.formats.jsonl import record_from_dict
from voicenlp.io.formats.record import Record, check_record, with_ids
from voicenlp.scheme import Scheme

__all__ = ["LOSES", "read", "write"]

LOSES: tuple[str, ...] = ("characters that XML does not allow, such as most control characters (refused)",)
"""What the format can't hold."""

_SPAN = "webanno.custom.VoiceSpan"
_LINK = "webanno.custom.VoiceSpanOfLink"
_META = "webanno.custom.VoiceRecord"
_TYPES = "TypeSystem.xml"
_TEXTS = ("element", "speaker", "person", "person_id", "channel", "via", "how", "outcome", "tagger", "heading", "span_id")
_FLAGS = ("verbatim", "challenge", "given")
_LISTS = ("expression", "themes")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OWN = {"voice": ("channel", "via", "verbatim", "challenge"), "space": ("given", "how"), "audience": (), "influence": ("outcome",)}


def read(path: Path, *, scheme: Scheme | None = None) -> list[Record]:
    """Read a folder of ``.xmi`` files with its subfolders, or one file; ``TypeSystem.xml`` stands beside or above.

    Raises
    ------
    InputError
        If there is no XMI, no type system, or a file is not as it should be.
    SchemeError
        If a value is not in the scheme.
    UsageError
        If the package ``dkpro-cassis`` is not installed.
    """
    cassis = _cassis()
    path = Path(path)
    base = path if path.is_dir() else path.parent
    files = sorted(path.rglob("*.xmi")) if path.is_dir() else [path]
    if not files:
        raise InputError("no .xmi file in this folder", source=path)
    systems: dict[Path, Any] = {}
    out = []
    for file in files:
        types = next((folder / _TYPES for folder in (file.parent, *file.parent.parents) if (folder / _TYPES).is_file()), None)
        if types is None:
            raise InputError(f"no {_TYPES} beside it", source=file)
        try:
            if types not in systems:
                with types.open("rb") as stream:
                    systems[types] = cassis.load_typesystem(stream)
            with file.open("rb") as stream:
                cas = cassis.load_cas_from_xmi(stream, typesystem=systems[types])
            data = _record(cas, file.relative_to(base).as_posix().removesuffix(".xmi"))
        except (OSError, SyntaxError, ValueError, KeyError, AttributeError, TypeError, RuntimeError) as error:
            raise InputError(f"not a readable CAS ({type(error).__name__})", source=file) from None
        except cassis.typesystem.TypeNotFoundError:
            raise InputError(f"the type system has no {_SPAN}", source=types) from None
        record = record_from_dict(data, source=file)
        meta = data["meta"]
        record = Record(record.note_id, record.text, record.spans, meta)
        check_record(record, source=file, scheme=scheme)
        out.append(record)
    return out


def write(records: Iterable[Record], path: Path) -> None:
    """Write each record as an XMI file of its own into a folder, and the type system beside.

    Raises
    ------
    InputError
        If an id makes no file name, or the text holds a character that XML does not allow.
    UsageError
        If the package ``dkpro-cassis`` is not installed.
    """
    cassis = _cassis()
    path = Path(path)
    system = _type_system(cassis)
    path.mkdir(parents=True, exist_ok=True)
    system.to_xml(path / _TYPES)
    for record in records:
        file = record_path(path, record.note_id, ".xmi")
        if found := _NOT_XML.search(record.text):
            message = f"the text holds U+{ord(found[0]):04X} at character {found.start()}, which XML does not allow"
            raise InputError(message, source=f"record {record.note_id!r}")
        file.parent.mkdir(parents=True, exist_ok=True)
        _cas(cassis, system, record).to_xmi(file)


def _cassis() -> Any:
    try:
        import cassis
        import cassis.typesystem
    except ImportError:
        raise UsageError("this format needs the package dkpro-cassis: pip install dkpro-cassis") from None
    return cassis


def _type_system(cassis: Any) -> Any:
    system = cassis.TypeSystem()
    string, boolean, array = "uima.cas.String", "uima.cas.Boolean", "uima.cas.StringArray"
    span = system.create_type(_SPAN, supertypeName="uima.tcas.Annotation")
    link = system.create_type(_LINK, supertypeName="uima.cas.TOP")
    system.create_feature(link, "role", string)
    system.create_feature(link, "target", _SPAN)
    for name in _TEXTS:
        system.create_feature(span, name, string)
    for name in _FLAGS:
        system.create_feature(span, name, boolean)
    for name in _LISTS:
        system.create_feature(span, name, array)
    system.create_feature(span, "score", "uima.cas.Double")
    system.create_feature(span, "of", "uima.cas.FSArray", elementType=_LINK)
    record = system.create_type(_META, supertypeName="uima.tcas.Annotation")
    system.create_feature(record, "note_id", string)
    system.create_feature(record, "metadata", string)
    return system


def _cas(cassis: Any, system: Any, record: Record) -> Any:
    cas = cassis.Cas(typesystem=system)
    cas.sofa_string, cas.sofa_mime = record.text, "text/plain"
    made, made_spans = system.get_type(_SPAN), {}
    strings, objects, link = system.get_type("uima.cas.StringArray"), system.get_type("uima.cas.FSArray"), system.get_type(_LINK)
    spans = with_ids(record.spans)
    for span in spans:
        values: dict[str, Any] = {name: value for name in _TEXTS if (value := getattr(span, name)) or name in ("element", "speaker")}
        unused = {name for names in _OWN.values() for name in names} - set(_OWN.get(span.element, ()))
        values = {name: value for name, value in values.items() if name not in unused}
        values |= {name: bool(getattr(span, name)) for name in _FLAGS if name not in unused}
        values |= {name: strings(elements=list(getattr(span, name))) for name in _LISTS if getattr(span, name)}
        one = made(begin=span.start, end=span.end, score=span.score, **values)
        cas.add(one)
        made_spans[span.span_id] = one
    for span in spans:
        if span.of:
            made_spans[span.span_id].of = objects(elements=[link(role="of", target=made_spans[voice]) for voice in span.of])
    about = system.get_type(_META)
    cas.add(about(begin=0, end=len(record.text), note_id=record.note_id, metadata=json.dumps(record.meta)))
    return cas


def _record(cas: Any, name: str) -> dict[str, Any]:
    about = next(iter(cas.select(_META)), None) if cas.typesystem.contains_type(_META) else None
    found = list(cas.select(_SPAN))
    named = [one.span_id for one in found if one.span_id]
    fresh = (f"s{number}" for number in range(1, len(found) + len(named) + 1) if f"s{number}" not in named)
    ids = {one.xmiID: one.span_id or next(fresh) for one in found}
    spans = []
    for one in sorted(found, key=lambda one: (one.begin, -one.end, one.xmiID)):
        data = {key: getattr(one, key) for key in (*_TEXTS, *_FLAGS, "score") if getattr(one, key, None) is not None}
        data |= {key: list(value.elements) for key in _LISTS if (value := getattr(one, key, None)) is not None}
        links = getattr(one, "of", None)
        data["of"] = [ids[link.target.xmiID] for link in links.elements] if links is not None else []
        spans.append(
            {key: value for key, value in data.items() if key != "span_id"} | {"id": ids[one.xmiID], "start": one.begin, "end": one.end}
        )
    meta = json.loads(about.metadata) if about is not None and about.metadata else {}
    note_id = about.note_id if about is not None and about.note_id else name
    return {"note_id": note_id, "text": cas.sofa_string or "", "spans": spans, "meta": meta}
