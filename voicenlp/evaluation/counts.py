"""Counts behind every measure: of one record, what was right, what the gold holds, what was predicted.

Every measure of a set of records is made of three sums, so the counts of each record are all that a bootstrap over records needs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from voicenlp.evaluation.matching import Match, covered, match_spans
from voicenlp.evaluation.mistakes import Mistake, find_mistakes
from voicenlp.evaluation.people import same_name, same_person
from voicenlp.records import Span

__all__ = ["Compared", "Key", "compare"]

ELEMENTS = ("voice", "space", "audience", "influence")
_SINGLE: Mapping[str, tuple[str, ...]] = {
    "voice": ("channel", "verbatim", "via", "challenge"),
    "space": ("given", "how"),
    "audience": (),
    "influence": ("outcome",),
}


class Key(NamedTuple):
    """Name of a measure.

    ``part`` is ``spans`` (``name`` an element), ``speakers`` (``name`` element and role, parted by a space) or ``attributes`` (``name``
    the attribute). ``share`` tells a share of matched pairs from a measure of precision and recall.
    """

    part: str
    name: str
    measure: str
    share: bool = False


@dataclass(frozen=True)
class Compared:
    """One record, gold beside prediction.

    Attributes
    ----------
    counts : dict of Key to list of int
        Right, gold and predicted.
    scores : list of tuple
        Score of each predicted span, and whether it was matched with the speaker right.
    speakers : Counter
        Pairs of gold and predicted speaker on matched spans.
    mistakes : list of Mistake
    """

    counts: dict[Key, list[int]]
    scores: list[tuple[float, bool]]
    speakers: Counter[tuple[str, str]]
    mistakes: list[Mistake]


def compare(note_id: str, gold: Sequence[Span], pred: Sequence[Span], people: Sequence[Mapping[str, Any]] = ()) -> Compared:
    """Count, for one record, all that the measures are made of.

    Examples
    --------
    >>> found = compare("n1", [Span("voice", 0, 10, "child")], [Span("voice", 0, 8, "child"), Span("voice", 20, 24, "parent")])
    >>> found.counts[Key("spans", "voice", "iou")], found.counts[Key("spans", "voice", "characters")]
    ([1, 1, 2], [8, 10, 12])
    """
    counts: dict[Key, list[int]] = {}

    def add(key: Key, right: int, in_gold: int, in_pred: int) -> None:
        sums = counts.setdefault(key, [0, 0, 0])
        for position, value in enumerate((right, in_gold, in_pred)):
            sums[position] += value

    matches = match_spans(gold, pred, "iou")
    exact = match_spans(gold, pred, "exact")
    for element in sorted({span.element for span in (*gold, *pred)}):
        own = [match for match in matches if gold[match.gold].element == element]
        golds, preds = sum(span.element == element for span in gold), sum(span.element == element for span in pred)
        in_gold, in_pred = covered(gold, element), covered(pred, element)
        for name in (element, "all"):
            add(Key("spans", name, "exact"), sum(gold[match.gold].element == element for match in exact), golds, preds)
            add(Key("spans", name, "iou"), len(own), golds, preds)
            add(Key("spans", name, "characters"), len(in_gold & in_pred), len(in_gold), len(in_pred))
            add(Key("spans", name, "speaker"), sum(gold[one.gold].speaker == pred[one.pred].speaker for one in own), golds, preds)
    for span in gold:
        for name in (span.element, "all"):
            add(Key("speakers", f"{name} {span.speaker}", "speaker"), 0, 1, 0)
    for span in pred:
        for name in (span.element, "all"):
            add(Key("speakers", f"{name} {span.speaker}", "speaker"), 0, 0, 1)
    right: set[int] = set()
    for match in matches:
        one, other = gold[match.gold], pred[match.pred]
        if one.speaker == other.speaker:
            right.add(match.pred)
            for name in (one.element, "all"):
                add(Key("speakers", f"{name} {one.speaker}", "speaker"), 1, 0, 0)
        for key, hit, in_gold_, in_pred_ in _attributes(one, other, people):
            add(key, hit, in_gold_, in_pred_)
    for key, hit, in_gold_, in_pred_ in _links(gold, pred, matches):
        add(key, hit, in_gold_, in_pred_)
    return Compared(
        counts,
        [(span.score, number in right) for number, span in enumerate(pred)],
        Counter((gold[match.gold].speaker, pred[match.pred].speaker) for match in matches),
        find_mistakes(note_id, gold, pred, matches, people),
    )


def _attributes(one: Span, other: Span, people: Sequence[Mapping[str, Any]]) -> list[tuple[Key, int, int, int]]:
    out = [(_share("speaker", "right"), int(one.speaker == other.speaker), 1, 1)]
    if one.person:
        out.append((_share("person", "same name"), int(same_name(one.person, other.person)), 1, 1))
        out.append((_share("person", "same person"), int(same_person(one, other, people)), 1, 1))
    if one.element == "voice":
        for name in ("expression", "themes"):
            expected, found = getattr(one, name), getattr(other, name)
            if expected:  # else the gold says nothing about it
                out.append((_share(name, "exact set"), int(set(expected) == set(found)), 1, 1))
                out.append((_share(name, "first label"), int(expected[0] == (found[0] if found else None)), 1, 1))
                out += _labels(name, set(expected), set(found), "labels")
    for name in _SINGLE.get(one.element, ()):
        expected, found = _label(getattr(one, name)), _label(getattr(other, name))
        if expected or name == "via":  # an empty `via` says that nobody relayed it
            out.append((_share(name, "right"), int(expected == found), 1, 1))
            out += _labels(name, {expected} - {""}, {found} - {""}, "relayed" if name == "via" else None)
    return out


def _labels(name: str, expected: set[str], found: set[str], together: str | None) -> list[tuple[Key, int, int, int]]:
    every = expected | found
    out = [
        (Key("attributes", name, f"label {one}"), int(one in expected and one in found), int(one in expected), int(one in found))
        for one in every
    ]
    return out + ([(Key("attributes", name, together), len(expected & found), len(expected), len(found))] if together else [])


def _links(gold: Sequence[Span], pred: Sequence[Span], matches: Sequence[Match]) -> list[tuple[Key, int, int, int]]:
    """Links of influence to voice: once between matched spans alone, once over all."""
    partner = {match.pred: match.gold for match in matches}
    matched = set(partner.values())
    in_gold, in_pred = _answers(gold), _answers(pred)
    translated = {(partner[span], partner[voice]) for span, voice in in_pred if span in partner and voice in partner}
    possible = {(span, voice) for span, voice in in_gold if span in matched and voice in matched}
    out = []
    if possible or translated:
        out.append((Key("attributes", "links", "between matched"), len(possible & translated), len(possible), len(translated)))
    if in_gold or in_pred:
        out.append((Key("attributes", "links", "all"), len(in_gold & translated), len(in_gold), len(in_pred)))
    return out


def _answers(spans: Sequence[Span]) -> set[tuple[int, int]]:
    """Positions of influence and voice, for every link to a voice that is there."""
    place = {span.span_id: number for number, span in enumerate(spans) if span.element == "voice" and span.span_id}
    return {
        (number, place[voice]) for number, span in enumerate(spans) if span.element == "influence" for voice in span.of if voice in place
    }


def _share(name: str, measure: str) -> Key:
    return Key("attributes", name, measure, share=True)


def _label(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
