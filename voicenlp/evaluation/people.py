"""Whether two labels ("Mum", "Lyndsey Hargrave") mean the same person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from voicenlp.records import Span

__all__ = ["fold_name", "same_name", "same_person"]

_POSSESSIVE = re.compile(r"(?<=\w)['’](?:s\b)?", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:the|his|her|their|my|our)\s+")


def fold_name(name: str) -> str:
    """Fold what does not tell people apart: case, accents' encoding, spacing, punctuation, a possessive, an article or pronoun in front.

    Examples
    --------
    >>> fold_name("  MUM’s "), fold_name("the Social  Worker"), fold_name("O'Neil"), fold_name("A. Khan")
    ('mum', 'social worker', 'oneil', 'a khan')
    """
    name = unicodedata.normalize("NFKC", name).casefold()
    name = _POSSESSIVE.sub("", name)
    name = re.sub(r"[^\w\s&+/-]", " ", name)
    return _ARTICLE.sub("", " ".join(name.split()))


def same_name(one: str, other: str) -> bool:
    """Say whether two labels are equal once folded; two empty ones are.

    Examples
    --------
    >>> same_name("mum", "Mum's"), same_name("Tia", "Tia Hall")
    (True, False)
    """
    return fold_name(one) == fold_name(other)


def same_person(one: Span, other: Span, people: Sequence[Mapping[str, Any]] = ()) -> bool:
    """Say whether two spans name the same person.

    They do if their person ids are equal (where both have one), if their names are, if some entry of ``people`` goes by both names, or
    if one name is the beginning or the end of the other in whole words and no entry of ``people`` speaks against it ("Tia" and "Tia Hall").

    Parameters
    ----------
    one, other : Span
    people : sequence of mapping
        The people of the record, each with ``name`` and ``also`` (a list of other names).

    Examples
    --------
    >>> people = [{"name": "Lyndsey Hall", "also": ["mum"]}, {"name": "Tia Hall", "also": []}]
    >>> def voice(person): return Span("voice", 0, 1, person=person)
    >>> same_person(voice("Mum"), voice("Lyndsey Hall"), people), same_person(voice("Mum"), voice("Tia"), people)
    (True, False)
    """
    if one.person_id and other.person_id:
        return one.person_id == other.person_id
    first, second = fold_name(one.person), fold_name(other.person)
    if first == second:
        return True
    if not first or not second:
        return False
    known = [{fold_name(name) for name in _names(entry)} for entry in people]
    # A pronoun may stand under several people ("he"): it is enough that one of them goes by both names.
    if any(first in names and second in names for names in known):
        return True
    if any(first in names for names in known) and any(second in names for names in known):
        return False
    short, long = sorted((first.split(), second.split()), key=len)
    return long[: len(short)] == short or long[-len(short) :] == short


def _names(entry: Any) -> list[str]:
    if not isinstance(entry, Mapping):
        return []
    also = entry.get("also") or ()
    return [str(entry.get("name") or ""), *([also] if isinstance(also, str) else map(str, also))]
