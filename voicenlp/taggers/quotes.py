"""Quoted stretches of a sentence: straight, curly, single or double, balanced or not."""

from __future__ import annotations

import re

__all__ = ["quoted"]

# An opening mark stands at the start or after a blank or bracket; a closing one before a blank, a stop or the end. An apostrophe does neither.
_DOUBLE = re.compile(r"[\"“”„«»]")
_SINGLE_OPEN = re.compile(r"(?:(?<=[\s(\[:,–—-])|^)['‘’`](?=\S)")
_SINGLE_CLOSE = re.compile(r"(?<=[\w.,!?…)])['’](?=$|[\s.,;:!?)\]–—-])")
_SCARE_BEFORE = re.compile(
    r"(?:\b(?:so[- ]called|known as|called|titled|entitled|named|the term|the word|the|a|an|his|her|their|our|as|of|my|this|that|book|film|show|song|game|watching|reading|on)\s|\bre:?\s)$",
    re.I,
)
_SAID_BEFORE = re.compile(
    r"\b(?:sa(?:id|ys|ying)|told \w+|as|was|is|that|replied|asked|shouted|wrote|texted|answered|she|he|like)[:,]?\s?$", re.I
)


def quoted(view: str, start: int, end: int) -> list[tuple[int, int]]:
    r"""Return the insides of quotation marks in a sentence.

    Parameters
    ----------
    view : str
        The note.
    start, end : int
        The sentence.

    Returns
    -------
    list of (int, int)
        Offsets of what stands between the marks, the marks left out. A quote that is never closed runs to the end of the sentence, one
        that was opened before it begins with it; scare quotes, titles and names of things are left out. Never raises, whatever the marks.

    Examples
    --------
    >>> note = "He said “I'm not going” and that the 'plan' is a joke. She said \"no way"
    >>> [note[a:b] for a, b in quoted(note, 0, len(note))]
    ["I'm not going", 'no way']
    """
    out: list[tuple[int, int]] = []
    marks = [m.start() for m in _DOUBLE.finditer(view, start, end)]
    at = 0
    while at < len(marks):
        open_ = marks[at]
        close = marks[at + 1] if at + 1 < len(marks) else -1
        if close < 0:
            if view[open_] in "”»" or not view[open_ + 1 : end].strip() or (view[open_] == '"' and _closes(view, start, open_, end)):
                if at == 0 and open_ > start and not view[open_ - 1].isdigit():
                    _keep(out, view, start, start, open_)  # opened in a sentence before
                break
            _keep(out, view, start, open_ + 1, end)
            break
        _keep(out, view, start, open_ + 1, close)
        at += 2
    if marks:
        return out
    # single marks only where no double ones are about: apostrophes make them doubtful
    position = start
    while True:
        opening = _SINGLE_OPEN.search(view, position, end)
        if not opening:
            return out
        closing = _SINGLE_CLOSE.search(view, opening.end() + 1, end)
        if not closing:
            return out
        # a closing mark inside a word of the quote ("the girls' room") is skipped where a later one ends the quote
        _keep(out, view, start, opening.end(), closing.start())
        position = closing.end()


def _closes(view: str, start: int, at: int, end: int) -> bool:
    """Whether a straight mark closes: after a word or stop and before a blank or stop."""
    return at > start and not view[at - 1].isspace() and view[at - 1] not in "([:,–—-" and not view[at + 1 : min(end, at + 2)].isalnum()


def _keep(out: list[tuple[int, int]], view: str, sentence: int, start: int, end: int) -> None:
    while start < end and view[start].isspace():
        start += 1
    while end > start and view[end - 1] in " .,;:!?-–—\t\n":
        end -= 1
    words = view[start:end].split()
    if not words:
        return
    before = view[max(sentence, start - 24) : start - 1]
    if len(words) <= 2 and _SCARE_BEFORE.search(before) and not _SAID_BEFORE.search(before):
        return
    if len(words) <= 1 and not _SAID_BEFORE.search(before) and before.strip():
        return
    out.append((start, end))
