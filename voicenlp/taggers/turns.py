"""Who has the word: by the label before a colon, the heading, the header of an email, or what stands beside a quotation."""

from __future__ import annotations

import re

from voicenlp.taggers.cues import Cue
from voicenlp.text.lexicon import Lexicon
from voicenlp.text.people import Actor, Cast
from voicenlp.text.segmenter import Segment

__all__ = ["asked_by", "child_in", "labelled", "quoted_by", "writer_of_email"]


def labelled(segment: Segment, cast: Cast, words: Lexicon) -> Actor | None:
    """Return the person whom a label or the heading gives the word."""
    if segment.label:
        for mention in cast.between(segment.label_start, segment.label_start + len(segment.label)):
            if mention.actor >= 0:
                return cast.actors[mention.actor]
        role = words.role(segment.label.strip())
        if role:
            return Actor(segment.label, role.speaker, role.gender)
        if segment.kind == "message" and segment.label.lower() in ("me", "i"):
            return cast.author
    return None


def asked_by(view: str, segment: Segment, cast: Cast) -> Actor | None:
    """Return the person whose voice the heading asks for."""
    asks = segment.asks
    if asks == "child":
        return cast.focus
    if asks in ("parent", "carer", "family", "professional"):
        found = [a for a in cast.actors if a.speaker == asks and a.count]
        heading = view[max(0, segment.start - 60) : segment.start].lower()
        for actor in found:
            if (actor.gender == "f" and re.search("mum|mother", heading)) or (actor.gender == "m" and re.search("dad|father", heading)):
                return actor
        return found[0] if found else Actor("", asks)
    if asks == "worker":
        return cast.author if cast.author.speaker in ("practitioner", "professional", "carer") else Actor("SW", "practitioner")
    if asks == "manager":
        for actor in cast.actors:
            if actor.speaker == "manager" and actor.count:
                return actor
        return Actor("Manager", "manager")
    return None


def writer_of_email(segment: Segment, cast: Cast, words: Lexicon) -> Actor | None:
    """Return who wrote a pasted email, where the note tells and it was no worker of the service."""
    name = re.sub(r"[<\[(].*", "", segment.author).strip(" \"'")
    for actor in cast.actors:
        if actor.name and (actor.name.lower() in name.lower() or name.lower() in actor.name.lower()) and name:
            return actor if actor.speaker in ("child", "parent", "carer", "family", "professional") else None
    role = words.role(name)
    return Actor(name, role.speaker) if role and role.speaker not in ("practitioner",) else None


def quoted_by(cast: Cast, start: int, a: int, b: int, found: list[Cue]) -> Actor | None:
    """Return who said a quote: the nearest reporting word, else the last person named before it in the sentence."""
    near = [c for c in found if c.actor is not None and (c.end <= a or c.start >= b)]
    if near:
        return min(near, key=lambda c: a - c.end if c.end <= a else (c.start - b) + 5).actor
    people = [m for m in cast.between(start, a) if m.word.lower() not in ("him", "them", "me", "her")]
    for mention in people:
        actor = cast.actors[mention.actor] if mention.actor >= 0 else cast.resolve(mention.word, mention.start)
        if actor is not None and actor.speaker != "practitioner":
            return actor
    return None


def child_in(cast: Cast, start: int, end: int, topic: Actor | None) -> Actor | None:
    """Return the child whom a sentence begins with; the one spoken of before where it names nobody, None where it is another person."""
    for mention in cast.between(start, end):
        actor = cast.actors[mention.actor] if mention.actor >= 0 else cast.resolve(mention.word, mention.start)
        if actor is not None:
            return actor if actor.speaker == "child" else None
    return topic if topic is not None and topic.speaker == "child" else None
