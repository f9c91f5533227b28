"""Words and spans as rows of a sparse matrix: what the linear tagger sees.

Each feature is a number of 32 bits, mixed from what it is about (the word two to the left, the pair, the last cue …) and its value, so that
no table of words has to be kept; `Columns` then says which of them a model knows. All of it is done on whole arrays: a word costs
microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from voicenlp.records import Span
from voicenlp.taggers.features import FEATURES, characters, starts_of
from voicenlp.taggers.rules import RuleTagger
from voicenlp.text.reading import Reading

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Columns", "Rows", "Words", "span_rows", "word_rows", "words_of"]

WINDOW = 3
"""Words to each side that a word's row tells of."""
BEFORE, AFTER = 10, 5
"""Words before and after a span that its row tells of."""
_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
_AT = {name: at for at, name in enumerate(FEATURES)}
_KNOWN = len(FEATURES)
_FAR = 12  # words; what is further away is as good as not there


@dataclass(frozen=True)
class Words:
    """The words of a note.

    Attributes
    ----------
    offsets : ndarray of int64, shape (words, 2)
        Characters of the note.
    forms, ends : ndarray of uint64, shape (words,)
        Hash of the word in lower case, and of its last three letters.
    known : ndarray of int64, shape (words, len(FEATURES))
        What the people resolver, the segmenter and the rules know of it.
    breaks : ndarray of bool, shape (words,)
        Where a sentence or line begins.
    """

    offsets: np.ndarray
    forms: np.ndarray
    ends: np.ndarray
    known: np.ndarray
    breaks: np.ndarray

    def __len__(self) -> int:
        return len(self.forms)


@dataclass(frozen=True)
class Rows:
    """Features of several rows: ``codes`` of row ``n`` are ``codes[bounds[n]:bounds[n + 1]]``."""

    codes: np.ndarray
    bounds: np.ndarray

    def __len__(self) -> int:
        return len(self.bounds) - 1


class Columns:
    """Which features a model knows, each with its column.

    Parameters
    ----------
    codes : ndarray of uint32, shape (columns,)
        In order, none twice.
    """

    def __init__(self, codes: np.ndarray) -> None:
        self.codes = codes

    @classmethod
    def seen(cls, parts: Sequence[Rows], least: int = 2) -> Columns:
        """Keep the features that stand in at least ``least`` rows; what is seen once tells nothing of other notes."""
        import numpy as np

        codes, counts = np.unique(np.concatenate([part.codes for part in parts]), return_counts=True)
        return cls(codes[counts >= least])

    def matrix(self, parts: Sequence[Rows]) -> Any:
        """Return rows as a sparse matrix of float32, shape (rows, columns); features that are not known are left out."""
        import numpy as np
        from scipy.sparse import csr_matrix

        shape = (sum(map(len, parts)), len(self.codes))
        if not shape[0] or not shape[1]:
            return csr_matrix(shape, dtype=np.float32)
        codes = np.concatenate([part.codes for part in parts])
        lengths = np.concatenate([np.diff(part.bounds) for part in parts])
        place = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        known = self.codes[place] == codes
        row = np.repeat(np.arange(shape[0]), lengths)[known]
        bounds = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=shape[0]))])
        matrix = csr_matrix((np.ones(int(known.sum()), dtype=np.float32), place[known].astype(np.int32), bounds), shape=shape)
        matrix.sum_duplicates()
        return matrix


