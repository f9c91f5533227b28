"""Where the content of reported speech begins and ends."""

from __future__ import annotations

import re

from voicenlp.taggers.cues import Cue

__all__ = ["clause_end", "content_edges", "trim", "with_negation"]

_TAIL = re.compile(
    r"\s*[,–—-]?\s+(?:(?:he|she|they|mum|dad|[A-Z][\w'’-]+)\s+(?:said|says|told me|added|explained|thinks|reckons|replied|asked|shouted|whispered|wrote)|(?:said|says|added|replied)\s+(?:he|she|mum|dad|[A-Z][\w'’-]+))(?:\s+\w+ly)?\s*$"
)
_JOIN = re.compile(r"(?:[\s,;:–—-]|\b(?:and|but|that|while|whereas|although|then|so|because|as|who|though|also|yet)\b)+$", re.I)
_LEAD = re.compile(r"^(?:[\s,;:–—\"“”'‘’(-]|(?:that|to|how|about|of|as|it was|with|in|if)\b(?=\s))+", re.I)


def clause_end(found: list[Cue], index: int, end: int, marks: list[tuple[int, int]]) -> int:
    """Return where the content of a cue ends: before the next cue that has a subject of its own or starts a clause of another kind."""
    cue = found[index]
    for other in found[index + 1 :]:
        if any(a <= other.start < b for a, b in marks):
            continue
        same = other.actor is cue.actor
        if same and not cue.keep and other.subject - cue.end < 8:
            continue  # "said he wants to …": one span
        if same and other.kind == cue.kind and not other.stated:
            continue
        if same and not other.stated and other.kind in ("said",):
            continue
        if other.subject > cue.end + 1:
            return other.subject
    return end


def with_negation(view: str, at: int, floor: int) -> int:
    """Move the edge left over a negation that belongs to the verb ("does not" + "agree")."""
    match = re.search(
        r"(?:\b(?:not|never|no longer|isn'?t|wasn'?t|aren'?t|weren'?t|doesn'?t|didn'?t|don'?t|does not|did not|do not|is not|was not)\s(?:\w+ly\s|really\s|very\s|that\s)?)$",
        view[floor:at],
        re.I,
    )
    return floor + match.start() if match else at


def content_edges(view: str, start: int, end: int, *, keep: bool) -> tuple[int, int]:
    """Return the edges of what was said: without "that" before it (unless ``keep``), a joining word after it, or ", he said" at its end.

    Examples
    --------
    >>> note = "Mum said that nobody asked her, he said"
    >>> a, b = content_edges(note, 8, len(note), keep=False)
    >>> note[a:b]
    'nobody asked her'
    """
    if not keep:
        lead = _LEAD.match(view[start : min(end, start + 60)])
        if lead:
            start += lead.end()
    tail = _JOIN.search(view[start:end])
    if tail:
        end = start + tail.start()
    if end - start > 12 and (said := _TAIL.search(view[max(start, end - 60) : end])):
        end = max(start, end - 60) + said.start()
    return trim(view, start, end)


def trim(view: str, start: int, end: int) -> tuple[int, int]:
    """Return the edges without blanks, stops, quotation marks and a closing bracket that has no opening one."""
    while start < end and view[start] in ' \n,;:.-–—"“”„«»‘*•':
        start += 1
    while end > start and view[end - 1] in " \n,;:.!?-–—\"“”„«»’'*":
        end -= 1
    if view.count("(", start, end) < view.count(")", start, end) and view[end - 1 : end] == ")":
        end -= 1
        while end > start and view[end - 1] in " \n":
            end -= 1
    return start, end
