"""Who is who in a note: everybody it mentions, their role, and where each mention stands.

Sources, strongest first: the roster; the note's own introductions ("Karen (mum)", "SW Tom Birch", "Dilan 10"); role words and
abbreviations; titles; and, for a bare first name that nothing explains, the child: records call children by their first names.
"""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Iterable

from voicenlp.records import Note, Person
from voicenlp.text.lexicon import Lexicon, RoleWord, lexicon
from voicenlp.text.names import AGE, INITIALS, PRONOUN, Name, find_names
from voicenlp.text.people import Actor, Cast, Mention
from voicenlp.text.segmenter import Segmented

__all__ = ["cast_of"]


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


_TITLES = {"m": ("mr", "dr"), "f": ("mrs", "ms", "miss", "dr"), "": ("mr", "mrs", "ms", "miss", "dr")}
_TITLE_GENDER = {"Mr": "m", "Mrs": "f", "Ms": "f", "Miss": "f", "Sister": "f"}


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
        roles = [
            (m.start(), m.end(), role, m)
            for m in self.words.find(view)
            if (role := self.words.role(m[0])) is not None and (not role.unsure or self._acts(m.start(), m.end()))
        ]
        names = find_names(view, self.words)
        # "M:" in a transcript is Morgan where there is a Morgan, not mum
        letters = {part[:1] for _, _, title, name in names if not title for part in name.split()[:1]}
        roles = [r for r in roles if not (r[1] - r[0] == 1 and view[r[0]] in letters)]
        mentions = self._introduce(roles, names)
        mentions += [Mention(m.start(), m.end(), "pronoun", -1, m[0]) for m in PRONOUN.finditer(view)]
        mentions.sort(key=lambda m: (m.start, -m.end))
        mentions = self._initials(mentions)
        for mention in mentions:
            if mention.actor >= 0:
                self.actors[mention.actor].count += 1
        author = self._author()
        self._genders(mentions)
        addressed = self._addressed()
        children = [a for a in self.actors if a.speaker == "child" and a.count]
        named = [a for a in children if a.role not in ("children",)]
        if addressed:
            # "your brother Leo" is not "you"; who is, may be known from the roster alone
            named = [a for a in named if a.role not in ("brother", "sister")]
            children = named or [a for a in self.actors if a.person_id and a.speaker == "child" and a.role not in ("brother", "sister")]
        focus = max(named or children, key=lambda a: (a.count, -self.actors.index(a)), default=None)
        if focus is None:
            focus = Actor("You" if addressed else "", "child", sure=False)
        return Cast(self.actors, mentions, author, focus, addressed, [m.start for m in mentions])

    def _addressed(self) -> bool:
        """Whether the record is written to the child: "You told me …"."""
        view = self.view
        if not re.search(r"\b[Yy]ou (?:told me|said|asked me|wanted|showed me|talked|chose)\b", view):
            return False
        clues = re.findall(r"\b[Yy]ou (?:told|said|asked|wanted|want|showed|were|felt|feel|did|also|have|don't|like)\b|\b[Yy]our\b", view)
        if len(clues) >= 3:
            return True
        # a short note: what the writer was told, not what the writer is reminded of ("You told me you would ring")
        return len(view) < 400 and bool(
            re.search(r"\b[Yy]ou (?:told|showed) me(?! (?:that )?you(?:['’]d| would| will|['’]ll| were going)\b)", view)
        )

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
        if len(person.name.split()) > 1 and speaker in ("parent", "carer", "professional"):
            for title in _TITLES[role.gender if role else ""]:
                self.by_name.setdefault(f"{title} {person.name.split()[-1].lower()}", index)

    def _acts(self, start: int, end: int) -> bool:
        """Whether an ambiguous abbreviation stands where a person stands: before a verb of saying, a colon, or a name; or in brackets after one."""
        after = self.view[end : end + 18]
        return bool(
            re.match(
                r"(?:['’]s\s|\s?:|\s(?:said|says|feels|felt|thinks|wants|told|asked|reports?|reported|stated|advised|is|was|has|to|will|agreed|\([A-Z]|[A-Z][a-z]+ )|\s?\))",
                after,
            )
            or re.search(r"(?:\bto|\bfrom|\bwith|\bby|\bmy|TC)\s$", self.view[max(0, start - 6) : start])
        )

    # introductions ------------------------------------------------------------------------------------------------------------------

    def _introduce(self, roles: list[tuple[int, int, RoleWord, re.Match[str]]], names: list[Name]) -> list[Mention]:
        view = self.view
        out: list[Mention] = []
        used: set[int] = set()
        ends = {end: (start, role) for start, end, role, _ in roles}
        pending: list[Name] = []
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
                    if at in ends and not (
                        lead[0].startswith(":") and ends[at][1].speaker not in ("child", "practitioner", "manager", "carer")
                    ):
                        role_start, role = ends[at]
                        if lead[0].strip() == "," and ends[at][1].speaker != "practitioner" and view[end : end + 1] != ",":
                            role, role_start = None, start
            if role is None and comma:
                role = self._role_in(comma[1], lead=True)
            if (
                role is None
                and (age := AGE.match(view, end))
                and int(age[1]) < 26
                and not re.match(r"\s*\d{1,2}[:./]\d", view[end : end + 8])
            ):
                role = RoleWord("child", "child")
            if role is None and re.search(
                r"(?:Child|YP|Young person|Subjects?|Pupil|Student|Client|Name)s?\s*:\s*$", view[max(0, start - 16) : start], re.I
            ):
                role = RoleWord("child", "child")
            if role is None and re.search(
                r"(?:Completed by|Compiled(?: by)?|Worker|Author|Visit(?:ing)? by|Written by|Recorded by|Visited by|Supervisor|Assessor|Interviewer)\s*:?\s*$",
                view[max(0, start - 20) : start],
                re.I,
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
                pending.append(Name(start, end, title, name))
        for start, end, title, name in pending:
            known = self._known(name, title)
            index = known if known is not None else self._guess(name, title)
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
        known, full = self._known(name, title), f"{title} {name}" if title else name
        if known is not None:
            actor = self.actors[known]
            if not actor.person_id and (not actor.sure or actor.speaker == "other"):
                actor.speaker, actor.role, actor.gender, actor.sure = role.speaker, role.role, role.gender or actor.gender, True
            if len(full) > len(actor.name) and not actor.person_id:
                actor.name = full
            self._alias(name, known)
            if role.speaker in ("parent", "carer", "family", "manager"):
                self.by_role.setdefault(role.role, known)
            return known
        if role.role in self.by_role and role.speaker in ("parent", "family") and self.actors[self.by_role[role.role]].name[:1].islower():
            index = self.by_role[role.role]
            self.actors[index].name = full
        else:
            index = len(self.actors)
            gender = role.gender or _TITLE_GENDER.get(title, "")
            self.actors.append(Actor(full, role.speaker, gender, role=role.role))
        if role.speaker != "child":
            self.by_role.setdefault(role.role, index)
        self._alias(name, index)
        self.by_name.setdefault(full.lower(), index)
        return index

    def _alias(self, name: str, index: int) -> None:
        self.by_name.setdefault(name.lower(), index)
        parts = name.split()
        if len(parts) > 1:
            self.by_name.setdefault(parts[0].lower(), index)
            self.by_name.setdefault(parts[-1].lower(), index)

    def _known(self, name: str, title: str = "") -> int | None:
        key = name.lower()
        if title and (hit := self.by_name.get(f"{title.lower()} {key}")) is not None:
            return hit
        if key in self.by_name:
            return self.by_name[key]
        parts = key.split()
        if len(parts) > 1 and (hit := self.by_name.get(parts[0])) is not None:
            # "Tia" met before, now "Tia Webb"; but two full names with one first name are two people
            other = self.actors[hit].name.lower().split()
            if len(other) == 1 or other[-1] == parts[-1]:
                return hit
        return None

    def _guess(self, name: str, title: str) -> int:
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
        gender = _TITLE_GENDER.get(title, "")
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
        for match in INITIALS.finditer(self.view):
            key = match[0].removesuffix("'s").removesuffix("’s")
            if key == "I" or key == "A" or (key in clash and len(key) == 1 and self.actors[table[key]].speaker != "child"):
                continue
            at = bisect.bisect_right(lows, match.start()) - 1
            if at >= 0 and match.start() < covered[at][1]:
                continue
            if key in table:
                added.append(Mention(match.start(), match.start() + len(key), "name", table[key], key))
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
            known = self.by_name.get(" ".join(self.note.author.lower().split()))
            if known is not None:
                return self.actors[known]
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
        kin = len(
            re.findall(
                r"\b[Mm]y (?:mum|mom|mam|dad|nan|nana|gran|social worker|brother|sister|bruther|teacher|foster|bed|dog|cat)\b", self.view
            )
        )
        return (
            own >= 5
            and kin >= 2
            and not re.search(r"\b(?:SW|YP|FC|TM|[Vv]isited|HV|T/?C)\b", self.view)
            and not re.search(r"^[A-Z]\w{0,12}:\s", self.view, re.M)
        )

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