class _Told(RuleTagger):
    """The rules, with what they said of a note: they need not be asked twice."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = list(spans)

    def tag_reading(self, reading: Reading) -> list[Span]:
        return self.spans


def words_of(reading: Reading, ruled: Sequence[Span]) -> Words:
    """Return the words of a note with what is known of each.

    Parameters
    ----------
    reading : Reading
    ruled : sequence of Span
        What the rules see in it.

    Examples
    --------
    >>> from voicenlp.records import Note
    >>> from voicenlp.text.reading import read
    >>> words = words_of(read(Note("n1", "Mum rang. She's upset.")), [])
    >>> words.offsets.tolist(), words.breaks.tolist()
    ([[0, 3], [4, 8], [8, 9], [10, 15], [16, 21], [21, 22]], [False, False, False, True, False, False])
    """
    import numpy as np

    view = reading.view
    offsets = np.array([match.span() for match in _WORD.finditer(view)], dtype=np.int64).reshape(-1, 2)
    forms = [view[a:b].lower() for a, b in offsets.tolist()]
    known = characters(reading, _Told(ruled))[offsets[:, 0]].astype(np.int64) if forms else np.zeros((0, _KNOWN), dtype=np.int64)
    breaks = np.zeros(len(forms), dtype=bool)
    starts = starts_of(reading)
    if forms and len(starts):
        stretch = np.searchsorted(starts, offsets[:, 0], side="right")
        breaks[1:] = stretch[1:] != stretch[:-1]
    hashes = np.array([_hash(form) for form in forms], dtype=np.uint64)
    ends = np.array([_hash(form[-3:]) for form in forms], dtype=np.uint64)
    return Words(offsets, hashes, ends, known, breaks)


@lru_cache(maxsize=100_000)
def _hash(word: str) -> int:
    from sklearn.utils import murmurhash3_32

    return int(murmurhash3_32(word.encode("utf-8", "surrogatepass"), seed=0, positive=True))


def _mixed(template: int, values: Any) -> np.ndarray:
    """Return the features of a template (a number that no other has) for an array of values."""
    import numpy as np

    mixed = np.asarray(values).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(template * 0xBF58476D1CE4E5B9 % 2**64)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0x94D049BB133111EB)
    return (mixed >> np.uint64(32)).astype(np.uint32)


def word_rows(words: Words) -> Rows:
    """Return the features of each word: itself and its neighbours, what is known of them, and what stands before it in its sentence."""
    import numpy as np

    count = len(words)
    if not count:
        return Rows(np.zeros(0, dtype=np.uint32), np.zeros(1, dtype=np.int64))
    index = np.arange(count)
    everywhere = np.ones(count, dtype=bool)
    blocks: list[tuple[np.ndarray, np.ndarray]] = [(_mixed(0, np.zeros(count)), everywhere)]
    known = words.known
    for step in range(-WINDOW, WINDOW + 1):
        near, there = np.clip(index + step, 0, count - 1), (index + step >= 0) & (index + step < count)
        blocks.append((_mixed(10 + step, words.forms[near]), there))
        if step in (-1, 0, 1):
            blocks.append((_mixed(20 + step, words.ends[near]), there))
        if step in (-2, -1, 0, 1):
            for column in range(_KNOWN):
                value = known[near, column]
                blocks.append((_mixed(100 + column * 10 + step, value), there & (value > 0)))
    last = np.maximum(index - 1, 0)
    after = np.minimum(index + 1, count - 1)
    blocks.append((_mixed(30, words.forms[last] * np.uint64(31) + words.forms), index > 0))
    blocks.append((_mixed(31, words.forms * np.uint64(31) + words.forms[after]), index < count - 1))
    blocks.append((_mixed(32, index * 0), words.breaks | (index == 0)))
    blocks.append((_mixed(33, index * 0), np.append(words.breaks[1:], True)))
    begin = np.maximum.accumulate(np.where(words.breaks, index, 0))
    blocks.append((_mixed(34, words.forms[begin]), everywhere))
    blocks.append((_mixed(35, np.minimum(index - begin, _FAR)), everywhere))
    cue, far = _latest(known[:, _AT["cue"]], begin)
    who, _ = _latest(known[:, _AT["who"]], begin)
    blocks.append((_mixed(36, cue * 100 + far), cue > 0))
    blocks.append((_mixed(37, cue * 100 + who), everywhere))
    blocks.append((_mixed(38, known[:, _AT["rule"]] * 100 + cue), everywhere))
    blocks.append((_mixed(39, (known[:, _AT["kind"]] * 20 + known[:, _AT["asks"]]) * 20 + known[:, _AT["label"]]), everywhere))
    codes = np.stack([codes for codes, _ in blocks], axis=1)
    there = np.stack([there for _, there in blocks], axis=1)
    return Rows(codes[there], np.concatenate([[0], np.cumsum(there.sum(1))]))


def _latest(values: np.ndarray, begin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each word, the last value above 0 before it in its sentence and how many words ago; 0 and `_FAR` without one."""
    import numpy as np

    index = np.arange(len(values))
    at = np.maximum.accumulate(np.where(values > 0, index, -1))
    at = np.concatenate([[-1], at[:-1]])
    found = at >= begin
    return np.where(found, values[at], 0), np.where(found, np.minimum(index - at, _FAR), _FAR)


