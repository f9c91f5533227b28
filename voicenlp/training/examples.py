"""From annotated records to what the network learns from: tokens, features, tags, and the attributes of each span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from voicenlp.io.annotations import Record
from voicenlp.records import Note, Person, Span
from voicenlp.taggers.decoding import TAGS
from voicenlp.taggers.features import FEATURES, SPEAKERS, Encoded, encode
from voicenlp.taggers.heads import ELEMENTS, INNER, LAYERS, Heads
from voicenlp.taggers.rules import RuleTagger
from voicenlp.text.people import Cast
from voicenlp.text.reading import read

__all__ = ["AUTHOR", "Batch", "Example", "Window", "collate", "example_of", "targets_of"]

AUTHOR = -1
"""Stands for whoever writes the note, where the cast has no actor for them."""

_OUT, _BEGIN, _IN, _END, _SINGLE = (TAGS.index(tag) for tag in "OBIES")


@dataclass(frozen=True)
class Example:
    """A record with its tokens.

    Attributes
    ----------
    record : Record
    plain, told : Encoded
        Features from the text alone, and with the record's people as a roster: the network sees now one, now the other.
    tags : ndarray, shape (tokens, len(LAYERS))
        Tag of each token, by layer.
    spans : list of (int, int, int, Span)
        Element, first and last token of each span.
    who_plain, who_told : list of tuple of int
        For each span the actors of the cast who are its person; `AUTHOR` is whoever writes. Empty where that can't be told.
    roles : list of (int, int, int)
        First and last token of each mention of a person of the record, and their speaker (place in the scheme's list).
    cast, cast_told : Cast
        The people of the note, from the text alone and with the roster.
    """

    record: Record
    plain: Encoded
    told: Encoded
    tags: np.ndarray
    spans: list[tuple[int, int, int, Span]]
    who_plain: list[tuple[int, ...]]
    who_told: list[tuple[int, ...]]
    roles: list[tuple[int, int, int]]
    cast: Cast
    cast_told: Cast


@dataclass(frozen=True)
class Window:
    """A stretch of an example's tokens."""

    example: Example
    first: int
    last: int


def example_of(record: Record, tokenizer: Any, rules: RuleTagger, roster: Sequence[Person] = ()) -> Example:
    """Encode a record and place its spans on its tokens.

    A voice nested in a voice has a layer of tags of its own.
    """
    note = Note(record.note_id, record.text)
    reading = read(note)
    knowing = read(note, roster) if roster else reading
    plain = encode(reading, tokenizer, rules)
    told = encode(knowing, tokenizer, rules) if roster else plain
    tags = np.zeros((len(plain.ids), len(LAYERS)), dtype=np.int64)
    spans = []
    for span in sorted(record.spans, key=lambda s: s.start - s.end):
        first = int(np.searchsorted(plain.offsets[:, 1], span.start, side="right"))
        last = int(np.searchsorted(plain.offsets[:, 0], span.end, side="left")) - 1
        if last < first:
            continue
        element = ELEMENTS.index(span.element)
        spans.append((element, first, last, span))
        layer = LAYERS.index(INNER) if span.element == "voice" and tags[first : last + 1, element].any() else element
        if not tags[first : last + 1, layer].any():
            tags[first : last + 1, layer] = _IN
            tags[first, layer], tags[last, layer] = (_SINGLE, _SINGLE) if first == last else (_BEGIN, _END)
    who = [[_who(span, cast, roster) for *_, span in spans] for cast in (reading.cast, knowing.cast)]
    actors = knowing.cast.actors
    roles = [
        (first, last, SPEAKERS.index(actors[actor].speaker))
        for first, last, actor in told.mentions.tolist()
        if actors[actor].person_id and actors[actor].speaker != "other"
    ]
    return Example(record, plain, told, tags, spans, who[0], who[1], roles, reading.cast, knowing.cast)


def _who(span: Span, cast: Cast, roster: Sequence[Person]) -> tuple[int, ...]:
    """Return the actors of a cast who are the person of a span, by any name that the record's people go by."""
    name = span.person.lower()
    if not name:
        return ()
    names = {name}
    for person in roster:
        known = {person.name.lower(), *(one.lower() for one in person.also)}
        if name in known:
            names |= known
    found = tuple(at for at, actor in enumerate(cast.actors) if actor.count and actor.name.lower() in names)
    if found:
        return found
    return (AUTHOR,) if span.speaker == cast.author.speaker or name in ("i", "we", "sw", "author") else ()


def targets_of(span: Span, heads: Heads) -> dict[str, Any]:
    """Return what each head should say of a span: an index, or a vector where it has several labels. What does not apply is left out."""
    one: dict[str, str] = {}
    many: dict[str, tuple[str, ...]] = {}
    if span.element == "voice":
        one = {"speaker": span.speaker, "channel": span.channel, "via": span.via}
        one |= {"verbatim": "yes" if span.verbatim else "no", "challenge": "yes" if span.challenge else "no"}
        many = {"expression": span.expression, "themes": span.themes}
    else:
        one = {"whose": span.speaker}
        if span.element == "space":
            one |= {"given": "yes" if span.given else "no", "how": span.how}
        elif span.element == "influence":
            one |= {"outcome": span.outcome}
    out: dict[str, Any] = {name: heads.values[name].index(value) for name, value in one.items() if value in heads.values[name]}
    for name, labels in many.items():
        out[name] = np.array([float(value in labels) for value in heads.values[name]], dtype=np.float32)
    return out


@dataclass(frozen=True)
class Batch:
    """Windows in arrays of one width.

    Attributes
    ----------
    ids, mask : ndarray, shape (windows, tokens)
    features : ndarray, shape (windows, tokens, len(FEATURES))
    tags : ndarray, shape (windows, tokens, len(LAYERS))
        -100 where there is no token.
    spans : list of (int, int, int, Span, tuple of int)
        Row, first and last token, the span and its actors, for those that lie wholly inside their window.
    mentions : list of (int, int, int, int)
        Row, first and last token, and actor (`AUTHOR`, at no token, if the cast has none for whoever writes).
    roles : list of (int, int, int, int)
        Row, first and last token, and speaker of a mention.
    """

    ids: np.ndarray
    mask: np.ndarray
    features: np.ndarray
    tags: np.ndarray
    spans: list[tuple[int, int, int, Span, tuple[int, ...]]]
    mentions: list[tuple[int, int, int, int]]
    roles: list[tuple[int, int, int, int]]


def collate(chosen: Sequence[tuple[Window, bool]], special: dict[str, int]) -> Batch:
    """Put windows into arrays of one width; the flag says whether the roster's features are used."""
    width = max(window.last - window.first for window, _ in chosen) + 2
    ids = np.full((len(chosen), width), special["pad"], dtype=np.int64)
    mask = np.zeros((len(chosen), width), dtype=np.int64)
    features = np.zeros((len(chosen), width, len(FEATURES)), dtype=np.int64)
    tags = np.full((len(chosen), width, len(LAYERS)), -100, dtype=np.int64)
    spans, mentions, roles = [], [], []
    for row, (window, told) in enumerate(chosen):
        example, first, last = window.example, window.first, window.last
        size, move = last - first, 1 - first
        encoded, who = (example.told, example.who_told) if told else (example.plain, example.who_plain)
        ids[row, 0], ids[row, size + 1] = special["cls"], special["sep"]
        ids[row, 1 : size + 1] = encoded.ids[first:last]
        features[row, 1 : size + 1] = encoded.features[first:last]
        tags[row, 1 : size + 1] = example.tags[first:last]
        mask[row, : size + 2] = 1
        spans += [
            (row, a + move, b + move, span, actors)
            for (_, a, b, span), actors in zip(example.spans, who, strict=True)
            if a >= first and b < last
        ]
        mentions += [(row, a + move, b + move, actor) for a, b, actor in encoded.mentions.tolist() if a >= first and b < last]
        roles += [(row, a + move, b + move, speaker) for a, b, speaker in example.roles if a >= first and b < last]
    return Batch(ids, mask, features, tags, spans, mentions, roles)
