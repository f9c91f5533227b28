"""Matching predicted spans with gold spans, one to one within an element.

Of all one-to-one matchings the one with the greatest overlap in characters is taken, so the result does not depend on the order of the
spans; matchings of equal overlap are told apart by how alike their pairs are in extent and in attributes, the speaker above all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from voicenlp.errors import UsageError
from voicenlp.records import Span

__all__ = ["Basis", "Match", "covered", "match_spans"]

Basis = Literal["exact", "iou", "overlap"]
"""What makes two spans a possible pair: the same edges, enough intersection over union, or a character in common."""

_COMPARED = ("person_id", "person", "expression", "themes", "channel", "verbatim", "via", "challenge", "given", "how", "outcome")


@dataclass(frozen=True, slots=True)
class Match:
    """A pair of spans.

    Attributes
    ----------
    gold, pred : int
        Positions in the two sequences that were matched.
    overlap : int
        Characters in common.
    iou : float
        Characters in common over characters in either, in (0, 1].
    """

    gold: int
    pred: int
    overlap: int
    iou: float


def match_spans(gold: Sequence[Span], pred: Sequence[Span], basis: Basis = "iou", *, threshold: float = 0.5) -> list[Match]:
    """Match the spans of one record one to one.

    Parameters
    ----------
    gold, pred : sequence of Span
        Spans of the same text, in any order.
    basis : {'exact', 'iou', 'overlap'}
        Which pairs are possible.
    threshold : float
        Least intersection over union, for ``'iou'``.

    Returns
    -------
    list of Match
        In the order of ``gold``; only spans of the same element are ever paired.

    Raises
    ------
    UsageError
        If the basis is unknown or the threshold is not in (0, 1].

    Examples
    --------
    >>> gold = [Span("voice", 0, 10), Span("voice", 20, 30)]
    >>> pred = [Span("voice", 2, 12), Span("voice", 19, 22)]
    >>> [(match.gold, match.pred, match.overlap) for match in match_spans(gold, pred)]
    [(0, 0, 8)]
    >>> len(match_spans(gold, pred, "overlap"))
    2
    """
    if basis not in ("exact", "iou", "overlap"):
        raise UsageError(f"unknown basis of matching {basis!r}: exact, iou or overlap")
    if not 0 < threshold <= 1:
        raise UsageError(f"threshold {threshold} is not above 0 and at most 1")
    pairs: dict[tuple[int, int], Match] = {}
    for i, j in _touching(gold, pred):
        overlap = min(gold[i].end, pred[j].end) - max(gold[i].start, pred[j].start)
        union = max(gold[i].end, pred[j].end) - min(gold[i].start, pred[j].start)
        same = overlap == union
        if basis == "overlap" or same or (basis == "iou" and overlap >= threshold * union):
            pairs[i, j] = Match(i, j, overlap, overlap / union)
    chosen = [match for cluster in _clusters(pairs) for match in _best(cluster, gold, pred)]
    return sorted(chosen, key=lambda match: match.gold)


def covered(spans: Iterable[Span], element: str) -> set[int]:
    """Return the positions of all characters inside spans of an element.

    Examples
    --------
    >>> sorted(covered([Span("voice", 0, 2), Span("voice", 1, 3), Span("space", 7, 9)], "voice"))
    [0, 1, 2]
    """
    return {position for span in spans if span.element == element for position in range(span.start, span.end)}


def _touching(gold: Sequence[Span], pred: Sequence[Span]) -> Iterable[tuple[int, int]]:
    """Pairs of the same element with a character in common, found by one sweep along the text."""
    order = sorted(range(len(pred)), key=lambda j: pred[j].start)
    for i, one in enumerate(gold):
        for j in order:
            if pred[j].start >= one.end:
                break
            if pred[j].end > one.start and pred[j].element == one.element:
                yield i, j


def _clusters(pairs: dict[tuple[int, int], Match]) -> list[list[Match]]:
    """Part the possible pairs into groups that share no span, so that each can be solved alone."""
    group_of: dict[tuple[str, int], int] = {}
    groups: dict[int, list[Match]] = {}
    for number, match in enumerate(pairs.values()):
        joined = {group_of[key] for key in (("gold", match.gold), ("pred", match.pred)) if key in group_of}
        members = [match, *(one for group in joined for one in groups.pop(group))]
        groups[number] = members
        for one in members:
            group_of["gold", one.gold] = group_of["pred", one.pred] = number
    return list(groups.values())


def _best(cluster: list[Match], gold: Sequence[Span], pred: Sequence[Span]) -> list[Match]:
    if len(cluster) == 1:
        return cluster
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    rows = sorted({match.gold for match in cluster})
    columns = sorted({match.pred for match in cluster})
    value = np.zeros((len(rows), len(columns)))
    at = {(match.gold, match.pred): match for match in cluster}
    # One character more must outweigh every tie-break of the whole cluster, each of which is below 1 a pair.
    weight = 2.0 * min(len(rows), len(columns))
    for (i, j), match in at.items():
        alike = sum(getattr(gold[i], name) == getattr(pred[j], name) for name in _COMPARED) / len(_COMPARED)
        tie = 0.9 * match.iou + 0.09 * (gold[i].speaker == pred[j].speaker) + 0.009 * alike
        value[rows.index(i), columns.index(j)] = weight * match.overlap + tie
    chosen = zip(*linear_sum_assignment(value, maximize=True), strict=True)
    return [at[rows[r], columns[c]] for r, c in chosen if (rows[r], columns[c]) in at]
