"""The words by which records call people, and what each says of a person's role."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["Lexicon", "RoleWord", "lexicon"]


_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class RoleWord:
    """One word for a role: ``mum``, ``IRO``.

    Attributes
    ----------
    role : str
        Its entry in ``resources/roles.toml``.
    speaker : str
        The speaker of the scheme.
    gender : str
        ``f``, ``m`` or empty.
    unsure : bool
        True for an abbreviation with other readings (``PA``, ``CG``), which counts as a person only where it acts as one.
    """

    role: str
    speaker: str
    gender: str = ""
    unsure: bool = False


class Lexicon:
    """Role words and authors, compiled.

    Examples
    --------
    >>> words = lexicon()
    >>> words.role("foster carer").speaker, words.role("IRO").speaker, words.role("PA").unsure
    ('carer', 'professional', True)
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.words: dict[str, RoleWord] = {}
        self.abbreviations: dict[str, RoleWord] = {}
        for role, entry in data["roles"].items():
            sure = RoleWord(role, entry["speaker"], entry.get("gender", ""))
            doubtful = RoleWord(role, entry["speaker"], entry.get("gender", ""), unsure=True)
            self.words |= {word.lower(): sure for word in entry.get("words", ())}
            self.abbreviations |= dict.fromkeys(entry.get("abbr", ()), sure)
            for word in entry.get("unsure", ()):
                self.abbreviations.setdefault(word, doubtful)
        words = "|".join(re.escape(w) for w in sorted(self.words, key=len, reverse=True))
        abbreviations = "|".join(re.escape(w) for w in sorted(self.abbreviations, key=len, reverse=True))
        self.pattern = re.compile(rf"(?<![\w'’-])(?:(?P<word>(?i:{words}))|(?P<abbr>{abbreviations}))(?![\w-])(?!['’](?!s\b)\w)")
        self._first = {first[0] for w in (*self.words, *self.abbreviations) if (first := _WORD.search(w))}
        self.authors = [(entry["speaker"], re.compile(entry["match"], re.I)) for entry in data["authors"]]

    def find(self, view: str) -> Iterator[re.Match[str]]:
        """Yield the role words of a text, longest first where two begin together.

        A look at each word's first part comes before the pattern: trying 400 alternatives at every letter of an archive takes time.
        """
        first, match, end = self._first, self.pattern.match, 0
        for word in _WORD.finditer(view):
            if (word[0] in first or word[0].lower() in first) and word.start() >= end and (hit := match(view, word.start())):
                end = hit.end()
                yield hit

    def role(self, word: str) -> RoleWord | None:
        """Return what a word says of a role, or None. Abbreviations are looked up as written, words in any case."""
        return self.abbreviations.get(word) or self.words.get(" ".join(word.lower().split()))

    def speaker_of(self, words: str) -> str:
        """Return the speaker that an authority's word for a role stands for (``Maternal Grandmother`` → ``family``); empty if not known.

        The longest role word that stands in it decides.
        """
        whole = self.role(words.strip())
        if whole:
            return whole.speaker
        found = list(self.find(words))
        best = max(found, key=lambda m: len(m[0]), default=None)
        role = self.role(best[0]) if best else None
        return role.speaker if role else ""

    def author(self, *clues: str) -> str:
        """Return the speaker who writes a note, from its title, type, author's role or first line; ``practitioner`` if nothing tells."""
        text = " ".join(clue for clue in clues if clue)
        for speaker, pattern in self.authors:
            if pattern.search(text):
                return speaker
        return "practitioner"


@cache
def lexicon() -> Lexicon:
    """Return the lexicon that comes with the package."""
    return Lexicon(tomllib.loads(files("voicenlp").joinpath("resources/roles.toml").read_text(encoding="utf-8")))
