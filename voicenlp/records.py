"""What travels through the house: notes, people and spans as frozen records, and the Arrow schemas of the tables made of them.

Offsets count Unicode code points into the note's text as it came in (or, for documents, into the extracted text); ``end`` is exclusive.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # pyarrow takes a while to load, and the command line's help does not need it
    import pyarrow as pa

__all__ = [
    "Note",
    "Person",
    "Reject",
    "Span",
    "notes_schema",
    "rejects_schema",
    "spans_schema",
    "spans_table",
    "texts_schema",
]


@dataclass(frozen=True, slots=True)
class Note:
    """One free-text record.

    Attributes
    ----------
    note_id, text : str
        The only two that tagging needs.
    child_id : str
        Whose record it is; empty if not known.
    date : datetime.date, optional
        The day that the record is about.
    author, author_role, note_type, title : str
        As the case-management system gives them; empty if it does not.
    """

    note_id: str
    text: str
    child_id: str = ""
    date: dt.date | None = None
    author: str = ""
    author_role: str = ""
    note_type: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the roster: somebody in a child's life, as the authority knows them.

    ``role`` is the authority's word ("mother", "foster carer", "IRO"); the people resolver maps it to a speaker of the scheme.
    """

    child_id: str
    person_id: str
    name: str
    also: tuple[str, ...] = ()
    role: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """One tagged stretch of a note.

    Attributes that an element does not have keep their defaults: ``expression``, ``channel``, ``verbatim``, ``via``, ``challenge`` and
    ``themes`` belong to voice; ``given`` and ``how`` to space; ``outcome`` and ``of`` to influence.

    Attributes
    ----------
    score : float
        Probability in [0, 1] that the span and its speaker are right. Calibrated only where the model's card says so.
    tagger : str
        The model, and after a colon the rule or head that made the span (``rules:indirect.said``).
    heading : str
        Name of the heading or form question under which it stands, from the catalogue of headings; ``other`` for one that is not in it.
    """

    element: str
    start: int
    end: int
    speaker: str = "other"
    person: str = ""
    person_id: str = ""
    expression: tuple[str, ...] = ()
    channel: str = "spoken"
    verbatim: bool = False
    via: str = ""
    challenge: bool = False
    themes: tuple[str, ...] = ()
    given: bool | None = None
    how: str = ""
    outcome: str = ""
    of: tuple[str, ...] = ()
    score: float = 1.0
    tagger: str = ""
    heading: str = ""
    span_id: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the span in the JSON Lines form, with only the attributes that its element has.

        Examples
        --------
        >>> Span("space", 0, 9, "child", given=True, how="seen", span_id="s1").as_dict()["how"]
        'seen'
        """
        out: dict[str, Any] = {"id": self.span_id, "element": self.element, "start": self.start, "end": self.end}
        out |= {"speaker": self.speaker, "person": self.person}
        if self.person_id:
            out["person_id"] = self.person_id
        if self.element == "voice":
            out |= {"expression": list(self.expression), "channel": self.channel, "verbatim": self.verbatim, "via": self.via}
            out |= {"challenge": self.challenge, "themes": list(self.themes)}
        elif self.element == "space":
            out |= {"given": bool(self.given), "how": self.how}
        elif self.element == "influence":
            out |= {"outcome": self.outcome, "of": list(self.of)}
        out["score"] = round(self.score, 4)
        if self.tagger:
            out["tagger"] = self.tagger
        if self.heading:
            out["heading"] = self.heading
        return out

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Span:
        """Read a span in the JSON Lines form (the inverse of `as_dict`); the scheme's checks are `Scheme.faults`."""
        names = {"start", "end", "element", "speaker", "person", "person_id", "channel", "verbatim", "via", "challenge", "how", "outcome"}
        kept = {key: data[key] for key in names | {"given", "score", "tagger", "heading"} if data.get(key) is not None}
        for key in ("expression", "themes", "of"):
            kept[key] = tuple(str(value) for value in data.get(key) or ())
        return cls(span_id=str(data.get("id") or data.get("span_id") or ""), **kept)


@dataclass(frozen=True, slots=True)
class Reject:
    """A note that could not be tagged: at which stage, and why (never its text)."""

    note_id: str
    stage: str
    reason: str


@cache
def spans_schema() -> pa.Schema:
    """Arrow schema of ``spans.parquet``: one row a span."""
    import pyarrow as pa

    text, flag, words = pa.string(), pa.bool_(), pa.list_(pa.string())
    fields = [("note_id", text), ("child_id", text), ("date", pa.date32()), ("span_id", text), ("element", text)]
    fields += [("start", pa.int64()), ("end", pa.int64()), ("heading", text), ("speaker", text), ("person", text), ("person_id", text)]
    fields += [("expression", words), ("channel", text), ("verbatim", flag), ("via", text), ("challenge", flag), ("themes", words)]
    fields += [("given", flag), ("how", text), ("outcome", text), ("of", words), ("score", pa.float32()), ("tagger", text)]
    return pa.schema(fields)


@cache
def notes_schema() -> pa.Schema:
    """Arrow schema of ``notes.parquet``: one row a note, with its spans by element, and no text."""
    import pyarrow as pa

    text, count = pa.string(), pa.int32()
    fields = [("note_id", text), ("child_id", text), ("date", pa.date32()), ("note_type", text), ("author_role", text)]
    fields += [("words", count), ("voice", count), ("space", count), ("audience", count), ("influence", count)]
    fields += [("headings", pa.list_(text)), ("headings_empty", pa.list_(text))]
    return pa.schema(fields)


@cache
def rejects_schema() -> pa.Schema:
    """Arrow schema of ``rejects.parquet``."""
    import pyarrow as pa

    return pa.schema([(name, pa.string()) for name in ("note_id", "stage", "reason")])


@cache
def texts_schema() -> pa.Schema:
    """Arrow schema of ``texts.parquet``: the extracted text of notes that did not come as plain text."""
    import pyarrow as pa

    return pa.schema([("note_id", pa.string()), ("text", pa.string())])


def spans_table(rows: Iterable[tuple[Note, Iterable[Span]]]) -> pa.Table:
    """Turn notes with their spans into the Arrow table of `spans_schema`.

    Attributes that an element does not have are null, and so are a child, date, person or heading that is not known; ``via`` of a voice
    that was not relayed is the empty string.
    """
    import pyarrow as pa

    schema = spans_schema()
    columns: dict[str, list[Any]] = {name: [] for name in schema.names}
    for note, spans in rows:
        for span in spans:
            voice, space, influence = span.element == "voice", span.element == "space", span.element == "influence"
            values = (
                note.note_id, note.child_id or None, note.date, span.span_id, span.element, span.start, span.end, span.heading or None,
                span.speaker, span.person or None, span.person_id or None,
                list(span.expression) if voice else None, span.channel if voice else None, span.verbatim if voice else None,
                span.via if voice else None, span.challenge if voice else None, list(span.themes) if voice else None,
                bool(span.given) if space else None, (span.how or None) if space else None,
                (span.outcome or None) if influence else None, list(span.of) if influence else None, span.score, span.tagger or None,
            )  # fmt: skip
            for name, value in zip(schema.names, values, strict=True):
                columns[name].append(value)
    return pa.table(columns, schema=schema)
