"""The catalogue of headings and form questions, and whose voice each of them asks for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["Catalogue", "Heading", "catalogue"]

_NUMBER = re.compile(r"^\s*(?:(?:section|part|q|question|item)\s*)?(?:\d{1,2}|[a-h]|[ivx]{1,4})?\s*[.):\-–]\s*(?=\S)", re.I)
_TRAIL = re.compile(r"\s*(?:\([^()]{0,80}\)|[?:.\-–—_*]+)\s*$")
_SPLIT_S = re.compile(r"'\s{2,}s\b")  # an entity blanked out ("Child&#39;s views")
_LEAD = re.compile(r"^[\s*#_\-–—•>]+")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading or question of a form.

    Attributes
    ----------
    id : str
        Its entry in the catalogue, or ``other``.
    label : str
        What tables carry: the catalogue's own words, so that no name from a note can slip into a table.
    asks : str
        Whose voice it asks for: a speaker of the scheme, ``worker``, ``mixed`` or ``nobody``; empty if not known.
    """

    id: str
    label: str
    asks: str


OTHER = Heading("other", "other", "")


class Catalogue:
    """Looks headings up by their words.

    Parameters
    ----------
    entries : Mapping
        Id to ``label``, ``asks`` and ``forms``; the shape of ``resources/headings.toml``. A ``~`` in a form stands for up to five words.

    Examples
    --------
    >>> catalogue().find("3. Kai's views (own words):").asks
    'child'
    >>> catalogue().find("Lunch") is None
    True
    """

    def __init__(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        self._exact: dict[str, Heading] = {}
        open_forms: list[tuple[str, Heading]] = []
        for id_, entry in entries.items():
            heading = Heading(id_, entry["label"], entry["asks"])
            for form in entry["forms"]:
                key = self.normal(form)
                if "~" in key:
                    open_forms.append((key, heading))
                else:
                    self._exact.setdefault(key, heading)
        parts = []
        self._open: list[Heading] = []
        for key, heading in sorted(open_forms, key=lambda pair: -len(pair[0])):
            body = re.escape(key).replace(re.escape("~"), r"\S+(?: \S+){0,6}")
            parts.append(f"({body})$")
            self._open.append(heading)
        self._pattern = re.compile("|".join(parts)) if parts else None

    @staticmethod
    def normal(words: str) -> str:
        """Return a heading without numbering, brackets at its end, end punctuation and case."""
        words = words.replace("’", "'").replace("‘", "'")
        words = _SPLIT_S.sub("'s", words)
        words = _LEAD.sub("", words)
        words = _NUMBER.sub("", words, count=1)
        while True:
            shorter = _TRAIL.sub("", words)
            if shorter == words:
                break
            words = shorter
        return " ".join(words.lower().split())

    def find(self, words: str) -> Heading | None:
        """Return the entry for a heading as it stands in a note, or None."""
        if len(words) > 160:
            return None
        key = self.normal(words)
        hit = self._exact.get(key)
        if hit is None and self._pattern is not None:
            match = self._pattern.match(key)
            if match and match.lastindex:
                hit = self._open[match.lastindex - 1]
        return hit


@cache
def catalogue() -> Catalogue:
    """Return the catalogue that comes with the package."""
    return Catalogue(tomllib.loads(files("voicenlp").joinpath("resources/headings.toml").read_text(encoding="utf-8")))
