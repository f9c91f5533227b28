"""An annotated record, and what must hold for its spans whatever the format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from voicenlp.errors import InputError, SchemeError
from voicenlp.records import Span
from voicenlp.scheme import Scheme, default_scheme

__all__ = ["Record", "check_record", "check_spans", "with_ids"]


@dataclass(frozen=True)
class Record:
    """One record with its spans.

    Attributes
    ----------
    note_id, text : str
    spans : tuple of Span
        Offsets count code points of ``text``; ``of`` names the ``span_id`` of voice spans of the same record.
    meta : dict
        Whatever else is known of the record: record type, author's role, people … Empty if nothing is.
    """

    note_id: str
    text: str
    spans: tuple[Span, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)


def check_spans(text: str, spans: Sequence[Span], *, source: object = None, row: int | None = None, crossing: bool = False) -> None:
    """Raise InputError if a span lies outside the text or, unless ``crossing`` is true, two spans cross.

    Examples
    --------
    >>> check_spans("Tia is here", [Span("voice", 0, 6), Span("space", 4, 11)], source="n1")
    Traceback (most recent call last):
    ...
    voicenlp.errors.InputError: n1: spans voice 0 to 6 and space 4 to 11 cross
    """
    for span in spans:
        if not 0 <= span.start < span.end <= len(text):
            raise InputError(f"span {_brief(span)} is empty or outside the text of {len(text)} characters", source=source, row=row)
    stack: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)) if not crossing else ():
        while stack and stack[-1].end <= span.start:
            stack.pop()
        if stack and span.end > stack[-1].end:
            raise InputError(f"spans {_brief(stack[-1])} and {_brief(span)} cross", source=source, row=row)
        stack.append(span)


def check_record(
    record: Record, *, source: object = None, row: int | None = None, scheme: Scheme | None = None, crossing: bool = False
) -> None:
    """Check a record's spans: inside the text, not crossing, ids once each, values of the scheme, links to voices.

    Raises
    ------
    InputError
        If offsets are wrong, spans cross or an id stands twice.
    SchemeError
        If a value is not in the scheme, or ``of`` names no voice span of the record.

    Examples
    --------
    >>> check_record(Record("n1", "Tia is here", (Span("voice", 0, 3, "aunt", span_id="s1"),)))
    Traceback (most recent call last):
    ...
    voicenlp.errors.SchemeError: record 'n1', span s1 (voice 0 to 3): speaker 'aunt' is not in the scheme
    """
    scheme = scheme or default_scheme()
    at = f"{source}, record {record.note_id!r}" if source is not None else f"record {record.note_id!r}"
    line = f", row {row}" if row is not None else ""
    check_spans(record.text, record.spans, source=at, row=row, crossing=crossing)
    ids = [span.span_id for span in record.spans if span.span_id]
    if len(ids) != len(set(ids)):
        raise InputError(f"span id {next(one for one in ids if ids.count(one) > 1)!r} stands twice", source=at, row=row)
    voices = {span.span_id for span in record.spans if span.element == "voice" and span.span_id}
    for span in record.spans:
        faults = scheme.faults(span.as_dict())
        faults += [f"of {one!r} is no voice span of the record" for one in span.of if one not in voices]
        faults += [f"score {span.score} is not between 0 and 1"] if not 0 <= span.score <= 1 else []
        if faults:
            raise SchemeError(f"{at}{line}, span {span.span_id or '?'} ({_brief(span)}): {'; '.join(faults)}")


def with_ids(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return the spans, those without an id given the next free of ``s1``, ``s2``, …

    Examples
    --------
    >>> [span.span_id for span in with_ids([Span("voice", 0, 1), Span("voice", 2, 3, span_id="s1"), Span("voice", 4, 5)])]
    ['s2', 's1', 's3']
    """
    taken = {span.span_id for span in spans}
    fresh = (name for number in range(1, 2 * len(spans) + 1) if (name := f"s{number}") not in taken)
    return tuple(span if span.span_id else replace(span, span_id=next(fresh)) for span in spans)


def _brief(span: Span) -> str:
    return f"{span.element} {span.start} to {span.end}"
