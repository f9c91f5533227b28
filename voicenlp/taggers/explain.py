"""Why a span was tagged: the words that drove it, found by hiding them one at a time, and the rules that see something there too.

A neural tagger is asked again with a word hidden; what its answers lose is the word's weight. Nothing but the model itself is needed. A
word's own features are hidden with it; what the text layer drew from it for other words (whom a pronoun stands for, where a rule sees a
voice) stays, so a word that works through these weighs less than it should.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from voicenlp.errors import ModelError, UsageError
from voicenlp.records import Note, Person, Span
from voicenlp.taggers.base import Tagger
from voicenlp.taggers.decoding import TAGS, log_softmax, span_means
from voicenlp.taggers.features import Encoded, encode
from voicenlp.taggers.heads import ELEMENTS, INNER
from voicenlp.taggers.models import DEFAULT_MODEL, open_tagger
from voicenlp.taggers.neural import NeuralTagger
from voicenlp.taggers.rules import RuleTagger
from voicenlp.text.reading import Reading, read

if TYPE_CHECKING:
    import numpy as np

__all__ = ["LEAST", "REACH", "Explanation", "Weights", "explain", "explanations"]

REACH = 60
"""Words on each side of a span that are looked at."""
LEAST = 0.05
"""A word that takes a twentieth off the chance, or less, is shown to nobody."""

Weights = tuple[tuple[int, int, float], ...]
"""Start, end and weight of words, in reading order."""

_WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]+")  # signs are words of their own: a quotation mark tells much
_CONTEXT = 192  # tokens that are read each time, where the words in reach are not more
_AT_ONCE = 32  # notes that are held in memory at once
_ALONE = 36  # up to so many words are hidden one by one from the start; of more, first groups, then the words of the groups that matter
_GROUP = 6
_FINE = 3  # groups, for tags and speaker, inside and outside of the span each
_HIDING = ("[MASK]", "<mask>", "[UNK]", "<unk>")
_SHOWN = 0.1  # least share of the strongest word's weight that is marked


@dataclass(frozen=True, slots=True)
class Explanation:
    """What drove a span; it holds offsets and no words.

    Attributes
    ----------
    span : Span
    words : tuple of (int, int, float)
        Start, end and weight of each word and sign around the span: by how much the log-chance (natural logarithm) of the span's tags falls
        when it is hidden. Below 0 where the word speaks against the span. Empty for a tagger that is not neural.
    speaker_words : tuple of (int, int, float)
        The same for the log-chance of its speaker.
    rules : tuple of Span
        What the rules see there, those that agree first; ``tagger`` names the rule (``rules:indirect.said``).
    """

    span: Span
    words: Weights = ()
    speaker_words: Weights = ()
    rules: tuple[Span, ...] = ()

    def agrees(self, rule: Span) -> bool:
        """Return whether a rule sees the same element of the same speaker.

        Examples
        --------
        >>> Explanation(Span("voice", 4, 20, "child")).agrees(Span("voice", 4, 12, "parent"))
        False
        """
        return (rule.element, rule.speaker) == (self.span.element, self.span.speaker)

    def plain(self, text: str, most: int = 5) -> str:
        """Return it in a few lines of plain text.

        Parameters
        ----------
        text : str
            The note's text.
        most : int
            Words of each kind.

        Raises
        ------
        UsageError
            If the text is too short to be the note's.

        Examples
        --------
        >>> told = Explanation(Span("voice", 9, 21, "parent"), ((0, 3, 0.2), (4, 8, 2.31), (21, 22, -0.4)), ((0, 3, 3.0), (4, 8, 0.0)))
        >>> print(told.plain("Mum said she is tired!"))
        voice, parent, 9 to 21: she is tired
          drawn from: said (at 4) 2.31, Mum (at 0) 0.20
          against it: ! (at 21) -0.40
          whose it is from: Mum (at 0) 3.00
          no rule sees anything here
        """
        self._check(text)
        span = self.span
        lines = [f"{span.element}, {span.speaker}, {span.start} to {span.end}: {_short(text[span.start : span.end])}"]
        for title, against, words in self._parts():
            for name, sign in ((title, 1), (against, -1)):
                strongest = _strongest(words, most, sign)
                if strongest or sign > 0:
                    told = ", ".join(f"{_short(text[start:end])} (at {start}) {weight:.2f}" for start, end, weight in strongest)
                    lines.append(f"  {name}: {told or 'no single word'}")
        lines += [f"  {told}" for told in self._told_rules()]
        return "\n".join(lines)

    def html(self, text: str, most: int = 5) -> str:
        """Return it as a piece of HTML: the words around the span, with marks that are the stronger the more a word weighs.

        Parameters
        ----------
        text : str
            The note's text; it is escaped.
        most : int
            Words of each kind that are listed below the marked text.

        Raises
        ------
        UsageError
            If the text is too short to be the note's.

        Examples
        --------
        >>> told = Explanation(Span("voice", 9, 21, "parent"), ((0, 3, 0.1), (4, 8, 2.0), (9, 12, 0.5)))
        >>> told.html("Mum said she is <ok> ").count("<mark")
        2
        """
        self._check(text)
        span = self.span
        head = f"<strong>{escape(span.element)}</strong>, {escape(span.speaker)}, {span.start} to {span.end}"
        out = ['<section class="voicenlp-explanation">', f"<p>{head}</p>"]
        parts = self._parts()
        if not parts:
            out.append(f'<p style="white-space:pre-wrap"><u>{_escaped(text[span.start : span.end])}</u></p>')
        for title, against, words in parts:
            out.append(f'<p style="white-space:pre-wrap"><em>{title}:</em> {_marked(text, span, words)}</p>')
            for name, sign in ((title, 1), (against, -1)):
                if strongest := _strongest(words, most, sign):
                    told = ", ".join(f"{_escaped(text[start:end])} {weight:.2f}" for start, end, weight in strongest)
                    out.append(f"<p>{name}: {told}</p>")
        rules = [f"<li>{escape(told)}</li>" for told in self._told_rules()]
        return "\n".join([*out, "<ul>", *rules, "</ul>", "</section>"])

    def _parts(self) -> list[tuple[str, str, Weights]]:
        parts = [("drawn from", "against it", self.words), ("whose it is from", "against that", self.speaker_words)]
        return [part for part in parts if part[2]]

    def _told_rules(self) -> list[str]:
        out = []
        for rule in self.rules:
            where = f"{rule.element}, {rule.speaker}, {rule.start} to {rule.end}"
            out.append(f"{rule.tagger} {'agrees' if self.agrees(rule) else 'sees something else'}: {where}")
        return out or ["no rule sees anything here"]

    def _check(self, text: str) -> None:
        last = max([self.span.end, *(end for _, end, _ in (*self.words, *self.speaker_words))])
        if last > len(text):
            raise UsageError(f"the text is not that of the note: it has {len(text)} characters, and a word ends at {last}")


def explain(
    note: Note, span: Span, model: str | Path | Tagger = DEFAULT_MODEL, roster: Iterable[Person] = (), reach: int = REACH
) -> Explanation:
    """Return what drove a span of a note.

    Parameters
    ----------
    note : Note
    span : Span
        One that the model tagged, or any other whose chances are to be looked into.
    model : str, Path or Tagger
        Name or folder of the model, or an opened tagger.
    roster : iterable of Person
        The people in this child's life, as they were given when the note was tagged.
    reach : int
        Words on each side of the span that are looked at; signs count as words.

    Returns
    -------
    Explanation
        With weights of words for a neural tagger, and with the rules that overlap the span for any.

    Raises
    ------
    ModelError
        If there is no such model, or its tokeniser has nothing to hide a word with.
    UsageError
        If the span does not lie in the note, or is none that the model knows.

    Examples
    --------
    >>> note = Note("n1", "Mum said Ava wants to live with her dad.")
    >>> told = explain(note, Span("voice", 13, 39, "child"), "rules")
    >>> [(rule.tagger, told.agrees(rule)) for rule in told.rules]
    [('rules:nested.wanted', True)]
    """
    tagger = open_tagger(model) if isinstance(model, str | Path) else model
    own = (tagger.headings, tagger.words) if isinstance(tagger, RuleTagger) else ()
    reading = read(note, roster, *own)
    return next(explanations(reading, [span], tagger, reach))


def explanations(reading: Reading, spans: Iterable[Span], tagger: Tagger, reach: int = REACH) -> Iterator[Explanation]:
    """Yield what drove each of a note's spans; the note is read once.

    Of some dozens of words, each is hidden alone. Where there are more, groups of neighbours are hidden first, and then one by one the
    words of the groups that count most; in the others each word has an equal part of its group's weight. So a span of usual length takes some
    sixty to a hundred passes over a short stretch, whatever the length of the note.

    Parameters
    ----------
    reading : Reading
    spans : iterable of Span
    tagger : Tagger
    reach : int

    Raises
    ------
    ModelError, UsageError
        As `explain`.
    """
    if reach < 0:
        raise UsageError(f"reach must be 0 or more, not {reach}")
    rules = tagger if isinstance(tagger, RuleTagger) else getattr(tagger, "rules", None) or RuleTagger()
    ruled = rules.tag_reading(reading)
    encoded = encode(reading, tagger.tokenizer, rules) if isinstance(tagger, NeuralTagger) else None
    for span in spans:
        if not 0 <= span.start < span.end <= len(reading.view):
            raise UsageError(f"the span {span.start} to {span.end} does not lie in the note, which has {len(reading.view)} characters")
        told = Explanation(span)
        overlapping = [rule for rule in ruled if rule.start < span.end and span.start < rule.end]
        overlapping.sort(key=lambda rule: (not told.agrees(rule), rule.element != span.element, rule.start))
        told = replace(told, rules=tuple(overlapping))
        if encoded is not None and isinstance(tagger, NeuralTagger):
            words, speaker_words = _Hiding(tagger, encoded, span).weights(reading.view, reach)
            told = replace(told, words=words, speaker_words=speaker_words)
        yield told


class _Hiding:
    """Asks a tagger for the chances of one span, again and again, with other words hidden."""

    def __init__(self, tagger: NeuralTagger, encoded: Encoded, span: Span) -> None:
        self.tagger, self.encoded, self.span = tagger, encoded, span
        if span.element not in ELEMENTS:
            raise UsageError(f"{span.element!r} is no element that the model tags")
        self.head = "speaker" if span.element == "voice" else "whose"
        if span.speaker not in tagger.heads.values[self.head]:
            raise UsageError(f"{span.speaker!r} is no speaker that the model knows")
        self.mask = next((number for one in _HIDING if (number := tagger.tokenizer.token_to_id(one)) is not None), None)
        if self.mask is None:
            raise ModelError(f"{tagger.name}: its tokeniser has neither a mask nor a sign for unknown words, so that no word can be hidden")
        self.first, self.last = _tokens(encoded, span.start, span.end)
        if self.last < self.first:
            raise UsageError(f"the span {span.start} to {span.end} holds no word that the model reads")
        self.layers = (span.element, INNER) if span.element == "voice" else (span.element,)

    def weights(self, view: str, reach: int) -> tuple[Weights, Weights]:
        """Return the weights of the words around the span, for its tags and for its speaker."""
        import numpy as np

        words, places, inside = [], [], []
        for start, end in _around(view, self.span, reach):
            first, last = _tokens(self.encoded, start, end)
            if first <= last:  # what the tokeniser drops drives nothing
                words.append((start, end))
                places.append((first, last))
                inside.append(start < self.span.end and self.span.start < end)
        self._cut(min([self.first, *(first for first, _ in places)]), max([self.last, *(last for _, last in places)]) + 1)
        places = [(first - self.begin, last - self.begin) for first, last in places]
        whole = self._chances([[]])[0]
        self.layers = (self.layers[int(whole[:-1].argmax())],)  # a voice inside a voice has tags of its own
        before = np.array([whole[:-1].max(), whole[-1]])
        groups = _groups(inside)
        falls = before - self._chances([[places[at] for at in group] for group in groups])
        weights = np.zeros((len(words), 2))
        for group, fall in zip(groups, falls, strict=True):
            weights[group] = fall / len(group)
        alone = [at for group in _telling(groups, falls, inside) for at in group]
        if alone:
            weights[alone] = before - self._chances([[places[at]] for at in alone])
        tags, whose = (tuple((*word, float(weight)) for word, weight in zip(words, column, strict=True)) for column in weights.T)
        return tags, whose

    def _cut(self, begin: int, end: int) -> None:
        """Keep the tokens that are read each time: those in reach, and on both sides what makes them up to `_CONTEXT`."""
        import numpy as np

        count = len(self.encoded.ids)
        more = max(0, _CONTEXT - (end - begin))
        begin = max(0, begin - (more + 1) // 2)
        end = min(count, max(end + more // 2, begin + _CONTEXT))
        begin = max(0, min(begin, end - _CONTEXT))
        one = self.encoded
        ids, offsets, features, breaks = (part[begin:end] for part in (one.ids, one.offsets, one.features, one.breaks))
        mentions = np.zeros((0, 3), dtype=np.int64)  # only who is meant is read from them
        self.cut = replace(one, ids=ids, offsets=offsets, features=features, breaks=breaks, mentions=mentions)
        self.begin, self.at = begin, (self.first - begin, self.last - begin)

    def _chances(self, hidden: Sequence[Sequence[tuple[int, int]]]) -> np.ndarray:
        """Return log-chances of the span's tags in each layer, and of its speaker last, for each choice of hidden tokens."""
        import numpy as np

        first, last = self.at
        path = [TAGS.index("S")] if first == last else [TAGS.index("B"), *[TAGS.index("I")] * (last - first - 1), TAGS.index("E")]
        heads = self.tagger.heads
        speaker = heads.values[self.head].index(self.span.speaker)
        rows = []
        for begin in range(0, len(hidden), _AT_ONCE):
            for answers in self.tagger.answers([self._hide(places) for places in hidden[begin : begin + _AT_ONCE]]):
                stretch = answers[first : last + 1]
                tags = [log_softmax(stretch[:, heads.slices[f"tags.{layer}"]]) for layer in self.layers]
                mean = span_means(answers, [(first, last)])[0]
                whose = log_softmax(mean[heads.slices[self.head]])[speaker]
                rows.append([*(float(one[np.arange(len(path)), path].sum()) for one in tags), float(whose)])
        return np.array(rows).reshape(len(hidden), len(self.layers) + 1)

    def _hide(self, places: Sequence[tuple[int, int]]) -> Encoded:
        ids, features = self.cut.ids.copy(), self.cut.features.copy()
        for first, last in places:
            ids[first : last + 1] = self.mask
            features[first : last + 1] = 0
        return replace(self.cut, ids=ids, features=features)


