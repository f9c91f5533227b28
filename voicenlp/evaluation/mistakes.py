"""What went wrong, span by span: by kind, with ids and offsets and never a word of text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from voicenlp.evaluation.matching import Match, match_spans
from voicenlp.evaluation.people import same_person
from voicenlp.records import Span

__all__ = ["KINDS", "Mistake", "find_mistakes"]

KINDS: Mapping[str, str] = {
    "missed": "a gold span that no prediction touches",
    "spurious": "a prediction that touches no gold span",
    "boundary": "they overlap, but by less than half of what they cover together",
    "edges": "matched, but not to the character",
    "merged": "a gold span lies under a prediction that is matched with another",
    "split": "a prediction lies over a gold span that is matched with another",
    "wrong element": "the same place, taken for another element",
    "wrong speaker": "matched, with another speaker",
    "wrong person": "matched, with another person",
    "wrong expression": "matched, with other expressions",
    "wrong themes": "matched, with other themes",
    "wrong channel": "matched, with another channel",
    "wrong verbatim": "matched; one has the person's own words, the other not",
    "wrong via": "matched, relayed by another or by nobody",
    "wrong challenge": "matched; one is a challenge, the other not",
    "wrong given": "matched; one is a chance given, the other not",
    "wrong how": "matched, another way of giving or not giving the chance",
    "wrong outcome": "matched, with another outcome",
    "wrong links": "matched influences that answer other voices",
}
"""Kinds of mistake, and what each means."""

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "voice": ("expression", "themes", "channel", "verbatim", "via", "challenge"),
    "space": ("given", "how"),
    "audience": (),
    "influence": ("outcome",),
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """One difference between gold and prediction.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    note_id, element : str
    gold, pred : tuple of int or None
        Start and end of the spans concerned, in characters; None where there is none.
    expected, found : str
        The values that differ. Empty for persons, whose names are text of the record.
    """

    kind: str
    note_id: str
    element: str
    gold: tuple[int, int] | None
    pred: tuple[int, int] | None
    expected: str = ""
    found: str = ""


def find_mistakes(
    note_id: str,
    gold: Sequence[Span],
    pred: Sequence[Span],
    matches: Sequence[Match],
    people: Sequence[Mapping[str, Any]] = (),
) -> list[Mistake]:
    """List the differences of one record.

    Parameters
    ----------
    note_id : str
    gold, pred : sequence of Span
    matches : sequence of Match
        How they were matched (by intersection over union).
    people : sequence of mapping
        The people of the record, see `same_person`.

    Returns
    -------
    list of Mistake
        In the order of the text. A matched pair may give several.

    Examples
    --------
    >>> gold, pred = [Span("voice", 0, 9, "child")], [Span("voice", 0, 9, "parent"), Span("voice", 20, 30)]
    >>> [(one.kind, one.expected, one.found) for one in find_mistakes("n1", gold, pred, match_spans(gold, pred))]
    [('wrong speaker', 'child', 'parent'), ('spurious', '', 'other')]
    """
    out = [one for match in matches for one in _matched(note_id, gold[match.gold], pred[match.pred], people)]
    out += _links(note_id, gold, pred, matches)
    free_gold = _without(gold, (match.gold for match in matches))
    free_pred = _without(pred, (match.pred for match in matches))
    for kind, pairing in (("boundary", _pair), ("wrong element", _pair_elements)):
        for i, j in pairing(free_gold, free_pred):
            one, other = free_gold.pop(i), free_pred.pop(j)
            value = ("", "") if kind == "boundary" else (one.element, other.element)
            out.append(Mistake(kind, note_id, one.element, _edges(one), _edges(other), *value))
    for one in free_gold.values():
        cover = _toucher(one, pred)
        out.append(
            Mistake("merged" if cover else "missed", note_id, one.element, _edges(one), _edges(cover) if cover else None, one.speaker)
        )
    for one in free_pred.values():
        under = _toucher(one, gold)
        out.append(
            Mistake("split" if under else "spurious", note_id, one.element, _edges(under) if under else None, _edges(one), "", one.speaker)
        )
    return sorted(out, key=lambda one: (one.gold or one.pred or (0, 0), list(KINDS).index(one.kind)))


def _matched(note_id: str, one: Span, other: Span, people: Sequence[Mapping[str, Any]]) -> Iterable[Mistake]:
    at = (note_id, one.element, _edges(one), _edges(other))
    if _edges(one) != _edges(other):
        yield Mistake("edges", *at)
    if one.speaker != other.speaker:
        yield Mistake("wrong speaker", *at, one.speaker, other.speaker)
    if one.person and not same_person(one, other, people):
        yield Mistake("wrong person", *at)
    for name in _FIELDS.get(one.element, ()):
        expected, found = getattr(one, name), getattr(other, name)
        if expected in ((), "", None) and name != "via":
            continue  # the gold says nothing about it; an empty `via` says that nobody relayed it
        if isinstance(expected, tuple):
            if set(expected) != set(found):
                yield Mistake(f"wrong {name}", *at, ",".join(expected), ",".join(found))
        elif expected != found:
            yield Mistake(f"wrong {name}", *at, _word(expected), _word(found))


def _links(note_id: str, gold: Sequence[Span], pred: Sequence[Span], matches: Sequence[Match]) -> Iterable[Mistake]:
    # Only links between matched spans: a voice that was missed or made up is a mistake of its own.
    gold_id = {pred[match.pred].span_id: gold[match.gold].span_id for match in matches if pred[match.pred].span_id}
    known = set(gold_id.values())
    for match in matches:
        one, other = gold[match.gold], pred[match.pred]
        if one.element == "influence" and known & set(one.of) != {gold_id[voice] for voice in other.of if voice in gold_id}:
            yield Mistake("wrong links", note_id, one.element, _edges(one), _edges(other), ",".join(one.of), ",".join(other.of))


def _without(spans: Sequence[Span], used: Iterable[int]) -> dict[int, Span]:
    taken = set(used)
    return {number: span for number, span in enumerate(spans) if number not in taken}


def _pair(gold: Mapping[int, Span], pred: Mapping[int, Span]) -> list[tuple[int, int]]:
    rows, columns = list(gold), list(pred)
    found = match_spans([gold[i] for i in rows], [pred[j] for j in columns], "overlap")
    return [(rows[match.gold], columns[match.pred]) for match in found]


def _pair_elements(gold: Mapping[int, Span], pred: Mapping[int, Span]) -> list[tuple[int, int]]:
    rows, columns = list(gold), list(pred)
    found = match_spans([replace(gold[i], element="") for i in rows], [replace(pred[j], element="") for j in columns], "iou")
    return [(rows[one.gold], columns[one.pred]) for one in found if gold[rows[one.gold]].element != pred[columns[one.pred]].element]


def _toucher(span: Span, others: Sequence[Span]) -> Span | None:
    return next((one for one in others if one.element == span.element and one.start < span.end and span.start < one.end), None)


def _edges(span: Span) -> tuple[int, int]:
    return span.start, span.end


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
