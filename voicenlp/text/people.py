"""The people of a note: actors, mentions, and what a pronoun stands for."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field

__all__ = ["Actor", "Cast", "Mention"]


@dataclass(slots=True)
class Actor:
    """Somebody in a note.

    Attributes
    ----------
    name : str
        The fullest name or label that the note gives.
    speaker : str
        Speaker of the scheme.
    gender : str
        ``f``, ``m`` or empty, as far as kin words and pronouns tell.
    person_id : str
        From the roster, where they are on it.
    sure : bool
        False where the role was only guessed (a bare name, an ambiguous abbreviation).
    """

    name: str
    speaker: str
    gender: str = ""
    person_id: str = ""
    role: str = ""
    sure: bool = True
    count: int = 0


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention: ``kind`` is ``name``, ``role`` or ``pronoun``; ``actor`` is an index into `Cast.actors`, -1 for a pronoun."""

    start: int
    end: int
    kind: str
    actor: int = -1
    word: str = ""


@dataclass
class Cast:
    """Everybody in a note, and every mention in reading order.

    Examples
    --------
    >>> from voicenlp.records import Note
    >>> from voicenlp.text.reading import read
    >>> cast = read(Note("n1", "Karen (mum) rang. Her son Kai said no. IRO told.")).cast
    >>> [(a.name, a.speaker) for a in cast.actors if a.count]
    [('Karen', 'parent'), ('Kai', 'child'), ('IRO', 'professional')]
    """

    actors: list[Actor]
    mentions: list[Mention]
    author: Actor
    focus: Actor | None
    addressed: bool
    starts: list[int] = field(default_factory=list)

    def between(self, start: int, end: int) -> list[Mention]:
        """Return the mentions that begin in a stretch."""
        return self.mentions[bisect.bisect_left(self.starts, start) : bisect.bisect_left(self.starts, end)]

    def resolve(self, word: str, before: int, floor: int = 0, topic: Actor | None = None) -> Actor | None:
        """Return the person that a pronoun stands for, from the mentions between ``floor`` and ``before``; None if none fits.

        Who has the word (``topic``) keeps it as long as the gender fits; else the nearest person of the right gender who is not a
        bystander; a person whose gender nothing tells fits any.
        """
        word = word.lower()
        if word in ("i", "me", "my", "we", "us"):
            return self.author
        if word in ("you", "your"):
            return self.focus if self.addressed else None
        gender = {"he": "m", "him": "m", "his": "m", "she": "f", "her": "f"}.get(word, "")
        if (
            topic is not None
            and gender
            and (topic.gender == gender or (not topic.gender and topic.role not in ("children", "parents", "school")))
        ):
            return topic
        at = bisect.bisect_left(self.starts, before)
        fallback = None
        for mention in reversed(self.mentions[max(0, at - 24) : at]):
            if mention.start < floor:
                break
            if mention.actor < 0:
                continue
            actor = self.actors[mention.actor]
            if actor is self.author or (actor.role in ("school", "children", "parents", "grandparents") and gender):
                continue
            if not gender or actor.gender == gender:
                return actor
            if not actor.gender and fallback is None:
                fallback = actor
        return fallback
