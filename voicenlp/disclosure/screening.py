"""Words of records as they may be shown outside: names become roles, and what identifies somebody becomes what it is.

``Tia said Karen (mum) can ring 07700 900123`` becomes ``[child] said [mother] (mum) can ring [phone]``. Names come from the roster and from
the people that the note itself introduces; each name of a person that is known is then looked for all over the text, in any case, with or
without an apostrophe, as initials. A name that neither the roster nor the reading knows is not found: screened words still need a person's
eye before they leave, and `eval.bench.screening` says how much is missed.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from voicenlp.disclosure.identifiers import Found, apart, find_identifiers, presidio_identifiers
from voicenlp.errors import UsageError
from voicenlp.records import Note, Person
from voicenlp.text.lexicon import Lexicon, lexicon
from voicenlp.text.names import find_names
from voicenlp.text.people import Actor
from voicenlp.text.reading import Reading, read
from voicenlp.text.surface import surface

__all__ = ["Screened", "screen"]


@dataclass(frozen=True)
class Screened:
    """A text whose names and identifiers are replaced.

    Attributes
    ----------
    text : str
        As it may be shown.
    replaced : list of (int, int, str)
        What was replaced: offsets into the text as it came in, and what stands there now, without its brackets.
    source : str
        The text as it came in. Not for showing.
    """

    text: str
    replaced: list[tuple[int, int, str]]
    source: str

    def __repr__(self) -> str:
        return f"Screened({len(self.replaced)} replaced)"  # what was screened must not come out by way of a log or traceback

    def between(self, start: int, end: int) -> str:
        """Return the screened words of a stretch of the text; what is replaced across its edge counts as within.

        Parameters
        ----------
        start, end : int
            Offsets into the text as it came in, those of a span, say.

        Examples
        --------
        >>> screened = screen("Tia Webb said no to Mrs Webb.", [Person("7", "p1", "Tia Webb", role="child")])
        >>> screened.between(4, 16)
        '[child] said no'
        """
        return "".join(self._pieces(max(start, 0), min(end, len(self.source))))

    def counts(self) -> dict[str, int]:
        """Return how often each kind was replaced; people of one role count together. Fit for a log."""
        return dict(sorted(Counter(re.sub(r" \d+$", "", kind) for _, _, kind in self.replaced).items()))

    def _pieces(self, start: int, end: int) -> Iterator[str]:
        at = start
        for first, last, kind in self.replaced:
            if last > start and first < end:
                yield self.source[at:first]
                yield f"[{kind}]"
                at = last
        yield self.source[at:end]


def screen(text: str, who: Reading | Iterable[Person] = (), *, ids: Iterable[str] = (), presidio: bool = False) -> Screened:
    """Replace names by roles, and identifiers by what they are.

    Parameters
    ----------
    text : str
        A note's text, or words from it.
    who : Reading, or iterable of Person
        The note as it was read (with its roster), or the roster alone; the text is then read for the people it introduces itself. Take
        the whole note and `Screened.between` for its spans, rather than the words of each span by themselves, so that a person has one
        label all through.
    ids : iterable of str
        Further identifiers to replace; those of the note and the roster are taken anyway.
    presidio : bool
        Look with Presidio's recognisers too (extra ``screen``).

    Returns
    -------
    Screened

    Raises
    ------
    UsageError
        If Presidio is asked for and not installed.

    Examples
    --------
    >>> roster = [Person("7", "p1", "Tia Webb", role="child"), Person("7", "p2", "Karen Webb", role="mother")]
    >>> screen("tia's mum Karen rang (07700 900123): 'Tia wont come'. KW sounded upset.", roster).text
    "[child]'s [mother] rang ([phone]): '[child] wont come'. [mother] sounded upset."
    """
    if isinstance(who, Reading):
        reading, known = who, []
    else:
        if isinstance(who, str):
            raise UsageError("screen() takes a reading or a roster, not text, as its second argument")
        known = list(who)
        reading = read(Note("", text), known)
    note = reading.note
    ids = {*ids, note.child_id, *(person.child_id for person in known), *(person.person_id for person in known)}
    ids |= {actor.person_id for actor in reading.cast.actors}
    found = find_identifiers(text, ids)
    if presidio:
        found = apart([*found, *presidio_identifiers(text)])
    people = _people(reading, known)
    names = _Names(people)
    names.add_unknown(text, reading)
    names.add_letters(text)
    mentioned = _mentioned(reading, people) if note.text == text else []
    replaced = [tuple(one) for one in _joined(text, found, list(names.find(text)), mentioned)]
    screened = Screened("", replaced, text)  # type: ignore[arg-type]
    return Screened(screened.between(0, len(text)), screened.replaced, text)


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files("voicenlp").joinpath("resources/screening.toml").read_text(encoding="utf-8"))


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(_data()["words"][name].split())


# people -------------------------------------------------------------------------------------------------------------------------------


@dataclass
class _Called:
    """Somebody with a label, and all that they are called."""

    label: str
    names: tuple[str, ...]
    actor: Actor | None = None


def _people(reading: Reading, roster: Iterable[Person]) -> list[_Called]:
    """Give each person of a note a label: the role, and from the second person of that role on a number."""
    words, roles, speakers = lexicon(), _data()["roles"], _data()["speakers"]
    also = {(person.person_id, person.name): person.also for person in roster}
    out: list[_Called] = []
    used: Counter[str] = Counter()
    listed: list[tuple[set[str], str]] = []
    for actor in reading.cast.actors:
        if not _is_named(actor, words):
            continue
        same = [label for pieces, label in listed if not actor.person_id and _pieces(actor.name) <= pieces]
        if len(same) == 1:  # "Tias", "O'Brien": somebody of the roster, called otherwise
            out.append(_Called(same[0], (actor.name,), actor))
            continue
        if actor.role:
            label = roles.get(actor.role, actor.role.replace("_", " "))
        elif actor is reading.cast.focus or actor.sure:
            label = speakers.get(actor.speaker, "person")
        else:
            label = "person"  # a role that was only guessed must not be shown as if the record said so
        used[label] += 1
        label = label if used[label] == 1 else f"{label} {used[label]}"
        called = (actor.name, *also.get((actor.person_id, actor.name), ()))
        out.append(_Called(label, called, actor))
        if actor.person_id:
            pieces = set().union(*map(_pieces, called))
            listed.append((pieces | {piece + "s" for piece in pieces}, label))
    author = reading.note.author.strip()
    if author and not any(author.lower() == name.lower() for one in out for name in one.names) and words.role(author) is None:
        out.append(_Called("author", (author,)))
    return out


def _pieces(name: str) -> set[str]:
    return {piece.strip(_MARKS) for piece in re.split(r"[\s-]+", _TITLE.sub("", _plain(name))) if piece.strip(_MARKS)}


def _is_named(actor: Actor, words: Lexicon) -> bool:
    """Whether somebody is called by a name, rather than by a word for a role (which may stay)."""
    return bool(actor.name.strip()) and actor.name != "You" and (bool(actor.person_id) or words.role(actor.name) is None)


def _mentioned(reading: Reading, people: Iterable[_Called]) -> list[Found]:
    """Return the names that the reading of the note found, where it found them."""
    labels = {id(one.actor): one.label for one in people}
    out = []
    for mention in reading.cast.mentions:
        if mention.kind == "name" and mention.actor >= 0 and (label := labels.get(id(reading.cast.actors[mention.actor]))):
            words = reading.note.text[mention.start : mention.end]
            bracket = words.find("(") + 1 if ")" not in words else 0  # "School (Ms Lee": the bracket is closed behind it
            out.append(Found(mention.start + bracket, mention.end, label))
    return out


# names --------------------------------------------------------------------------------------------------------------------------------

_TITLE = re.compile(r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|PC|DC|DS|DI|Sgt|Cllr|Nurse|Sister|Judge|HHJ)\.?\s+", re.I)
_LETTERS = (
    re.compile(r"(?<!\w)(?:Mr|Mrs|Ms|Miss|Mx|Dr|Staff|Nurse|Baby)\.? (?P<letters>[A-Z])(?![\w'’-])"),
    re.compile(r"(?<![\w/-])(?P<letters>[A-Z]-[A-Z])(?![\w/-])"),
    re.compile(r"(?<![\w.])(?P<letters>(?:[A-Z]\.\s?){1,2}[A-Z]\.)(?!\w)"),
    re.compile(r"^[ \t]*(?P<letters>[A-Z]{2}|[B-PR-Z]):(?=\s)", re.M),
    re.compile(r"\n[ \t]*(?P<letters>[A-Z]{2,3})\.?\s*$"),
    re.compile(r"(?<![\w.&/'’-])(?P<letters>[A-Z]{2}|[B-HJ-Z])(?=['’]s\b| [a-z]{2,}|\. [a-z])"),
    re.compile(r"(?<![\w.])(?P<letters>[A-Z]\.)(?= [A-ZÀ-Þ][a-zà-ÿ]+)"),
)
_MARKS = ".,()'’\"“”"


class _Names:
    """Everything that somebody in a note is called, each with the label of whoever it is."""

    def __init__(self, people: Iterable[_Called]) -> None:
        self._any: dict[str, str] = {}  # found in any case
        self._capital: dict[str, str] = {}  # ordinary words too: found with a capital only
        self._exact: dict[str, str] = {}  # initials
        self._places: list[tuple[int, int, str]] = []  # single letters, where they stand for somebody
        for one in people:
            for name in one.names:
                self._add(name, one.label)

    def _add(self, name: str, label: str) -> None:
        words = lexicon()
        bare = _TITLE.sub("", " ".join(name.split())).strip(_MARKS + " ")
        if words.role(bare) is not None:  # "mum", among the other names of a mother
            return
        pieces = bare.split()
        if len(pieces) > 1:
            ordinary = all(piece.lower() in _words("names") for piece in pieces)  # "will hope"
            (self._capital if ordinary else self._any)[_plain(bare)] = label
        for at, piece in enumerate(pieces):
            for part in {piece, *piece.split("-")}:
                part = part.strip(_MARKS)
                if part == bare and re.fullmatch(r"[B-HJ-Z](?:-[A-Z])?", part):
                    _note(self._exact, part, label, "person")
                if len(part) < 2 or not part[0].isalpha() or words.role(part) is not None:
                    continue
                if part.isupper() and len(part) <= 3 and part == bare:
                    _note(self._exact, part, label, "person")
                elif part.lower() in _words("names") or len(part) == 2:
                    _note(self._capital, _plain(part), label, "surname" if at else "person")
                else:
                    _note(self._any, _plain(part), label, "surname" if at else "person")
        every = [part for part in re.split(r"[\s-]+", bare) if part[:1].isupper()]
        for letters in {"".join(part[0] for part in every), "".join(piece[0] for piece in pieces if piece[0].isupper())}:
            if len(letters) > 1:
                _note(self._exact, ".".join(letters) + ".", label, "person")
                if letters not in _words("capitals") and words.role(letters) is None:
                    _note(self._exact, letters, label, "person")

    def add_unknown(self, text: str, reading: Reading) -> None:
        """Add what looks like a name in some sentence though the note as a whole was not read so ("Dilan", and later "dilan").

        Whoever it is, is not known; that it be hidden matters more.
        """
        view = reading.view if reading.note.text == text else surface(text)
        number = 1
        for line in re.split(r"(?<=[.!?])\s|\n", view):
            for name in find_names(line, lexicon()):
                key = _plain(name.name)
                parts = key.split()
                if key in self._any or key in self._capital or all(part in self._any or part in self._capital for part in parts):
                    continue
                self._add(name.name, "name" if number == 1 else f"name {number}")
                number += 1
        for match in re.finditer(r"(?<![\w'’-])[A-ZÀ-Þ](?:['’-]?[A-ZÀ-Þ]){4,}(?![\w-])", view):
            word = match[0]
            if _plain(word) not in self._any and lexicon().role(word) is None and not _ordinary(word):
                self._add(word.title(), "name" if number == 1 else f"name {number}")
                number += 1

    def add_letters(self, text: str) -> None:
        """Add people whom a note calls by letters alone: "Mrs Q", "L-M", "P.T.", "K said", a turn of "L:", initials on the last line."""
        for pattern in _LETTERS:
            for match in pattern.finditer(text):
                letters = re.sub(r"\s", "", match["letters"])
                bare = letters.replace(".", "")
                if letters in self._exact or bare in _words("capitals") or lexicon().role(bare) is not None:
                    continue
                before = re.search(r"(\w+)\W{1,2}$", text[max(0, match.start() - 20) : match.start()])
                if len(bare) == 1 and before and before[1].lower() in _words("before_letter"):
                    continue
                if len(bare) == 1:
                    self._places.append((match.start("letters"), match.end("letters"), self._initial(bare)))
                else:
                    self._exact[letters] = self._initial(bare)

    def _initial(self, letters: str) -> str:
        """Return the label of the one person whose names begin so, else that of a name nobody knows."""
        tables = (self._any, self._capital)
        labels = {label for table in tables for key, label in table.items() if key[0] == letters[0].lower()}
        return labels.pop() if len(letters) == 1 and len(labels) == 1 else "name"

    def find(self, text: str) -> Iterator[Found]:
        """Find all names in a text, longest first where several begin together."""
        view = text.replace("’", "'")
        yield from (Found(*place) for place in self._places)
        for table, flags, endings in ((self._any, re.I, "s?"), (self._capital, 0, "s?"), (self._exact, 0, "")):
            keys = sorted(table, key=lambda key: (-len(key), key))
            if not keys:
                continue
            choices = [_written(key, capital=table is self._capital, exact=table is self._exact) for key in keys]
            pattern = re.compile(rf"(?<!\w)(?:(?i:Mr|Mrs|Ms|Miss|Mx|Dr)\.? )?(?P<name>{'|'.join(choices)})(?P<s>{endings})(?!\w)", flags)
            for match in pattern.finditer(view):
                key = match["name"] if table is self._exact else _plain(match["name"])
                label = table.get(key) or table.get(re.sub(r"\s", "", key), "person")
                yield Found(match.start(), match.end("name"), label)


def _ordinary(word: str) -> bool:
    """Whether a word in capitals is an ordinary one (a heading), or an abbreviation."""
    # at the start of a sentence a word that names are not made of is none
    return word in _words("capitals") or not find_names(f"{word.title()} x", lexicon())


def _note(table: dict[str, str], key: str, label: str, shared: str) -> None:
    """Enter a name; one that two people have stands for neither."""
    if table.setdefault(key, label) != label:
        table[key] = shared


def _plain(name: str) -> str:
    return " ".join(name.replace("’", "'").lower().split())


def _written(key: str, *, capital: bool, exact: bool) -> str:
    if exact:
        return r"\.\s?".join(map(re.escape, key[:-1].split("."))) + r"\." if key.endswith(".") else re.escape(key)
    if capital:
        return "|".join(r"\s+".join(map(re.escape, written.split())) for written in (key.title(), key.upper()))
    return r"\s+".join(map(re.escape, key.split()))


def _joined(text: str, found: list[Found], named: list[Found], mentioned: list[Found]) -> list[Found]:
    """Take what overlaps together: an identifier counts before a name, and who a mention is before whose name is in it."""
    ranked = sorted((one.start, one.end, rank, one.kind) for rank, some in enumerate((found, mentioned, named)) for one in some)
    out: list[Found] = []
    best = (0, 0)
    for start, end, rank, kind in ranked:
        worth = (rank, start - end)
        if out and start < out[-1].end:
            before = out[-1]
            out[-1] = Found(before.start, max(before.end, end), kind if worth < best else before.kind)
            best = min(best, worth)
        else:
            out.append(Found(start, end, kind))
            best = worth
    joined: list[Found] = []
    for one in out:
        last = joined[-1] if joined else None
        if last and one.kind == last.kind and re.fullmatch(r"[ \u00a0]|-", text[last.end : one.start]):
            joined[-1] = Found(last.start, one.end, last.kind)
        else:
            joined.append(one)
    return joined
