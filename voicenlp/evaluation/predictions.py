"""A model's reading of annotated records, so that it can be measured against them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from voicenlp.io.annotations import Record
from voicenlp.records import Note, Person
from voicenlp.taggers.models import open_tagger

__all__ = ["predict", "roster_of"]


def predict(records: Iterable[Record], model: str, *, with_people: bool = False) -> list[Record]:
    """Tag the texts of annotated records.

    Parameters
    ----------
    records : iterable of Record
        Their annotations are not looked at.
    model : str
        Name or folder.
    with_people : bool
        Whether the people of each record's metadata are given to the model as a roster; else it sees the text alone.

    Examples
    --------
    >>> [span.speaker for record in predict([Record("n1", "Kai wants to go home.")], "rules") for span in record.spans]
    ['child']
    """
    tagger = open_tagger(model)
    out = []
    for record in records:
        spans, _, _ = tagger.tag(Note(record.note_id, record.text), roster_of(record.meta) if with_people else ())
        out.append(Record(record.note_id, record.text, tuple(spans), record.meta))
    return out


def roster_of(meta: Any) -> list[Person]:
    """Return the people of a record's metadata as a roster."""
    people = meta.get("people") or []
    return [
        Person("", f"p{n}", one["name"], tuple(one.get("also") or ()), one.get("role", ""))
        for n, one in enumerate(people, 1)
        if one.get("name")
    ]
