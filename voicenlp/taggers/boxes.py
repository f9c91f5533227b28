"""The boxes of a form: whether the child was seen, where what counts is the answer and never the question; and views that were left blank."""

from __future__ import annotations

import re
from collections.abc import Sequence

from voicenlp.text.segmenter import Segment, is_empty_answer

__all__ = ["ASKED", "blank_answer", "seen_answer"]

ASKED = ("child", "parent", "carer", "family")
"""Whose views a form asks for; an empty answer is a chance that they missed."""

_SEEN = re.compile(r"\b(?:seen|spoken (?:to|with)|see the child|met with)\b", re.I)
_ALONE = re.compile(r"\b(?:alone|on (?:his|her|their) own|in private|by (?:himself|herself|themselves))\b", re.I)
_YES = re.compile(r"\W*(?:y|yes|yeah|yep|true|1|☒ ?yes|✓|✔)\b|\W*[✓✔]", re.I)
_NO = re.compile(r"\W*(?:n(?!/)|no|nope|not|false|0|never|none|unable|unsuccessful)\b|\W*[✗✘]", re.I)


def seen_answer(view: str, head: Segment, answer: Segment | None) -> tuple[int, int, bool, str] | None:
    r"""Return where a box says whether the child was seen, and what it says.

    Parameters
    ----------
    view : str
        The note.
    head : Segment
        The heading or question.
    answer : Segment or None
        What stands under or beside it.

    Returns
    -------
    (start, end, given, how) or None
        None where the heading asks something else, or nothing that can be read as yes or no stands there. The stretch holds question and
        answer where they share a line, else the answer alone.

    Examples
    --------
    >>> from voicenlp.text.segmenter import segment
    >>> for note in ("Seen alone: No, mum stayed", "Was the child seen alone?\nYes", "Child seen: Y"):
    ...     head, answer = segment(note).segments
    ...     seen_answer(note, head, answer)
    (0, 26, False, 'not_alone')
    (26, 29, True, 'seen_alone')
    (0, 13, True, 'seen')
    """
    question = view[head.start : head.end]
    if answer is None or not _SEEN.search(question) or "with" in question.lower().split():
        return None
    start, end = answer.sentences[0] if answer.sentences else (answer.start, answer.end)
    yes, no = _YES.match(view, start, end), _NO.match(view, start, end)
    if bool(yes) == bool(no):
        return None
    alone = bool(_ALONE.search(question))
    if no and not alone and re.match(r"\W*not (?:seen )?alone", view[start:end], re.I):
        return None
    while end > start and view[end - 1] in " .;,":
        end -= 1
    if "\n" not in view[head.start : end]:
        start = head.start
    if yes:
        return start, end, True, "seen_alone" if alone else "seen"
    return start, end, False, "not_alone" if alone else "not_seen"


def blank_answer(view: str, segments: Sequence[Segment], index: int) -> Segment | None:
    """Return the empty answer to a heading that asks for somebody's view, or the heading itself where nothing stands under it.

    Parameters
    ----------
    view : str
        The note.
    segments : sequence of Segment
    index : int
        The heading's place.

    Returns
    -------
    Segment or None
        None where the heading asks for nobody's view, is answered, or is the title of a section with its questions below.
    """
    head, at = segments[index], index + 1
    if head.asks not in ASKED:
        return None
    while at < len(segments) and segments[at].kind != "heading" and segments[at].heading is head.heading:
        if not is_empty_answer(view, segments[at].start, segments[at].end):
            return None
        at += 1
    following = segments[at] if at < len(segments) else None
    if at == index + 1 and following is not None and (following.kind != "heading" or following.asks in (head.asks, "mixed", "")):
        return None
    return head if at == index + 1 else segments[index + 1]
