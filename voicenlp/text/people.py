"""Who is who in a note: everybody it mentions, their role, and where each mention stands.

Sources, strongest first: the roster; the note's own introductions ("Karen (mum)", "SW Tom Birch", "Dilan 10"); role words and
abbreviations; titles; and, for a bare first name that nothing explains, the child: records call children by their first names.
"""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from voicenlp.records import Note, Person
from voicenlp.text.lexicon import Lexicon, RoleWord, lexicon
from voicenlp.text.segmenter import Segmented

__all__ = ["Actor", "Cast", "Mention", "cast_of"]


@cache
def _common_words() -> frozenset[str]:
    lines = files("voicenlp").joinpath("resources/common_words.txt").read_text(encoding="utf-8").splitlines()
    return _NOT_NAMES | frozenset(line for line in lines if line and not line.startswith("#"))


@dataclass(slots=True)
class Actor:
    """Somebody in a note.

    Attributes
    ----------
    name : str
        The fullest name or label that the note gives.
    speaker : str
        Speaker of the scheme.
    gender : str
        ``f``, ``m`` or empty, as far as kin words and pronouns tell.
    person_id : str
        From the roster, where they are on it.
    sure : bool
        False where the role was only guessed (a bare name, an ambiguous abbreviation).
    """

    name: str
    speaker: str
    gender: str = ""
    person_id: str = ""
    role: str = ""
    sure: bool = True
    count: int = 0


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention: ``kind`` is ``name``, ``role`` or ``pronoun``; ``actor`` is an index into `Cast.actors`, -1 for a pronoun."""

    start: int
    end: int
    kind: str
    actor: int = -1
    word: str = ""


@dataclass
class Cast:
    """Everybody in a note, and every mention in reading order.

    Examples
    --------
    >>> from voicenlp.text.segmenter import segment
    >>> note = Note("n1", "Karen (mum) rang. Her son Kai said no. IRO told.")
    >>> cast = cast_of(note, segment(note.text))
    >>> [(a.name, a.speaker) for a in cast.actors if a.count]
    [('Karen', 'parent'), ('Kai', 'child'), ('IRO', 'professional')]
    """

    actors: list[Actor]
    mentions: list[Mention]
    author: Actor
    focus: Actor | None
    addressed: bool
    starts: list[int] = field(default_factory=list)

    def between(self, start: int, end: int) -> list[Mention]:
        """Return the mentions that begin in a stretch."""
        return self.mentions[bisect.bisect_left(self.starts, start) : bisect.bisect_left(self.starts, end)]

    def resolve(self, word: str, before: int, floor: int = 0, topic: Actor | None = None) -> Actor | None:
        """Return the person that a pronoun stands for, from the mentions between ``floor`` and ``before``; None if none fits.

        Who has the word (``topic``) keeps it as long as the gender fits; else the nearest person of the right gender who is not a
        bystander; a person whose gender nothing tells fits any.
        """
        word = word.lower()
        if word in ("i", "me", "my", "we", "us"):
            return self.author
        if word in ("you", "your"):
            return self.focus if self.addressed else None
        gender = {"he": "m", "him": "m", "his": "m", "she": "f", "her": "f"}.get(word, "")
        if topic is not None and gender and (topic.gender == gender or (not topic.gender and topic.role not in ("children", "parents", "school"))):
            return topic
        at = bisect.bisect_left(self.starts, before)
        fallback = None
        for mention in reversed(self.mentions[max(0, at - 24) : at]):
            if mention.start < floor:
                break
            if mention.actor < 0:
                continue
            actor = self.actors[mention.actor]
            if actor is self.author or actor.role in ("school", "children", "parents", "grandparents") and gender:
                continue
            if not gender or actor.gender == gender:
                return actor
            if not actor.gender and fallback is None:
                fallback = actor
        return fallback


_NAME_WORD = r"[A-ZÀ-Þ][a-zà-ÿ]+(?:['’][A-Za-z][a-z]+)?(?:-[A-ZÀ-Þ]?[a-zà-ÿ]+)*(?:['’](?=s\b))?|[A-ZÀ-Þ]['’][A-Z][a-zà-ÿ]+"
_NAME = re.compile(
    rf"(?<![\w@.])(?:(?P<title>Mr|Mrs|Ms|Miss|Dr|Prof|PC|DC|DS|DI|Sgt|Cllr|Nurse|Sister|Judge|HHJ)\.?\s+)?"
    rf"(?P<name>(?:{_NAME_WORD})(?:\s(?:[A-Z]\.?\s)?(?:{_NAME_WORD}|[A-ZÀ-Þ][A-ZÀ-Þ'’\-]{{2,}})){{0,2}}|(?<=\s)[A-Z]\.\s?{_NAME_WORD}|[A-ZÀ-Þ]{{3,}}(?:-[A-ZÀ-Þ]+)?\s{_NAME_WORD})(?![\w@])"
)
_INITIALS = re.compile(r"(?<![\w.&'’/])(?:[A-Z]-[A-Z]|[A-Z]{1,2})(?![\w&/.-])(?:['’]s)?")
_PRONOUN = re.compile(r"(?<![\w'’])(?:he|she|they|i|we|you|him|her|them|me)(?![\w])", re.I)
_AGE = re.compile(r"\s*(?:,|\(|is|aged|-)?\s*\(?(?:aged?\s)?(\d{1,2})(?:\s?(?:yrs?|years?|months?|mths?|wks?|weeks?|m|y|yo)\b|(?=[\s,)./;]|$))", re.I)
_AFTER_NAME = re.compile(r"\s?[(,\[–-]\s?(?:the |his |her |their |child's |my )?(?:[a-z'’]+ ){0,2}?$")
_PLACE_TAIL = re.compile(
    r"\s(?:School|Primary|Academy|College|Road|Street|Lane|Close|Avenue|House|Court|Hospital|Centre|Center|Team|Nursery|Infants|Juniors|High|Park|Unit|Ward|Service|Services|Council|Library|Church|Mosque|Hall|Farm|Drive|Way|Terrace|Place|Square|Surgery|Clinic|University|Project|Hub|Club|Estate|Green|Hill|Gardens|Crescent|Lodge|Cottage)\b"
)
_NOT_NAMES = frozenset(
    """a about above action actions add address after afternoon again age aged ago agreed all also although always am an analysis and another any anything apparently are
    around as ask asked at attended aware away back bed bedroom before behaviour being better between both breakfast bring but by bye call called came can card case chair chat child children
    christmas class college come concerns conference contact copied could court dear did discussed discussion do does doing done dont dr due during each early easter edt education either else email emailed emails
    english even evening every everyone everything explained family feels felt few file fine first following food for forwarded friday from full further gave get getting gets given go goes going good got group had half
    happy has have having he health hello help her here hers hi him his home homework hope house housing how however i if in information into is issue it its just keep kept kind kitchen
    knows last later least left let letter like likes listen living loves made management manager many mainly may maybe me meanwhile meet meeting met mind minutes monday money more morning most much must my name near need needs
    never new next night no none nor not note notes nothing now number nursery of off offered ok okay on once one only or other others our out outcome over own panel parents part passed people
    perhaps plan played please police possible presented previous prior purpose put quiet quite ran rang re read reason referral refused regards remains reported requested review right room said same sat saturday saw says school
    see seemed seems seen sent seven she short should showed since sincerely sister sit slept so social some someone something sometimes soon spoke spoken statement still stated strategy sunday support
    sure talked tea tel text thank thanks that the their them then there these they think thinks this those though thought three thursday time to today together told tomorrow tonight too took tried tuesday two under
    unable until up update upset us use used usual very via visit visited voice voicemail want wanted wants was we wednesday week weekend weekly well went were what whatever when where whether which while who whole
    whose why will with within without work worker working worried worries would write written year years yes yesterday yet you young your yours january february march april june july august september october november december
    mon tue tues wed weds thu thur thurs fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec sw fc yp mum dad nan mother father mummy daddy gran nana grandma grandad granny grandpa auntie aunt uncle baby parent carer
    england english british polish somali arabic romanian urdu kurdish sorani farsi dari pashto tigrinya french spanish portuguese bengali punjabi turkish albanian vietnamese ukrainian russian welsh scottish irish
    whatsapp facebook snapchat instagram tiktok xbox playstation minecraft roblox fortnite netflix youtube lego argos tesco asda lidl aldi teams zoom google makaton ramadan eid diwali halloween god
    great sorry lovely brilliant nobody everybody anyone somebody bit lots loads late early mid end start arrived returned collected dropped phoned rung texted messaged chased shared noted advised informed agrees disagrees denies denied
    admitted reports states feel looks looked appears appeared kicked cried slept ate woke bath dinner lunch snack swimming football park garden upstairs downstairs outside inside lounge front year reception key stage
    threshold section strengths risk risks safety safe significant harm neglect emotional physical legal interim order care leaving looked initial final assessment pathway core team around placement foster fostering residential
    nil nb fyi eta n/a tbc tbd asap am pm""".split()
)




def cast_of(note: Note, segmented: Segmented, roster: Iterable[Person] = (), words: Lexicon | None = None) -> Cast:
    """Find everybody in a note.

    Parameters
    ----------
    note : Note
        Its title, type and author's role help to tell who writes.
    segmented : Segmented
        The note, cut.
    roster : iterable of Person
        Who the authority knows in this child's life.
    words : Lexicon, optional
        The authority's own role words.

    Returns
    -------
    Cast
    """
    return _Finder(note, segmented, list(roster), words or lexicon()).run()


class _Finder:
    def __init__(self, note: Note, segmented: Segmented, roster: list[Person], words: Lexicon) -> None:
        self.note, self.view, self.segmented, self.words = note, segmented.view, segmented, words
        self.actors: list[Actor] = []
        self.by_name: dict[str, int] = {}
        self.by_role: dict[str, int] = {}
        for person in roster:
            self._from_roster(person)

    def run(self) -> Cast:
        view = self.view
        roles = [(m.start(), m.end(), self.words.role(m[0]), m) for m in self.words.find(view)]
        roles = [r for r in roles if r[2] is not None and (not r[2].unsure or self._acts(r[0], r[1]))]
        names = self._names()
        # "M:" in a transcript is Morgan where there is a Morgan, not mum
        letters = {part[:1] for _, _, title, name in names if not title for part in name.split()[:1]}
        roles = [r for r in roles if not (r[1] - r[0] == 1 and view[r[0]] in letters)]
        mentions = self._introduce(roles, names)
        mentions += [Mention(m.start(), m.end(), "pronoun", -1, m[0]) for m in _PRONOUN.finditer(view)]
        mentions.sort(key=lambda m: (m.start, -m.end))
        mentions = self._initials(mentions)
        for mention in mentions:
            if mention.actor >= 0:
                self.actors[mention.actor].count += 1
        author = self._author()
        self._genders(mentions)
        children = [a for a in self.actors if a.speaker == "child" and a.count]
        named = [a for a in children if a.role not in ("children",)]
        focus = max(named or children, key=lambda a: (a.count, -self.actors.index(a)), default=None)
        addressed = bool(
            len(re.findall(r"\b[Yy]ou (?:told|said|asked|wanted|want|showed|were|felt|feel|did|also|have|don't|like)\b|\b[Yy]our\b", view)) >= 3
            and re.search(r"\b[Yy]ou (?:told me|said|asked me|wanted|showed me|talked|chose)\b", view)
        )
        cast = Cast(self.actors, mentions, author, focus, addressed, [m.start for m in mentions])
        if cast.focus is None:
            cast.focus = Actor("", "child", sure=False)
        return cast

    # roster and names ---------------------------------------------------------------------------------------------------------------

    def _from_roster(self, person: Person) -> None:
        speaker = self.words.speaker_of(person.role) or ("child" if not person.role else "other")
        role = self.words.role(person.role.strip()) if person.role else None
        actor = Actor(person.name, speaker, role.gender if role else "", person.person_id, role.role if role else "", sure=True)
        index = len(self.actors)
        self.actors.append(actor)
        for alias in (person.name, *person.also):
            key = " ".join(alias.lower().split())
            if key:
                self.by_name.setdefault(key, index)
                as_role = self.words.role(alias.strip())
                if as_role:
                    self.by_role.setdefault(as_role.role, index)
        first = person.name.split()[0].lower() if person.name.split() else ""
        if len(first) > 1:
            self.by_name.setdefault(first, index)
        if role and speaker in ("parent", "manager"):
            self.by_role.setdefault(role.role, index)

    def _names(self) -> list[tuple[int, int, str, str]]:
        """Return (start, end, title, name) for what looks like a person's name."""
        view = self.view
        lower = set(re.findall(r"(?<![\w'’])[a-z][a-zà-ÿ'’]+", view))
        common = _common_words()
        # a capital in mid-sentence speaks for a name, whatever the word
        inside = {m[1] for m in re.finditer(r"(?<=[a-z,] )([A-Z][a-z]+)", view)} - {"Year", "School"}
        out = []
        for match in _NAME.finditer(view):
            start, end = match.span("name")
            title = match["title"] or ""
            parts = match["name"].split()
            if not title:
                # leading and trailing common words are not part of a name ("Visited Tia", "Tia Said")
                while parts and (parts[0].lower().strip(".") in _NOT_NAMES or self.words.role(parts[0])):
                    start += len(parts[0])
                    while start < end and view[start].isspace():
                        start += 1
                    parts = parts[1:]
                while parts and parts[-1].lower() in _NOT_NAMES and not (len(parts) > 1 and parts[-1].isupper()):
                    parts = parts[:-1]
                if not parts:
                    continue
                end = start + self._width(start, parts)
                if _PLACE_TAIL.match(view, end) or (len(parts) > 1 and _PLACE_TAIL.fullmatch(" " + parts[-1])):
                    continue
                if len(parts) == 1 and parts[0].lower() in common and parts[0] not in inside and not re.match(r"\s?\(", view[end : end + 2]):
                    continue
                if len(parts) == 1 and parts[0].lower() in lower and not (view[end : end + 2] in ("'s", "’s")):
                    continue
                before = view[max(0, start - 4) : start]
                if re.search(r"\b(?:at|in)\s$", before) and len(parts) == 1 and not re.match(r"(?:['’]s|\s(?:said|was|is|told))", view[end : end + 6]):
                    continue
            else:
                start = match.start()
            if view[end - 1 : end] in "'’":
                end -= 1
            out.append((start, end, title, " ".join(parts).rstrip("'’")))
        return out

    def _width(self, start: int, parts: list[str]) -> int:
        at = start
        for index, part in enumerate(parts):
            at = self.view.index(part, at) + len(part)
            if index == len(parts) - 1:
                break
        return at - start

    def _acts(self, start: int, end: int) -> bool:
        """Whether an ambiguous abbreviation stands where a person stands: before a verb of saying, a colon, or a name; or in brackets after one."""
        after = self.view[end : end + 18]
        return bool(
            re.match(r"(?:['’]s\s|\s?:|\s(?:said|says|feels|felt|thinks|wants|told|asked|reports?|reported|stated|advised|is|was|has|to|will|agreed|\([A-Z]|[A-Z][a-z]+ )|\s?\))", after)
            or re.search(r"(?:\bto|\bfrom|\bwith|\bby|\bmy|TC)\s$", self.view[max(0, start - 6) : start])
        )

    # introductions ------------------------------------------------------------------------------------------------------------------

    def _introduce(self, roles: list, names: list[tuple[int, int, str, str]]) -> list[Mention]:
        view = self.view
        out: list[Mention] = []
        used: set[int] = set()
        ends = {end: (start, role) for start, end, role, _ in roles}
        pending: list[tuple[int, int, str, str]] = []
        spans = []
        for start, end, title, name in names:
            role, role_start = None, start
            tail = view[end : end + 60]
            head = view[max(0, start - 14) : start]
            inside = re.match(r"\s?[(\[]\s?([^()\[\]]{1,50})[)\]]", tail)
            comma = re.match(r"\s?[,–-]\s(?:(?:the|his|her|their|a|an) )?([a-z][^.,;:\n]{2,40})", tail)
            if inside and (found := self._role_in(inside[1])):
                role = found
            elif inside and re.match(r"(?:age[d]?\s)?\d{1,2}(?:\D{0,8})$", inside[1]) and int(re.findall(r"\d+", inside[1])[0]) < 26:
                role = RoleWord("child", "child")
            if role is None:
                # "mum Karen", "SW, Tom Birch", "his sister Nima", "mother (Shilan Karim)"
                lead = re.search(r"(?:\s|,\s|:\s|\s\(|\()$", head)
                if lead:
                    at = start - len(lead[0])
                    if at in ends and not (lead[0].startswith(":") and ends[at][1].speaker not in ("child", "practitioner", "manager", "carer")):
                        role_start, role = ends[at]
                        if lead[0].strip() == "," and not ends[at][1].speaker == "practitioner" and view[end : end + 1] != ",":
                            role, role_start = None, start
            if role is None and comma:
                role = self._role_in(comma[1], lead=True)
            if role is None and (age := _AGE.match(view, end)) and int(age[1]) < 26 and not re.match(r"\s*\d{1,2}[:./]\d", view[end : end + 8]):
                role = RoleWord("child", "child")
            if role is None and re.search(r"(?:Child|YP|Young person|Subjects?|Pupil|Student|Client|Name)s?\s*:\s*$", view[max(0, start - 16) : start], re.I):
                role = RoleWord("child", "child")
            if role is None and re.search(
                r"(?:Completed by|Compiled(?: by)?|Worker|Author|Visit(?:ing)? by|Written by|Recorded by|Visited by|Supervisor|Assessor|Interviewer)\s*:?\s*$", view[max(0, start - 20) : start], re.I
            ):
                role = RoleWord("social_worker", "practitioner")
            if role is None and re.search(r"\b(?:Chair|Chaired by|Manager)\s*:\s*$", view[max(0, start - 14) : start], re.I):
                role = RoleWord("manager", "manager")
            if role is None and self._signs(start, end):
                role = RoleWord("social_worker", "practitioner")
            if role is not None:
                index = self._actor(name, role, title)
                out.append(Mention(role_start, end, "name", index, name))
                spans.append((role_start, end))
                if inside and self._role_in(inside[1]):
                    spans.append((end, end + inside.end()))
                if role_start != start:
                    used.add(role_start)
            else:
                pending.append((start, end, title, name))
        for start, end, title, name in pending:
            index = self._known(name)
            if index is None:
                index = self._guess(name, title)
            if index is not None:
                out.append(Mention(start, end, "name", index, name))
                spans.append((start, end))
        covered = sorted(spans)
        lows = [a for a, _ in covered]
        for start, end, role, match in roles:
            if start in used:
                continue
            at = bisect.bisect_right(lows, start) - 1
            if at >= 0 and start < covered[at][1]:
                continue
            out.append(Mention(start, end, "role", self._role_actor(match[0], role, start), match[0]))
        return out

    def _signs(self, start: int, end: int) -> bool:
        """Whether a name stands alone on one of the last lines: whoever signs a note in a case file is its worker, unless it says otherwise."""
        view = self.view
        left, right = view.rfind("\n", 0, start) + 1, view.find("\n", end)
        right = len(view) if right < 0 else right
        alone = not view[left:start].strip(" -–—") and not view[end:right].strip(" .,-–—")
        return alone and len(view) - end < 120 and left > 0 and not self._childs_hand()

    def _role_in(self, words: str, lead: bool = False) -> RoleWord | None:
        match = self.words.pattern.search(words)
        if not match or (lead and match.start() > 24):
            return None
        return self.words.role(match[0])

    def _actor(self, name: str, role: RoleWord, title: str) -> int:
        """Return the actor of an introduced name: a new one, or the one already known by it."""
        known = self._known(name)
        if known is not None:
            actor = self.actors[known]
            if not actor.person_id and (not actor.sure or actor.speaker == "other"):
                actor.speaker, actor.role, actor.gender, actor.sure = role.speaker, role.role, role.gender or actor.gender, True
            if len(name) > len(actor.name) and not actor.person_id:
                actor.name = name
            self._alias(name, known)
            if role.speaker in ("parent", "carer", "family", "manager"):
                self.by_role.setdefault(role.role, known)
            return known
        if role.role in self.by_role and role.speaker in ("parent", "family") and self.actors[self.by_role[role.role]].name[:1].islower():
            index = self.by_role[role.role]
            self.actors[index].name = name
        else:
            index = len(self.actors)
            self.actors.append(Actor(name, role.speaker, role.gender, role=role.role))
        if role.speaker != "child":
            self.by_role.setdefault(role.role, index)
        self._alias((title + " " if title else "") + name, index)
        self._alias(name, index)
        return index

    def _alias(self, name: str, index: int) -> None:
        self.by_name.setdefault(name.lower(), index)
        parts = name.split()
        if len(parts) > 1:
            self.by_name.setdefault(parts[0].lower(), index)
            self.by_name.setdefault(parts[-1].lower(), index)

    def _known(self, name: str) -> int | None:
        key = name.lower()
        if key in self.by_name:
            return self.by_name[key]
        parts = key.split()
        if len(parts) > 1 and (hit := self.by_name.get(parts[0])) is not None:
            # "Tia" met before, now "Tia Webb"; but two full names with one first name are two people
            other = self.actors[hit].name.lower().split()
            if len(other) == 1 or other[-1] == parts[-1]:
                return hit
        return None

    def _guess(self, name: str, title: str) -> int | None:
        """Guess a role for a name that nothing introduces."""
        if title in ("PC", "DC", "DS", "DI", "Sgt", "Dr", "Prof", "Nurse", "Sister"):
            speaker, sure = "professional", True
        elif title in ("Judge", "HHJ"):
            speaker, sure = "manager", True
        elif title == "Miss":
            speaker, sure = "professional", False
        elif title:
            school = re.search(r"\b(?:school|class|lesson|teacher|cpoms|year \d|head of)\b", self.view, re.I)
            parent = re.search(rf"{title}\.? {re.escape(name)}[^.\n]{{0,60}}\b(?:son|daughter|husband|wife|partner|home)\b", self.view)
            speaker, sure = ("professional" if school and not parent else "parent"), False
        elif re.match(r"[A-Z]\.", name):
            speaker, sure = "practitioner", False
        elif len(name.split()) > 1 and not re.search(rf"{re.escape(name.split()[0])}(?! {re.escape(name.split()[-1])})\b", self.view):
            speaker, sure = "other", False
        else:
            speaker, sure = "child", False
        index = len(self.actors)
        gender = {"Mr": "m", "Mrs": "f", "Ms": "f", "Miss": "f", "Sister": "f"}.get(title, "")
        full = f"{title} {name}" if title else name
        self.actors.append(Actor(full, speaker, gender, sure=sure))
        self._alias(name, index)
        self.by_name.setdefault(full.lower(), index)
        return index

    def _role_actor(self, word: str, role: RoleWord, start: int) -> int:
        """Return the actor of a bare role word; each kin word is one person, ``her mum's`` being the child's mother in these records."""
        if role.role in self.by_role:
            return self.by_role[role.role]
        if role.speaker == "child":
            named = [i for i, a in enumerate(self.actors) if a.speaker == "child" and a.role != "children"]
            if role.role == "child" and len(named) == 1:
                return named[0]
        index = len(self.actors)
        self.actors.append(Actor(word, role.speaker, role.gender, role=role.role, sure=not role.unsure))
        self.by_role[role.role] = index
        return index

    def _initials(self, mentions: list[Mention]) -> list[Mention]:
        """Add mentions by initials ("K", "KW") of people whose names the note or the roster gives."""
        table: dict[str, int] = {}
        clash: set[str] = set()
        for index, actor in enumerate(self.actors):
            parts = re.findall(r"[A-ZÀ-Þ]", " ".join(p[:1] for p in re.split(r"[\s-]", actor.name)))
            if not parts or actor.name.split()[0] in ("Mr", "Mrs", "Ms", "Miss", "Dr", "PC"):
                continue
            for key in {parts[0], "".join(parts)} if len(parts) > 1 else {parts[0]}:
                if key in table and table[key] != index:
                    if self.actors[table[key]].speaker == "child" and actor.speaker != "child":
                        continue
                    clash.add(key)
                table.setdefault(key, index)
        covered = [(m.start, m.end) for m in mentions]
        lows = [a for a, _ in covered]
        added = []
        for match in _INITIALS.finditer(self.view):
            key = match[0].removesuffix("'s").removesuffix("’s")
            if key == "I" or key == "A" or (key in clash and len(key) == 1 and self.actors[table[key]].speaker != "child"):
                continue
            at = bisect.bisect_right(lows, match.start()) - 1
            if at >= 0 and match.start() < covered[at][1]:
                continue
            index = table.get(key)
            if index is not None:
                added.append(Mention(match.start(), match.start() + len(key), "name", index, key))
        if not added:
            return mentions
        return sorted(mentions + added, key=lambda m: (m.start, -m.end))

    # author and genders -------------------------------------------------------------------------------------------------------------

    def _author(self) -> Actor:
        first = self.view.strip().split("\n", 1)[0][:160]
        if self.note.author_role:
            speaker = self.words.speaker_of(self.note.author_role) or self.words.author(self.note.author_role)
        else:
            heading = first if len(first) < 100 and not re.search(r"[a-z]{3}\. [A-Z]|[.!?]$", first) else ""
            speaker = self.words.author(self.note.note_type, self.note.title, heading)
            if speaker in ("practitioner", "professional") and self._childs_hand():
                speaker = "child"
        if self.note.author:
            return Actor(self.note.author, speaker)
        for actor in self.actors:
            if actor.speaker == speaker and actor.role in ("social_worker", "manager") and speaker in ("practitioner", "manager"):
                return actor
        if speaker == "child":
            children = [a for a in self.actors if a.speaker == "child"]
            if children:
                return max(children, key=lambda a: a.count)
        label = {"practitioner": "SW", "manager": "Manager", "carer": "Carer", "professional": "Professional"}.get(speaker, "")
        return Actor(label, speaker)

    def _childs_hand(self) -> bool:
        """Whether a child seems to have written it: "I" and "my mum" all over, and nobody visiting."""
        own = len(re.findall(r"\b(?:I|i|im|I['’]m)\b", self.view))
        kin = len(re.findall(r"\b[Mm]y (?:mum|mom|mam|dad|nan|nana|gran|social worker|brother|sister|bruther|teacher|foster|bed|dog|cat)\b", self.view))
        return own >= 5 and kin >= 2 and not re.search(r"\b(?:SW|YP|FC|TM|[Vv]isited|HV|T/?C)\b", self.view) and not re.search(r"^[A-Z]\w{0,12}:\s", self.view, re.M)

    def _genders(self, mentions: list[Mention]) -> None:
        """Learn genders from the pronoun that follows a name most often."""
        votes: dict[int, Counter[str]] = {}
        last, last_end = -1, 0
        for mention in mentions:
            if mention.actor >= 0:
                last, last_end = mention.actor, mention.end
                continue
            gender = {"he": "m", "him": "m", "she": "f", "her": "f"}.get(mention.word.lower())
            if gender and last >= 0 and mention.start - last_end < 120 and not self.actors[last].gender:
                votes.setdefault(last, Counter())[gender] += 1
                last = -1
        for index, counter in votes.items():
            (best, n), total = counter.most_common(1)[0], sum(counter.values())
            if n / total > 0.6:
                self.actors[index].gender = best
