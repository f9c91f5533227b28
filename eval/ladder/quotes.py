"""The lowest rung: what stands in quotation marks, and what follows "said".

What anyone would write in an afternoon, and what a better tagger has to be worth its trouble against. It knows people (by the resolver that
the other taggers use too) but no wishes, feelings, headings, labels or transcripts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from voicenlp.records import Note, Person, Span
from voicenlp.taggers.base import numbered
from voicenlp.text.reading import Reading, read

__all__ = ["QuoteTagger"]

_QUOTED = re.compile(r"[\"“](?P<words>[^\"“”\n]{2,}?)[.,!?…]*[\"”]|(?<![\w])['‘](?P<single>[^\n]{2,}?)[.,!?…]*['’](?!\w)")
_SAID = re.compile(r"\b(?:said|says|told|asked)\b(?:\s+(?:me|us|him|her|them|SW))?(?:\s+(?:that|if))?\s+(?P<words>[^\n.!?\"“”]{2,})", re.I)
_VERB = re.compile(r"\b(?:said|says|told|asked)\b", re.I)
_NEAR = 120  # characters between the quotation and the verb that belongs to it


class QuoteTagger:
    """Tags quoted stretches, and what follows "said", "told" or "asked" up to the stop.

    Examples
    --------
    >>> note = Note("n", 'Mum said she is tired. "I want to go home."')
    >>> [(note.text[s.start:s.end], s.speaker) for s in QuoteTagger().tag(note)[0]]
    [('she is tired', 'parent'), ('I want to go home', 'parent')]
    """

    name = "quotes"

    def tag(self, note: Note, roster: Iterable[Person] = ()) -> tuple[list[Span], list[str], list[str]]:
        """Return the spans of a note; it looks for no headings."""
        return self.tag_reading(read(note, roster)), [], []

    def tag_reading(self, reading: Reading) -> list[Span]:
        """Return the spans of a note that has been read already."""
        view = reading.view
        marked = [match.span("words" if match["words"] else "single") for match in _QUOTED.finditer(view)]
        found = [(start, end, True) for start, end in marked]
        for match in _SAID.finditer(view):
            start, end = match.span("words")
            if not any(a < end and start < b for a, b in marked):
                found.append((start, end - (len(match["words"]) - len(match["words"].rstrip(" ,;:"))), False))
        return numbered([self._span(reading, *one) for one in found if one[0] < one[1]])

    def _span(self, reading: Reading, start: int, end: int, verbatim: bool) -> Span:
        verbs = [match.start() for match in _VERB.finditer(reading.view, max(0, start - _NEAR), start)]
        before = reading.cast.between(0, verbs[-1]) if verbs else []
        actor = next((reading.cast.actors[one.actor] for one in reversed(before) if one.actor >= 0), None)
        speaker, person = (actor.speaker, actor.name) if actor else ("child", "")
        return Span("voice", start, end, speaker, person, verbatim=verbatim, score=0.5, tagger="quotes")