def span_rows(words: Words, spans: Sequence[tuple[int, int]]) -> Rows:
    """Return the features of spans, given by first and last word: their words and pairs, what stands around them, who is near.

    Examples
    --------
    >>> from voicenlp.records import Note
    >>> from voicenlp.text.reading import read
    >>> words = words_of(read(Note("n1", "Mum feels tired.")), [])
    >>> len(span_rows(words, [(1, 2), (2, 2)]))
    2
    """
    import numpy as np

    rows = [np.unique(_about(words, first, last)) for first, last in spans]
    codes = np.concatenate(rows) if rows else np.zeros(0, dtype=np.uint32)
    return Rows(codes, np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64))


def _about(words: Words, first: int, last: int) -> np.ndarray:
    import numpy as np

    inside = words.forms[first : last + 1]
    before, after = words.forms[max(0, first - BEFORE) : first], words.forms[last + 1 : last + 1 + AFTER]
    parts = [_mixed(50, inside), _mixed(51, inside[:-1] * np.uint64(31) + inside[1:]), _mixed(52, before), _mixed(53, after)]
    parts += [_mixed(54, before[-1:]), _mixed(55, before[-2:-1]), _mixed(56, inside[:1]), _mixed(57, after[:1])]
    parts.append(_mixed(58, [min(last - first, 25) // 3]))
    for place, at in enumerate((first - 1, first, last, last + 1)):
        if 0 <= at < len(words):
            for column in np.flatnonzero(words.known[at]).tolist():
                parts.append(_mixed(300 + column * 10 + place, words.known[at, column : column + 1]))
    told = words.known[first : last + 1]
    for at in (_AT["rule_speaker"], _AT["rule"], _AT["quoted"]):
        parts.append(_mixed(60 + at, np.unique(told[:, at])))
    parts += _near(words, first, last)
    return np.concatenate(parts)


def _near(words: Words, first: int, last: int) -> list[np.ndarray]:
    """Return who is mentioned near a span, nearest first, and with which cue between."""
    import numpy as np

    who = words.known[:, _AT["who"]]
    floor = max(0, first - 40)
    begin = floor + int(np.flatnonzero(words.breaks[floor : first + 1])[-1]) if words.breaks[floor : first + 1].any() else floor
    cues = words.known[begin:first, _AT["cue"]]
    cue = int(cues[cues > 0][-1]) if (cues > 0).any() else 0
    here = _others(who[begin:first][::-1])
    earlier = _others(who[floor:begin][::-1])
    behind = _others(who[last + 1 : last + 1 + AFTER])
    own = _others(who[first : last + 1])
    parts = [_mixed(80 + at, [one]) for at, one in enumerate(here[:3])]
    parts += [_mixed(84 + at, [one]) for at, one in enumerate(earlier[:3])]
    parts += [_mixed(88, behind[:1]), _mixed(89, own[:2])]
    parts.append(_mixed(90, [(here[0] if here else 0) * 100 + cue]))
    parts.append(_mixed(91, [(here[-1] if here else 0) * 100 + cue]))
    if not here:
        parts.append(_mixed(92, [(earlier[0] if earlier else 0) * 100 + cue]))
    return parts


def _others(values: np.ndarray) -> list[int]:
    """Return the values above 0, each once, in order."""
    return [value for value in dict.fromkeys(values.tolist()) if value]
