"""Reporting words and the people they belong to."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from voicenlp.text.people import Actor, Cast, Mention

__all__ = ["Cue", "cue_matches", "cues"]


@dataclass(frozen=True, slots=True)
class Cue:
    """A reporting word in a sentence.

    Attributes
    ----------
    kind : str
        Its class in ``resources/cues.toml``.
    start, end : int
        Offsets of the word (for moods, of the adjective).
    keep : bool
        True where the word itself is part of what is expressed.
    expression : str
        What the class tells; empty where the content decides.
    actor : Actor or None
        Whose it is; None where the sentence does not say.
    subject : int
        Offset where the subject begins; equal to ``start`` where it is left out.
    stated : bool
        True where the subject stands in the sentence.
    """

    kind: str
    start: int
    end: int
    keep: bool
    expression: str
    actor: Actor | None
    subject: int
    stated: bool


_ADVERBS = (
    r"(?:has|have|had|also|then|just|still|now|again|later|both|all|each|really|very|quite|rather|already|though|however|who|myself|himself|herself|themselves|"
    r"did|does|do|once|always|often|sometimes|never|only|even|simply|actually|eventually|at first|at last|afterwards|today|apparently|obviously|definitely|certainly|\w+ly|"
    r"was|is|are|were|am|been|being|seems?|seemed|appears?|appeared|looked|became|got|gets|said|says|said that|told me|to me|in turn|for (?:his|her) part|on the (?:phone|doorstep))"
)
_GAP = re.compile(rf"(?:['’](?:(?:s|d|ve|m|re|ll)\b)?)?(?:[\s,]+\([^()]{{1,60}}\))?(?:[\s,]+{_ADVERBS})*[\s,]*$", re.I)
_BE_BEFORE = re.compile(
    r"(?:\b(?:is|was|are|were|am|be|been|being|feels?|felt|feeling|seems?|seemed|appears?|appeared|looks?|looked|became|becoming|got|gets|still|so|very)|['’](?:s|m|re))\s(?:\w+ly\s)?$",
    re.I,
)
_CLAUSE_START = re.compile(r"(?:^|[.!?;:,–—(-]\s*|\b(?:and|but|then|also|so|or|yet|while|although|still)\s+)$", re.I)
_NOT_VERB = re.compile(
    r"\b(?:the|a|an|his|her|their|my|your|our|any|no|of|in|for|with|some|these|those|that|this|what|to|not to|would|could|might|may|should|if|whether|can|cannot|doesn'?t|does not|didn'?t|did not|don'?t|wouldn'?t|won'?t)\s$",
    re.I,
)
_SENTENCE_START = re.compile(r"(?:[.!?\n] ?|\A|\b(?:T/?C|P/C|[Cc]all|[Ee]mail|[Tt]ext|[Mm]essage|VM|[Vv]oicemail) (?:from|to|with) )$")
_NEAR = 150
_UNSAID = re.compile(r"(?:\bnot|n['’]t|\bnever)\s(?:\w+ly\s)?$", re.I)
_EDGE = re.compile(r"[,;:–—]|\b(?:but|then)\b", re.I)
_HYPOTHETICAL = re.compile(r"\b(?:if|whether|unless|in case|should|might|may|could|would)\s+$", re.I)


@cache
def _pattern() -> tuple[re.Pattern[str], dict[str, tuple[str, bool, str]]]:
    data = tomllib.loads(files("voicenlp").joinpath("resources/cues.toml").read_text(encoding="utf-8"))
    groups, table = [], {}
    # later classes bear the expression themselves, so they go first where two could match ("feels sad" before "feels")
    for kind in ("wanted", "felt", "judged", "thought", "moods", "said"):
        entry = data[kind]
        table[kind] = (kind, entry["keep"], entry["expression"])
        groups.append(rf"(?P<{kind}>{'|'.join(entry['verbs'])})")
    return re.compile(
        rf"(?<![\w])(?:{'|'.join(groups)})(?![\w'’-])|(?<=['’])(?P<wanted2>d (?:like|love|rather|prefer|sooner|want))\b", re.I
    ), table


def cue_matches(view: str) -> Iterator[tuple[str, int, int]]:
    """Yield class, start and end of every reporting word of a text, whoever's it is."""
    pattern, table = _pattern()
    for match in pattern.finditer(view):
        yield table["wanted" if match.lastgroup == "wanted2" else match.lastgroup or ""][0], match.start(), match.end()


