"""From annotated records to what the network learns from: tokens, features, tags, and the attributes of each span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from voicenlp.io.annotations import Record
from voicenlp.records import Note, Person, Span
from voicenlp.taggers.decoding import TAGS
from voicenlp.taggers.features import FEATURES, Encoded, encode
from voicenlp.taggers.heads import ELEMENTS, Heads
from voicenlp.taggers.rules import RuleTagger
from voicenlp.text.reading import read

__all__ = ["Example", "Window", "collate", "example_of", "targets_of"]

_OUT, _BEGIN, _IN, _END, _SINGLE = (TAGS.index(tag) for tag in "OBIES")


@dataclass(frozen=True)
class Example:
    """A record with its tokens.

    Attributes
    ----------
    record : Record
    plain, told : Encoded
        Features from the text alone, and with the record's people as a roster: the network sees now one, now the other.
    tags : ndarray, shape (tokens, 4)
        Tag of each token, by element.
    spans : list of (int, int, int, Span)
        Element, first and last token of each span.
    """

    record: Record
    plain: Encoded
    told: Encoded
    tags: np.ndarray
    spans: list[tuple[int, int, int, Span]]


@dataclass(frozen=True)
class Window:
    """A stretch of an example's tokens."""

    example: Example
    first: int
    last: int


def example_of(record: Record, tokenizer: Any, rules: RuleTagger, roster: Sequence[Person] = ()) -> Example:
    """Encode a record and place its spans on its tokens.

    A voice nested in a voice keeps its attributes but leaves the outer one's tags in place.
    """
    note = Note(record.note_id, record.text)
    plain = encode(read(note), tokenizer, rules)
    told = encode(read(note, roster), tokenizer, rules) if roster else plain
    tags = np.zeros((len(plain.ids), len(ELEMENTS)), dtype=np.int64)
    spans = []
    for span in sorted(record.spans, key=lambda s: s.start - s.end):
        first = int(np.searchsorted(plain.offsets[:, 1], span.start, side="right"))
        last = int(np.searchsorted(plain.offsets[:, 0], span.end, side="left")) - 1
        if last < first:
            continue
        element = ELEMENTS.index(span.element)
        spans.append((element, first, last, span))
        if not tags[first : last + 1, element].any():
            tags[first : last + 1, element] = _IN
            tags[first, element], tags[last, element] = (_SINGLE, _SINGLE) if first == last else (_BEGIN, _END)
    return Example(record, plain, told, tags, spans)


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


def collate(chosen: Sequence[tuple[Window, bool]], special: dict[str, int]) -> dict[str, Any]:
    """Put windows into arrays of one width; the flag says whether the roster's features are used.

    Returns
    -------
    dict
        ``ids``, ``mask`` of shape (windows, tokens), ``features``, ``tags`` (-100 where there is no token), and ``spans``: row, first and
        last token, and the span, for those that lie wholly inside their window.
    """
    width = max(window.last - window.first for window, _ in chosen) + 2
    ids = np.full((len(chosen), width), special["pad"], dtype=np.int64)
    mask = np.zeros((len(chosen), width), dtype=np.int64)
    features = np.zeros((len(chosen), width, len(FEATURES)), dtype=np.int64)
    tags = np.full((len(chosen), width, len(ELEMENTS)), -100, dtype=np.int64)
    spans = []
    for row, (window, told) in enumerate(chosen):
        example, first, last = window.example, window.first, window.last
        size = last - first
        encoded = example.told if told else example.plain
        ids[row, 0], ids[row, size + 1] = special["cls"], special["sep"]
        ids[row, 1 : size + 1] = encoded.ids[first:last]
        features[row, 1 : size + 1] = encoded.features[first:last]
        tags[row, 1 : size + 1] = example.tags[first:last]
        mask[row, : size + 2] = 1
        spans += [(row, a - first + 1, b - first + 1, span) for _, a, b, span in example.spans if a >= first and b < last]
    return {"ids": ids, "mask": mask, "features": features, "tags": tags, "spans": spans}
