"""What looks like a person's name: capitals, titles, initials, and what only looks so."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from voicenlp.text.lexicon import Lexicon

__all__ = ["AGE", "INITIALS", "PRONOUN", "Name", "find_names"]

_NAME_WORD = r"[A-ZÀ-Þ][a-zà-ÿ]+(?:['’][A-Za-z][a-z]+)?(?:-[A-ZÀ-Þ]?[a-zà-ÿ]+)*(?:['’](?=s\b))?|[A-ZÀ-Þ]['’][A-Z][a-zà-ÿ]+"
_NAME = re.compile(
    rf"(?<![\w@.])(?:(?P<title>Mr|Mrs|Ms|Miss|Dr|Prof|PC|DC|DS|DI|Sgt|Cllr|Nurse|Sister|Judge|HHJ)\.?\s+)?"
    rf"(?P<name>(?:{_NAME_WORD})(?:[ ](?:[A-Z]\.?[ ])?(?!(?:Mr|Mrs|Ms|Miss|Dr|PC|DC)\b)(?:{_NAME_WORD}|[A-ZÀ-Þ][A-ZÀ-Þ'’\-]{{2,}})){{0,2}}|(?<=\s)[A-Z]\.\s?{_NAME_WORD}|[A-ZÀ-Þ]{{3,}}(?:-[A-ZÀ-Þ]+)?\s{_NAME_WORD})(?![\w@])"
)
_VERBAL = re.compile(r"[a-z]{2}(?:ing|ed|ly|ful|less|tion|ness|ment)$")
# what follows a name at the start of a sentence where nothing else in the note shows it to be one
_ACTS = re.compile(
    r"['’]s?\b|\s?[(:,/&]|\s(?:and|&|was|is|has|had|said|says|told|asked|wants|wanted|feels|felt|thinks|thought|will|would|can|can['’]t|does|did|didn['’]t|doesn['’]t|"
    r"isn['’]t|wasn['’]t|got|came|went|hates|loves|likes|enjoys|misses|reports|reported|seen|spoke|agreed|refused|declined|needs|seems|appears|appeared|looked|rang|texted|"
    r"then|also|still|now|just|never|always|who|with|to|aged|\d|\w+s\b|\w+ed\b|[A-Z])|$|\s*\n|\.",
)
_STOPS_NAME = re.compile(r"\s?\(")
INITIALS = re.compile(r"(?<![\w.&'’/])(?:[A-Z]-[A-Z]|[A-Z]{1,2})(?![\w&/.-])(?:['’]s)?")
PRONOUN = re.compile(r"(?<![\w'’])(?:he|she|they|i|we|you|him|her|them|me)(?![\w])", re.I)
AGE = re.compile(
    r"\s*(?:,|\(|is|aged|-)?\s*\(?(?:aged?\s)?(\d{1,2})(?:\s?(?:yrs?|years?|months?|mths?|wks?|weeks?|m|y|yo)\b|(?=[\s,)./;]|$))", re.I
)
_PLACE_TAIL = re.compile(
    r"\s(?:School|Primary|Academy|College|Road|Street|Lane|Close|Avenue|House|Court|Hospital|Centre|Center|Team|Nursery|Infants|Juniors|High|Park|Unit|Ward|Service|Services|Council|Library|Church|Mosque|Hall|Farm|Drive|Way|Terrace|Place|Square|Surgery|Clinic|University|Project|Hub|Club|Estate|Green|Hill|Gardens|Crescent|Lodge|Cottage)\b"
)


@cache
def _words(name: str) -> frozenset[str]:
    data = tomllib.loads(files("voicenlp").joinpath("resources/words.toml").read_text(encoding="utf-8"))
    return frozenset(data[name].split())


class Name(NamedTuple):
    """A name in a note: where it stands, its title (``Mrs``) and itself."""

    start: int
    end: int
    title: str
    name: str


def find_names(view: str, words: Lexicon) -> list[Name]:
    """Return what looks like a person's name, in reading order.

    Examples
    --------
    >>> from voicenlp.text.lexicon import lexicon
    >>> [n.name for n in find_names("Visited Tia and Mrs Webb at Hill Primary School. School said fine.", lexicon())]
    ['Tia', 'Webb']
    """
    lower = set(re.findall(r"(?<![\w'’])[a-z][a-zà-ÿ'’]+", view))
    common, not_names = _words("common") | _words("not_names"), _words("not_names")
    # a capital in mid-sentence speaks for a name, whatever the word
    inside = {m[1] for m in re.finditer(r"(?<=[a-z,] )([A-Z][a-z]+)", view)} - {"Year", "School"}
    out = []
    for match in _NAME.finditer(view):
        start, end = match.span("name")
        title = match["title"] or ""
        parts = match["name"].split()
        if not title:
            # leading and trailing common words are not part of a name ("Visited Tia", "Tia Said")
            while parts and (parts[0].lower().strip(".") in not_names or words.role(parts[0])):
                start += len(parts[0])
                while start < end and view[start].isspace():
                    start += 1
                parts = parts[1:]
            while parts and parts[-1].lower() in not_names and not (len(parts) > 1 and parts[-1].isupper()):
                parts = parts[:-1]
            if not parts:
                continue
            end = start + _width(view, start, parts)
            if _PLACE_TAIL.match(view, end) or (len(parts) > 1 and _PLACE_TAIL.fullmatch(" " + parts[-1])):
                continue
            if len(parts) == 1 and parts[0].lower() in common and parts[0] not in inside and not re.match(r"\s?\(", view[end : end + 2]):
                continue
            if len(parts) == 1 and parts[0].lower() in lower and view[end : end + 2] not in ("'s", "’s"):
                continue
            before = view[max(0, start - 4) : start]
            if (
                re.search(r"\b(?:at|in)\s$", before)
                and len(parts) == 1
                and not re.match(r"(?:['’]s|\s(?:said|was|is|told))", view[end : end + 6])
            ):
                continue
        else:
            start = match.start()
        if view[end - 1 : end] in "'’":
            end -= 1
        out.append(Name(start, end, title, " ".join(parts).rstrip("'’")))
    return out


def _opens(view: str, start: int) -> bool:
    """Whether a word stands at the start of a sentence or line, where any word has a capital."""
    before = view[max(0, start - 3) : start].rstrip(" ")
    return not before or before[-1] in '\n.!?:-–•*"“(' or start == 0


def _width(view: str, start: int, parts: list[str]) -> int:
    at = start
    for index, part in enumerate(parts):
        at = view.index(part, at) + len(part)
        if index == len(parts) - 1:
            break
    return at - start
