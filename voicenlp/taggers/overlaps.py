"""Spans that stand over the same words: no two of one element do, and none cross."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import replace

from voicenlp.records import Span
from voicenlp.taggers.clauses import trim
from voicenlp.text.segmenter import Segment

__all__ = ["tidy", "uncrossed"]


def tidy(view: str, spans: Iterable[Span], segments: Sequence[Segment]) -> list[Span]:
    """Return spans with their headings, the first of those of one element that overlap, and none that cross."""
    kept: list[Span] = []
    last_end: dict[str, int] = {}
    starts = [segment.start for segment in segments]
    for span in sorted(spans, key=lambda s: (s.element, s.start, -s.end)):
        if span.start < last_end.get(span.element, -1):
            continue
        last_end[span.element] = span.end
        at = bisect.bisect_right(starts, span.start) - 1
        heading = segments[at].heading if at >= 0 else None
        kept.append(replace(span, heading=heading.label if heading else ""))
    return uncrossed(view, kept)


def uncrossed(view: str, spans: list[Span]) -> list[Span]:
    """Return spans of which none cross: where two do, the one that is no voice gives way, else the later; what is left of it may be nothing.

    Examples
    --------
    >>> [(s.start, s.end) for s in uncrossed("I asked Kai if he is happy", [Span("space", 2, 17), Span("voice", 15, 26)])]
    [(2, 14), (15, 26)]
    """
    out: list[Span] = []
    open_: list[int] = []  # places in out of the spans that reach beyond where the sweep is
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        open_ = [at for at in open_ if out[at].end > span.start]
        start, end = span.start, span.end
        for at in open_:
            other = out[at]
            if not other.start < start < other.end < end:
                continue
            if span.element == "voice" and other.element != "voice":
                first, last = trim(view, other.start, start)
                out[at] = replace(other, start=first, end=last)
            else:
                start, end = trim(view, other.end, end)
        if end > start:
            open_.append(len(out))
            out.append(replace(span, start=start, end=end))
    return sorted((s for s in out if s.end - s.start >= 2), key=lambda s: (s.start, -s.end))
