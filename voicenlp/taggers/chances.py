"""Space, audience and influence: the sentences that record whether a person had a chance, who was told, and what came of it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from voicenlp.records import Span
from voicenlp.text.people import Actor, Cast

__all__ = ["chances"]

_WHO = (
    r"(?<!\w)(?:the |my |his |her |their |both |all )?(?:[Hh]e|[Ss]he|[Tt]hey|[Hh]im|[Hh]er|[Tt]hem|[Yy]ou|[Yy][Pp]|[Mm]um|[Dd]ad|[Mm]other|[Ff]ather|[Pp]arents|[Ff][Cc]|[Cc]hild(?:ren)?|[Kk]ids|[Bb]oys|[Gg]irls|[Yy]oung (?:person|man|woman|people)|"
    r"[Bb]aby|[A-ZÀ-Þ][\w'’-]+(?: (?:and|&) [A-ZÀ-Þ][\w'’-]+)?(?: [A-ZÀ-Þ][\w'’-]+)?|[A-Z])(?!\w)"
)


_SIGHT = frozenset(["seen", "seen_alone", "not_seen", "not_alone", "communication_support", "no_support"])
_OTHERS = frozenset(["he", "she", "they", "him", "her", "them"])


@dataclass(frozen=True, slots=True)
class _Rule:
    element: str
    id: str
    pattern: re.Pattern[str]
    given: bool | None
    how: str
    outcome: str


@cache
def _rules() -> dict[str, list[tuple[re.Pattern[str], list[_Rule]]]]:
    """Return the rules by element, those of one id together behind a cheap test for the words that any of them needs."""
    data = tomllib.loads(files("voicenlp").joinpath("resources/chances.toml").read_text(encoding="utf-8"))
    out: dict[str, list[tuple[re.Pattern[str], list[_Rule]]]] = {}
    for element in ("space", "audience", "influence"):
        for entry in data[element]:
            group: list[_Rule] = []
            need = re.compile("|".join(re.escape(word) for word in entry["need"]))
            out.setdefault(element, []).append((need, group))
            for source in entry["match"]:
                pattern = re.compile(source.replace("{WHO}", f"(?-i:{_WHO})"), re.I)
                rule = _Rule(element, entry["id"], pattern, entry.get("given"), entry.get("how", ""), entry.get("outcome", ""))
                group.append(rule)
    return out


def chances(view: str, start: int, end: int, cast: Cast, default: Actor | None) -> list[Span]:
    """Return the space, audience and influence spans of one sentence.

    Parameters
    ----------
    view : str
        The note.
    start, end : int
        The sentence.
    cast : Cast
        Its people: whose chance, whose voice.
    default : Actor, optional
        Who is meant where the sentence names nobody.

    Returns
    -------
    list of Span
        Not overlapping within an element.
    """
    out: list[Span] = []
    sentence = view[start:end]
    lowered = sentence.lower()
    for element, groups in _rules().items():
        taken: list[tuple[int, int]] = []
        for rule in (rule for need, rules in groups if need.search(lowered) for rule in rules):
            for match in rule.pattern.finditer(sentence):  # the sentence by itself, so that "^" is its beginning
                a, b = _trim(view, *_whole_words(view, start + match.start(), start + match.end(), start, end))
                if b - a < 3 or any(a < y and x < b for x, y in taken):
                    continue
                taken.append((a, b))
                # being seen is about the child unless the words name somebody else; nobody's chance is the interpreter's
                sight = rule.how in _SIGHT
                who = _who(cast, a, b, cast.focus if sight and cast.focus else default, named=sight)
                speaker, person = (who.speaker, who.name) if who else ("child", "")
                if element == "space" and speaker in ("practitioner", "manager"):
                    speaker, person = ("child", cast.focus.name if cast.focus else "")
                out.append(
                    Span(element, a, b, speaker, person, who.person_id if who else "", given=rule.given, how=rule.how, outcome=rule.outcome,
                         score=0.6, tagger=f"rules:{element}.{rule.id}")
                )  # fmt: skip
    return out


def _trim(view: str, start: int, end: int) -> tuple[int, int]:
    while start < end and view[start] in " ,;:.-–—\n\"'“”":
        start += 1
    while end > start and view[end - 1] in ' ,;:.-–—\n"“”(':
        end -= 1
    return start, end


def _whole_words(view: str, start: int, end: int, low: int, high: int) -> tuple[int, int]:
    """Move edges that fell inside a word ("was|n't asked", or where a pattern ran out of room) to its edges."""
    while start > low and start < end and _in_word(view[start - 1]) and _in_word(view[start]):
        start -= 1
    while end < high and end > start and view[end - 1].isalnum() and _in_word(view[end]):
        end += 1
    return start, end


def _in_word(char: str) -> bool:
    return char.isalnum() or char in "'’"


def _who(cast: Cast, start: int, end: int, default: Actor | None, *, named: bool) -> Actor | None:
    """Return whose chance or voice it is: the first of the family mentioned (``named``: by more than a pronoun), else ``default``."""
    first = None
    for mention in cast.between(start, end):
        if named and mention.actor < 0:
            continue
        actor = cast.resolve(mention.word, mention.start) if mention.actor < 0 else cast.actors[mention.actor]
        if actor is None and mention.word.lower() in _OTHERS:
            return default  # somebody, not told who: not the next person named ("asked if she wanted to see Dad")
        if actor is None or actor is cast.author or actor.speaker in ("practitioner", "manager"):
            continue
        if actor.speaker in ("child", "parent", "carer", "family"):
            return actor
        first = first or actor
    return default or first
