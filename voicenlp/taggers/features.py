"""What the encoder is told beside the words: who is mentioned, whose turn it is, what the heading asks, what the rules see.

A name tells nothing of its role. The people resolver, the segmenter and the rules know much of it already, so each token carries what they
know as small numbers, which the encoder learns to use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voicenlp.taggers.cues import cue_matches
from voicenlp.taggers.quotes import quoted
from voicenlp.taggers.rules import RuleTagger
from voicenlp.text.reading import Reading

if TYPE_CHECKING:
    import numpy as np

__all__ = ["ASKS", "CUES", "FEATURES", "KINDS", "SPEAKERS", "Encoded", "characters", "encode", "starts_of"]

SPEAKERS = ("child", "parent", "carer", "family", "practitioner", "professional", "manager", "other")
KINDS = ("prose", "bullet", "answer", "turn", "message", "entry", "cell", "email", "heading", "header")
ASKS = ("child", "parent", "carer", "family", "professional", "worker", "manager", "mixed", "nobody")
CUES = ("wanted", "felt", "judged", "thought", "moods", "said")

_S = len(SPEAKERS)
FEATURES: dict[str, int] = {
    "who": 1 + 2 * _S,  # speaker of the mention that covers the token; pronouns by whom they stand for count on from there
    "mention": 5,  # none, name, role, pronoun, unsure
    "asks": 1 + len(ASKS),
    "kind": 1 + len(KINDS),
    "label": 1 + _S,
    "quoted": 2,
    "shape": 5,  # none, lower, upper, capital, other
    "cue": 1 + len(CUES),
    "author": 1 + _S,
    "rule": 3,  # outside, begin, inside a voice that the rules see
    "rule_speaker": 1 + _S,
}
"""Name to number of values; 0 always means that nothing is known. The order is that of the columns."""

_AT = {name: at for at, name in enumerate(FEATURES)}
_BACK = 600
"""Characters that a pronoun looks back."""


@dataclass(frozen=True)
class Encoded:
    """A note as the encoder takes it.

    Attributes
    ----------
    ids : ndarray of int64, shape (tokens,)
    offsets : ndarray of int64, shape (tokens, 2)
        Character offsets into the note.
    features : ndarray of int8, shape (tokens, len(FEATURES))
    breaks : ndarray of bool, shape (tokens,)
        True where a sentence or line begins: no span runs over it.
    mentions : ndarray of int64, shape (mentions, 3)
        First and last token of each mention by name or role, and its place in the cast's actors.
    """

    ids: np.ndarray
    offsets: np.ndarray
    features: np.ndarray
    breaks: np.ndarray
    mentions: np.ndarray


def encode(reading: Reading, tokenizer: Any, rules: RuleTagger) -> Encoded:
    """Return the tokens of a note with what is known of each.

    Parameters
    ----------
    reading : Reading
    tokenizer : tokenizers.Tokenizer
    rules : RuleTagger
        Its spans are features.
    """
    import numpy as np

    view = reading.view
    encoding = tokenizer.encode(view, add_special_tokens=False)
    offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
    ids = np.array(encoding.ids, dtype=np.int64)
    chars = characters(reading, rules)
    features = chars[offsets[:, 0]] if len(offsets) else chars[:0]
    for at, (start, end) in enumerate(offsets.tolist()):
        features[at, _AT["shape"]] = _shape(view[start:end])
    return Encoded(ids, offsets, features, _breaks(reading, offsets), _mentions(reading, offsets))


def characters(reading: Reading, rules: RuleTagger) -> np.ndarray:
    """Return what is known of each character of a note: an array of int8, shape (characters + 1, len(FEATURES))."""
    import numpy as np

    view, cast = reading.view, reading.cast
    chars = np.zeros((len(view) + 1, len(FEATURES)), dtype=np.int8)
    for mention in cast.mentions:
        actor = (
            cast.actors[mention.actor] if mention.actor >= 0 else cast.resolve(mention.word, mention.start, max(0, mention.start - _BACK))
        )
        stretch = chars[mention.start : mention.end]
        if mention.actor < 0:
            stretch[:, _AT["mention"]] = 3
            stretch[:, _AT["who"]] = 1 + _S + SPEAKERS.index(actor.speaker) if actor else 0
        elif actor is not None:
            stretch[:, _AT["mention"]] = 4 if not actor.sure else 1 if mention.kind == "name" else 2
            stretch[:, _AT["who"]] = 1 + SPEAKERS.index(actor.speaker)
    for segment in reading.segmented.segments:
        stretch = chars[segment.start : segment.end]
        if segment.asks in ASKS:
            stretch[:, _AT["asks"]] = 1 + ASKS.index(segment.asks)
        stretch[:, _AT["kind"]] = 1 + KINDS.index(segment.kind)
        if segment.label:
            for mention in cast.between(segment.label_start, segment.label_start + len(segment.label)):
                if mention.actor >= 0:
                    stretch[:, _AT["label"]] = 1 + SPEAKERS.index(cast.actors[mention.actor].speaker)
                    break
        for start, end in segment.sentences:
            for a, b in quoted(view, start, end):
                chars[a:b, _AT["quoted"]] = 1
    for kind, start, end in cue_matches(view):
        chars[start:end, _AT["cue"]] = 1 + CUES.index(kind)
    chars[:, _AT["author"]] = 1 + SPEAKERS.index(cast.author.speaker)
    for span in rules.tag_reading(reading):
        if span.element == "voice":
            chars[span.start : span.end, _AT["rule"]] = 2
            chars[span.start, _AT["rule"]] = 1
            chars[span.start : span.end, _AT["rule_speaker"]] = 1 + SPEAKERS.index(span.speaker)
    return chars


def starts_of(reading: Reading) -> np.ndarray:
    """Return the offsets where a sentence or line begins, in order."""
    import numpy as np

    starts = {a for segment in reading.segmented.segments for a, _ in (segment.sentences or ((segment.start, segment.end),))}
    starts |= {at for at, char in enumerate(reading.view) if char == "\n"}
    return np.array(sorted(starts), dtype=np.int64)


def _breaks(reading: Reading, offsets: np.ndarray) -> np.ndarray:
    import numpy as np

    starts = starts_of(reading)
    breaks = np.zeros(len(offsets), dtype=bool)
    if len(offsets) > 1 and len(starts):
        stretch = np.searchsorted(starts, offsets[:, 0], side="right")
        breaks[1:] = stretch[1:] != stretch[:-1]
    return breaks


def _mentions(reading: Reading, offsets: np.ndarray) -> np.ndarray:
    import numpy as np

    found = [mention for mention in reading.cast.mentions if mention.actor >= 0]
    if not found or not len(offsets):
        return np.zeros((0, 3), dtype=np.int64)
    start, end, actor = np.array([(mention.start, mention.end, mention.actor) for mention in found], dtype=np.int64).T
    first, last = np.searchsorted(offsets[:, 1], start, side="right"), np.searchsorted(offsets[:, 0], end, side="left") - 1
    kept = last >= first
    return np.stack([first[kept], last[kept], actor[kept]], 1)


def _shape(word: str) -> int:
    if word.islower():
        return 1
    if word.isupper() and len(word) > 1:
        return 2
    return 3 if word[:1].isupper() else 4