def cues(view: str, start: int, end: int, cast: Cast, topic: Actor | None, floor: int, default: Actor | None = None) -> list[Cue]:
    """Return the reporting words of a sentence with their subjects, in order.

    Parameters
    ----------
    view : str
        The note.
    start, end : int
        The sentence.
    cast : Cast
        Its people.
    topic : Actor, optional
        Who had the word last; a pronoun that fits is theirs.
    floor : int
        Pronouns look back no further.
    default : Actor, optional
        Who is understood where a clause has no subject ("Says he is fine") and nobody has had the word yet.
    """
    pattern, table = _pattern()
    mentions = cast.between(start, end)
    out: list[Cue] = []
    last: Actor | None = None
    barred = start  # up to here nobody has said so: "if he says he wants to", "did not say that she was unhappy"
    for match in pattern.finditer(view, start, end):
        kind, keep, expression = table["wanted" if match.lastgroup == "wanted2" else match.lastgroup or ""]
        at = match.start()
        if at < barred:
            continue
        before = view[max(start, at - 60) : at]
        if kind == "said" and _UNSAID.search(before):
            barred = _clause_edge(view, at, end)
            continue
        if kind == "moods" and not _BE_BEFORE.search(before) and not _CLAUSE_START.search(before):
            continue
        subject = _subject(view, start, at, mentions)
        if subject is None and _NOT_VERB.search(before):
            continue
        if subject is not None:
            actor = _actor(view, cast, subject, floor, last or topic, default)
            first = subject.start
            if actor is None:
                continue
            if _HYPOTHETICAL.search(view[max(start, first - 10) : first]):
                # "if she wants to": nobody has said so ("asked if" is a cue of its own and ends before)
                if not (out and out[-1].kind in ("said", "wanted") and out[-1].end >= first - 10):
                    barred = _clause_edge(view, at, end)
                    continue
                if out[-1].kind == "wanted":
                    continue
            out.append(Cue(kind, at, match.end(), keep, expression, actor, first, True))
            last = actor
        elif _CLAUSE_START.search(before) or (before.strip() == "" and at - start < 3):
            understood = last or topic or default
            if understood is None or (kind == "moods" and at > start and not out):
                continue
            out.append(Cue(kind, at, match.end(), keep, expression, understood, at, False))
            last = understood
    return out


def _clause_edge(view: str, at: int, end: int) -> int:
    edge = _EDGE.search(view, at, end)
    return edge.start() if edge else end


def _subject(view: str, start: int, at: int, mentions: list[Mention]) -> Mention | None:
    """Return the mention right before a verb, adverbs, brackets and forms of "to be" aside."""
    for mention in reversed(mentions):
        if mention.end > at:
            continue
        if at - mention.end > 60:
            return None
        if mention.word.lower() in ("him", "them", "me") or (mention.kind == "pronoun" and mention.word == "her"):
            return None
        return mention if _GAP.fullmatch(view, mention.end, at) else None
    return None


def _actor(view: str, cast: Cast, mention: Mention, floor: int, topic: Actor | None, default: Actor | None) -> Actor | None:
    if mention.actor >= 0:
        return cast.actors[mention.actor]
    if (topic is None or not topic.gender) and mention.word.lower() in ("he", "she"):
        # nobody whose gender is known has had the word: whom the sentence before is about ("Dad rang. He …"), else the child
        topic = _opener(view, cast, mention) or topic or default
    actor = cast.resolve(mention.word, mention.start, floor, topic)
    if actor is None and mention.word.lower() in ("he", "she", "they"):
        return cast.focus
    return actor


def _opener(view: str, cast: Cast, pronoun: Mention) -> Actor | None:
    """Return the person with whom a sentence shortly before the pronoun begins, if the gender is theirs."""
    gender = {"he": "m", "she": "f"}[pronoun.word.lower()]
    for mention in reversed(cast.between(max(0, pronoun.start - _NEAR), pronoun.start)):
        if mention.actor >= 0 and _SENTENCE_START.search(view, max(0, mention.start - 16), mention.start):
            actor = cast.actors[mention.actor]
            return actor if actor.gender == gender else None
    return None
