"""Sentence edges in practitioners' prose: abbreviations, times, initials, missing capitals and odd quotes included."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

__all__ = ["sentences"]

# A stop, its closing quotes or brackets, then white space; or an end mark glued to a capital ("home.She"). Possessive, and begun only once
# in a run of marks: a line of 10,000 question marks is read once.
_STOP = re.compile(r"(?P<mark>(?<![.!?])(?:\.{3,}+|[.!?]++)|…)(?P<close>[\"'’”»)\]]*+)(?P<gap>[ \n]+|(?=[A-Z][a-z]|[“‘]))")
_WORD_BEFORE = re.compile(r"([A-Za-z][A-Za-z.]*)$")
_SURE = frozenset("!?")


@cache
def _abbreviations() -> frozenset[str]:
    data = tomllib.loads(files("voicenlp").joinpath("resources/words.toml").read_text(encoding="utf-8"))
    return frozenset(data["abbreviations"].split())


def sentences(view: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Split a stretch of a note into sentences.

    Parameters
    ----------
    view : str
        The note, as `voicenlp.text.surface.surface` shows it.
    start, end : int
        The stretch, in code points.

    Returns
    -------
    list of (int, int)
        Start and end offset of each sentence, blanks at the edges left out, closing quotes kept with their sentence.

    Examples
    --------
    >>> note = "Seen at 3.30 p.m. by Dr. Shah. He said “no way!” and left.She cried"
    >>> [note[a:b] for a, b in sentences(note)]
    ['Seen at 3.30 p.m. by Dr. Shah.', 'He said “no way!” and left.', 'She cried']
    """
    end = len(view) if end is None else end
    out: list[tuple[int, int]] = []
    at = start
    for match in _STOP.finditer(view, start, end):
        if not _is_edge(view, match, end):
            continue
        _append(out, view, at, match.end("close"))
        at = match.end()
    _append(out, view, at, end)
    return out


def _is_edge(view: str, match: re.Match[str], end: int) -> bool:
    after = view[match.end() : match.end() + 1] if match.end() < end else ""
    mark, glued = match["mark"], not match["gap"]
    if not after:
        return True
    lower = after.islower()
    if mark[-1] in _SURE:
        # “no way!” and left: a lower-case word goes on with the sentence
        return not lower
    word = _WORD_BEFORE.search(view, max(0, match.start() - 12), match.start())
    if word:
        token = word[1].lower()
        if (
            token in _abbreviations() and token not in ("am", "pm", "a.m", "p.m", "etc", "no", "hrs", "mins", "sat", "sun", "mar", "may")
        ) or (len(token) == 1 and word[1].isupper() and not match["close"] and after.isupper()):
            return False
        if token in ("am", "pm", "a.m", "p.m", "etc", "hrs", "mins") and not (
            after.isupper() and view[match.end() : match.end() + 2].strip()
        ):
            return False
        if token in ("a.m", "p.m") and lower:
            return False
    if glued:
        return word is not None and len(word[1]) > 2 and "." not in word[1]
    if mark.startswith("..") or mark == "…":
        return not lower
    # a lower-case start after a full stop is common in typed notes; only a short token before it speaks for an abbreviation
    return not (lower and word is not None and len(word[1]) <= 2)


def _append(out: list[tuple[int, int]], view: str, start: int, end: int) -> None:
    while start < end and view[start].isspace():
        start += 1
    while end > start and view[end - 1].isspace():
        end -= 1
    if end > start and any(c.isalnum() for c in view[start:end]):
        out.append((start, end))
    elif end > start and any(not c.isascii() and not c.isspace() for c in view[start:end]):
        out.append((start, end))  # emojis alone can be an answer
