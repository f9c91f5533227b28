"""What every tagger offers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from voicenlp.records import Note, Person, Span
from voicenlp.text.reading import Reading

__all__ = ["Tagger", "numbered"]


class Tagger(Protocol):
    """Turns notes into spans.

    Attributes
    ----------
    name : str
        As it stands in ``tagger`` of each span.
    """

    name: str

    def tag(self, note: Note, roster: Iterable[Person] = ()) -> tuple[list[Span], list[str], list[str]]:
        """Return the spans of a note in reading order, the headings that stand in it, and those of them with nothing under them."""
        ...

    def tag_reading(self, reading: Reading) -> list[Span]:
        """Return the spans of a note that has been read already."""
        ...


def numbered(spans: list[Span]) -> list[Span]:
    """Return spans in reading order with ids ``s1``, ``s2`` …; ``of`` is rewritten from temporary ids.

    Examples
    --------
    >>> [s.span_id for s in numbered([Span("voice", 9, 12), Span("space", 0, 4)])]
    ['s1', 's2']
    """
    ordered = sorted(spans, key=lambda s: (s.start, -s.end, s.element))
    ids = {s.span_id: f"s{n}" for n, s in enumerate(ordered, 1) if s.span_id}
    return [replace(s, span_id=f"s{n}", of=tuple(ids[o] for o in s.of if o in ids)) for n, s in enumerate(ordered, 1)]