def _tokens(encoded: Encoded, start: int, end: int) -> tuple[int, int]:
    """Return the first and last token of a stretch of characters; the last stands before the first where there is none."""
    import numpy as np

    first = int(np.searchsorted(encoded.offsets[:, 1], start, side="right"))
    return first, int(np.searchsorted(encoded.offsets[:, 0], end, side="left")) - 1


def _around(view: str, span: Span, reach: int) -> list[tuple[int, int]]:
    """Return start and end of the words of a span and of up to ``reach`` words on each side."""
    words = [match.span() for match in _WORD.finditer(view)]
    first = sum(end <= span.start for _, end in words)
    last = sum(start < span.end for start, _ in words)
    return words[max(0, first - reach) : last + reach]


def _groups(inside: Sequence[bool]) -> list[list[int]]:
    """Return the words to be hidden together: each alone where there are few; no group reaches over an edge of the span."""
    size = 1 if len(inside) <= _ALONE else _GROUP
    out: list[list[int]] = []
    for at, within in enumerate(inside):
        if out and len(out[-1]) < size and inside[out[-1][0]] == within:
            out[-1].append(at)
        else:
            out.append([at])
    return out


def _telling(groups: Sequence[list[int]], falls: np.ndarray, inside: Sequence[bool]) -> list[list[int]]:
    """Return the groups of several words that change tags or speaker most, inside and outside of the span."""
    kept: set[int] = set()
    for within in (False, True):
        here = [at for at, group in enumerate(groups) if len(group) > 1 and inside[group[0]] == within]
        for column in range(falls.shape[1]):
            kept |= set(sorted(here, key=lambda at: -abs(falls[at, column]))[:_FINE])
    return [groups[at] for at in sorted(kept)]


