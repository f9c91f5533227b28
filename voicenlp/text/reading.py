"""A note as all taggers see it: cut into segments, its people known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from voicenlp.records import Note, Person
from voicenlp.text.casting import cast_of
from voicenlp.text.headings import Catalogue
from voicenlp.text.lexicon import Lexicon
from voicenlp.text.people import Cast
from voicenlp.text.segmenter import Segmented, segment

__all__ = ["Reading", "read"]


@dataclass(frozen=True)
class Reading:
    """A note, its segments and its people; offsets of all three fit ``note.text``."""

    note: Note
    segmented: Segmented
    cast: Cast

    @property
    def view(self) -> str:
        """The note with debris blanked out, of the same length."""
        return self.segmented.view


def read(note: Note, roster: Iterable[Person] = (), headings: Catalogue | None = None, words: Lexicon | None = None) -> Reading:
    """Cut a note and find its people.

    Examples
    --------
    >>> reading = read(Note("n1", "YP: I want to stay"))
    >>> reading.segmented.segments[0].label, reading.cast.author.speaker
    ('YP', 'practitioner')
    """
    segmented = segment(note.text, headings)
    return Reading(note, segmented, cast_of(note, segmented, roster, words))