def _strongest(words: Weights, most: int, sign: int = 1) -> list[tuple[int, int, float]]:
    """Return the words that weigh most for a span, or with ``sign`` -1 against it, the strongest first."""
    kept = [word for word in words if sign * word[2] >= LEAST]
    return sorted(kept, key=lambda word: (-sign * word[2], word[0]))[:most]


def _marked(text: str, span: Span, words: Weights) -> str:
    """Return the text from the first to the last word as HTML, the words marked by weight and the span underlined."""
    top = max(LEAST, *(abs(weight) for _, _, weight in words))
    begin, end = min(span.start, words[0][0]), max(span.end, words[-1][1])
    weight_at = {at: weight for start, stop, weight in words for at in range(start, stop)}
    edges = {begin, end, span.start, span.end, *(edge for start, stop, _ in words for edge in (start, stop))}
    ordered = sorted(edge for edge in edges if begin <= edge <= end)
    out = []
    for start, stop in pairwise(ordered):
        if start == span.start:
            out.append("<u>")
        weight = weight_at.get(start, 0.0)
        shown = _escaped(text[start:stop])
        if abs(weight) >= max(LEAST, _SHOWN * top):
            kind, colour = ("for", "255,190,0") if weight > 0 else ("against", "90,150,255")
            style = f"color:inherit;background:rgba({colour},{abs(weight) / top:.2f})"
            shown = f'<mark class="{kind}" title="{weight:.2f}" style="{style}">{shown}</mark>'
        out.append(shown)
        if stop == span.end:
            out.append("</u>")
    return "".join(out)


def _printable(text: str) -> str:
    """Return text without the signs that would steer a terminal or break a page."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text.replace("\r\n", "\n"))


def _escaped(text: str) -> str:
    return escape(_printable(text))


def _short(text: str, most: int = 80) -> str:
    line = " ".join(_printable(text).split())
    return line if len(line) <= most else line[: most - 1] + "…"
